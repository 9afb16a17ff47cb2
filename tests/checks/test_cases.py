"""Every case of every table in this folder is judged as its table says; every check has a table that is worth its name.

A table is `<field>.yaml`: a list of cases `{it, transcript, result}` with, where they matter, `policy` (names that
differ from the default policy), `direction`, `duration`, `language` and `channels_apart`. `result` names what must be
found: what a mapping leaves out is not looked at, a list must have exactly the items told.
"""

import importlib
from dataclasses import is_dataclass
from pathlib import Path

import pytest
import yaml
from callscript import transcript_of

from callcov import checks
from callcov.checks.policy import DEFAULT, Policy

HERE = Path(__file__).parent
PACKAGE = Path(checks.__file__).parent
MAIN = {
    "identity_verification": ("verified", "flagged"),
    "mandatory_disclosures": ("read",),
    "purpose_declaration": ("disclosed", "flagged"),
    "prohibited_phrases": ("used",),
    "sensitive_data": ("shared",),
    "sentiment_analysis": ("overall",),
    "greeting": ("present",),
    "empathetic_language": ("used", "count"),
    "interruptions": ("count", "by_agent", "by_customer"),
    "silence": ("flagged", "total_seconds"),
    "talk_time": ("agent_ratio", "silence_seconds"),
    "speaking_rate": ("flagged", "agent_wpm"),
    "active_listening": ("used", "count"),
    "call_structure": ("complete",),
    "customer_effort_score": ("score",),
    "recommendations": (),
}
"""The sixteen fields with the values that a constant would show in."""
FIELDS = {path.stem: path for path in PACKAGE.glob("*/*.py") if path.stem != "__init__"}


def cases_of(field):
    return yaml.safe_load((HERE / f"{field}.yaml").read_text(encoding="utf-8"))


def every_case():
    fields = sorted(path.stem for path in HERE.glob("*.yaml"))
    return [pytest.param(field, case, id=f"{field}: {case['it']}") for field in fields for case in cases_of(field)]


def judged(field, case):
    """The field's part of the results, as its JSON."""
    asked = {name: case[name] for name in ("duration", "language", "channels_apart") if name in case}
    policy = Policy.model_validate({**DEFAULT.model_dump(), **case.get("policy", {})})
    results = checks.analyze(transcript_of(case["transcript"], **asked), policy, case.get("direction"))
    shown = results.model_dump(mode="json")
    if field == "customer_effort_score":
        coaching = shown["coaching"]
        return {"score": coaching["customer_effort_score"], "drivers": coaching["customer_effort_drivers"]}
    if field == "summary":
        return shown["summary"]
    return next(group[field] for group in shown.values() if isinstance(group, dict) and field in group)


def assert_shows(found, told, place="result"):
    """Everything told is found: names in mappings, whole lists, numbers to the millisecond."""
    if isinstance(told, dict):
        for name, value in told.items():
            assert name in found, f"{place} has no {name}"
            assert_shows(found[name], value, f"{place}.{name}")
    elif isinstance(told, list):
        assert len(found) == len(told), f"{place} has {len(found)} items, not {len(told)}: {found}"
        for at, value in enumerate(told):
            assert_shows(found[at], value, f"{place}[{at}]")
    elif isinstance(told, float):
        assert found == pytest.approx(told, abs=0.0011), place
    else:
        assert found == told, f"{place} is {found!r}, not {told!r}"


@pytest.mark.parametrize(("field", "case"), every_case())
def test_a_case_is_judged_as_its_table_says(field, case):
    assert set(case) <= {"it", "transcript", "result", "policy", "direction", "duration", "language", "channels_apart"}
    assert_shows(judged(field, case), case["result"])


def test_there_is_a_check_for_every_field_of_the_contract():
    assert set(FIELDS) == set(MAIN)


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_check_has_its_docstring_rules_and_check(field):
    module = importlib.import_module(f"callcov.checks.{FIELDS[field].parent.name}.{field}")
    assert module.__doc__
    assert is_dataclass(module.Rules)
    assert module.Rules.__dataclass_params__.frozen
    assert callable(module.check)


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_check_has_a_table_of_at_least_eight_cases_each_of_another_name(field):
    cases = cases_of(field)
    assert len(cases) >= 8
    assert len({case["it"] for case in cases}) == len(cases)
    assert sum("mishear" in case["it"] for case in cases) >= 3, "three cases where the recogniser misheard"


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_no_main_value_of_a_check_is_the_same_in_all_its_cases(field):
    shown = [judged(field, case) for case in cases_of(field)]
    if field == "recommendations":
        assert len({item["requirement"] for items in shown for item in items}) >= 8
        assert {len(items) for items in shown} >= {0, 6}
    for name in MAIN[field]:
        assert len({str(result[name]) for result in shown}) > 1, f"{field}.{name} never changes"
