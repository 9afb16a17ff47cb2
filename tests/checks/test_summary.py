"""The laws of the summary: it quotes the call, in order, and is there whenever something was said."""

import re
from dataclasses import replace

import pytest
from callscript import transcript_of
from hypothesis import given
from hypothesis import strategies as st

from callcov import checks
from callcov.checks.reading import Reading
from callcov.checks.sentences import sentences
from callcov.checks.steps import names_a_time
from callcov.model import Role, Segment, Span, Transcript, Word
from callcov.text.normalise import texts

SENTENCES = (
    "Good morning, how can I help?", "My boiler has stopped working.", "I'm calling about your claim.", "Um.",
    "I'll send you an email tomorrow.", "It's been cancelled.", "Thank you so much.", "Do not ring here again.",
    "An engineer comes on Thursday.", "What's it concerning?", "My number is [account_number] [account_number]",
    "Yes! I am in.", "mm-hm", "If it isn't there by Friday, call us back.", "שלום 😀", "I will write to the ombudsman",
)  # fmt: skip


@st.composite
def calls(draw):
    segments, time = [], 0.0
    for speaker, said in draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3)), max_size=12
        )
    ):
        words = []
        for text in " ".join(said).split():
            words.append(Word(text, Span(round(time, 3), round(time + 0.3, 3))))
            time += 0.3
        sentiment = draw(st.sampled_from((-0.8, 0.0, 0.8)))
        segments.append(Segment(speaker, tuple(words), sentiment=sentiment))
        time += 0.5
    roles = draw(st.sampled_from(({"A": Role.AGENT, "B": Role.CUSTOMER}, {"A": Role.CUSTOMER, "B": Role.AGENT})))
    return Transcript(tuple(segments), roles=roles, duration=round(time, 3))


def said_in(summary):
    return [*([summary.reason] if summary.reason else []), *summary.next_steps]


@given(calls())
def test_there_is_a_summary_exactly_when_something_was_said(call):
    assert (checks.analyze(call).summary is None) is not any(texts(segment.text) for segment in call.segments)


@given(calls())
def test_what_is_quoted_is_said_and_the_text_quotes_nothing_else(call):
    summary = checks.analyze(call).summary
    if summary is None:
        return
    for said in said_in(summary):
        assert [said.text] == [one.text for one in said.evidence]
        assert said.text in call.segments[said.evidence[0].segment].text
    for quoted in re.findall("“(.*?)”", summary.text):
        assert any(said.text.startswith(quoted) for said in said_in(summary))


@given(calls())
def test_steps_are_in_order_behind_the_reason_and_ten_at_most(call):
    summary = checks.analyze(call).summary
    places = [(step.evidence[0].segment, step.evidence[0].start) for step in summary.next_steps] if summary else []
    assert places == sorted(places)
    assert len(places) <= 10
    if summary and summary.reason:
        assert all(place > summary.reason.evidence[0].segment for place, _ in places)


@given(calls(), st.sampled_from("AB"))
def test_one_party_alone_resolves_nothing(call, speaker):
    alone = replace(call, segments=tuple(one for one in call.segments if one.speaker == speaker))
    summary = checks.analyze(alone).summary
    assert summary is None or summary.outcome != "resolved"


@given(calls())
def test_sentences_hold_every_token_once_in_order(call):
    reading = Reading.of(call)
    held = [(one.place, token) for one in sentences(reading) for token in one.tokens]
    assert held == [(place, token) for place, heard in enumerate(reading.tokens) for token in heard]


def test_a_long_call_lists_its_last_ten_steps():
    lines = ["A 0-1 How can I help?", "C 1-2 My parcel has not arrived."]
    lines += [f"A {at}-{at + 1} I'll send letter number {at} tomorrow." for at in range(2, 60)]
    steps = checks.analyze(transcript_of("\n".join(lines))).summary.next_steps
    assert [step.text for step in steps] == [f"I'll send letter number {at} tomorrow." for at in range(50, 60)]


def test_a_long_sentence_is_cut_in_the_text_alone():
    long = "My parcel has not arrived " + "and the parcel shop says nothing useful at all " * 9
    summary = checks.analyze(transcript_of(f"A 0-1 How can I help?\nC 1-30 {long}")).summary
    assert max(len(part.split()) for part in summary.text.split("“")) < 60


@pytest.mark.parametrize(
    "words",
    ["by Thursday", "tomorrow", "within five working days", "on the twentieth of June", "half past seven", "by ten",
     "next week", "later today", "at four today", "in ten days", "March the third"],
)  # fmt: skip
def test_a_time_to_come_is_known(words):
    assert names_a_time(texts(words))


@pytest.mark.parametrize(
    "words", ["last year", "within thirty days of moving", "at nine", "five times", "in the kitchen", "the third time"]
)
def test_what_is_no_time_to_come_is_none(words):
    assert not names_a_time(texts(words))
