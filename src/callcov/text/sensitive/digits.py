"""Values made of digits: cards, security codes, social security, accounts, phones, PINs, ids, postcodes.

Digits are read however they were grouped. What a run of them is, is told by the nearest label, else by the open
question, else by its own form: Luhn and length for cards (ISO/IEC 7812-1), 3-2-4 for social security numbers, the
North American numbering plan and the British 0-numbers for phones. Counts, money, times and dates are no runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcov.text.numbers import Group
from callcov.text.sensitive.cues import ENDING, OTHER, Label
from callcov.text.sensitive.scene import CODES, JOINS, REPAIRS, SECRETS, Piece, Scene, joined
from callcov.text.sensitive.stream import BACKCHANNELS, Atom

_UNITS = frozenset(
    "dollar pound euro dollars buck bucks cent cents penny pence p percent percentage minute minutes min "
    "mins hour hours day days night nights week weeks month months year years decade decades oclock am pm "
    "times people person persons adult adults child children kid kids item items piece pieces box boxes bag "
    "bags unit units mile miles kilometer kilometers meter meters metre metres foot feet inch inches gig "
    "gigs gigabyte gigabytes megabit megabits megabyte megabytes meg megs kilowatt kilowatts kilo kilos gram "
    "grams degree degrees point points star stars second seconds sec secs moment business working or more "
    "other others of digit digits different separate orders payments payment installment installments "
    "customers customer numbers tickets bottles copies pairs pair calls call k grand million thousand "
    "hundred bedroom bedrooms bed beds seat seats room rooms story stop stops step steps quarters quarter "
    "halves half thing things ways way line lines device devices phones milligrams mg ml pills character "
    "characters letters tablets doses version guests guest litres liters gallons tonnes tons square cubic".split()
)
_BEFORE = frozenset("press pressing option point chapter step version top gate terminal row page level windows".split())
_WRITTEN = frozenset(("money", "percent", "clock", "decimal", "thousands", "slash", "email"))
_FEWEST = {
    "card_number": 3, "card_cvv": 3, "ssn": 3, "bank_account": 4, "account_number": 3, "date_of_birth": 4,
    "phone_number": 4, "pin": 3, "government_id": 3, "address": 5,
}  # fmt: skip
_MOST = {"card_cvv": 4, "ssn": 11, "date_of_birth": 8, "phone_number": 16, "pin": 8, "address": 9, "account_number": 20}
_WHOLE = {
    "card_number": 13, "card_cvv": 3, "ssn": 9, "bank_account": 6, "account_number": 5, "date_of_birth": 4,
    "phone_number": 7, "pin": 4, "government_id": 6, "address": 5, "password": 4,
}  # fmt: skip
_FITTING = (
    ("card_number", 13, 19), ("phone_number", 10, 12), ("ssn", 9, 9), ("bank_account", 8, 12), ("card_cvv", 3, 3),
    ("pin", 4, 4), ("address", 5, 5), ("account_number", 5, 12), ("government_id", 6, 12), ("card_cvv", 4, 4),
)  # fmt: skip
_NANP = re.compile(r"^1?[2-9]\d{2}[2-9]\d{6}$")
_BRITISH = re.compile(r"^(0|44)(1\d{8,9}|2\d{9}|7\d{9})$")
_TOLL_FREE = re.compile(r"^(1?8(00|33|44|55|66|77|88)\d{7}|0(3|8)\d{7,9}|1?900\d{7})$")


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers said in one go: `atoms[first:last]`; `repaired` when a piece was taken back or said again."""

    digits: str
    first: int
    last: int
    lengths: tuple[int, ...]
    repaired: bool = False


def runs(scene: Scene) -> tuple[Run, ...]:
    """The digit runs of a scene, in order, without counts, amounts, times, and what others have taken."""
    found: list[Run] = []
    barriers = {place for label in scene.labels for place in range(label.first, label.last)}
    for group in scene.groups:
        if not scene.free(group.first, group.last) or group.ordinal or _measures(scene, group):
            continue
        last = found[-1] if found else None
        between = range(last.last, group.first) if last else range(0)
        gap = scene.atoms[last.last : group.first] if last else ()
        if last and barriers.isdisjoint(between) and (joined(gap) or _spelled_on(scene, last.last, gap)):
            repaired = last.repaired or any(scene.atoms[place].text in REPAIRS for place in between)
            lengths = (*last.lengths, len(group.digits)) if len(last.lengths) < 40 else last.lengths
            found[-1] = Run(last.digits + group.digits, last.first, group.last, lengths, repaired)
        else:
            found.append(Run(group.digits, group.first, group.last, (len(group.digits),)))
    return tuple(found)


def _spelled_on(scene: Scene, place: int, gap: Sequence[Atom]) -> bool:
    """Whether only letters of a code stand between two numbers, where a code is spoken of: `1EG4 TE5`."""
    if len(gap) > 4 or not all(len(atom.text) == 1 or atom.text in JOINS for atom in gap):
        return False
    label = scene.label_before(place, 25)
    return bool(CODES & set(scene.asked)) or bool(label and label.type in CODES)


def numbers(scene: Scene) -> tuple[Piece, ...]:
    """Every sensitive number of a scene, in order."""
    found: list[Piece] = []
    used: dict[Label, str] = {}
    alone = (
        sum(atom.text not in BACKCHANNELS for atom in scene.atoms) <= sum(g.last - g.first for g in scene.groups) + 2
    )
    for run in runs(scene):
        label = _label_of(scene, run, used)
        kind = _type_of(scene, run, label, alone=alone)
        if kind:
            piece = extended(scene, Piece(kind, run.first, run.last, run.digits, _whole(kind, run.digits)))
            if scene.free(piece.first, piece.last):
                scene.taken.update(range(piece.first, piece.last))
                found.append(piece)
                if label:
                    used[label] = used.get(label, "") + run.digits
    return tuple(found)


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1, annex B); not for all digits alike."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return len(set(digits)) > 1 and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _measures(scene: Scene, group: Group) -> bool:
    """Whether a number counts or measures something: a unit after it, a sign in it, "option" before it."""
    atoms = scene.atoms
    if atoms[group.first].shape in _WRITTEN or len(group.digits) >= 9:
        return atoms[group.first].shape in _WRITTEN
    after = atoms[group.last].text if group.last < len(atoms) else ""
    before = atoms[group.first - 1].text if group.first else ""
    if after in _UNITS and atoms[group.last - 1].end not in (".", "?"):
        return True
    if before in _BEFORE or (group.quantity and not _digits_follow(scene, group)):
        return True
    return after in ("point", "to") and group.last + 1 < len(atoms) and _starts_number(scene, group.last + 1)


def _digits_follow(scene: Scene, group: Group) -> bool:
    """Whether further numbers follow at once, as in "eight hundred five five five"."""
    return _starts_number(scene, group.last)


def _starts_number(scene: Scene, place: int) -> bool:
    """Whether a number begins at a place."""
    return place in scene.starts


def _label_of(scene: Scene, run: Run, used: dict[Label, str]) -> Label | None:
    """The label that speaks for a run: the nearest before it that still waits for digits, else one just after it."""
    before = scene.label_before(run.first)
    if before and before in used and run.first - before.last > 3 and _whole(before.type, used[before]):
        before = None
    after = next((label for label in scene.labels_near(run.last, 4) if label.first >= run.last), None)
    if after and scene.atoms[run.last - 1].end not in (".", "?"):
        between = [atom.text for atom in scene.atoms[run.last : after.first]]
        if {"is", "was", "as", "on", "still"} & set(between) and not {"and", "what", "but"} & set(between):
            return after
    return before


def _type_of(scene: Scene, run: Run, label: Label | None, *, alone: bool) -> str | None:
    """What a run is, or None for a number that is not sensitive."""
    length = len(run.digits)
    if label and label.type == OTHER:
        return None
    if label and label.type == ENDING:
        before = scene.label_before(label.first, 4)
        if before and before.type == "ssn":
            return "ssn"
        return _answer(scene, run, alone=alone)
    if label and (not label.weak or length >= _WHOLE[label.type] or label.type in scene.asked):
        kind = _bank(scene, label)
        if _accepts(kind, length):
            return kind
    return _answer(scene, run, alone=alone) or _by_form(scene, run)


def _bank(scene: Scene, label: Label) -> str:
    """The type of a label; an account number named together with a bank's routing is a bank account."""
    near_bank = any(other.type == "bank_account" for other in scene.labels_near(label.first, 40)[:80])
    return "bank_account" if label.type == "account_number" and near_bank else label.type


def _accepts(kind: str, length: int) -> bool:
    """Whether a run of that length can be a value of a type, or a part of one."""
    return kind in _FEWEST and _FEWEST[kind] <= length <= _MOST.get(kind, 40)


def _answer(scene: Scene, run: Run, *, alone: bool) -> str | None:
    """The type a run has as the answer to the open question."""
    length = len(run.digits)
    for kind, fewest, most in _FITTING:
        if kind in scene.asked and fewest <= length <= most:
            return kind
    for kind in scene.asked:
        if _accepts(kind, length) or (kind == "password" and length >= 2):
            return kind
    secret = next((kind for kind in scene.asked if kind in SECRETS), None)
    if secret and (length >= 2 or alone):
        return secret
    loose = next((kind for kind in scene.asked if kind in _FEWEST), None)
    return loose if alone and length >= 2 else None


def _by_form(scene: Scene, run: Run) -> str | None:
    """The type a number has by its own form, when nobody named it; nothing while another number is asked for."""
    digits, length = run.digits, len(run.digits)
    if OTHER in scene.asked:
        return None
    if 13 <= length <= 19 and (luhn(digits) or (length in (15, 16) and digits[0] in "3456")):
        return "card_number"
    if run.repaired and 15 <= length <= 40:
        return "card_number"
    if run.lengths == (3, 2, 4) and not digits.startswith(("000", "666", "9")) and digits[3:5] != "00":
        return "ssn"
    plus = run.first > 0 and scene.atoms[run.first - 1].text == "plus"
    phone = _NANP.match(digits) or _BRITISH.match(digits) or (plus and 8 <= length <= 15)
    return "phone_number" if phone and not _TOLL_FREE.match(digits) else None


def _whole(kind: str, digits: str) -> bool:
    """Whether that many digits can be all of a value."""
    return len(digits) >= _WHOLE.get(kind, 0)


def extended(scene: Scene, piece: Piece) -> Piece:
    """A code with the letters on both sides of its digits: `K 471 92`, `AB 12 34 56 C`, `D as in dog`."""
    if piece.type not in CODES:
        return piece
    first, last = piece.first, piece.last
    while first > 0 and scene.free(first - 1, first) and (step := _code(scene.atoms, first - 1, -1)):
        first -= step
    while last < len(scene.atoms) and scene.free(last, last + 1) and (step := _code(scene.atoms, last, 1)):
        last += step
    return replace(piece, first=first, last=last)


def _code(atoms: Sequence[Atom], place: int, way: int) -> int:
    """How many atoms at a place belong to a code: a letter, a piece of a mixed word, or `as in dog`; 0 if none."""
    atom = atoms[place]
    mixed = any(letter.isdigit() for letter in atom.raw) and any(letter.isalpha() for letter in atom.raw)
    if way > 0 and atom.text == "as" and place + 2 < len(atoms) and atoms[place + 1].text == "in":
        return 3
    if way < 0 and place >= 3 and [one.text for one in atoms[place - 2 : place]] == ["as", "in"]:
        return 4 if len(atoms[place - 3].text) == 1 else 0
    if atom.text in ("dash", "hyphen") or (mixed and not atom.shape):
        return 1
    if len(atom.text) == 1 and atom.text.isalpha():
        return 0 if atom.text in "ai" and not (atom.raw == "A" and way < 0) else 1
    return 1 if len(atom.raw) in (2, 3, 4) and atom.raw.isupper() and atom.text.isalpha() else 0


def government_ids(scene: Scene) -> tuple[Piece, ...]:
    """British national insurance numbers by their form alone: two letters, six digits, one of A to D."""
    found: list[Piece] = []
    for run in runs(scene):
        if len(run.digits) != 6 or run.last >= len(scene.atoms) or scene.atoms[run.last].text not in "abcd":
            continue
        letters, first = "", run.first
        while first > 0 and len(letters) < 2 and len(scene.atoms[first - 1].text) <= 2:
            first -= 1
            letters = scene.atoms[first].text + letters
        if len(letters) == 2 and letters.isalpha() and letters not in ("is", "it", "of", "so", "to", "no", "at", "as"):
            found.append(Piece("government_id", first, run.last + 1, letters + run.digits))
    return tuple(found)
