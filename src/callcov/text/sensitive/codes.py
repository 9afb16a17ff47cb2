"""Codes of letters and digits however they are said: `BN3 4TQ`, "B N three, four T Q", "J M, that's M for mother".

And what codes and numbers are by their form. A code is a run of letters, numbers and whole words of the spelling
alphabets, with what people say between them. Linear in the atoms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callcov.text.normalise import FILLERS
from callcov.text.sensitive.scene import REPAIRS, Scene
from callcov.text.sensitive.stream import Atom, same_word

_ALPHABET = frozenset(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu".split()
)
_BETWEEN = (
    FILLERS
    | REPAIRS
    | frozenset("dash hyphen space then and stroke slash the letter a capital that is its ok yes".split())
)
_TIMES = frozenset(("double", "triple"))
_PRONOUN_VERBS = frozenset(
    "am have will would do did think thought mean was can could just live need want got know said see say guess "
    "suppose believe not never only should must had hope".split()
)
_POSTCODE = re.compile(r"^([A-Z][A-Z0]?\d[A-Z\d]?)\1?\d[A-Z]{2}$")  # its first half perhaps twice
OUTWARD = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")
"""The first half of a British postcode, as it is written."""
INWARD = re.compile(r"^[0-9][A-Z]{2}$")
"""The second half."""
_COUNTS = frozenset("am pm st nd rd th in ft yr hr kg km cm mm ml gb mb tb kb lb oz mo".split())
"""What two small letters behind a digit are, if no end of a postcode: "gate B2 4pm"."""
_NANP = re.compile(r"^1?[2-9]\d{2}[2-9]\d{6}$")
_BRITISH = re.compile(r"^(0|44)(1\d{8,9}|2\d{9}|7\d{9})$")
_MOBILE = re.compile(
    r"^((0|353)8[35679]\d{7}"  # Ireland
    r"|(0|27)(6\d|7[1-9]|8[1-4])\d{7}"  # South Africa
    r"|(0|91)?[6-9]\d{9}"  # India
    r"|(0|61)4\d{8}"  # Australia
    r"|(0|63)9\d{9})$"  # Philippines
)
"""Of the countries beside North America and Britain that these calls come from."""
_TOLL_FREE = re.compile(r"^(1?8(00|33|44|55|66|77|88)\d{7}|1?900\d{7}|03\d{7,9}|080\d{6,8}|0818\d{5,7}|08[47]\d{8})$")
"""North American, British and Irish; ten digits from 083 to 089 are somebody's Irish mobile."""
_EIRCODE = re.compile(r"^[AC-FHKNPRTV-Y]\d[\dW](?=.*[A-Z])[AC-FHKNPRTV-Y\d]{4}$")
_INSURANCE = re.compile(r"^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$")
_BEFORE_SPELLING = 4
"""Words from what is spelled to its letters."""
_PERSONS = frozenset("surname name forename surnames names".split())
_IBAN = re.compile(r"^[A-Z]{2}\d{2}[A-Z\d]{11,30}$")


@dataclass(frozen=True, slots=True)
class Code:
    """A code over `atoms[first:last]` and what it spells, in capitals."""

    text: str
    first: int
    last: int

    @property
    def letters(self) -> int:
        """How many letters it has."""
        return sum(letter.isalpha() for letter in self.text)


def codes(scene: Scene) -> tuple[Code, ...]:
    """Every code with a letter in it, in order, never overlapping; what other detectors took is left out."""
    found: list[Code] = []
    place = 0
    if not (scene.groups or scene.labels or scene.asked or scene.going):
        return ()
    while place < len(scene.atoms):
        code = _code(scene, place) if _begins(scene, place) else None
        if code is None:
            place += 1
            continue
        place = code.last
        if code.letters:
            found.append(code)
    return tuple(found)


def _begins(scene: Scene, place: int) -> bool:
    """Whether a code may begin with an atom: a quick look before the proper one."""
    atom = scene.atoms[place]
    short = len(atom.text) == 1 or place in scene.starts or atom.text in _TIMES
    return short or atom.text in _ALPHABET or (atom.raw[:2].isupper() and len(atom.raw) > 1)


def spells_name(scene: Scene, code: Code) -> bool:
    """Whether a code only spells somebody's name: "surname is H O L L I S", "Bradshaw, B R A D S H A W".

    While an email is asked for, the word that is spelled may be the beginning of one.
    """
    before = [atom.text for atom in scene.atoms[max(0, code.first - _BEFORE_SPELLING) : code.first]]
    spelled = code.text.casefold() in before and "email" not in scene.asked
    return code.text.isalpha() and (spelled or not _PERSONS.isdisjoint(before))


def form_of(text: str) -> str | None:
    """The type that a code has by its form alone: a British or Irish postcode, a national insurance number, an IBAN."""
    if _POSTCODE.match(text) or _EIRCODE.match(text):
        return "address"
    if _INSURANCE.match(text):
        return "government_id"
    return "bank_account" if _IBAN.match(text) and _checked(text) else None


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1, annex B); not for all digits alike."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return len(set(digits)) > 1 and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def phone_like(digits: str) -> bool:
    """Whether digits have the form of a person's telephone number in North America or Britain, or of a mobile's."""
    return any(form.match(digits) for form in (_NANP, _BRITISH, _MOBILE)) and not toll_free(digits)


def toll_free(digits: str) -> bool:
    """Whether digits have the form of a number that companies alone have."""
    return bool(_TOLL_FREE.match(digits))


def _checked(iban: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 13616, modulo 97)."""
    digits = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    return int(digits) % 97 == 1


def _code(scene: Scene, first: int) -> Code | None:
    """The code that begins at a place, up to the last letter or number that belongs to it."""
    if postcode := _postcode(scene, first):
        return postcode
    text, last, place = "", first, first
    while place < len(scene.atoms) and len(text) < 40:
        unit = _unit(scene, place, text)
        if unit:
            text, last = text + unit[0], _untaken(scene, place, unit[1])
            place = last
            continue
        if not text or place - last >= 4 or scene.atoms[place].text not in _BETWEEN:
            break
        place += 1
    return Code(text, first, last) if text else None


def _postcode(scene: Scene, first: int) -> Code | None:
    """A British postcode written as two words, the first perhaps twice: "LN4, LN4 2QB".

    What follows is a house, which belongs to it where an address is asked for.
    """
    words: list[Atom] = []
    last = first
    while last < len(scene.atoms) and len(words) < 2:
        word = scene.atoms[last]
        while last < len(scene.atoms) and same_word(scene.atoms[last], word):
            last += 1
        if not words or word.raw != words[0].raw:
            words.append(word)
    if len(words) < 2 or not OUTWARD.match(words[0].raw) or not scene.free(first, last):
        return None
    inward = words[1].raw
    small = inward[1:].islower() and inward[1:] not in _COUNTS
    if not INWARD.match(inward.upper() if small else inward):
        return None
    house = scene.starts.get(last) if "address" in scene.asked else None
    if house and scene.free(house.first, house.last):
        return Code(words[0].raw + inward.upper() + house.digits, first, house.last)
    return Code(words[0].raw + inward.upper(), first, last)


def _untaken(scene: Scene, first: int, last: int) -> int:
    """Where a piece ends when what other detectors took is left out."""
    return next((place for place in range(first + 1, last) if place in scene.taken), last)


def _unit(scene: Scene, place: int, before: str) -> tuple[str, int] | None:
    """What one piece at a place adds to a code, and where it ends; None if it is no piece of one."""
    atoms = scene.atoms
    atom, group = atoms[place], scene.starts.get(place)
    if place in scene.taken:
        return None
    if group and not group.ordinal and atom.raw != "O":  # the letter: the digit is written "oh"
        return (group.digits, group.last) if scene.free(group.first, group.last) else None
    if before and atom.text == "oh":
        return "0", place + 1
    return _letters(scene, place, before)


def _letters(scene: Scene, place: int, before: str) -> tuple[str, int] | None:
    """The same for letters: single, doubled, explained, by their names or written together."""
    atoms, atom = scene.atoms, scene.atoms[place]
    if place + 1 < len(atoms) and atom.text in _TIMES and _is_letter(atoms, place + 1, before):
        return atoms[place + 1].text.upper() * (3 if atom.text == "triple" else 2), place + 2
    if _is_letter(atoms, place, before):
        end = _explained(atoms, place)
        again = end > place + 1 and before.endswith(atom.text.upper()) and atoms[place - 1].text in ("is", "that")
        return ("" if again else atom.text.upper()), end
    if atom.text in _ALPHABET and (before or _spells_on(scene, place + 1)):
        return atom.text[0].upper(), place + 1
    raw = atom.raw.replace("-", "")
    written = 2 <= len(raw) <= 10 and raw.isupper() and raw.isalnum() and atom.text.isalpha()
    mixed = any(letter.isdigit() for letter in raw)
    return (atom.text.upper(), place + 1) if written and (mixed or len(atom.text) <= 2 or before) else None


def _is_letter(atoms: Sequence[Atom], place: int, before: str) -> bool:
    """Whether an atom is a letter that is spelled, not the words "a" and "I"."""
    atom = atoms[place]
    if len(atom.text) != 1 or not ("a" <= atom.text <= "z"):
        return False
    after = atoms[place + 1].text if place + 1 < len(atoms) else ""
    if atom.text == "i":
        beside = bool(before) and place > 0 and not atoms[place - 1].end and atoms[place - 1].text not in _BETWEEN
        return after not in _PRONOUN_VERBS and after != "i" and (beside or len(after) == 1)
    if atom.text == "a":
        return atom.raw != "a" and (bool(before) or len(after) == 1 or after in ("for", "as"))
    return True


def _explained(atoms: Sequence[Atom], place: int) -> int:
    """Where a letter ends with the word that explains it: `B for bravo`, `D as in dog`."""
    texts = [atom.text for atom in atoms[place + 1 : place + 4]]
    letter = atoms[place].text
    if texts[:2] == ["as", "in"] and len(texts) == 3:
        return place + 4
    if texts[:1] in (["for"], ["like"], ["as"]) and len(texts) > 1 and texts[1].startswith(letter):
        return place + 3
    return place + 1


def _spells_on(scene: Scene, place: int) -> bool:
    """Whether a letter, a number or another word of the alphabet stands at a place."""
    if place >= len(scene.atoms):
        return False
    text = scene.atoms[place].text
    return len(text) == 1 or text in _ALPHABET or place in scene.starts
