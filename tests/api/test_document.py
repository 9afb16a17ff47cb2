"""The analysis object, from values alone."""

import json
import math

import orjson
import pytest
from callscript import transcript_of
from hypothesis import given
from hypothesis import strategies as st

from callcov import document
from callcov.model import Act, Segment, Sensitive, Span, Transcript, Turn, Word

numbers = st.floats(0, 40_000, allow_nan=False)
spans = st.builds(lambda start, length: Span(start, start + length), numbers, st.floats(0, 60))
words = st.builds(Word, st.text(min_size=1, max_size=12), spans, st.floats(0, 1))
acts = st.builds(Act, st.sampled_from(["greeting", "disclosure:call_recording"]), st.integers(0, 3), st.integers(0, 3))
segments = st.builds(
    Segment,
    st.sampled_from(["A", "B"]),
    st.lists(words, min_size=1, max_size=4).map(tuple),
    st.none() | st.integers(0, 1),
    st.lists(acts, max_size=2).map(tuple),
    st.floats(-1, 1),
)
transcripts = st.builds(
    Transcript,
    st.lists(segments, max_size=4).map(tuple),
    st.lists(st.builds(Turn, st.sampled_from(["A", "B"]), spans), max_size=3).map(tuple),
    st.just({}),
    st.lists(st.builds(Sensitive, st.just("pin"), *[st.integers(0, 9)] * 4), max_size=2).map(tuple),
    numbers,
    st.sampled_from(["en", "es"]),
    st.booleans(),
).flatmap(lambda transcript: st.sampled_from([transcript, transcript.with_agent("A"), transcript.with_agent("B")]))


@given(transcripts)
def test_a_transcript_written_and_read_again_is_the_same(transcript):
    assert document.transcript_of(document.transcript_text(transcript)) == transcript


@given(transcripts)
def test_the_transcript_object_has_every_segment_and_word_with_times_to_the_millisecond(transcript):
    shown = json.loads(orjson.dumps(document.transcript_object(transcript)))
    assert len(shown["segments"]) == len(transcript.segments)
    assert shown["text"].count(": ") >= len(transcript.segments)
    for given_segment, segment in zip(transcript.segments, shown["segments"], strict=True):
        assert [word["text"] for word in segment["words"]] == [word.text for word in given_segment.words]
        times = [segment["start"], segment["end"], *(word["start"] for word in segment["words"])]
        assert all(math.isclose(time * 1000, round(time * 1000), abs_tol=1e-4) for time in times)
        assert segment["role"] in {"agent", "customer"}


def test_a_transcript_reads_as_lines_of_agent_and_customer():
    call = "A 0.0-1.0 hello there\nC 2.0-3.0 my pin is [pin] [pin]\nA 4.0-5.0 thanks"
    shown = document.transcript_object(transcript_of(call))
    assert shown["text"] == "Agent: hello there\nCustomer: my pin is [pin]\nAgent: thanks"
    assert [word["text"] for word in shown["segments"][1]["words"]] == ["my", "pin", "is", "[pin]", "[pin]"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_empty_call_has_empty_text_and_no_segments(language):
    shown = document.transcript_object(Transcript(duration=3.0, language=language))
    assert shown == {"text": "", "language": language, "segments": []}
