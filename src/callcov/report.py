"""One analysis as a page that a manager reads: each requirement met or flagged, with the second and the words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcov.checks import Results, flags
from callcov.checks.policy import Policy

Fields = Mapping[str, Any]

_TITLES = {
    "identity_verification": "Agent gave their name",
    "mandatory_disclosures": "Disclosures read",
    "purpose_declaration": "Purpose made clear",
    "prohibited_phrases": "Prohibited phrases",
    "sensitive_data": "Sensitive data",
    "sentiment_analysis": "Sentiment",
    "greeting": "Greeting",
    "empathetic_language": "Empathy",
    "interruptions": "Interruptions",
    "silence": "Silence",
    "talk_time": "Talk time",
    "speaking_rate": "Speaking rate",
    "active_listening": "Active listening",
    "call_structure": "Call structure",
    "customer_effort_score": "Customer effort",
}


def page(analysis: Fields, policy: Policy) -> RenderableType:
    """The analysis object (CONTRACT §3) of a completed or failed call, judged by that policy, as a rich renderable."""
    call, metadata = analysis["call"], analysis["metadata"]
    seconds = (metadata["processing_time_ms"] or 0) / 1000
    head = Text.assemble(
        (f"{call['agent_id']} with {call['contact_id']}", "bold"),
        f"   {clock(call['duration_seconds'])} min   {analysis['status']} in {seconds:.1f} s",
    )
    if analysis["results"] is None:
        return Group(head, Text(metadata["error_message"] or "", style="red"))
    results = Results.model_validate(analysis["results"])
    flagged = flags(results, policy)
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(ratio=1)
    for group in ("compliance", "quality", "coaching"):
        fields: Fields = analysis["results"][group]
        table.add_row("", Text(group.capitalize(), style="bold underline"), "", "")
        for name, field in fields.items():
            if name in _TITLES:
                table.add_row(*_row(name, field, fields, flagged=name in flagged))
    summary = [Text(results.summary.text, style="italic")] if results.summary else []
    advice = [_advice(place, item) for place, item in enumerate(analysis["results"]["coaching"]["recommendations"], 1)]
    note = [] if results.supported else [Text("This language is not judged: nothing is flagged.", style="yellow")]
    return Group(head, *summary, table, *note, Text("Recommendations", style="bold"), *(advice or [Text("  none")]))


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, `75.4` → `1:15`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _row(name: str, field: Any, group: Fields, *, flagged: bool) -> tuple[RenderableType, ...]:  # noqa: ANN401 parsed JSON
    mark = Text("⚑", style="bold red") if flagged else Text("✓", style="green")
    value = {"score": field, "drivers": group["customer_effort_drivers"]} if name == "customer_effort_score" else field
    proof = _first_proof(value)
    said = f"  “{proof['text']}”" if proof and proof["text"] else ""
    at: float | None = value.get("timestamp")
    if at is None and proof:
        at = proof["start"]
    summary = _SUMMARIES[name](value)
    return mark, Text(_TITLES[name]), Text("" if at is None else clock(at)), Text(summary + said, overflow="fold")


def _first_proof(field: Fields) -> Fields | None:
    for key in ("evidence", "instances"):
        if field.get(key):
            return field[key][0]
    return None


def _advice(place: int, item: Fields) -> Text:
    proof = _first_proof(item)
    where = f" ({clock(proof['start'])} “{proof['text']}”)" if proof and proof["text"] else ""
    style = {"high": "red", "medium": "yellow", "low": "dim"}[item["priority"]]
    return Text.assemble(
        f"  {place}. ", (item["priority"], style), " ", (item["title"], "bold"), f": {item['message']}{where}"
    )


def _yes(key: str, yes: str, no: str) -> Callable[[Fields], str]:
    return lambda field: yes if field[key] else no


def _counted(field: Fields) -> str:
    return {0: "never", 1: "once"}.get(field["count"], f"{field['count']} times")


def _disclosures(field: Fields) -> str:
    missing: Sequence[str] = field["missing_disclosures"]
    return (
        f"missing: {', '.join(missing)}" if missing else "read: " + (", ".join(field["matched_disclosures"]) or "none")
    )


def _purpose(field: Fields) -> str:
    return f"agent's turn {field['interaction_number']}" if field["disclosed"] else "never said"


def _prohibited(field: Fields) -> str:
    return ", ".join(sorted({item["category"] for item in field["instances"]})) if field["used"] else "none"


def _sensitive(field: Fields) -> str:
    told = [f"{item['type']}{' asked for' if item['solicited'] else ''}" for item in field["instances"]]
    return ", ".join(told) if told else "none said"


def _sentiment(field: Fields) -> str:
    return f"customer {field['customer']['overall']}, {field['customer']['trend']}; agent {field['agent']['overall']}"


def _interruptions(field: Fields) -> str:
    return f"{field['by_agent']} by the agent, {field['by_customer']} by the customer"


def _silence(field: Fields) -> str:
    kinds = sorted({str(item["kind"]).replace("_", " ") for item in field["instances"]})
    return (
        f"{field['total_seconds']:.0f} s in all, longest {field['longest_seconds']:.0f} s: {', '.join(kinds)}"
        if kinds
        else "none"
    )


def _talk(field: Fields) -> str:
    ratio = field["agent_ratio"]
    return "nobody spoke" if ratio is None else f"agent {ratio:.0%}, customer {1 - ratio:.0%}"


def _rate(field: Fields) -> str:
    rates = [(who, field[f"{who}_wpm"]) for who in ("agent", "customer")]
    return ", ".join(f"{who} {wpm:.0f} words a minute" for who, wpm in rates if wpm is not None) or "too little said"


def _structure(field: Fields) -> str:
    missing = [part for part in ("opening", "discovery", "resolution", "closing") if not field[part]["present"]]
    return f"missing: {', '.join(missing)}" if missing else "opening, discovery, resolution, closing"


def _effort(field: Fields) -> str:
    drivers = ", ".join(str(item["driver"]).replace("_", " ") for item in field["drivers"])
    return f"{field['score']} of 5" + (f" ({drivers})" if drivers else "")


_SUMMARIES: dict[str, Callable[[Fields], str]] = {
    "identity_verification": _yes("verified", "yes", "never"),
    "mandatory_disclosures": _disclosures,
    "purpose_declaration": _purpose,
    "prohibited_phrases": _prohibited,
    "sensitive_data": _sensitive,
    "sentiment_analysis": _sentiment,
    "greeting": _yes("present", "yes", "none"),
    "empathetic_language": _counted,
    "interruptions": _interruptions,
    "silence": _silence,
    "talk_time": _talk,
    "speaking_rate": _rate,
    "active_listening": _counted,
    "call_structure": _structure,
    "customer_effort_score": _effort,
}
