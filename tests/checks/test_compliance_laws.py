"""What holds for the compliance checks on any call: odd text, very long calls, very long policies, shifted time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.checks.compliance import (
    identity_verification,
    mandatory_disclosures,
    prohibited_phrases,
    purpose_declaration,
    sensitive_data,
)
from callcov.checks.policy import DEFAULT, Prohibited
from callcov.checks.reading import Reading
from callcov.model import Act, Role, Segment, Sensitive, Span, Transcript, Turn, Word

CHECKS = {
    "identity": (identity_verification, identity_verification.Rules()),
    "disclosures": (mandatory_disclosures, mandatory_disclosures.Rules(DEFAULT.disclosures)),
    "purpose": (purpose_declaration, purpose_declaration.Rules()),
    "prohibited": (prohibited_phrases, prohibited_phrases.Rules(DEFAULT.prohibited)),
    "sensitive": (sensitive_data, sensitive_data.Rules()),
}
ACTS = ["identity", "purpose", "disc_recording", "proh_insult", "proh_threat", "active_listening", "prohibited:threat"]
WORDS = (
    "my name is Dana this call recorded not I'm calling about the bill you are stupid guarantee can have your PIN? "
    "[pin] speaking transfer \u05e9\u05dc\u05d5\u05dd \U0001f600 ... mm-hm what is"
).split()


def call(rows):
    """A call of (is agent, words, act names) rows, two seconds each."""
    segments, sensitive = [], []
    for place, (agent, texts, acts) in enumerate(rows):
        times = [Span(2.0 * place + at / 8, 2.0 * place + (at + 1) / 8) for at in range(len(texts))]
        words = tuple(Word(text, span) for text, span in zip(texts, times, strict=True))
        marks = tuple(Act(name, 0, len(words)) for name in sorted(acts))
        segments.append(Segment("A" if agent else "B", words, acts=marks))
        sensitive += [Sensitive("pin", 0, place, at, at + 1) for at, text in enumerate(texts) if text == "[pin]"]
    turns = tuple(Turn(segment.speaker, segment.span) for segment in segments)
    roles = {"A": Role.AGENT, "B": Role.CUSTOMER}
    return Transcript(tuple(segments), turns, roles, tuple(sensitive), 2.0 * len(rows))


texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(min_size=1, max_size=8)), min_size=1, max_size=14)
calls = st.lists(st.tuples(st.booleans(), texts, st.sets(st.sampled_from(ACTS), max_size=2)), max_size=6).map(call)


def places(result):
    """Every piece of evidence of a result."""
    return (*getattr(result, "evidence", ()), *getattr(result, "instances", ()))


@pytest.mark.parametrize("name", CHECKS)
@given(transcript=calls)
def test_evidence_is_words_that_were_said_there(name, transcript):
    module, rules = CHECKS[name]
    for one in places(module.check(Reading.of(transcript), rules)):
        segment = transcript.segments[one.segment]
        assert segment.span.start <= one.start <= one.end <= segment.span.end
        assert one.speaker is transcript.role(segment.speaker)
        assert one.text in segment.text


@pytest.mark.parametrize("name", CHECKS)
@given(transcript=calls)
def test_moving_the_whole_call_in_time_changes_no_verdict(name, transcript):
    module, rules = CHECKS[name]
    before, after = (module.check(Reading.of(one), rules) for one in (transcript, shifted(transcript, 64.0)))
    assert [one.start + 64.0 for one in places(before)] == [one.start for one in places(after)]
    kept = {"timestamp", "evidence", "instances"}
    assert before.model_dump(exclude=kept) == after.model_dump(exclude=kept)


@pytest.mark.parametrize("name", ["identity", "disclosures", "purpose", "prohibited"])
@given(transcript=calls)
def test_what_only_the_customer_says_is_never_the_agents(name, transcript):
    module, rules = CHECKS[name]
    result = module.check(Reading.of(replace(transcript, roles={"A": Role.CUSTOMER, "B": Role.CUSTOMER})), rules)
    assert places(result) == ()


def shifted(transcript, by):
    """The same call that much later."""
    segments = tuple(
        replace(one, words=tuple(replace(w, span=Span(w.span.start + by, w.span.end + by)) for w in one.words))
        for one in transcript.segments
    )
    turns = tuple(replace(turn, span=Span(turn.span.start + by, turn.span.end + by)) for turn in transcript.turns)
    return replace(transcript, segments=segments, turns=turns, duration=transcript.duration + by)


@pytest.mark.parametrize("speakers", [(True,), (True, False)])
def test_ten_thousand_segments_are_judged_by_five_hundred_phrases(speakers):
    said = ["thanks", "the", "line", "of", "your", "router", "is", "[pin]"]
    rows = [(speakers[place % len(speakers)], said, {"disc_recording"}) for place in range(9_999)]
    transcript = Reading.of(call([*rows, (True, ["you", "are", "number", "q17", "of", "the", "list"], set())]))
    phrases = tuple(
        Prohibited(id=f"p{at}", category="list", wordings=(f"you are number q{at} of the list",)) for at in range(500)
    )
    assert [
        one.phrase_id for one in prohibited_phrases.check(transcript, prohibited_phrases.Rules(phrases)).instances
    ] == ["p17"]
    for module, rules in CHECKS.values():
        assert len(places(module.check(Reading.of(transcript), rules))) <= 1
