"""Passwords and other agreed words: whatever is said after "my password is", or in answer to the question."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.text.normalise import FILLERS
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.scene import Piece, Scene, content_of
from callcov.text.sensitive.stream import Atom

_LEAD_IN = FILLERS | frozenset(
    "yes yeah sure ok it is that my the password i think well so um would be was and oh right er believe put said "
    "fine go then have used using typed typing".split()
)
_REFUSALS = frozenset(
    "not no never forgot forgotten forget remember why reset rather prefer what how change changed lost work "
    "working works worked wrong expired sure know need help do does did can could if where sorry wait one hold "
    "moment second you your already just tried try email send got get asks asking says said keeps trying set "
    "enter login hang let bear".split()
)
_NOT_A_VALUE = _REFUSALS | frozenset(
    "incorrect invalid locked safe secure fine correct being been case a the at in on too very still now going "
    "required protected temporary different same blocked sensitive strong weak about for to important private "
    "good accepted recognized recognised updated ready there here gone done all up out so like really only always "
    "will would have has had am are be come they he she we could should".split()
)
_STOPS = frozenset(
    "we they he she and but so is can could did does that i you please if because ok thanks thank or what".split()
)
_SPELLED = FILLERS | frozenset(
    "capital capitals caps lower upper case letters letter all one word with then and a an the exclamation "
    "exclamations question mark point full stop dash hyphen hash hashtag underscore at sign dollar star asterisk "
    "number numbers no spaces space in small big double ampersand percent plus is it starts ends end beginning".split()
)
_ASIDE = frozenset("hang hold wait on let me see sec second um uh sorry no thinking oh think moment one just".split())
_OPENINGS = (
    ("can", "we", "do"), ("can", "i", "have"), ("could", "we", "do"), ("let", "us", "say"), ("let", "us", "do"),
    ("how", "about"), ("try",), ("make", "it"), ("let", "us", "go", "with"), ("go", "with"), ("let", "us", "have"),
)  # fmt: skip
"""Words before a password that is chosen or tried."""
_LOCKED_OUT = frozenset("password passwords expired locked log login sign access website portal account app".split())
_ENTERED = frozenset("typed typing entered entering using used".split())
_BELIEVED = frozenset("think believe guess reckon hope suppose".split())
_COMMON = FUNCTION_WORDS | frozenset(
    "street road lane avenue close drive place court crescent gardens terrace flat house cottage cottages number "
    "north south east west upper lower great little saint green park hill view mail postbox example gmail hotmail "
    "yahoo outlook icloud hundred thousand double triple".split()
)
_LONGEST = 10
_ENDS = (".", "?")


def passwords(scene: Scene) -> tuple[Piece, ...]:
    """Every password said aloud. "I forgot my password" and "the password is wrong" hold none."""
    found = [piece for piece in _after_labels(scene) if scene.free(piece.first, piece.last)]
    if not found and "password" in scene.asked:
        found = [piece for piece in _answered(scene) if scene.free(piece.first, piece.last)]
    return tuple(found)


def telling(content: str) -> frozenset[str]:
    """The words of a value that give it away by themselves: no short ones, and none that many such values have."""
    words = (word for word in content.split() if len(word) >= 4 and not is_number(word))
    return frozenset(word for word in words if word not in _SPELLED and word not in _COMMON)


def _after_labels(scene: Scene) -> list[Piece]:
    """What follows "password is", "password's", "password, it's", "a temporary one. It's" in the same breath."""
    atoms = scene.atoms
    found: list[Piece] = []
    for label in scene.labels:
        other = label.weak and scene.asked and "password" not in scene.asked
        if label.type != "password" or other:
            continue
        first = label.last
        said = [atom.text for atom in atoms[first : first + 2]]
        short = atoms[first - 1].raw[-2:] in ("'s", "\u2019s")
        named = said[:1] in (["is"], ["was"], ["its"]) or (said == ["it", "is"] and atoms[first - 1].end != "?")
        if named or short or atoms[first - 1].text == "is":
            first = _past(atoms, first + (named and not short), FILLERS | {"it", "is"})
            last = _value_end(atoms, first)
            if first < last and not _no_value(atoms[first]):
                found.append(_piece(scene, first, last))
    return found + _typed(scene)


def _typed(scene: Scene) -> list[Piece]:
    """A name with a number that somebody who cannot get in has put in: "it's expired, I put in Juniper sixteen"."""
    atoms = scene.atoms
    if not _LOCKED_OUT & {atom.text for atom in atoms}:
        return []
    found: list[Piece] = []
    for place in range(1, len(atoms) - 1):
        entered = atoms[place - 1].text in _ENTERED or [one.text for one in atoms[max(0, place - 2) : place]] == [
            "put",
            "in",
        ]
        if entered and atoms[place].raw[:1].isupper() and len(atoms[place].text) > 1 and place + 1 in scene.starts:
            found.append(_piece(scene, place, _value_end(atoms, place)))
    return found


def _no_value(atom: Atom) -> bool:
    """Whether a word after "password is" tells of the password instead of being it: wrong, expired, going."""
    state = len(atom.text) > 4 and atom.text.endswith(("ing", "ed")) and not atom.raw[:1].isupper()
    return atom.text in _NOT_A_VALUE or state


def _answered(scene: Scene) -> list[Piece]:
    """The answer to a password question: its first sentence that is no refusal and no aside."""
    atoms, start, first, chosen = scene.atoms, 0, 0, False
    while start < len(atoms):
        end = _sentence_end(atoms, start)
        first = _past(atoms[:end], start, _LEAD_IN)
        first, chosen = _opened(atoms, first)
        back = atoms[end - 1].end == "?" and end < len(atoms) and end - start <= 4 and not chosen
        if (
            first < end
            and not back
            and not all(atom.text in _ASIDE or atom.text in _LEAD_IN for atom in atoms[first:end])
        ):
            break
        start = end
    else:
        return []
    last = _value_end(atoms, first)
    if (
        last - first <= 2
        and last < len(atoms)
        and all(atom.text not in _NOT_A_VALUE for atom in atoms[last : last + 2])
    ):
        last = min(_value_end(atoms, last), last + 3)  # "Oh gosh. Periwinkle?"
    start = first if chosen else start
    said = {atom.text for atom in atoms[start:last]} - {"no", "one"}
    denied = {atom.text for atom in atoms[start : first + 2]} & {"no", "one"} and atoms[first].text in _REFUSALS
    before = scene.label_before(first)
    named = (before and before.type == OTHER) or any(
        label.type != "password" and start <= label.first < last for label in scene.labels
    )
    if first >= last or named or said & (_REFUSALS - {"no", "one"}) or denied or _no_value(atoms[first]):
        return []
    other = last < len(atoms) - 1 and atoms[last].text == "or" and not _no_value(atoms[last + 1])
    second = [_piece(scene, last + 1, _value_end(atoms, last + 1))] if other else []  # "Biscuit or Biscuit nine"
    return [_piece(scene, first, last), *second]


def _opened(atoms: Sequence[Atom], place: int) -> tuple[int, bool]:
    """The place past words with which a password is chosen or tried, and whether there were any."""
    for opening in _OPENINGS:
        if tuple(atom.text for atom in atoms[place : place + len(opening)]) == opening:
            return place + len(opening), True
    return place, False


def _sentence_end(atoms: Sequence[Atom], place: int) -> int:
    """The first place after the sentence that goes on at a place."""
    while place < len(atoms) - 1 and atoms[place].end not in _ENDS:
        place += 1
    return place + 1


def _value_end(atoms: Sequence[Atom], first: int) -> int:
    """Where a secret that begins at a place ends: a linking word, ten words, or a sentence that spells no more."""
    last = first
    while last < len(atoms) and (last < first + _LONGEST or _spells(atoms, last)):
        ended = last > first and atoms[last - 1].end in _ENDS
        if atoms[last].text == "i" and last + 1 < len(atoms) and atoms[last + 1].text in _BELIEVED:
            break
        if (ended or (atoms[last].text in _STOPS and len(atoms[last].text) > 1)) and not _spelled_on(atoms, last):
            break
        last += 1
    return last


def _spelled_on(atoms: Sequence[Atom], place: int) -> bool:
    """Whether a clause that begins at a place only spells: "and an exclamation mark", "capital M"."""
    end = place
    while end < min(len(atoms), place + 12):
        if not _spells(atoms, end):
            return False
        end += 1
        if atoms[end - 1].end in (*_ENDS, ","):
            break
    return any(
        len(atom.text) > 1 or atom.raw.isupper() for atom in atoms[place:end] if atom.text not in ("and", "then")
    )


def _spells(atoms: Sequence[Atom], place: int) -> bool:
    """Whether an atom is a letter, a number or a word with which one spells."""
    text = atoms[place].text
    return text in _SPELLED or is_number(text) or len(text) == 1


def _past(atoms: Sequence[Atom], place: int, words: frozenset[str]) -> int:
    """The first place from `place` on whose word is none of the given."""
    while place < len(atoms) and atoms[place].text in words:
        place += 1
    return place


def _piece(scene: Scene, first: int, last: int) -> Piece:
    """The atoms as a password."""
    said = [group for group in scene.groups if first <= group.first and group.last <= last]
    counts = sum(group.last - group.first for group in said) == sum(
        atom.text not in FILLERS for atom in scene.atoms[first:last]
    )
    digits = "".join(group.digits for group in said)
    return Piece("password", first, last, digits if counts else content_of(scene.atoms[first:last]))
