"""A card as it is read out: its number, and in the same breath when it expires and its security code.

The number is told by its length, its first digit and its check digit (ISO/IEC 7812-1); behind it, or behind "expires",
an expiry date is a month and a year (4 or 6 digits; a month below ten may come without its nought, a month by its
name), and the three digits after it, four on an American Express card, are the security code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callcov.text.numbers import Group
from callcov.text.sensitive.codes import luhn
from callcov.text.sensitive.cues import Label
from callcov.text.sensitive.dates import EXPIRES, MONTHS, NEAR_EXPIRY
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.runs import Run
from callcov.text.sensitive.scene import Scene

EXPIRY = "expiry"
"""What a run is that only tells when a card expires."""
_AT_HAND = 1
"""Words at most between the name of something else and the number that it is."""
_AMEX = "3"
_CARD = frozenset(("card_number", "card_cvv"))


def parted(scene: Scene, found: Iterable[Run]) -> Iterator[tuple[Run, str]]:
    """The runs in order, cut into card, expiry date and security code where they are, each with what it is, or ""."""
    for run in found:
        said = [group for group in scene.groups if run.first <= group.first < run.last]
        end = 0 if run.repaired or _of_other(scene, run) else _card_end(said)
        behind = _behind(scene, said[end:], said[:end]) if end or _expires(scene, run) else []
        if end and behind:
            yield _run(said[:end]), "card_number"
        yield from behind or [(run, "")]


def is_card(scene: Scene, run: Run, label: Label | None) -> bool:
    """Whether a run has a card's length, first digit and check digit where a card is asked for or spoken of.

    Whatever else is: "and what card for the order?". Only what stands right beside the number names it otherwise.
    """
    if not is_whole(run.digits):
        return False
    spoken = "card_number" in (*scene.asked, *scene.hinted) or any(one.type == "card_number" for one in scene.labels)
    return spoken and not (label and label.type == OTHER and abs(run.first - label.last) <= _AT_HAND)


def is_whole(digits: str) -> bool:
    """Whether digits are those of a whole card."""
    return 13 <= len(digits) <= 19 and digits.isdigit() and digits[0] in "3456" and luhn(digits)


def at_hand(scene: Scene, run: Run) -> Label | None:
    """The card somebody speaks of who starts to read it: "I've the card here in my hand, it's four nine two nine"."""
    label = scene.label_before(run.first)
    reads = run.first > 0 and scene.atoms[run.first - 1].text == "is" and len(run.digits) > 4 and not scene.asked
    return label if reads and label and label.type == "card_number" else None


def _card_end(said: Sequence[Group]) -> int:
    """How many of the numbers of a run are a whole card, when more follow; else 0."""
    digits = ""
    for place, group in enumerate(said[:-1], start=1):
        digits += group.digits
        if len(digits) == (15 if digits[0] == _AMEX else 16) and is_whole(digits):
            return place
    return 0


def _of_other(scene: Scene, run: Run) -> bool:
    """Whether a run is the number of something else, that is named before it or alone is asked for."""
    label = scene.label_before(run.first)
    return label.type == OTHER if label else OTHER in scene.asked and not _CARD.intersection(scene.asked)


def _expires(scene: Scene, run: Run) -> bool:
    """Whether a run begins with the date on which a card expires: it is named, or asked for beside a card."""
    first = run.first
    while first - 1 in scene.taken:  # "March twenty eight", which was read as a date
        first -= 1
    label = scene.label_before(first, NEAR_EXPIRY)
    if label and label.type == OTHER:
        return any(atom.text in EXPIRES for atom in scene.atoms[label.first : label.last])
    return label is None and OTHER in scene.asked and bool(_CARD.intersection((*scene.asked, *scene.going)))


def _behind(scene: Scene, said: Sequence[Group], card: Sequence[Group]) -> list[tuple[Run, str]]:
    """An expiry date, a security code or both; empty when the numbers are something else."""
    named = said[0].first > 0 and scene.atoms[said[0].first - 1].text in MONTHS
    dated_before = said[0].first - 1 in scene.taken  # "expires March twenty eight", which was read as a date
    codes = (4,) if card and card[0].digits[0] == _AMEX else (3,) if card else (3, 4)
    for cut in range(len(said), -1, -1):
        date, code = ("".join(group.digits for group in part) for part in (said[:cut], said[cut:]))
        if (not date or _is_date(date, named=named, followed=bool(code))) and (not code or len(code) in codes):
            dated = [(_run(said[:cut]), EXPIRY)] if date else []
            coded = [(_run(said[cut:]), "card_cvv")] if code and (date or card or dated_before) else []
            return dated + coded
    return []


def _is_date(digits: str, *, named: bool, followed: bool) -> bool:
    """Whether digits are a month and a year; behind a month's name a year, before a code without the nought too."""
    if named:
        return len(digits) in (2, 4) and _is_year(digits)
    months = (2,) if len(digits) in (4, 6) else (1,) if len(digits) == 3 and followed else ()
    return any(1 <= int(digits[:month]) <= 12 and _is_year(digits[month:]) for month in months)


def _is_year(digits: str) -> bool:
    """Whether digits are a year in which cards expire, with its century or without."""
    return digits[-2] in "23" and digits[:-2] in ("", "20")


def _run(said: Sequence[Group]) -> Run:
    """Some numbers as one run."""
    parts = tuple(group.digits for group in said)
    return Run("".join(parts), said[0].first, said[-1].last, parts)
