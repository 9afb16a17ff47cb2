"""Comparing results with labels: which keys must be right for a verdict to be right. README.md says it in words."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import written
from written import Call

NEAR_SECONDS = 1.0
NEAR_SHARE = 0.1

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key compared; only a key that `counts` can make the verdict wrong."""

    name: str
    wanted: object
    found: object
    right: bool
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Listed things compared by place: found and labelled, labelled only, found only (those that may be left out)."""

    hits: int = 0
    missed: tuple[Hashable, ...] = ()
    extra: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one field of one call came out."""

    field: str
    keys: tuple[Key, ...]
    listing: Listing | None = None

    @property
    def right(self) -> bool:
        """Whether every key that counts is right."""
        return all(key.right for key in self.keys if key.counts)


@dataclass(frozen=True, slots=True)
class _Case:
    """One field of one call: what it should be (`label`), what it is (`found`), and whether it is flagged."""

    field: str
    call: Call
    label: Any
    found: Any
    flagged: bool


def judge(call: Call, results: Fields, flags: Collection[str]) -> list[Verdict]:
    """The sixteen verdicts on one call. `results` is the results object as plain values, `flags` the fields flagged."""
    found = {name: field for group in ("compliance", "quality", "coaching") for name, field in results[group].items()}
    return [_COMPARE[name](_Case(name, call, call.labels[name], found[name], name in flags)) for name in written.FIELDS]


def _equal(name: str, wanted: object, found: object, *, counts: bool = True) -> Key:
    return Key(name, wanted, found, wanted == found, counts)


def _among(name: str, wanted: list[Any], found: object, *, counts: bool = True) -> Key:
    return Key(name, wanted, found, found in wanted, counts)


def _seconds(name: str, wanted: list[float], found: float | None, *, counts: bool = True) -> Key:
    """Right within NEAR_SECONDS of one of the wanted times; no wanted time means that none may be given."""
    near = found is None if not wanted else found is not None and min(abs(found - t) for t in wanted) <= NEAR_SECONDS
    return Key(name, wanted or None, found, near, counts)


def _number(name: str, wanted: float, found: float | None) -> Key:
    near = found is not None and abs(found - wanted) <= NEAR_SHARE * wanted
    return Key(name, round(wanted, 3), found, near)


def _times(call: Call, label: Fields) -> list[float]:
    return [call.when(*label[key]) for key in ("at", "or") if key in label]


def _turns(call: Call, instances: list[Fields]) -> list[int]:
    """The written turns that the instances point at."""
    return [written.spoken(call)[item["segment"]].number for item in instances]


def _listing(wanted: Collection[Hashable], may: Collection[Hashable], found: Collection[Hashable]) -> Listing:
    hits = set(wanted) & set(found)
    extra = set(found) - set(wanted) - set(may)
    return Listing(len(hits), tuple(sorted(set(wanted) - hits, key=str)), tuple(sorted(extra, key=str)))


def _reason(wanted: Collection[Hashable], may: Collection[Hashable], found: Collection[Hashable]) -> Key:
    """What is rightly claimed must be claimed for one right place at least; nothing to claim is right as it is."""
    right = not wanted or bool((set(wanted) | set(may)) & set(found))
    return Key("for a right place", sorted(wanted, key=str), sorted(found, key=str), right)


def _identity(case: _Case) -> Verdict:
    return Verdict(
        case.field,
        (
            _equal("verified", case.label["verified"], case.found["verified"]),
            _equal("flagged", case.label["flagged"], case.flagged),
            _seconds("timestamp", _times(case.call, case.label), case.found["timestamp"]),
        ),
    )


def _disclosures(case: _Case) -> Verdict:
    missing = sorted(case.label["missing"])
    return Verdict(
        case.field,
        (
            _equal("read", not missing, case.found["read"]),
            _equal("missing_disclosures", missing, sorted(case.found["missing_disclosures"])),
            _equal("flagged", bool(missing), case.flagged),
        ),
    )


def _purpose(case: _Case) -> Verdict:
    return Verdict(
        case.field,
        (
            _equal("disclosed", case.label["disclosed"], case.found["disclosed"]),
            _equal("interaction_number", case.label["interaction_number"], case.found["interaction_number"]),
            _equal("flagged", case.label["flagged"], case.flagged),
        ),
    )


def _used(case: _Case) -> Verdict:
    wanted, may = case.label.get("turns", []), case.label.get("may", [])
    places = _turns(case.call, case.found["instances"])
    keys = (_equal("used", case.label["used"], case.found["used"]), _reason(wanted, may, places))
    return Verdict(case.field, keys, _listing(wanted, may, places))


def _sensitive(case: _Case) -> Verdict:
    wanted = {(number, kind): asked for number, kind, asked in case.label.get("instances", [])}
    may = {tuple(place) for place in case.label.get("may", [])}
    numbers = _turns(case.call, case.found["instances"])
    pairs = zip(numbers, case.found["instances"], strict=True)
    places = {(number, item["type"]): item["solicited"] for number, item in pairs}
    asked = {place: places[place] for place in wanted if place in places}
    keys = (
        _equal("shared", case.label["shared"], case.found["shared"]),
        _equal("flagged", case.label["flagged"], case.flagged),
        _reason(wanted, may, places),
        Key("solicited", wanted, asked, all(wanted[place] == asked[place] for place in asked), counts=False),
    )
    return Verdict(case.field, keys, _listing(wanted, may, places))


def _sentiment(case: _Case) -> Verdict:
    return Verdict(
        case.field,
        (
            _among("overall", case.label["overall"], case.found["overall"]),
            _among("customer", case.label["customer"], case.found["customer"]["overall"]),
            _among("agent", case.label["agent"], case.found["agent"]["overall"], counts=False),
            _among("customer trend", case.label["trend"], case.found["customer"]["trend"], counts=False),
        ),
    )


def _greeting(case: _Case) -> Verdict:
    present = _equal("present", case.label["present"], case.found["present"])
    return Verdict(case.field, (present, _seconds("timestamp", _times(case.call, case.label), case.found["timestamp"])))


def _interruptions(case: _Case) -> Verdict:
    keys = tuple(_equal(name, case.label[name], case.found[name]) for name in ("by_agent", "by_customer"))
    return Verdict(case.field, keys, _listing(case.label["turns"], [], _turns(case.call, case.found["instances"])))


def _silence(case: _Case) -> Verdict:
    gaps = dict(written.silences(case.call))
    longest = max((gap.duration for gap in gaps.values()), default=None)
    kinds = dict(case.label["kinds"])
    hits: list[int] = []
    extra: list[Hashable] = []
    for item in case.found["instances"]:
        near = [number for number, gap in gaps.items() if abs(gap.start - item["start"]) <= NEAR_SECONDS]
        right = [number for number in near if kinds[number] in ("either", item["kind"])]
        hits += right
        extra += [] if right else [(near[0] if near else round(item["start"], 1), item["kind"])]
    missed = tuple((number, kind) for number, kind in kinds.items() if number not in hits)
    keys = [_equal("flagged", case.label["flagged"], case.flagged)]
    if longest is not None:
        keys.append(_seconds("longest_seconds", [longest], case.found["longest_seconds"]))
    return Verdict(case.field, tuple(keys), Listing(len(hits), missed, tuple(extra)))


def _talk_time(case: _Case) -> Verdict:
    agent, customer = (written.seconds_of(case.call, who) for who in "AC")
    return Verdict(
        case.field,
        (
            _number("agent_seconds", agent, case.found["agent_seconds"]),
            _number("customer_seconds", customer, case.found["customer_seconds"]),
            _number("agent_ratio", agent / (agent + customer), case.found["agent_ratio"]),
            _seconds("overlap_seconds", [written.both(case.call)], case.found["overlap_seconds"]),
        ),
    )


def _speaking_rate(case: _Case) -> Verdict:
    agent = written.words_a_minute(case.call, "A")
    slow, fast = written.RATES
    return Verdict(
        case.field,
        (
            _number("agent_wpm", agent, case.found["agent_wpm"]),
            _number("customer_wpm", written.words_a_minute(case.call, "C"), case.found["customer_wpm"]),
            _equal("flagged", not slow <= agent <= fast, case.flagged),
        ),
    )


def _structure(case: _Case) -> Verdict:
    """`complete` counts, and so does that one part which is missing is named missing; the parts are told beside it."""
    judged = [part for part in ("opening", "discovery", "resolution", "closing") if case.label[part] is not None]
    parts = [_equal(part, case.label[part], case.found[part]["present"], counts=False) for part in judged]
    missing = [part for part in judged if not case.label[part]]
    named = [part for part in missing if not case.found[part]["present"]]
    reason = Key("a missing part", missing, named, bool(named) or not missing)
    return Verdict(case.field, (_equal("complete", case.label["complete"], case.found["complete"]), reason, *parts))


def _recommendations(case: _Case) -> Verdict:
    named = [item["requirement"].rpartition(".")[2] for item in case.found]
    listing = _listing(case.label["must"], set(named) - set(case.label["never"]), named)
    keys = (
        Key("must", case.label["must"], named, not listing.missed),
        Key("never", case.label["never"], named, not listing.extra),
    )
    return Verdict(case.field, keys, listing)


def _effort(case: _Case) -> Verdict:
    return Verdict(case.field, (_among("score", case.label["accept"], case.found),))


_COMPARE = {
    "identity_verification": _identity,
    "mandatory_disclosures": _disclosures,
    "purpose_declaration": _purpose,
    "prohibited_phrases": _used,
    "sensitive_data": _sensitive,
    "sentiment_analysis": _sentiment,
    "greeting": _greeting,
    "empathetic_language": _used,
    "interruptions": _interruptions,
    "silence": _silence,
    "talk_time": _talk_time,
    "speaking_rate": _speaking_rate,
    "active_listening": _used,
    "call_structure": _structure,
    "recommendations": _recommendations,
    "customer_effort_score": _effort,
}
