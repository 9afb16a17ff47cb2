"""Comparing results with labels: which keys must be right for a verdict to be right. README.md says it in words.

Results point at seconds and sides, so transcripts as written and recognised sound are compared in the same way.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import written
from written import DEAD_AIR, IN_TIME, LEAST_WORDS, PARTS, PURPOSE_BY, RATES, Call

from callcov.model import Span

NEAR_SECONDS = 1.0
NEAR_SHARE = 0.1
NEAR_LIMIT = 0.05  # a rate this close to a limit may be flagged or not
LISTED = (
    "prohibited_phrases",
    "sensitive_data",
    "empathetic_language",
    "interruptions",
    "silence",
    "active_listening",
)
"""The fields whose listed things are counted one by one."""

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


def _list(value: object) -> list[Any]:
    """A label that may be one value or a list of those that are accepted."""
    return list(value) if isinstance(value, list) else [value]


def _place(call: Call, item: Fields) -> int:
    """The written turn that evidence points at: of its side, the one it shares most time with, or nearest."""
    span = Span(item["start"], item["end"])
    mine = [line for line in call.lines if line.who == ("A" if item["speaker"] == "agent" else "C")]
    best = max(
        mine or call.lines,
        key=lambda line: (line.span.overlap(span), -max(span.start - line.span.end, line.span.start - span.end)),
    )
    return best.number


def _times(call: Call, label: Fields) -> list[float]:
    return [call.when(*label[key]) for key in ("at", "or") if key in label]


def _turns(call: Call, instances: list[Fields]) -> list[int]:
    """The written turns that the instances point at."""
    return [_place(call, item) for item in instances]


def _listing(wanted: Collection[Hashable], may: Collection[Hashable], found: Collection[Hashable]) -> Listing:
    hits = set(wanted) & set(found)
    extra = set(found) - set(wanted) - set(may)
    return Listing(len(hits), tuple(sorted(set(wanted) - hits, key=str)), tuple(sorted(extra, key=str)))


def _reason(wanted: Collection[Hashable], may: Collection[Hashable], found: Collection[Hashable]) -> Key:
    """What is rightly claimed must be claimed for one right place at least; nothing to claim is right as it is."""
    right = not wanted or bool((set(wanted) | set(may)) & set(found))
    return Key("for a right place", sorted(wanted, key=str), sorted(found, key=str), right)


def _identity(case: _Case) -> Verdict:
    verified = case.label["verified"]
    times = _times(case.call, case.label)
    late = not verified or min(times) - case.call.begin > IN_TIME
    return Verdict(
        case.field,
        (
            _equal("verified", verified, case.found["verified"]),
            _equal("flagged", late, case.flagged),
            _seconds("timestamp", times, case.found["timestamp"]),
        ),
    )


def _disclosures(case: _Case) -> Verdict:
    missing = sorted(case.label["missing"])
    return Verdict(
        case.field,
        (
            _equal("missing_disclosures", missing, sorted(case.found["missing_disclosures"])),
            _equal("flagged", bool(missing), case.flagged),
        ),
    )


def _purpose(case: _Case) -> Verdict:
    disclosed, numbers = case.label["disclosed"], _list(case.label["interaction_number"])
    late = [not disclosed or number > PURPOSE_BY for number in numbers]
    return Verdict(
        case.field,
        (
            _equal("disclosed", disclosed, case.found["disclosed"]),
            _among("interaction_number", numbers, case.found["interaction_number"]),
            _among("flagged", late, case.flagged),
        ),
    )


def _used(case: _Case) -> Verdict:
    wanted, may = case.label.get("turns", []), case.label.get("may", [])
    places = _turns(case.call, case.found["instances"])
    used = [case.label["used"]] if wanted or not may else [True, False]  # only doubtful places: either is fair
    keys = (_among("used", used, case.found["used"]), _reason(wanted, may, places))
    return Verdict(case.field, keys, _listing(wanted, may, places))


def _sensitive(case: _Case) -> Verdict:
    wanted = {(number, kind): asked for number, kind, asked in case.label.get("instances", [])}
    may = {tuple(place[:2]) for place in case.label.get("may", [])}
    numbers = _turns(case.call, case.found["instances"])
    pairs = zip(numbers, case.found["instances"], strict=True)
    places = {(number, item["type"]): item["solicited"] for number, item in pairs}
    asked = {place: places[place] for place in wanted if place in places}
    shared = [case.label["shared"]] if wanted or not may else [True, False]
    keys = (
        _among("shared", shared, case.found["shared"]),
        _equal("flagged", case.label["flagged"], case.flagged),
        _reason(wanted, may, places),
        Key("solicited", wanted, asked, all(wanted[place] == asked[place] for place in asked), counts=False),
    )
    return Verdict(case.field, keys, _listing(wanted, may, places))


def _sentiment(case: _Case) -> Verdict:
    customer, agent = case.found["customer"], case.found["agent"]
    return Verdict(
        case.field,
        (
            _among("overall", _list(case.label["overall"]), case.found["overall"]),
            _among("customer", _list(case.label["customer"]), customer["overall"]),
            _among("agent", _list(case.label["agent"]), agent["overall"], counts=False),
            _among("customer trend", _list(case.label["trend"]), customer["trend"], counts=False),
        ),
    )


def _greeting(case: _Case) -> Verdict:
    present = _equal("present", case.label["present"], case.found["present"])
    return Verdict(case.field, (present, _seconds("timestamp", _times(case.call, case.label), case.found["timestamp"])))


def _interruptions(case: _Case) -> Verdict:
    keys = tuple(_equal(name, case.label[name], case.found[name]) for name in ("by_agent", "by_customer"))
    return Verdict(
        case.field, keys, _listing(case.label.get("turns", []), [], _turns(case.call, case.found["instances"]))
    )


def _silence(case: _Case) -> Verdict:
    gaps = dict(written.silences(case.call))
    longest = max((gap.duration for gap in gaps.values()), default=None)
    kinds = dict(case.label["kinds"])
    hits: set[int] = set()
    extra: list[Hashable] = []
    for item in case.found["instances"]:
        near = [number for number, gap in gaps.items() if gap.overlap(Span(item["start"], item["end"])) > 0]
        right = [number for number in near if kinds[number] in ("either", item["kind"])]
        hits |= set(right)
        extra += [] if right else [(near[0] if near else round(item["start"], 1), item["kind"])]
    missed = tuple((number, kind) for number, kind in kinds.items() if number not in hits)
    flagged = any(kinds[number] == "dead_air" and gap.duration >= DEAD_AIR for number, gap in gaps.items())
    keys = [_equal("flagged", flagged, case.flagged)]
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
    flagged = [not RATES[0] <= agent <= RATES[1]]
    if any(abs(agent - limit) <= NEAR_LIMIT * limit for limit in RATES):
        flagged = [True, False]
    rates = [
        _number(f"{side}_wpm", written.words_a_minute(case.call, who), case.found[f"{side}_wpm"])
        for who, side in (("A", "agent"), ("C", "customer"))
        if written.words_of(case.call, who) >= LEAST_WORDS
    ]
    return Verdict(case.field, (*rates, _among("flagged", flagged, case.flagged)))


def _structure(case: _Case) -> Verdict:
    """`complete` counts, and so does that one part which is missing is named missing; the parts are told beside it."""
    judged = [part for part in PARTS if case.label[part] is not None]
    parts = [_equal(part, case.label[part], case.found[part]["present"], counts=False) for part in judged]
    missing = [part for part in judged if not case.label[part]]
    named = [part for part in missing if not case.found[part]["present"]]
    complete = [False] if missing else [True] if len(judged) == len(PARTS) else [True, False]
    reason = Key("a missing part", missing, named, bool(named) or not missing)
    return Verdict(case.field, (_among("complete", complete, case.found["complete"]), reason, *parts))


def _recommendations(case: _Case) -> Verdict:
    named = [item["requirement"].rpartition(".")[2] for item in case.found]
    must, never = case.label["must"], case.label["never"]
    keys = (
        Key("must", must, named, set(must) <= set(named)),
        Key("never", never, named, not set(never) & set(named)),
    )
    return Verdict(case.field, keys)


def _effort(case: _Case) -> Verdict:
    return Verdict(case.field, (_among("score", case.label["accept"], case.found),))


def judge_summary(call: Call, summary: Fields | None) -> Verdict:
    """The additive summary: its outcome, a right reason, and the next steps; all must be right."""
    label = call.labels["summary"]
    if summary is None:
        return Verdict("summary", (Key("summary", "one", None, right=False),))
    reasons = _turns(call, summary["reason"]["evidence"] if summary["reason"] else [])
    steps = _turns(call, [item for step in summary["next_steps"] for item in step["evidence"]])
    wanted = label["reason"]
    return Verdict(
        "summary",
        (
            _among("outcome", _list(label["outcome"]), summary["outcome"]),
            Key("reason", wanted, reasons, bool(set(wanted) & set(reasons)) or not wanted),
        ),
        _listing(label["next_steps"], [], steps),
    )


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
