"""Passwords and other agreed words: whatever is said after "my password is", or in answer to the question."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.text.normalise import FILLERS
from callcov.text.sensitive.scene import Piece, Scene, content_of
from callcov.text.sensitive.stream import Atom

_LEAD_IN = FILLERS | frozenset(
    "yes yeah sure ok it is that my the password i think well so um would be was and".split()
)
_REFUSALS = frozenset(
    "not no never forgot forgotten forget remember why reset rather prefer what how change changed lost work working "
    "works worked wrong expired sure know need help do does did can could if where sorry wait one hold moment second "
    "you your already just tried try email send got get asks asking says said keeps trying set enter login".split()
)
_NOT_A_VALUE = _REFUSALS | frozenset(
    "incorrect invalid locked safe secure fine correct being been case a the at in on too very still now going "
    "required protected temporary different same blocked sensitive strong weak about for to important private good "
    "accepted recognized recognised updated ready there here gone done".split()
)
_STOPS = frozenset("and but so is can could did does that i you please if because ok thanks thank or what".split())
_LONGEST = 8


def passwords(scene: Scene) -> tuple[Piece, ...]:
    """Every password said aloud. "I forgot my password" and "the password is wrong" hold none."""
    found = [piece for piece in _after_labels(scene) if scene.free(piece.first, piece.last)]
    if not found and "password" in scene.asked:
        found = [piece for piece in _answered(scene) if scene.free(piece.first, piece.last)]
    return tuple(found)


def _after_labels(scene: Scene) -> list[Piece]:
    """What follows "password is", "password:" in the same breath."""
    found: list[Piece] = []
    for label in scene.labels:
        if label.type != "password":
            continue
        first = label.last
        if first < len(scene.atoms) and scene.atoms[first].text in ("is", "was", "its"):
            first = _past(scene.atoms, first + 1, FILLERS | {"it", "is"})
            last = _value_end(scene.atoms, first)
            if first < last and scene.atoms[first].text not in _NOT_A_VALUE:
                found.append(_piece(scene, first, last))
    return found


def _answered(scene: Scene) -> list[Piece]:
    """The answer to a password question, if it is short and no refusal."""
    first = _past(scene.atoms, 0, _LEAD_IN)
    last = _value_end(scene.atoms, first)
    said = {atom.text for atom in scene.atoms[:last]}
    if first == last or said & _REFUSALS or scene.atoms[first].text in _NOT_A_VALUE:
        return []
    return [_piece(scene, first, last)]


def _value_end(atoms: Sequence[Atom], first: int) -> int:
    """Where a secret that begins at a place ends: at the sentence's end, a linking word, or after eight words."""
    last = first
    while last < min(len(atoms), first + _LONGEST) and (atoms[last].text not in _STOPS or len(atoms[last].text) == 1):
        last += 1
        if atoms[last - 1].end in (".", "?"):
            break
    return last


def _past(atoms: Sequence[Atom], place: int, words: frozenset[str]) -> int:
    """The first place from `place` on whose word is none of the given."""
    while place < len(atoms) and atoms[place].text in words:
        place += 1
    return place


def _piece(scene: Scene, first: int, last: int) -> Piece:
    """The atoms as a password."""
    return Piece("password", first, last, content_of(scene.atoms[first:last]))
