"""Runs of digits: numbers said in one go, without those that count, measure, or tell a time or a price."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from callcov.text.numbers import Group
from callcov.text.sensitive.scene import REPAIRS, SECRETS, Scene, alone, joined
from callcov.text.sensitive.stream import same_word

_UNITS = frozenset(
    "rand rands rupee rupees peso pesos "
    "dollar pound euro dollars buck bucks cent cents penny pence p percent percentage minute minutes min mins "
    "hour hours day days night nights week weeks month months year years decade decades oclock am pm times people "
    "person persons adult adults child children kid kids item items piece pieces box boxes bag bags unit units "
    "mile miles kilometer kilometers meter meters metre metres foot feet inch inches gig gigs gigabyte gigabytes "
    "megabit megabits megabyte megabytes meg megs kilowatt kilowatts kilo kilos gram grams degree degrees point "
    "points star stars second seconds sec secs moment business working more other others of digit digits "
    "different separate orders payments payment installment installments customers customer numbers tickets "
    "bottles copies pairs pair calls call k grand million thousand hundred bedroom bedrooms bed beds seat seats "
    "room rooms story stop stops step steps quarters quarter halves half thing things ways way line lines device "
    "devices phones milligrams mg ml pills character characters letters tablets doses version guests guest litres "
    "liters gallons tonnes tons square cubic quid past tonight today tomorrow noon midnight each photos users "
    "messages altogether sharp".split()
)
_SOME = frozenset(("last", "first", "next", "other", "those", "these"))
_THIS = _SOME | frozenset("the this that which only any every no another each new old my your right wrong same".split())
_PER = frozenset(("a", "an", "per", "every", "or", "to", "and"))
_BEFORE = frozenset(
    "press pressing option point chapter step version top gate terminal row page level windows room desk platform "
    "seat channel bus route flight junction floor aisle bay table ward locker section size model age aged about "
    "around roughly nearly almost maybe till until since between past half within inside every minus "
    "approximately pay paid costs cost charged owe owed".split()
)
_MONEY = frozenset(
    "dollar pound euro rand rupee rupees peso pesos quid bucks pence cents p percent am pm oclock".split()
)
_WRITTEN = frozenset(("money", "percent", "clock", "decimal", "thousands", "slash", "email"))
_TOLD = 3
"""Digits from which what is written like a time or a price may be a secret."""
_BESIDE = 2
"""Words at most between the name of a secret and the secret."""
_LONGEST = 60
"""Pieces that one run has at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers said in one go: `atoms[first:last]`; `repaired` when a piece was taken back or said again."""

    digits: str
    first: int
    last: int
    parts: tuple[str, ...]
    repaired: bool = False


def runs(scene: Scene) -> tuple[Run, ...]:
    """The digit runs of a scene, in order, without counts, amounts, times, and what others have taken."""
    found: list[Run] = []
    barriers = {place for label in scene.labels for place in range(label.first, label.last)}
    counted = _counted(scene)
    for group in scene.groups:
        if group.first in counted or group.ordinal or not scene.free(group.first, group.last):
            continue
        last = found[-1] if found else None
        between = range(last.last, group.first) if last else range(0)
        apart = scene.atoms[last.last : group.first] if last else ()
        near = barriers.isdisjoint(between) and (joined(apart) or _one_word(scene, between))
        if last and near and len(last.parts) < _LONGEST:
            repaired = last.repaired or any(scene.atoms[place].text in REPAIRS for place in between)
            found[-1] = Run(last.digits + group.digits, last.first, group.last, (*last.parts, group.digits), repaired)
        else:
            found.append(Run(group.digits, group.first, group.last, (group.digits,)))
    return tuple(found)


def harmless(scene: Scene) -> tuple[str, ...]:
    """The numbers of a searched scene that are no values, by their digits: "forty-two pounds ninety" is 4290."""
    found: list[tuple[str, int]] = []
    for group in scene.groups:
        if not scene.free(group.first, group.last) or group.ordinal:
            continue
        gap = scene.atoms[found[-1][1] : group.first] if found else ()
        if found and (not gap or (len(gap) == 1 and gap[0].text in _MONEY)):
            found[-1] = (found[-1][0] + group.digits, group.last)
        else:
            found.append((group.digits, group.last))
    return tuple(digits for digits, _ in found if 2 <= len(digits) <= 6)


def _one_word(scene: Scene, between: range) -> bool:
    """Whether atoms and their neighbours on both sides were written as one word: `5.5.2.901`."""
    return same_word(scene.atoms[between.start - 1], scene.atoms[between.stop])


def _counted(scene: Scene) -> set[int]:
    """Where numbers begin that count, measure or tell a time, with pieces said in one go: "since nineteen ninety"."""
    found: set[int] = set()
    before: Group | None = None
    chain = 0
    for place, group in enumerate(scene.groups):
        goes_on = before is not None and before.last == group.first and not scene.atoms[group.first - 1].end
        chain = chain + 1 if goes_on else 0
        if _measures(scene, group) and not (group.quantity and chain > 2):
            found.add(group.first)
            if before and goes_on and group.last < len(scene.atoms) and scene.atoms[group.last].text in _MONEY:
                found.add(before.first)
        elif before and goes_on and before.first in found and scene.atoms[before.first - 1].text in _BEFORE:
            follows = place + 1 < len(scene.groups) and scene.groups[place + 1].first == group.last
            if not follows:
                found.add(group.first)
        before = group
    return found


def _measures(scene: Scene, group: Group) -> bool:
    """Whether a number counts or measures something: a unit after it, a sign in it, "option" before it."""
    atoms = scene.atoms
    if atoms[group.first].shape in _WRITTEN or len(group.digits) >= 9:
        return atoms[group.first].shape in _WRITTEN and not _tells_secret(scene, group)
    after = [atom.text for atom in atoms[group.last : group.last + 2]]
    ended = atoms[group.last - 1].end in (".", "?")
    before = atoms[group.first - 1].text if group.first and not atoms[group.first - 1].end else ""
    pointed = before in _THIS and len(group.digits) == 1 and group.last - group.first == 1
    joined_is = atoms[group.first].raw[-2:] in ("'s", "\u2019s")  # "this one's 4111 ..."
    some = before in _SOME or atoms[group.first].text == "one"
    if pointed and some and (joined_is or not _starts_number(scene, group.last)):
        return True
    if after and not ended and (after[0] in _UNITS or (after[0] in _PER and after[1:] and after[1] in _UNITS)):
        return True
    house = "address" in scene.asked and alone(scene, group.first, group.last)
    if before in _BEFORE or (group.quantity and not house and not _digits_follow(scene, group)):
        return True
    return (
        after[:1] in (["point"], ["to"], ["or"])
        and group.last + 1 < len(atoms)
        and _starts_number(scene, group.last + 1)
    )


def _tells_secret(scene: Scene, group: Group) -> bool:
    """Whether what was written like a time or a price is a secret: "your PIN?" - "it's 12:34", "my PIN is $45.39"."""
    first, last = _written(scene, group)
    digits = sum(len(one.digits) for one in scene.groups[_from(scene, first) : _from(scene, last)])
    if digits < _TOLD or scene.atoms[last - 1].end == "?":
        return False
    label = scene.label_before(first, _BESIDE)
    named = label is not None and label.type in SECRETS and not label.weak
    return named or (not SECRETS.isdisjoint(scene.asked) and alone(scene, first, last))


def _written(scene: Scene, group: Group) -> tuple[int, int]:
    """The atoms of the word that a number was written in: of 45.39 the 45, the point and the 39."""
    here = scene.atoms[group.first]
    first, last = group.first, group.last
    while first and same_word(scene.atoms[first - 1], here):
        first -= 1
    while last < len(scene.atoms) and same_word(scene.atoms[last], here):
        last += 1
    return first, last


def _from(scene: Scene, place: int) -> int:
    """The first of the numbers that begin at an atom or later."""
    return bisect_left(scene.groups, place, key=lambda one: one.first)


def _digits_follow(scene: Scene, group: Group) -> bool:
    """Whether further numbers follow at once, as in "eight hundred five five five"."""
    return _starts_number(scene, group.last)


def _starts_number(scene: Scene, place: int) -> bool:
    """Whether a number begins at a place."""
    return place in scene.starts
