"""How a call ends is weighed by what was found in it, and every weight is of something that can be found."""

from importlib.resources import files
from math import isfinite

import yaml
from callscript import transcript_of

from callcov import checks
from callcov.checks import ending
from callcov.checks.reading import Reading

CALL = """
    A 0.0-2.0 Hello, how can I help?
    C 2.0-5.0 My boiler has lost its pressure again.
    A 5.0-8.0 Turn the valve on the left a little.
    C 8.0-10.0 {told} it is up to one and a half now.{end}
    A 10.0-12.0 {said} that's how it is.{end}
    C 12.0-13.0 Right, bye.
"""


def call(told, said):
    """The call with acts of those names in the last two turns that say something; None for no act."""
    script = CALL
    for name, act in (("told", told), ("said", said)):
        script = script.replace("{" + name + "}", f"{{{act}:" if act else "", 1).replace("{end}", "}" if act else "", 1)
    return transcript_of(script)


def summary(told, said):
    return checks.analyze(call(told, said)).summary


def test_every_weight_is_of_a_feature_and_every_feature_has_one():
    found = ending.features(Reading.of(call(None, None)), "pending")
    weights = yaml.safe_load(files("callcov.checks").joinpath("ending.yaml").read_text("utf-8"))
    assert set(weights) == {"bias", *found}
    assert all(len(row) == len(ending.OUTCOMES) and all(map(isfinite, row)) for row in weights.values())


def test_a_call_in_which_nothing_was_found_ends_as_by_the_words():
    found = summary(None, None)
    assert found.outcome_evidence == ()
    assert found.outcome == "unresolved"


def test_what_is_surely_settled_resolves_a_call_and_is_shown():
    found = summary("settled", "settled")
    assert found.outcome == "resolved"
    assert [one.segment for one in found.outcome_evidence] == [3, 4]


def test_what_surely_stays_open_leaves_a_call_unresolved_and_makes_it_harder():
    found = summary("unsettled", "unsettled")
    assert found.outcome == "unresolved"
    assert [one.text for one in found.outcome_evidence] == ["it is up to one and a half now.", "that's how it is."]
    drivers = {
        one.driver: one for one in checks.analyze(call("unsettled", "unsettled")).coaching.customer_effort_drivers
    }
    assert drivers["unresolved"].evidence == found.outcome_evidence


def test_a_step_that_surely_comes_makes_a_call_pending():
    found = summary(None, "next_step")
    assert found.outcome == "pending"
    assert [one.segment for one in found.outcome_evidence] == [4]


def test_one_party_alone_never_resolves_a_call():
    alone = transcript_of("A 0.0-2.0 {settled: That is done for you now.}\nA 3.0-5.0 {settled: It is all booked.}")
    assert checks.analyze(alone).summary.outcome != "resolved"
