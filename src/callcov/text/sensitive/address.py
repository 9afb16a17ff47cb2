"""Street addresses and postcodes, written or spoken, with the words around them told apart from the value."""

from __future__ import annotations

from collections.abc import Sequence

from callcov.text.normalise import FILLERS
from callcov.text.numbers import is_number
from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive.codes import INWARD, OUTWARD
from callcov.text.sensitive.cues import Label
from callcov.text.sensitive.emails import about
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.scene import Piece, Scene, content_of
from callcov.text.sensitive.stream import Atom

_STRONG = frozenset("street avenue road lane boulevard ave rd blvd crescent terrace".split())
_STREETS = _STRONG | frozenset(
    "st drive dr ln court ct place pl way circle close gardens square parkway highway row hill grove mews trail "
    "walk green park view heights loop plaza pike alley drives brow rise bank end meadow meadows field fields "
    "croft vale dale cross yard quay wharf mead chase ridge fold common parade steps".split()
)
_UNITS = frozenset("apartment apt unit suite flat floor number building block po box".split())
_FLATS = frozenset("flat apartment apt".split())
"""What only people live in: its number tells where, whoever asked."""
_HOUSES = frozenset(
    "cottage cottages house farm lodge barn forge mill villa villas manor rectory vicarage court hall cabin".split()
)
_NO_NAME = FUNCTION_WORDS | frozenset(
    "yes yeah no not why what who how when where which ok sure right sorry hold hang let oh well um uh er thanks "
    "thank hello hi mister mrs miss ms dr doctor name please same still because waiting one actually maybe".split()
)
_FAR = 20
"""Words before an address that tell whose it is."""
_BRIEF = 5
"""Words of an answer that is nothing but a name."""
_STOPS = frozenset(
    "and but is are was so can could do does did i you we my it that please thank thanks because if when what how "
    "the have has with would will yes yeah ok right not no to for on in actually since which he she they at last "
    "next this ago until today tomorrow yesterday now week month year from about by yet again only still there "
    "here".split()
)
_BUSINESS = frozenset("our office store branch shop depot warehouse location locations headquarters".split())
_LEAD_IN = FILLERS | frozenset(
    "yes yeah sure ok it is that the my address home and so well of course i live at am um on zip code postcode "
    "post would be currently still billing mailing street delivery shipping new current no problem right".split()
)


def addresses(scene: Scene) -> tuple[Piece, ...]:
    """Every street address; those of the company itself ("our office at ...") are not personal. Codes: `codes`."""
    found: list[Piece] = []
    for place, atom in enumerate(scene.atoms if scene.groups else ()):
        if found and place < found[-1].last:
            continue
        piece = None
        if atom.text in _STREETS:
            piece = _street(scene, place)
        if piece and scene.free(piece.first, piece.last) and (not found or piece.first >= found[-1].last):
            found.append(piece)
    if not found and "address" in scene.asked:
        found += _unnamed(scene, 0) or _house_named(scene)
    for label in scene.labels if not found else ():
        if label.type == "address" and not label.weak:
            found += _unnamed(scene, label.last)
    flats = (_flat(scene, place) for place, atom in enumerate(scene.atoms) if atom.text in _FLATS)
    taken = {place for piece in found for place in range(piece.first, piece.last)}
    return (*found, *(flat for flat in flats if flat and taken.isdisjoint(range(flat.first, flat.last))))


def _flat(scene: Scene, place: int) -> Piece | None:
    """A flat by its number, with the house it is in: "flat 9 Cormorant House"."""
    atoms, number = scene.atoms, scene.starts.get(place + 1)
    if number is None or number.ordinal or number.quantity or len(number.digits) > 4 or atoms[place].end:
        return None
    last = number.last
    while last < len(atoms) and not atoms[last - 1].end and _name(atoms[last]):
        last += 1
    return Piece("address", place, last, content_of(atoms[place:last]))


def _street(scene: Scene, suffix: int) -> Piece | None:
    """An address around the word for a street: a house number before it, up to four words of name between."""
    atoms = scene.atoms
    asked = about(scene, "address", suffix)
    ends = scene.ends
    name = suffix
    while name > max(0, suffix - 4) and name not in ends and atoms[name - 1].text not in FUNCTION_WORDS:
        name -= 1
    ordinal = ends.get(name)
    if ordinal and ordinal.ordinal:
        name = ordinal.first
    house = ends.get(name)
    if house is None or (name == suffix and not ordinal) or house.ordinal:
        return None
    strong = atoms[suffix].text in _STRONG or all(atom.raw[:1].isupper() for atom in atoms[name : suffix + 1])
    if not asked and (not strong or not _named(atoms, name, suffix)):
        return None
    first = house.first
    while (more := ends.get(first)) and not more.ordinal and suffix - more.first < 12:
        first = more.first
    if _of_company([atom.text for atom in atoms[max(0, first - _FAR) : first]]):
        return None
    first = _unit_before(scene, first)
    last = _rest(scene, suffix + 1, asked=asked)
    return Piece("address", first, last, content_of(atoms[first:last]))


def _of_company(said: Sequence[str]) -> bool:
    """Whether words before an address make it a company's: "our office", "you can come in, we're at"."""
    we = {"we", "us"} & set(said[-4:])
    visit = ("come in", "find us", "visit us", "pop in", "drop in", "ring us", "call us")
    return bool(_BUSINESS & set(said[-6:])) or (bool(we) and any(one in " ".join(said) for one in visit))


def _named(atoms: Sequence[Atom], name: int, suffix: int) -> bool:
    """Whether the words between house number and street can be a name when nobody asked for an address."""
    words = atoms[name:suffix]
    return bool(words) and not any(atom.text in _STOPS or atom.end in (".", "?") for atom in words)


def _unit_before(scene: Scene, first: int) -> int:
    """Where an apartment or flat named just before the house number begins."""
    for place in range(max(0, first - 4), first):
        if scene.atoms[place].text in _UNITS - {"number"} and scene.free(place, first):
            return place
    return first


def _rest(scene: Scene, place: int, *, asked: bool) -> int:
    """Where an address ends after its street: unit, town, state and code, up to a word that can be none of them."""
    atoms = scene.atoms
    last = place
    for at in range(place, min(len(atoms), place + 14)):
        atom = atoms[at]
        ended = at > 0 and atoms[at - 1].end in (".", "?")
        code = _is_code(atom) or atom.text in _UNITS
        if (
            (atom.text in _STOPS and not _in_town(atoms, at))
            or (ended and not code)
            or any(label.first == at and not _a_town(scene, label) for label in scene.labels_near(at, 0))
        ):
            break
        if asked or code or atom.raw[:1].isupper() or (len(atom.text) == 1 and at == last):
            last = at + 1
        elif atom.text not in FILLERS:
            break
    return last


def _a_town(scene: Scene, label: Label) -> bool:
    """Whether the name of something else is a town here: "12 Kings Road, Reading"."""
    one = label.type == OTHER and label.last == label.first + 1
    return one and scene.atoms[label.first].raw[:1].isupper() and scene.atoms[label.first - 1].end not in (".", "?")


def _in_town(atoms: Sequence[Atom], place: int) -> bool:
    """Whether "in" leads on to a town: the next word has a capital."""
    return atoms[place].text == "in" and atoms[place + 1 : place + 2] != () and atoms[place + 1].raw[:1].isupper()


def _is_code(atom: Atom) -> bool:
    """Whether an atom is a zip code or a piece of a postcode."""
    return atom.raw.replace("-", "").isdigit() or bool(OUTWARD.match(atom.raw) or INWARD.match(atom.raw))


def _unnamed(scene: Scene, start: int) -> list[Piece]:
    """An answer to an address question without a word for a street: "forty two Oaklands, Springfield".

    Or what follows the name of an address: "we have you at two Chapel Brow".
    """
    atoms, first = scene.atoms, start
    while first < len(atoms) and (atoms[first].text in _LEAD_IN or atoms[first].text == ","):
        first += 1
    house = scene.starts.get(first)
    if house is None or house.ordinal or house.quantity or len(house.digits) > 5:
        return []
    while (more := scene.starts.get(house.last)) and more.last - first < 8:
        house = more
    last = _rest(scene, house.last, asked=True)
    named = last - house.last >= 1 and atoms[house.last].raw[:1].isupper()
    return [Piece("address", first, last, content_of(atoms[first:last]))] if named else []


def _house_named(scene: Scene) -> list[Piece]:
    """An answer with a house that has a name, or a street without a number: "The Old Forge, Mill Lane, Wexcombe"."""
    atoms = scene.atoms
    short = len(atoms) - sum(atom.text in _LEAD_IN for atom in atoms) <= _BRIEF or any(
        atom.end in (".", "?") for atom in atoms[:_BRIEF]
    )
    houses = (at for at, atom in enumerate(atoms) if atom.text in _HOUSES | _STREETS)
    place = next((at for at in houses if atoms[at].raw[:1].isupper() or (short and at < _BRIEF)), None)
    if place is None:
        return []
    first = place
    if not atoms[place].raw[:1].isupper() and place and atoms[place - 1].text not in _NO_NAME:
        first = place - 1  # a recogniser that writes no capitals: "quarry cottages"
    while first > 0 and atoms[first - 1].end not in (".", "?") and _name(atoms[first - 1]):
        first -= 1
    while first > 0 and (atoms[first - 1].text in _UNITS or is_number(atoms[first - 1].text)):
        first -= 1
    last = _rest(scene, place + 1, asked=True)
    free = place > first and scene.free(first, last)
    return [Piece("address", first, last, content_of(atoms[first:last]))] if free else []


def _name(atom: Atom) -> bool:
    """Whether an atom can be a piece of a name: a capital, and no everyday word but "The"."""
    return atom.raw[:1].isupper() and (atom.text not in _NO_NAME or atom.text == "the")
