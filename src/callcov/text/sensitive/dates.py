"""Dates as people say and recognisers write them: "the fourth of March nineteen eighty two", "March 4th, 82"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcov.text.numbers import Group
from callcov.text.sensitive.stream import Atom

_MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)


@dataclass(frozen=True, slots=True)
class Date:
    """A date over `atoms[first:last]`; `year` tells whether it names one."""

    first: int
    last: int
    year: bool


def dates(atoms: Sequence[Atom], groups: Sequence[Group]) -> tuple[Date, ...]:
    """Every date with a month in it, in order, never overlapping: written in one word, or around a month's name."""
    starts = {group.first: group for group in groups}
    ends = {group.last: group for group in groups}
    found: list[Date] = []
    place = 0
    while place < len(atoms):
        date = _written(atoms, place) or _named(atoms, place, starts, ends) or _ordinals(atoms, place, starts)
        if date and (not found or date.first >= found[-1].last):
            found.append(date)
            place = date.last
        else:
            place += 1
    return tuple(found)


def _written(atoms: Sequence[Atom], place: int) -> Date | None:
    """`04/03/1982` as one word."""
    atom = atoms[place]
    if atom.shape != "date":
        return None
    last = place
    while last < len(atoms) and (atoms[last].segment, atoms[last].word) == (atom.segment, atom.word):
        last += 1
    return Date(place, last, year=True)


def _named(atoms: Sequence[Atom], place: int, starts: Mapping[int, Group], ends: Mapping[int, Group]) -> Date | None:
    """A date around the name of a month, if a day or a year stands beside it."""
    if atoms[place].text not in _MONTHS:
        return None
    first, last = place, place + 1
    before = place - 1 if place and atoms[place - 1].text == "of" else place
    day = ends.get(before)
    if day and _is_day(day):
        first = day.first - (1 if day.first and atoms[day.first - 1].text == "the" else 0)
    after = place + 1 + (1 if place + 1 < len(atoms) and atoms[place + 1].text == "the" else 0)
    right = starts.get(after)
    if first == place and right and _is_day(right):
        last = right.last
    year = _year_end(atoms, last, starts)
    if year is not None:
        return Date(first, year, year=True)
    return Date(first, last, year=False) if last - first > 1 else None


def _ordinals(atoms: Sequence[Atom], place: int, starts: Mapping[int, Group]) -> Date | None:
    """`the twelfth of the fourth, 1961`."""
    day = starts.get(place)
    if day is None or not day.ordinal or not _is_day(day):
        return None
    texts = [atom.text for atom in atoms[day.last : day.last + 2]]
    month = starts.get(day.last + len(texts)) if texts == ["of", "the"] else None
    if month is None or not month.ordinal or int(month.digits) > 12:
        return None
    first = place - 1 if place and atoms[place - 1].text == "the" else place
    year = _year_end(atoms, month.last, starts)
    return Date(first, year or month.last, year=year is not None)


def _is_day(group: Group) -> bool:
    """Whether a number can be the day of a month."""
    return not group.quantity and len(group.digits) <= 2 and 1 <= int(group.digits) <= 31


def _year_end(atoms: Sequence[Atom], place: int, starts: Mapping[int, Group]) -> int | None:
    """Where a year that begins at a place (or after "of" or "in") ends: 1982, 19 82, 2005, 82, 1 9 8 2."""
    if place < len(atoms) and atoms[place].text in ("of", "in", "and"):
        place += 1
    group = starts.get(place)
    if group is None or group.ordinal:
        return None
    if len(group.digits) == 4:
        return group.last if 1900 <= int(group.digits) <= 2035 else None
    digits, last = group.digits, group.last
    while len(digits) < 4 and (following := starts.get(last)) and len(following.digits) <= 2:
        if len(digits) == 2 and digits not in ("19", "20"):
            break
        digits, last = digits + following.digits, following.last
    if len(digits) == 4 and digits[:2] in ("19", "20"):
        return last
    return group.last if len(group.digits) == 2 and not group.quantity else None
