"""What holds for every call, whatever was said: the laws of the checks."""

from dataclasses import replace

import pytest
from callscript import transcript_of
from hypothesis import given
from hypothesis import strategies as st

from callcov import checks
from callcov.checks.policy import DEFAULT, Policy, SensitiveType
from callcov.model import Act, Role, Segment, Sensitive, Span, Transcript, Turn, Word

ACTS = (
    "greeting identity offer_help purpose disc_recording disc_debt disc_other empathy active_listening closing "
    "resolution hold verify_q discovery proh_threat proh_insult proh_guarantee proh_pressure proh_profanity complaint "
    "repeat transfer repeat_information unresolved thanks disclosure:call_recording prohibited:threat"
).split()
SAID = (
    "hello good morning my name is Dana from Acme how can I help? this call is recorded. sorry to hear that one moment "
    "please bear with me mm-hm, right. okay, because the 4539 seven double four what when? [card_number] [pin] "
    "goodbye… שלום 😀 I- don't you third time"
).split()
TYPES = SensitiveType.__args__


def milliseconds(low, high):
    return st.integers(low, high).map(lambda whole: whole / 1000)


@st.composite
def segments(draw):
    start = draw(milliseconds(0, 120_000))
    words = []
    for text in draw(st.lists(st.sampled_from(SAID), min_size=1, max_size=12)):
        end = round(start + draw(milliseconds(1, 900)), 3)
        words.append(Word(text, Span(start, end)))
        start = round(end + draw(milliseconds(0, 400)), 3)
    acts = []
    for name in draw(st.lists(st.sampled_from(ACTS), max_size=3)):
        first = draw(st.integers(0, len(words) - 1))
        acts.append(Act(name, first, draw(st.integers(first + 1, len(words)))))
    sentiment = draw(st.sampled_from((-1.0, -0.4, 0.0, 0.0, 0.25, 1.0)))
    return Segment(draw(st.sampled_from("AB")), tuple(words), None, tuple(acts), sentiment)


@st.composite
def transcripts(draw):
    spoken = sorted(draw(st.lists(segments(), max_size=8)), key=lambda segment: segment.span.start)
    turns = [Turn(segment.speaker, segment.span) for segment in spoken if draw(st.booleans())]
    starts = draw(st.lists(milliseconds(0, 120_000), max_size=3))
    turns += [Turn(draw(st.sampled_from("AB")), Span(at, round(at + draw(milliseconds(0, 9_000)), 3))) for at in starts]
    ends = [segment.span.end for segment in spoken] + [turn.span.end for turn in turns]
    return Transcript(
        segments=tuple(spoken),
        turns=tuple(sorted(turns, key=lambda turn: turn.span)),
        roles=draw(st.sampled_from(({"A": Role.AGENT, "B": Role.CUSTOMER}, {"A": Role.CUSTOMER, "B": Role.AGENT}))),
        sensitive=_masked(spoken),
        duration=round(max(ends, default=0.0) + draw(milliseconds(0, 60_000)), 3),
        channels_apart=draw(st.booleans()),
    )


def _masked(spoken):
    places = [
        (place, at, word.text[1:-1])
        for place, segment in enumerate(spoken)
        for at, word in enumerate(segment.words)
        if word.text[1:-1] in TYPES
    ]
    return tuple(Sensitive(kind, value, place, at, at + 1) for value, (place, at, kind) in enumerate(places))


def shifted(transcript, by):
    def moved(span):
        return Span(round(span.start + by, 3), round(span.end + by, 3))

    return replace(
        transcript,
        segments=tuple(
            replace(segment, words=tuple(replace(word, span=moved(word.span)) for word in segment.words))
            for segment in transcript.segments
        ),
        turns=tuple(replace(turn, span=moved(turn.span)) for turn in transcript.turns),
        duration=round(transcript.duration + by, 3),
    )


TIMES = {"start", "end", "timestamp"}


def times_moved(value, by, name=""):
    """Results with every moment that much later; the labels `start` and `end` of a sentiment are no moments."""
    if isinstance(value, dict):
        return {key: times_moved(inner, by, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [times_moved(inner, by) for inner in value]
    return round(value + by, 3) if name in TIMES and isinstance(value, float) else value


def without(value, *names):
    if isinstance(value, dict):
        return {key: without(inner, *names) for key, inner in value.items() if key not in names}
    return [without(inner, *names) for inner in value] if isinstance(value, list) else value


def shown(transcript, policy=DEFAULT):
    return checks.analyze(transcript, policy).model_dump(mode="json")


@given(transcripts(), milliseconds(1, 7_200_000))
def test_a_shift_in_time_moves_every_moment_and_changes_no_length(transcript, by):
    before, after = shown(transcript), shown(shifted(transcript, by))
    before["quality"]["talk_time"]["silence_seconds"] = round(before["quality"]["talk_time"]["silence_seconds"] + by, 3)
    assert without(after, "message") == without(times_moved(before, by), "message")  # messages tell the moment


@given(transcripts())
def test_swapping_the_roles_mirrors_the_talk_ratio(transcript):
    swapped = replace(transcript, roles={speaker: role.other for speaker, role in transcript.roles.items()})
    one = checks.analyze(transcript).quality.talk_time
    other = checks.analyze(swapped).quality.talk_time
    assert (one.agent_seconds, one.customer_seconds) == (other.customer_seconds, other.agent_seconds)
    assert (one.overlap_seconds, one.silence_seconds) == (other.overlap_seconds, other.silence_seconds)
    if one.agent_ratio is None or other.agent_ratio is None:
        assert one.agent_ratio is other.agent_ratio is None
    else:
        assert one.agent_ratio + other.agent_ratio == pytest.approx(1.0, abs=0.0011)


@given(transcripts(), milliseconds(1, 600_000))
def test_silence_added_at_the_end_changes_only_the_silence_of_talk_time(transcript, more):
    before = shown(transcript)
    after = shown(replace(transcript, duration=round(transcript.duration + more, 3)))
    added = after["quality"]["talk_time"].pop("silence_seconds") - before["quality"]["talk_time"].pop("silence_seconds")
    assert added == pytest.approx(more, abs=0.0011)
    assert after == before


def evidence_in(value, path=()):
    if isinstance(value, dict):
        if {"segment", "start", "end", "speaker", "text"} <= value.keys():
            yield path, value
        for key, inner in value.items():
            yield from evidence_in(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from evidence_in(inner, path)


def test_evidence_is_found_in_the_results_of_a_call():
    found = [*evidence_in(shown(transcript_of("A 0-2 {greeting: good morning}\nC 2-3 {complaint: awful}")))]
    assert found


@given(transcripts())
def test_evidence_lies_inside_the_recording_and_inside_its_segment_with_its_words(transcript):
    results = shown(transcript)
    pauses = [(one["start"], one["end"]) for one in results["quality"]["silence"]["instances"]]
    for path, item in evidence_in(results):
        assert 0 <= item["start"] <= item["end"] <= transcript.duration, path
        if item["segment"] is None:
            assert "silence" in path
            continue
        segment = transcript.segments[item["segment"]]
        assert item["speaker"] == transcript.role(segment.speaker), path
        assert item["text"] in segment.text, path
        of_a_pause = item["text"] == "" or (item["start"], item["end"]) in pauses
        if not of_a_pause:
            assert segment.span.start <= item["start"] <= item["end"] <= segment.span.end, path


@given(transcripts())
def test_results_survive_json(transcript):
    results = checks.analyze(transcript)
    assert checks.Results.model_validate_json(results.model_dump_json()) == results


@given(transcripts())
def test_the_same_call_gives_the_same_bytes(transcript):
    assert checks.analyze(transcript).model_dump_json() == checks.analyze(transcript).model_dump_json()


@given(transcripts())
def test_counts_are_the_numbers_of_their_instances(transcript):
    quality = checks.analyze(transcript).quality
    for listed in (quality.empathetic_language, quality.active_listening):
        assert listed.count == len(listed.instances)
        assert listed.used is bool(listed.instances)
    taken = quality.interruptions
    assert taken.count == taken.by_agent + taken.by_customer == len(taken.instances)
    assert taken.overlap_seconds == quality.talk_time.overlap_seconds


@given(transcripts())
def test_the_effort_score_is_its_drivers_points_and_never_over_five(transcript):
    coaching = checks.analyze(transcript).coaching
    points = sum(driver.points for driver in coaching.customer_effort_drivers)
    assert coaching.customer_effort_score in ({0, 1} if points == 0 else {min(5, 1 + points)})
    assert all(driver.points > 0 for driver in coaching.customer_effort_drivers)


@given(transcripts())
def test_advice_is_at_most_six_most_urgent_first_and_about_a_field(transcript):
    results = checks.analyze(transcript)
    ranks = [("high", "medium", "low").index(advice.priority) for advice in results.coaching.recommendations]
    assert ranks == sorted(ranks)
    assert len(ranks) <= 6
    fields = {*type(results.compliance).model_fields, *type(results.quality).model_fields, "customer_effort_score"}
    assert {advice.requirement for advice in results.coaching.recommendations} <= fields


@given(transcripts(), st.sampled_from(("es", "de", "ar", "zh", "")))
def test_nothing_is_flagged_in_a_language_nobody_here_understands(transcript, language):
    results = checks.analyze(replace(transcript, language=language))
    assert not results.supported
    assert checks.flags(results, DEFAULT) == frozenset()
    assert not results.compliance.identity_verification.flagged
    assert not results.compliance.purpose_declaration.flagged
    assert not results.quality.silence.flagged
    assert not results.quality.speaking_rate.flagged
    assert results.compliance.mandatory_disclosures.missing_disclosures == ()
    assert results.summary is None
    assert results.quality.talk_time == checks.analyze(transcript).quality.talk_time


@pytest.mark.parametrize("language", ["en", "EN", "en-GB", "en_US"])
def test_every_kind_of_english_is_supported(language):
    assert checks.supported(language)


@given(transcripts())
def test_flags_are_fields_that_can_be_flagged(transcript):
    assert checks.flags(checks.analyze(transcript), DEFAULT) <= set(checks.FLAGS)


@given(transcripts())
def test_a_policy_that_asks_for_nothing_flags_no_disclosure_and_no_phrase(transcript):
    results = checks.analyze(transcript, Policy())
    assert results.compliance.mandatory_disclosures.read
    assert not results.compliance.prohibited_phrases.used


def test_ten_thousand_segments_are_judged():
    lines = [
        f"{'AC'[place % 2]} {place * 2}.0-{place * 2 + 1}.9 {{hold: one moment}} so what is it {{complaint: no}}"
        for place in range(10_000)
    ]
    results = checks.analyze(transcript_of("\n".join(lines)))
    assert results.coaching.customer_effort_score == 4  # complaints 2, length 1
    assert results.quality.talk_time.agent_seconds == 9_500.0
