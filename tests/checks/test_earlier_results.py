"""The law of asking a check again only where its rules changed: it gives what asking every check again gives."""

from dataclasses import replace

import pytest
from callscript import transcript_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_laws import transcripts

from callcov import checks
from callcov.checks.policy import DEFAULT, Disclosure, Policy, Prohibited, Thresholds
from callcov.model import Transcript

DISCLOSURE = Disclosure(id="call_recording", wordings=("this call is recorded",))
PROHIBITED = Prohibited(id="threat", category="threat", wordings=("one moment please",), speaker="any")
LIMITS = {
    "identity_seconds": (0.0, 15.0),
    "purpose_interactions": (1, 4),
    "greeting_seconds": (0.0, 15.0),
    "silence_seconds": (0.5, 3.0),
    "dead_air_seconds": (3.0, 10.0),
    "wpm_low": (1.0, 110.0),
    "wpm_high": (190.0, 1_000.0),
    "sentiment_band": (0.09, 0.9),
    "long_call_seconds": (1.0, 600.0),
    "effort_flag": (1, 4),
}
PARTS = {
    "version": (1, 2),
    "disclosures": ((), (DISCLOSURE,), (DISCLOSURE.model_copy(update={"required": "outbound"}),)),
    "prohibited": ((), (PROHIBITED,), (PROHIBITED.model_copy(update={"match": "wording"}),)),
    "mask": ((), ("pin",)),
    "never_solicit": ((), ("pin",)),
    "keep_original": (False, True),
}
POLICIES = st.builds(
    Policy,
    thresholds=st.builds(Thresholds, **{name: st.sampled_from(values) for name, values in LIMITS.items()}),
    **{name: st.sampled_from(values) for name, values in PARTS.items()},
)
DIRECTIONS = st.sampled_from([None, "inbound", "outbound"])


def test_the_laws_here_vary_every_part_of_a_policy():
    assert LIMITS.keys() == Thresholds.model_fields.keys()
    assert PARTS.keys() | {"thresholds"} == Policy.model_fields.keys()


def without_policy_acts(transcript: Transcript) -> Transcript:
    """The same call where no wording of a policy is found."""
    segments = (replace(one, acts=tuple(act for act in one.acts if ":" not in act.name)) for one in transcript.segments)
    return replace(transcript, segments=tuple(segments))


def text(results):
    return results.model_dump_json()


@settings(max_examples=200)
@given(call=transcripts(), first=POLICIES, second=POLICIES, direction=DIRECTIONS, other=st.booleans())
def test_earlier_results_change_nothing(call, first, second, direction, other):
    then = without_policy_acts(call) if other else call
    earlier = checks.Earlier(checks.analyze(then, first, direction), first, same_acts=then == call)
    assert text(checks.analyze(call, second, direction, earlier)) == text(checks.analyze(call, second, direction))


CALL = transcript_of(
    """
    A 2.0-6.0 well then {greeting: hello there} my name is Dana
    C 8.0-9.0 {complaint: i called three times} about my bill and it is still wrong i am very angry with you
    A 14.0-16.0 what is your pin
    C 16.0-17.0 it is [pin]
    A 17.0-19.0 this call is recorded
    C 19.0-19.5 ok
    A 20.0-24.0 one moment please i am calling about your bill
    """
)
CALL = replace(
    CALL, segments=tuple(replace(one, sentiment=-0.5 if place == 1 else 0.1) for place, one in enumerate(CALL.segments))
)
MOVED = {
    "identity_seconds": 0.0,
    "purpose_interactions": 1,
    "greeting_seconds": 0.0,
    "silence_seconds": 6.0,
    "dead_air_seconds": 4.0,
    "wpm_low": 180.0,
    "wpm_high": 111.0,
    "sentiment_band": 0.9,
    "long_call_seconds": 1.0,
    "effort_flag": 5,
}


NOT_JUDGED_BY = {"version", "mask", "keep_original", "thresholds"}
"""Parts that change no results, and the one whose own parts stand in its place."""


def changed(name):
    """The default policy with that part changed."""
    if name in MOVED:
        return DEFAULT.model_copy(update={"thresholds": Thresholds(**{name: MOVED[name]})})
    values = {"disclosures": (), "prohibited": (PROHIBITED,), "never_solicit": ()}
    return DEFAULT.model_copy(update={name: values[name]})


@pytest.mark.parametrize("name", sorted({*Thresholds.model_fields, *Policy.model_fields} - NOT_JUDGED_BY))
def test_a_part_of_the_policy_that_changes_the_results_changes_them_in_spite_of_earlier_ones(name):
    before, wanted = checks.analyze(CALL, DEFAULT), checks.analyze(CALL, changed(name))
    assert wanted != before
    for same_acts in (True, False):
        earlier = checks.Earlier(before, DEFAULT, same_acts)
        assert checks.analyze(CALL, changed(name), None, earlier) == wanted


@given(call=transcripts(), policy=POLICIES)
def test_only_disclosures_and_phrases_read_what_a_policys_wordings_found(call, policy):
    one, other = (checks.analyze(each, policy).model_dump() for each in (call, without_policy_acts(call)))
    for field in ("mandatory_disclosures", "prohibited_phrases"):
        one["compliance"].pop(field)
        other["compliance"].pop(field)
    for results in (one, other):
        results["coaching"].pop("recommendations")  # drawn from the two, and never taken over
    assert one == other


def test_a_summary_that_a_model_worded_is_drawn_again():
    drawn = checks.analyze(CALL)
    worded = drawn.model_copy(update={"summary": drawn.summary.model_copy(update={"text": "She was angry."})})
    assert checks.analyze(CALL, earlier=checks.Earlier(worded, DEFAULT, same_acts=True)) == drawn


def test_what_a_policys_wordings_found_is_heard_in_spite_of_earlier_results():
    policy = Policy(
        disclosures=(Disclosure(id="d", wordings=("this call is recorded",)),),
        prohibited=(Prohibited(id="p", category="pressure", wordings=("decide now",)),),
    )
    call = transcript_of("A 0.0-2.0 {disclosure:d: we keep all that we say} and {prohibited:p: do it today}")
    before, wanted = checks.analyze(without_policy_acts(call), policy), checks.analyze(call, policy)
    assert not before.compliance.mandatory_disclosures.read
    assert wanted.compliance.mandatory_disclosures.read
    assert wanted.compliance.prohibited_phrases.used
    assert checks.analyze(call, policy, None, checks.Earlier(before, policy, same_acts=False)) == wanted
