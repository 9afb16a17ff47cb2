"""Email and street addresses, written or spoken, with the words around them told apart from the value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcov.text.normalise import FILLERS
from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive.scene import Piece, Scene, content_of
from callcov.text.sensitive.stream import Atom

_TOP_LEVEL = frozenset(
    "com org net edu gov co uk io us ca au info biz me ie nz de fr eu ac mil tv app dev online email".split()
)
_PROVIDERS = frozenset("gmail hotmail yahoo outlook icloud aol msn protonmail googlemail btinternet comcast".split())
_LINKS = frozenset("dot underscore dash hyphen point plus period".split())
_NOT_LOCAL = (
    FUNCTION_WORDS
    | FILLERS
    | frozenset(
        "email emails address mail yes yeah yep sure ok no sorry send sending use using under sent go visit "
        "look check find found online website site page shop order log sign available support info help "
        "sales contact care service services hello noreply enquiries inquiries billing complaints reach "
        "write best still one right correct gmail what not think believe called registered well actually got "
        "get me see more out us feedback team like great".split()
    )
)
_STRONG = frozenset("street avenue road lane boulevard ave rd blvd crescent terrace".split())
_STREETS = _STRONG | frozenset(
    "st drive dr ln court ct place pl way circle close gardens square parkway highway row hill grove mews trail walk "
    "green park view heights loop plaza pike alley drives".split()
)
_UNITS = frozenset("apartment apt unit suite flat floor number building block po box".split())
_STOPS = frozenset(
    "and but is are was so can could do does did i you we my it that please thank thanks because if when "
    "what how the have has with would will yes yeah ok right not no to for on in actually since which he she they "
    "at last next this ago until today tomorrow yesterday now week month year from about by yet again only "
    "still there here".split()
)
_BUSINESS = frozenset("our office store branch shop depot warehouse location locations headquarters".split())
_LEAD_IN = FILLERS | frozenset(
    "yes yeah sure ok it is that the my address home and so well of course i live at am um on zip code postcode post "
    "would be currently still billing mailing street delivery shipping new current no problem right".split()
)
_POSTCODE = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")
_POSTCODE_END = re.compile(r"^[0-9][A-Z]{2}$")
_POSTCODE_WHOLE = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}$")


def emails(scene: Scene) -> tuple[Piece, ...]:
    """Every email address: `dana@example.com`, "dana dot smith at example dot com"; a website has no name before it."""
    atoms = scene.atoms
    found: list[Piece] = []
    place = 0
    while place < len(atoms):
        piece = _written(atoms, place) or _spoken(scene, place)
        if piece and (not found or piece.first >= found[-1].last):
            found.append(piece)
            place = piece.last
        else:
            place += 1
    return tuple(found)


def _written(atoms: Sequence[Atom], place: int) -> Piece | None:
    """An address recognised as one word, with spoken endings after it."""
    if atoms[place].shape != "email":
        return None
    last = place
    while last < len(atoms) and (atoms[last].segment, atoms[last].word) == (atoms[place].segment, atoms[place].word):
        last += 1
    last = _domain_end(atoms, last)
    return Piece("email", place, last, content_of(atoms[place:last]))


def _spoken(scene: Scene, place: int) -> Piece | None:
    """An address around the word "at", or without it around the name of a mail provider after an email question."""
    atoms, asked = scene.atoms, _about(scene, "email", place)
    if atoms[place].text == "at":
        last = _domain(atoms, place + 1)
        provider = place + 1 < len(atoms) and atoms[place + 1].text in _PROVIDERS
        if last is None and not (provider and asked):
            return None
        first = _local(atoms, place)
        last = last or place + 2
    elif asked and atoms[place].text in _PROVIDERS:
        first, last = _local(atoms, place), _domain_end(atoms, place + 1)
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


def _local(atoms: Sequence[Atom], at: int) -> int:
    """Where the name before "at" begins: words, letters and digits up to a word that can be none of it."""
    first = at
    while first > max(0, at - 30):
        atom = atoms[first - 1]
        linked = first < at and atoms[first].text in _LINKS
        spelled = (len(atom.text) == 1 and atom.text != "i") or atom.text in _LINKS
        beside = first < at and len(atoms[first].text) == 1
        if atom.text in _NOT_LOCAL and not linked and not (spelled and (atom.text != "a" or beside)):
            break
        if first < at and atom.end in (".", "?") and not spelled:
            break
        if not spelled and not linked and first < at - 8:
            break
        first -= 1
    while first < at and (atoms[first].text in FILLERS or atoms[first].text in _LINKS):
        first += 1
    return first


def _about(scene: Scene, kind: str, place: int) -> bool:
    """Whether a type is asked for, or named shortly before a place."""
    label = scene.label_before(place, 25)
    return kind in scene.asked or bool(label and label.type == kind)


def spelled(scene: Scene) -> tuple[Piece, ...]:
    """An email or a password spelled out where one is spoken of: three letters or more, with what stands between."""
    found: list[Piece] = []
    first = None
    for place in range(len(scene.atoms) + 1):
        if place < len(scene.atoms) and _spells(scene, place):
            first = place if first is None else first
        elif first is not None:
            letters = sum(len(atom.text) == 1 and atom.text.isalpha() for atom in scene.atoms[first:place])
            kind = next((kind for kind in ("email", "password") if _about(scene, kind, first)), None)
            if kind and letters >= 3:
                found.append(Piece(kind, first, place, content_of(scene.atoms[first:place]), whole=False))
            first = None
    return tuple(found)


def _spells(scene: Scene, place: int) -> bool:
    """Whether an atom is a letter, a joint between letters, or a number after a letter or joint."""
    if not scene.free(place, place + 1):
        return False
    text = scene.atoms[place].text
    if len(text) == 1 and text.isalpha():
        return True
    before = scene.atoms[place - 1].text if place else ""
    beside = len(before) == 1 or before in _LINKS or place in scene.ends
    return beside and (text in FILLERS or text in _LINKS or place in scene.starts or place in scene.ends)


def addresses(scene: Scene) -> tuple[Piece, ...]:
    """Every street address or postcode; those of the company itself ("our office at ...") are not personal."""
    found: list[Piece] = []
    for place, atom in enumerate(scene.atoms):
        if found and place < found[-1].last:
            continue
        piece = None
        if atom.text in _STREETS:
            piece = _street(scene, place)
        elif atom.raw[:1].isupper() and any(letter.isdigit() for letter in atom.raw):
            piece = _postcode(scene, place)
        if piece and scene.free(piece.first, piece.last) and (not found or piece.first >= found[-1].last):
            found.append(piece)
    if not found and "address" in scene.asked:
        found += _unnamed(scene)
    return tuple(found)


def _street(scene: Scene, suffix: int) -> Piece | None:
    """An address around the word for a street: a house number before it, up to four words of name between."""
    atoms = scene.atoms
    asked = _about(scene, "address", suffix)
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
    if not asked and (atoms[suffix].text not in _STRONG or not _named(atoms, name, suffix)):
        return None
    first = house.first
    while (more := ends.get(first)) and not more.ordinal and suffix - more.first < 12:
        first = more.first
    if _BUSINESS & {atom.text for atom in atoms[max(0, first - 6) : first]}:
        return None
    first = _unit_before(scene, first)
    last = _rest(scene, suffix + 1, asked=asked)
    return Piece("address", first, last, content_of(atoms[first:last]))


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
            or any(label.first == at for label in scene.labels_near(at, 0))
        ):
            break
        if asked or code or atom.raw[:1].isupper() or (len(atom.text) == 1 and at == last):
            last = at + 1
        elif atom.text not in FILLERS:
            break
    return last


def _in_town(atoms: Sequence[Atom], place: int) -> bool:
    """Whether "in" leads on to a town: the next word has a capital."""
    return atoms[place].text == "in" and atoms[place + 1 : place + 2] != () and atoms[place + 1].raw[:1].isupper()


def _is_code(atom: Atom) -> bool:
    """Whether an atom is a zip code or a piece of a postcode."""
    return atom.raw.replace("-", "").isdigit() or bool(_POSTCODE.match(atom.raw) or _POSTCODE_END.match(atom.raw))


def _postcode(scene: Scene, place: int) -> Piece | None:
    """A British postcode in one word or two: SW1A 1AA."""
    atoms = scene.atoms
    if place and (atoms[place - 1].segment, atoms[place - 1].word) == (atoms[place].segment, atoms[place].word):
        return None
    last = _after_word(atoms, place)
    if not _POSTCODE_WHOLE.match(atoms[place].raw):
        if last >= len(atoms) or not _POSTCODE.match(atoms[place].raw) or not _POSTCODE_END.match(atoms[last].raw):
            return None
        last = _after_word(atoms, last)
    return Piece("address", place, last, content_of(atoms[place:last]))


def _after_word(atoms: Sequence[Atom], place: int) -> int:
    """The first atom of the next word."""
    here = (atoms[place].segment, atoms[place].word)
    while place < len(atoms) and (atoms[place].segment, atoms[place].word) == here:
        place += 1
    return place


def _unnamed(scene: Scene) -> list[Piece]:
    """An answer to an address question without a word for a street: "forty two Oaklands, Springfield"."""
    atoms, first = scene.atoms, 0
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
