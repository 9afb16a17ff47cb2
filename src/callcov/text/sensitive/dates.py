"""Dates as people say and recognisers write them: "the fourth of March nineteen eighty two", "March 4th, 82"."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcov.text.normalise import FILLERS
from callcov.text.numbers import Group
from callcov.text.sensitive.cues import Label
from callcov.text.sensitive.names import OTHER
from callcov.text.sensitive.scene import REPAIRS, Piece, Scene, about_numbers, alone, content_of
from callcov.text.sensitive.stream import BACKCHANNELS, Atom

MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
EXPIRES = frozenset("expiry expires expiration exp valid good runs".split())
NEAR_EXPIRY = 4
"""Words at most between one of these and the date: "expires at the end of March"."""
_YOUNGEST = 2008
"""The latest year that makes a date by itself a date of birth: callers are grown up."""
_SENTENCE = 40
"""Words behind a date that are looked at for the question mark of its sentence."""
_AGAIN = 14
"""Words at most between a date of birth and the same said again."""
_NOW = 2026
"""Years after this one are nobody's year of birth."""
_SINCE = frozenset("since on until till from by dated before after in".split())


@dataclass(frozen=True, slots=True)
class Date:
    """A date over `atoms[first:last]`; `year` tells whether it names one."""

    first: int
    last: int
    year: bool


def births(scene: Scene) -> tuple[Piece, ...]:
    """Dates of birth, whole or in part; every other date is taken out of the way of the numbers."""
    found: list[Piece] = []
    if not (scene.groups or scene.asked or scene.going):
        return ()
    content = sum(atom.text not in BACKCHANNELS for atom in scene.atoms)
    for date in dates(scene.atoms, scene.groups):
        if not scene.free(date.first, date.last):
            continue
        label = scene.label_before(date.first)
        named = label is not None and label.type == "date_of_birth"
        known = (*scene.asked, *scene.going, *scene.hinted)
        few = content - (date.last - date.first) <= 6
        other = label is not None and label.type == OTHER
        apart = "date_of_birth" in known and alone(scene, date.first, date.last)
        told = (date.year or few) and not _in_question(scene, date.last)
        answers = "date_of_birth" in scene.asked and not other and (told or apart)
        again = "date_of_birth" in scene.asked and not other and _again(scene, date, found)
        if _to_come(scene, date):
            scene.taken.update(range(date.first, date.last))
        elif (
            named
            or answers
            or again
            or _long_ago(scene, date, label)
            or (apart and ("date_of_birth" in scene.going or date.year))
        ):
            found.append(_piece(scene, date.first, date.last, whole=date.year))
        elif not _code(scene, date.first, label):
            scene.taken.update(range(date.first, date.last))
    if "date_of_birth" in (*scene.asked, *scene.going):
        found += _fragments(scene, found)
    return tuple(found)


def _again(scene: Scene, date: Date, found: Sequence[Piece]) -> bool:
    """Whether a date of birth, or something that was taken back, stands not far before a date."""
    repaired = any(atom.text in REPAIRS for atom in scene.atoms[max(0, date.first - _AGAIN) : date.first])
    return repaired or bool(found and date.first - found[-1].last <= _AGAIN)


def _to_come(scene: Scene, date: Date) -> bool:
    """Whether a date names a year in which nobody was born yet, written or said in full: until when something holds."""
    digits = "".join(scene.starts[place].digits for place in range(date.first, date.last) if place in scene.starts)
    return date.year and len(digits) > 4 and digits[-4:-2] == "20" and int(digits[-4:]) > _NOW


def _long_ago(scene: Scene, date: Date, label: Label | None) -> bool:
    """Whether a whole date is so old that it can hardly be anything but a birth: nobody asked for another one."""
    inside = [scene.starts[place].digits for place in range(date.first, date.last) if place in scene.starts]
    digits = "".join(inside)
    old = date.year and len(inside) > 1 and len(digits) in (5, 6) and digits[-4:-2] in ("19", "20")
    before = scene.atoms[date.first - 1].text if date.first else ""
    other = OTHER in scene.asked or (label is not None and label.type == OTHER)
    return old and int(digits[-4:]) <= _YOUNGEST and not other and before not in _SINCE


def _in_question(scene: Scene, place: int) -> bool:
    """Whether the sentence around the end of a date, as far as it is looked at, is a question back."""
    most = min(place + _SENTENCE, len(scene.atoms))
    while place < most and scene.atoms[place - 1].end not in (".", "?"):
        place += 1
    return scene.atoms[place - 1].end == "?"


def birth_like(parts: Sequence[str]) -> bool:
    """Whether the numbers of a run, in any order of day and month, can be a whole date: 11 2 71, 0 3 0 4 1982."""
    digits = "".join(parts)
    if not 4 <= len(digits) <= 8:
        return False
    if len(parts) == 3 and len(parts[0]) <= 2 and len(parts[1]) <= 2 and len(parts[2]) in (2, 4):
        return _is_date(*parts)
    return any(
        _is_date(digits[: at - 2], digits[at - 2 : at], digits[at:]) for at in (4, 3) if len(digits) - at in (2, 4)
    )


def _is_date(one: str, two: str, year: str) -> bool:
    """Whether two numbers are a day and a month in some order, and the third can be a year."""
    day, month = max(int(one or 0), int(two)), min(int(one or 0), int(two))
    return 1 <= month <= 12 and day <= 31 and (len(year) == 2 or year[:2] in ("19", "20"))


def _fragments(scene: Scene, found: Sequence[Piece]) -> list[Piece]:
    """Days and months by themselves in an answer, or taken back just before a date: "the fourteenth of- sorry"."""
    days = [(group.first, group.last) for group in scene.groups if group.ordinal]
    months = [(at, at + 1) for at, atom in enumerate(scene.atoms) if atom.text in MONTHS and atom.text != "may"]
    parts = [part for part in sorted((*days, *months)) if scene.free(*part)]
    held = {place for part in parts for place in range(*part)}
    scene.taken.update(held)  # so that a day beside a month counts as a number
    kept = [part for part in parts if alone(scene, *part) or _taken_back(scene, part[1], found)]
    scene.taken.difference_update(held)
    return [_piece(scene, *part, whole=False) for part in kept]


def _taken_back(scene: Scene, last: int, found: Sequence[Piece]) -> bool:
    """Whether only words that take something back stand between a place and a date of birth after it."""
    at = bisect_left(found, last, key=lambda piece: piece.first)
    after = found[at].first if at < len(found) and found[at].first - last <= 6 else None
    return after is not None and all(about_numbers(scene, place) for place in range(last, after))


def _piece(scene: Scene, first: int, last: int, *, whole: bool) -> Piece:
    """A date as a date of birth, its atoms taken."""
    scene.taken.update(range(first, last))
    return Piece("date_of_birth", first, last, content_of(scene.atoms[first:last]), whole)


def _code(scene: Scene, place: int, label: Label | None) -> bool:
    """Whether what looks like a date is a code such as a sort code, `20-45-67`, because one is spoken of."""
    kinds = {*scene.asked, *scene.going, *((label.type,) if label else ())}
    return "/" not in scene.atoms[place].raw and scene.atoms[place].shape == "date" and "bank_account" in kinds


def dates(atoms: Sequence[Atom], groups: Sequence[Group]) -> tuple[Date, ...]:
    """Every date with a month in it, in order, never overlapping: written in one word, or around a month's name."""
    if not groups:
        return ()
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
    if atoms[place].text not in MONTHS or _explains(atoms, place):
        return None
    first, last = place, place + 1
    before = place - 1 if place and atoms[place - 1].text == "of" else place
    if before and atoms[before - 1].text == "s":
        before -= 1  # "14s of March", an ordinal misheard
    day = ends.get(before)
    if day and _is_day(day):
        first = day.first - (1 if day.first and atoms[day.first - 1].text == "the" else 0)
    after = place + 1 + (1 if place + 1 < len(atoms) and atoms[place + 1].text == "the" else 0)
    right = starts.get(after)
    if first == place and right and _is_day(right):
        last = right.last
        if _expires(atoms, place) and not _in_full(starts.get(last)):
            return Date(first, last, year=False)
    year = _year_end(atoms, last, starts)
    if year is not None:
        return Date(first, year, year=True)
    return Date(first, last, year=False) if last - first > 1 else None


def _expires(atoms: Sequence[Atom], month: int) -> bool:
    """Whether a month is when a card expires: what follows is its year, not a day, and the next number its code."""
    return any(atom.text in EXPIRES for atom in atoms[max(0, month - 1 - NEAR_EXPIRY) : month])


def _in_full(group: Group | None) -> bool:
    """Whether a number can be a year with its century."""
    return group is not None and len(group.digits) == 4


def _explains(atoms: Sequence[Atom], place: int) -> bool:
    """Whether a month only explains a letter before it: "N for November"."""
    said = [atom.text for atom in atoms[max(0, place - 2) : place]]
    return len(said) > 1 and said[1] in ("for", "as", "like") and said[0] == atoms[place].text[0]


def _ordinals(atoms: Sequence[Atom], place: int, starts: Mapping[int, Group]) -> Date | None:
    """`the twelfth of the fourth, 1961`."""
    day = starts.get(place)
    if day is None or not day.ordinal or not _is_day(day):
        return None
    at = day.last
    while at < len(atoms) and (atoms[at].text in FILLERS or atoms[at].text in ("of", "the")) and at < day.last + 4:
        at += 1
    month = starts.get(at) if at > day.last else None
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
    while place < len(atoms) and (atoms[place].text in FILLERS or atoms[place].text in ("of", "in", "and")):
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
