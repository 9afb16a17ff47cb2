"""One analysis as a page: what a manager reads first is what the call was about and how it ended."""

import io

import pytest
from callscript import transcript_of
from rich.console import Console

from callcov import checks
from callcov.checks.policy import DEFAULT, Thresholds
from callcov.report import page


def shown(call, policy=DEFAULT):
    results = checks.analyze(call, policy).model_dump(mode="json")
    names = {"agent_id": "a-1", "contact_id": "c-1", "duration_seconds": call.duration}
    metadata = {"processing_time_ms": 1200, "error_message": None}
    out = io.StringIO()
    Console(file=out, width=1000).print(
        page({"call": names, "metadata": metadata, "status": "completed", "results": results}, policy)
    )
    return [line.strip() for line in out.getvalue().splitlines()], results


def test_the_summary_stands_below_the_heading():
    lines, results = shown(
        transcript_of("A 0-2 How can I help?\nC 2-6 My boiler has stopped.\nA 6-9 I'll send a man tomorrow.")
    )
    assert "boiler" in results["summary"]["text"]
    assert lines[1] == results["summary"]["text"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_call_without_one_begins_with_its_requirements(language):
    script = "" if language == "en" else "A 0-2 Buenos días.\nC 2-4 Hola."
    lines, _ = shown(transcript_of(script, duration=5.0, language=language))
    assert lines[1] == "Compliance"


@pytest.mark.parametrize(("limit", "mark"), [(3, "⚑"), (4, "✓")])
def test_effort_is_marked_by_the_limit_of_the_policy(limit, mark):
    lines, results = shown(
        transcript_of("A 0-2 How can I help?\nC 2-6 This is the third time I've called about my boiler."),
        DEFAULT.model_copy(update={"thresholds": Thresholds(effort_flag=limit)}),
    )
    assert results["coaching"]["customer_effort_score"] == 3
    (effort,) = [line for line in lines if "Customer effort" in line]
    assert effort.startswith(mark)
