"""Values made of digits: cards, security codes, social security, accounts, phones, PINs, ids, postcodes.

Digits are read however they were grouped. What a run of them is, is told by the nearest label, else by the open
question, else by the value that is being said and goes on, else by its own form: Luhn and length for cards
(ISO/IEC 7812-1), 3-2-4 for social security numbers, the North American numbering plan and the British 0-numbers for
phones. Counts, money, times and dates are no runs.
"""

from __future__ import annotations

from collections.abc import Callable

from callcov.text.phrases import FUNCTION_WORDS
from callcov.text.sensitive import cards
from callcov.text.sensitive.codes import Code, codes, form_of, luhn, phone_like, spells_name, toll_free
from callcov.text.sensitive.cues import Label
from callcov.text.sensitive.dates import birth_like
from callcov.text.sensitive.names import ENDING, FEW_DIGITS, OTHER
from callcov.text.sensitive.runs import Run, runs
from callcov.text.sensitive.scene import CODES, REPAIRS, SECRETS, Piece, Scene, about_numbers, alone
from callcov.text.sensitive.stream import BACKCHANNELS, COUNTED

_WHEN = frozenset("at by from for than only around until".split())
"""Words before a time or an amount, not before the digits of a value."""
_FAR = 16
"""Words that the name of something else reaches forward to a number; names of values reach ten."""
_AT_ONCE = 8
"""Words after which two digits no longer go on with a value."""
_FEWEST = {
    "card_number": 3, "card_cvv": 3, "ssn": 3, "bank_account": 3, "account_number": 3, "date_of_birth": 4,
    "phone_number": 3, "pin": 3, "government_id": 3, "address": 5, "password": 3, "email": 2,
}  # fmt: skip
_MOST = {
    "card_number": 19,
    "email": 8,
    "card_cvv": 4,
    "ssn": 11,
    "password": 12,
    "date_of_birth": 8,
    "phone_number": 24,
    "pin": 8,
    "address": 9,
    "account_number": 20,
}
_WHOLE = {
    "card_number": 13, "card_cvv": 3, "ssn": 9, "bank_account": 6, "account_number": 5, "date_of_birth": 4,
    "phone_number": 7, "pin": 4, "government_id": 6, "address": 5, "password": 4, "email": 40,
}  # fmt: skip
_FITTING = (
    ("card_number", 13, 19), ("phone_number", 10, 12), ("ssn", 9, 9), ("bank_account", 8, 12), ("card_cvv", 3, 3),
    ("pin", 4, 4), ("address", 5, 5), ("password", 3, 8), ("account_number", 5, 12), ("government_id", 6, 12),
    ("card_cvv", 4, 4),
)  # fmt: skip
_ANSWERING = frozenset("hello hi good morning afternoon evening".split())
_HINTED = {"card_number": 4, "card_cvv": 3, "pin": 4, "password": 3}
_LONG = 10
"""Digits of which nothing has so many that is counted or numbered through."""
_BESIDE = 14
"""Words between two values of one kind at most, or a value and its repetition."""
_INDIAN = 6
"""Digits of an Indian postcode, which is called a PIN code."""
_CODE = 5
"""Digits from which a number said in a short reply is the code spoken of before."""


def numbers(scene: Scene, spared: Callable[[str], bool]) -> tuple[Piece, ...]:
    """Every sensitive number of a scene, in order; those whose digits are `spared` only repeat a harmless one."""
    found: list[Piece] = []
    used: dict[Label, str] = {}
    bare = all(atom.text in BACKCHANNELS or about_numbers(scene, place) for place, atom in enumerate(scene.atoms))
    for run, known in cards.parted(scene, runs(scene)):
        if known == cards.EXPIRY:
            scene.plain.update(range(run.first, run.last))
            continue
        label = _label_of(scene, run, used)
        if len(run.digits) <= 6 and (label is None or label.weak) and spared(run.digits):
            continue
        taken = known or _type_of(scene, run, label, bare=bare) or _beside_sort_code(scene, run, found)
        taken = taken or _twin(scene, run, label, found)
        kind = _behind_card(scene, run, taken, found)
        if kind and scene.free(run.first, run.last):
            first = run.first - (run.first > 0 and scene.atoms[run.first - 1].text == "plus")
            whole = _whole(kind, run.digits) or bool(label and label.type == ENDING)
            certain = bool(known) or kind != taken or _certain(scene, run, kind, label)
            found.append(Piece(kind, first, run.last, run.digits, whole, certain))
            scene.taken.update(range(run.first, run.last))
            if label:
                used[label] = used.get(label, "") + run.digits
        elif kind is None and (label.type == OTHER if label else OTHER in scene.asked):
            scene.harmless.update(range(run.first, run.last))
    return tuple(found)


def coded(scene: Scene) -> tuple[Piece, ...]:
    """Every code with letters in it: one that is named, asked for or goes on, or has a form of its own."""
    found: list[Piece] = []
    for code in codes(scene):
        digits = "".join(letter for letter in code.text if letter.isdigit())
        kind = _code_type(scene, code, digits)
        if kind and scene.free(code.first, code.last):
            content = digits if len(digits) > 1 else code.text.casefold()
            last = _word_after(scene, code) if kind == "password" else code.last
            found.append(Piece(kind, code.first, last, content, _whole(kind, code.text)))
            scene.taken.update(range(code.first, last))
        elif kind is None and digits:
            label = scene.label_before(code.first)
            if label.type == OTHER if label else OTHER in scene.asked:
                scene.harmless.update(range(code.first, code.last))
    return tuple(found)


def _code_type(scene: Scene, code: Code, digits: str) -> str | None:
    """What a code is, or None. Letters alone count in a clause of their own, as many as a code may begin with."""
    label = scene.label_before(code.first)
    if label and label.type == OTHER:
        return None
    form = None if OTHER in scene.asked else form_of(code.text)
    few = code.letters <= 6 and alone(scene, code.first, code.last)
    if not form and label and not label.weak and label.type in (*CODES, "email") and (digits or few):
        form = _bank(scene, label)
    asked = sorted(scene.asked, key=lambda kind: kind not in ("email", "password"))
    answers = (kind for kind in asked if _answers(kind, code, digits, few=few))
    form = form or next(answers, None)
    if form == "email" and spells_name(scene, code):
        return None
    if form:
        return form
    if not alone(scene, code.first, code.last) or OTHER in scene.asked:
        return None
    hinted = scene.hinted if digits and len(code.text) >= _CODE else ()
    kinds = (kind for kind in (*scene.going, *hinted) if kind in CODES or kind == "email")
    return next((kind for kind in kinds if digits or code.letters > 1), None)


def _word_after(scene: Scene, code: Code) -> int:
    """Where a spelled password ends with the word that finishes it: "R A V E N S dale"."""
    last, atoms = code.last, scene.atoms
    spelled = code.letters > 2 and last < len(atoms) and not atoms[last - 1].end and atoms[last].text.isalpha()
    goes_on = spelled and len(atoms[last].text) > 2 and atoms[last].text not in FUNCTION_WORDS
    return last + 1 if goes_on and scene.free(last, last + 1) else last


def _answers(kind: str, code: Code, digits: str, *, few: bool) -> bool:
    """Whether a code can be the answer to a question for a type."""
    if kind in ("email", "password"):
        return code.letters + len(digits) >= 2
    return kind in CODES and (len(digits) > 1 or few or (kind == "address" and bool(digits)))


def _label_of(scene: Scene, run: Run, used: dict[Label, str]) -> Label | None:
    """The label that speaks for a run: the nearest before it that still waits for digits, else one just after it."""
    before = scene.label_before(run.first, _FAR if len(run.digits) < 13 else 10)
    if before and before.type != OTHER and run.first - before.last > 10:
        before = None
    if before and before in used and run.first - before.last > 3 and _whole(before.type, used[before]):
        before = None
    after = next((label for label in scene.labels_near(run.last, 4) if label.first >= run.last), None)
    if after and not after.weak and scene.atoms[run.last - 1].end not in (".", "?"):
        between = [atom.text for atom in scene.atoms[run.last : after.first]]
        if {"is", "was", "as", "on", "still"} & set(between) and not {"and", "what", "but"} & set(between):
            return after
    return before


def _type_of(scene: Scene, run: Run, label: Label | None, *, bare: bool) -> str | None:
    """What a run is, or None for a number that is not sensitive."""
    length = len(run.digits)
    if cards.is_card(scene, run, label):
        return "card_number"
    if label and label.type == OTHER:
        few = label.last - label.first == 1 and scene.atoms[label.first].text in FEW_DIGITS
        return _by_form(scene, run) if few and length >= _LONG else None
    if label and label.type == ENDING:
        return _end_of(scene, label) if length > 1 else None
    if _tells_when(scene, run) or _tells_age(scene, run):
        return None
    if label and (kind := _named(scene, run, label)):
        return kind
    return _answer(scene, run, bare=bare) or _goes_on(scene, run) or _by_form(scene, run)


def _tells_when(scene: Scene, run: Run) -> bool:
    """Whether a short number is a time or an amount by the word before it: "at 4", "for 250"."""
    before = scene.atoms[run.first - 1].text if run.first else ""
    asked = "address" in scene.asked or (before == "for" and bool(scene.asked))
    return len(run.digits) <= 4 and before in _WHEN and not asked


def _tells_age(scene: Scene, run: Run) -> bool:
    """Whether a number after "I'm" is an age: nobody waits for a date of birth or an address."""
    waits = not {"date_of_birth", "address"}.isdisjoint((*scene.asked, *scene.going))
    counted = scene.atoms[run.first].text in COUNTED
    return run.first > 0 and scene.atoms[run.first - 1].text == "am" and len(run.digits) <= 2 and not (counted or waits)


def _named(scene: Scene, run: Run, label: Label) -> str | None:
    """The type that a label gives a run; a weak one gives way to a question, and none makes digits an email."""
    length = len(run.digits)
    kind = _bank(scene, label)
    if kind not in _FEWEST or (kind == "email" and kind not in scene.asked):
        return None
    if kind == "pin" and length == _INDIAN and "address" in scene.asked:
        return "address"
    weak = label.weak and kind == label.type
    if weak and kind not in scene.asked and not _speaks(scene, run, label):
        return None
    beside = kind in SECRETS and run.first - label.last <= 2 and not weak
    few = length > 1 and (beside or alone(scene, run.first, run.last))
    return kind if few or _accepts(kind, length) else None


def _speaks(scene: Scene, run: Run, label: Label) -> bool:
    """Whether a weak label speaks for a run: close before it, or a long one, and nothing else is asked for."""
    if scene.asked:
        return set(scene.asked) == {"email"} and run.first - label.last <= 2
    close = run.first - label.last <= 2 and scene.atoms[label.last - 1].end not in (".", "?")
    return close or len(run.digits) >= _WHOLE[_bank(scene, label)]


def _beside_sort_code(scene: Scene, run: Run, found: list[Piece]) -> str | None:
    """The account number that follows a sort code: "and the number's ..."."""
    label = scene.label_before(run.first, 6)
    bank = found and found[-1].type == "bank_account" and 6 <= len(run.digits) <= 12
    return "bank_account" if bank and not (label and label.type == OTHER) else None


def _twin(scene: Scene, run: Run, label: Label | None, found: list[Piece]) -> str | None:
    """The type of a value said before in the same stretch, of which a run is another one, a correction or a repetition.

    "Mine's eight eight one three oh four and my mum's is eight eight one seven nine two."
    """
    length = len(run.digits)
    if length < 3 or OTHER in scene.asked or (label and label.type == OTHER):
        return None
    near = (one for one in reversed(found) if len(one.content) == length and run.first - one.last <= _BESIDE)
    return next(
        (
            one.type
            for one in near
            if length >= _CODE or sum(map(str.__eq__, one.content, run.digits)) > length // 2 - 1
        ),
        None,
    )


def _certain(scene: Scene, run: Run, kind: str, label: Label | None) -> bool:
    """Whether a run is beyond doubt what it was taken for: a security code by its name, others by their form.

    A secret that is asked for is, too, if something else was named: a tagger goes by that.
    """
    if scene.misled and kind in SECRETS and kind in scene.asked:
        return True
    named = label is not None and label.type == kind and not label.weak
    if kind == "card_cvv":
        return named
    if kind == "card_number":
        return cards.is_whole(run.digits)
    grouped = tuple(map(len, run.parts)) == (3, 3, 4) or (run.digits[0] == "0" and not run.digits.startswith("086"))
    return kind == "phone_number" and phone_like(run.digits) and (named or kind in scene.asked or grouped)


def _behind_card(scene: Scene, run: Run, kind: str | None, found: list[Piece]) -> str | None:
    """The type of a run that was taken for a card's: three digits behind a whole card are its security code."""
    whole = "card_cvv" in scene.going or any(cards.is_whole(one.content) for one in found)
    return "card_cvv" if kind == "card_number" and len(run.digits) == 3 and whole else kind


def _end_of(scene: Scene, ending: Label) -> str | None:
    """What "ending 4409" is the end of: a social security or a phone number; the end of a card stays readable."""
    before = scene.label_before(ending.first, 6)
    if before and before.type in ("ssn", "phone_number"):
        return before.type
    said = [atom.text for atom in scene.atoms[max(0, ending.first - 2) : ending.first]]
    if not before and "number" in said:
        return "phone_number"
    return "ssn" if not before and "ssn" in (*scene.asked, *scene.going) else None


def _bank(scene: Scene, label: Label) -> str:
    """The type of a label; an account number named together with a bank's routing is a bank account."""
    if label.type != "account_number":
        return label.type
    near = any(other.type == "bank_account" for other in scene.labels_near(label.first, 40)[:80])
    return "bank_account" if near or "bank_account" in (*scene.asked, *scene.going) else label.type


def _accepts(kind: str, length: int) -> bool:
    """Whether a run of that length can be a value of a type, or a part of one."""
    return kind in _FEWEST and _FEWEST[kind] <= length <= _MOST.get(kind, 40)


def _answer(scene: Scene, run: Run, *, bare: bool) -> str | None:
    """The type a run has as the answer to the open question."""
    length = len(run.digits)
    if "date_of_birth" in scene.asked and birth_like(run.parts):
        return "date_of_birth"
    if "phone_number" in scene.asked and toll_free(run.digits):
        return None
    for kind, fewest, most in _FITTING:
        if kind in scene.asked and fewest <= length <= most:
            return kind
    for kind in scene.asked:
        if _accepts(kind, length):
            return kind
    secret = next((kind for kind in scene.asked if kind in SECRETS), None)
    if secret and (bare or length > 2 or (length > 1 and alone(scene, run.first, run.last))):
        return secret
    loose = next((kind for kind in scene.asked if kind in _FEWEST), None)
    said = length >= 2 or (bare and loose == "address")
    return loose if said and OTHER not in scene.asked and (bare or alone(scene, run.first, run.last)) else None


def _goes_on(scene: Scene, run: Run) -> str | None:
    """The type of the value that a clause of nothing but numbers goes on with, corrects or reads back."""
    length = len(run.digits)
    label = scene.label_before(run.first, 4) or cards.at_hand(scene, run)
    hinted = (*scene.hinted, *((label.type,) if label and label.type in _FEWEST else ()))
    kinds = (*scene.going, *hinted)
    first = run.first == 0 and bool(scene.going)  # the last digit of a value that was cut off
    if (length < 2 and not first) or not kinds or OTHER in scene.asked:
        return None
    if not alone(scene, run.first, run.last) and not _corrects(scene, run):
        if run.first <= _AT_ONCE and length > 4 and "date_of_birth" in scene.hinted and birth_like(run.parts):
            return "date_of_birth"
        short = len(scene.atoms) - (run.last - run.first) <= _AT_ONCE
        return next(
            (kind for kind in scene.hinted if short and kind in ("password", "pin") and _CODE <= length <= _MOST[kind]),
            None,
        )
    going = scene.going if length > 2 or run.first <= _AT_ONCE else ()
    on = next((kind for kind in going if kind in _FEWEST and length <= _MOST.get(kind, 40)), None)
    fits = (kind for kind in hinted if kind != "date_of_birth" or birth_like(run.parts))
    return on or next((kind for kind in fits if _hint(kind) <= length <= _MOST.get(kind, 40)), None)


def _corrects(scene: Scene, run: Run) -> bool:
    """Whether a turn opens with a correction: "sorry 428 I am all over the place"."""
    opening = [atom.text for atom in scene.atoms[max(0, run.first - 2) : run.first]]
    return len(run.digits) >= 3 and run.first <= 3 and any(text in REPAIRS for text in opening)


def _hint(kind: str) -> int:
    """Digits from which a number alone is taken for a type that was only spoken of."""
    return _HINTED.get(kind, _WHOLE[kind]) if kind in _FEWEST else 99


def _by_form(scene: Scene, run: Run) -> str | None:
    """The type a number has by its own form, when nobody named it; nothing while another number is asked for."""
    digits, length = run.digits, len(run.digits)
    if OTHER in scene.asked:
        return None
    issued = digits[0] in "23456"
    if 13 <= length <= 19 and issued and (luhn(digits) or (length in (15, 16, 17) and digits[0] != "2")):
        return "card_number"
    if run.repaired and issued and 15 <= length <= 40:
        return "card_number"
    lengths = tuple(map(len, run.parts))
    if lengths == (3, 2, 4) and not digits.startswith(("000", "666", "9")) and digits[3:5] != "00":
        return "ssn"
    if issued and 8 < length < 13 and (4, 4) in (lengths[:2], _pauses(scene, run)[:2]):
        return "card_number"  # broken off; a telephone number is not said in fours
    plus = run.first > 0 and scene.atoms[run.first - 1].text == "plus"
    phone = phone_like(digits) or (plus and 8 <= length <= 15 and not toll_free(digits))
    return "phone_number" if phone else None


def _pauses(scene: Scene, run: Run) -> tuple[int, ...]:
    """How many digits of a run stand before each comma."""
    found = [0]
    for group in scene.groups:
        if run.first <= group.first < run.last:
            found[-1] += len(group.digits)
            if scene.atoms[group.last - 1].end:
                found.append(0)
    return tuple(found)


def _whole(kind: str, digits: str) -> bool:
    """Whether that many digits can be all of a value."""
    return len(digits) >= _WHOLE.get(kind, 0)


def exchange(scene: Scene, *, opening: bool) -> tuple[Piece, ...]:
    """The number with which somebody answers their telephone: "Hello, Ashcombe two double four one"."""
    groups = scene.groups
    if not groups or len(scene.atoms) > 14:
        return ()
    words = [atom for place, atom in enumerate(scene.atoms) if not any(g.first <= place < g.last for g in groups)]
    named = bool(words) and all(
        atom.text in BACKCHANNELS or atom.text in _ANSWERING or atom.raw[:1].isupper() for atom in words
    )
    greets = any(atom.text in _ANSWERING for atom in words)
    if len(words) > 3 or not named or scene.asked or not (opening or greets):
        return ()
    first, last, digits = groups[0].first, groups[-1].last, "".join(group.digits for group in groups)
    if not 3 <= len(digits) <= 8 or last - first > 1 + sum(group.last - group.first for group in groups):
        return ()
    scene.taken.update(range(first, last))
    return (Piece("phone_number", first, last, digits),)
