"""Email addresses, written, spoken or spelled, over pieces and corrections."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.text.normalise import FILLERS
from callcov.text.numbers import Group, is_number
from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.scene import REPAIRS, Piece, Scene, content_of
from callcov.text.sensitive.stream import Atom

_TOP_LEVEL = frozenset(
    "com org net edu gov co uk io us ca au info biz me ie nz de fr eu ac mil tv app dev online email example test "
    "shop cloud site".split()
)
_PROVIDERS = frozenset("gmail hotmail yahoo outlook icloud aol msn protonmail googlemail btinternet comcast".split())
_LINKS = frozenset("dot underscore dash hyphen point plus period".split())
_SIGNS = _LINKS | _PROVIDERS | {"at"}
_NOT_LOCAL = (
    FUNCTION_WORDS
    | FILLERS
    | frozenset(
        "email emails address mail yes yeah yep sure ok no sorry send sending use using under sent go visit look "
        "check find found online website site page shop order log sign available support info help sales contact care "
        "service services hello noreply enquiries inquiries billing complaints reach write best still one right "
        "correct gmail what not think believe called registered well actually got get me see more out us feedback "
        "team like great uses used has have tries".split()
    )
)
_NO_NAME_FROM = 7
"""Digits from which a number is a telephone's before it is part of a name: "call me on 918 555 0161 or email ..."."""
_ASIDES = [
    words.split()
    for words in """all in one word, all one word, in one word, one word, all lower case, in lower case, lower case, all
        lowercase, all in lower case, all small letters, in small letters, small letters, all in small letters, all
        together, all joined up, no spaces, with no spaces, no gaps""".split(",")
]
"""How a name is written, said behind it: "johnsmith, all one word, at gmail dot com"."""


def emails(scene: Scene) -> tuple[Piece, ...]:
    """Every email address: `dana@example.com`, "dana dot smith at example dot com"; a website has no name before it.

    Where one is asked for, its pieces count too: "M dot Okonjo".
    """
    atoms = scene.atoms
    found: list[Piece] = []
    place = 0
    if not any(atom.text in _SIGNS or atom.shape == "email" for atom in atoms):
        return ()
    while place < len(atoms):
        piece = _written(atoms, place) or _spoken(scene, place)
        if piece and (not found or piece.first >= found[-1].last):
            found.append(piece)
            place = piece.last
        else:
            place += 1
    if found or about(scene, "email", 0) or any(label.type == "email" for label in scene.labels):
        found += _linked(scene, found)
        found += _numbers_before(scene, found)
    return tuple(found)


def _numbers_before(scene: Scene, found: Sequence[Piece]) -> list[Piece]:
    """Numbers shortly before an address, said and taken back: "and 61, no, hold on, 62 at ..."."""
    taken = {place for piece in found for place in range(piece.first, piece.last)}
    near = (scene.ends.get(place) for piece in found for place in range(piece.first - 10, piece.first + 1))
    spans = [
        (group.first, group.last)
        for group in near
        if group
        and not group.quantity
        and taken.isdisjoint(range(group.first, group.last))
        and not _of_other(scene, group)
    ]
    return [Piece("email", *span, content_of(scene.atoms[slice(*span)]), whole=False) for span in dict.fromkeys(spans)]


def _of_other(scene: Scene, number: Group) -> bool:
    """Whether a number is, or answers for, something else: "my order number's 4471229 and my email's ..."."""
    if len(_whole_number(scene, number)) >= _NO_NAME_FROM:
        return True
    label = scene.label_before(number.first, 4)
    return label.type in (OTHER, "phone_number") if label else OTHER in scene.asked


def _whole_number(scene: Scene, number: Group) -> str:
    """The digits said in one go with a number, on both sides of it."""
    digits, before, after = number.digits, scene.ends.get(number.first), scene.starts.get(number.last)
    while before:
        digits, before = before.digits + digits, scene.ends.get(before.first)
    while after:
        digits, after = digits + after.digits, scene.starts.get(after.last)
    return digits


def _linked(scene: Scene, found: Sequence[Piece]) -> list[Piece]:
    """Words on both sides of a "dot" or "underscore" that no whole address holds."""
    taken = {place for piece in found for place in range(piece.first, piece.last)}
    pieces: list[Piece] = []
    for place, atom in enumerate(scene.atoms):
        if atom.text not in _LINKS or place in taken:
            continue
        first, last = place, place + 1
        while first > place - 6 and first > 0 and first - 1 not in taken and _local_atom(scene, first - 1):
            first -= 1
        while last < min(len(scene.atoms), place + 20) and last not in taken and _local_atom(scene, last):
            if last > place + 3 and not (len(scene.atoms[last].text) == 1 or is_number(scene.atoms[last].text)):
                break
            last += 1
        label = scene.label_before(first, 4)
        domain = first > 1 and scene.atoms[first - 1].text == "at" and "email" not in scene.asked
        if last - first > 1 and not domain and not (label and label.type == OTHER):
            pieces.append(Piece("email", first, last, content_of(scene.atoms[first:last]), whole=False))
            taken.update(range(first, last))
    return pieces


def _local_atom(scene: Scene, place: int) -> bool:
    """Whether an atom can be a piece of the name before the "at"."""
    text = scene.atoms[place].text
    return text not in _NOT_LOCAL or text in _LINKS or (len(text) == 1 and text not in "ai")


def _written(atoms: Sequence[Atom], place: int) -> Piece | None:
    """An address recognised as one word, with spoken endings after it."""
    if atoms[place].shape != "email":
        return None
    last = place
    while last < len(atoms) and (atoms[last].segment, atoms[last].word) == (atoms[place].segment, atoms[place].word):
        last += 1
    last = _domain_end(atoms, last)
    while place > 1 and atoms[place - 1].text in _LINKS and not atoms[place - 2].end:
        place -= 2  # "accounts dot lindqvist@example.com", half of it spoken
    return Piece("email", place, last, content_of(atoms[place:last]))


def _spoken(scene: Scene, place: int) -> Piece | None:
    """An address around the word "at", or without it around the name of a mail provider after an email question."""
    atoms, asked = scene.atoms, about(scene, "email", place)
    if atoms[place].text == "at":
        last = _domain(atoms, place + 1)
        provider = place + 1 < len(atoms) and atoms[place + 1].text in _PROVIDERS
        if last is None and not (provider and asked):
            return None
        first = _local(atoms, place, asked=asked)
        last = last or place + 2
    elif asked and atoms[place].text in _PROVIDERS:
        first, last = _local(atoms, place, asked=True), _domain_end(atoms, place + 1)
    else:
        return None
    return Piece("email", first, last, content_of(atoms[first:last])) if first < place else None


def _domain(atoms: Sequence[Atom], place: int) -> int | None:
    """Where a domain that begins at a place ends: a few words, "dot", and a top level."""
    for at in range(place, min(len(atoms), place + 5)):
        if atoms[at].text == "dot":
            last = _domain_end(atoms, at)
            return last if last > at > place else None
    return None


def _domain_end(atoms: Sequence[Atom], place: int) -> int:
    """Past every "dot com", "dot co dot uk" that follows."""
    while place + 1 < len(atoms) and atoms[place].text == "dot" and atoms[place + 1].text in _TOP_LEVEL:
        place += 2
    return place


def _local(atoms: Sequence[Atom], at: int, *, asked: bool) -> int:
    """Where the name before "at" begins: words, letters and digits up to a word that can be none of it.

    In an answer a name that was taken back counts too: "dmarsh eighty, no, dmarsh eighty-one at ...".
    """
    first = at
    while first > max(0, at - 30):
        atom = atoms[first - 1]
        linked = first < at and atoms[first].text in _LINKS
        spelled = (len(atom.text) == 1 and atom.text != "i") or atom.text in _LINKS
        beside = first < at and len(atoms[first].text) == 1
        number = atom.text == "one" and first > 1 and is_number(atoms[first - 2].text)
        if aside := _aside(atoms, first):
            first -= aside
            continue
        if atom.text in _NOT_LOCAL and not linked and not number and not (spelled and (atom.text != "a" or beside)):
            break
        if first < at and atom.end in (".", "?") and not spelled:
            break
        if not spelled and not linked and first < at - 8:
            break
        first -= 1
    while first < at and (atoms[first].text in FILLERS or atoms[first].text in _LINKS):
        first += 1
    return _taken_back(atoms, first) if asked and first < at else first


def _aside(atoms: Sequence[Atom], place: int) -> int:
    """How many words just before a place only tell how a name is written, if another name can stand before them."""
    for aside in _ASIDES:
        first = place - len(aside)
        said = ["one" if atom.text == "1" else atom.text for atom in atoms[max(0, first) : place]]
        if first > 0 and said == aside and atoms[first - 1].text not in _NOT_LOCAL:
            return len(aside)
    return 0


def _taken_back(atoms: Sequence[Atom], first: int) -> int:
    """Where the words begin that a repair just before a name takes back; `first` if there are none."""
    place = first
    while place > max(0, first - 6) and atoms[place - 1].text in REPAIRS | FILLERS | {
        "i",
        "mean",
        "make",
        "that",
        "it",
        "is",
    }:
        place -= 1
    if not any(atom.text in REPAIRS for atom in atoms[place:first]):
        return first
    start = place
    while start > max(0, place - 8) and atoms[start - 1].text not in _NOT_LOCAL:
        start -= 1
    return start if start < place else first


def about(scene: Scene, kind: str, place: int) -> bool:
    """Whether a type is asked for, being said, or named shortly before a place."""
    label = scene.label_before(place, 25)
    return kind in (*scene.asked, *scene.going, *scene.hinted) or bool(label and label.type == kind)
