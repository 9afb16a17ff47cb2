"""Masking what is stored already: more, never less, and nowhere a word remains."""

import json

import pytest
from callscript import transcript_of
from hypothesis import given
from hypothesis import strategies as st

from callcov import checks
from callcov.checks.policy import ALL_TYPES, DEFAULT
from callcov.model import Segment, Sensitive, Span, Transcript, Turn, Word, text_of
from callcov.remask import _places, remasked, rewritten

WORDS = st.sampled_from("my pin is four 4711 [pin] [card_number], and".split())


@st.composite
def calls(draw):
    """Calls with sensitive places, some of which are masked."""
    texts = draw(st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=4))
    segments = tuple(
        Segment("AB"[place % 2], tuple(Word(text, Span(place * 9 + at, place * 9 + at + 1)) for at, text in enumerate(line)))
        for place, line in enumerate(texts)
    )  # fmt: skip
    places = [
        Sensitive(draw(st.sampled_from(["pin", "ssn", "card_number"])), 0, place, first, draw(st.integers(first + 1, len(one.words))))
        for place, one in enumerate(segments)
        for first in [draw(st.integers(0, len(one.words) - 1))]
        if draw(st.booleans())
    ]  # fmt: skip
    turns = tuple(Turn(one.speaker, one.span) for one in segments)
    return Transcript(segments, turns, sensitive=tuple(places), duration=40.0).with_agent("A")


TYPES = st.lists(st.sampled_from(ALL_TYPES), unique=True)


@given(calls(), TYPES, TYPES)
def test_masking_shows_never_more_and_twice_is_once(call, first, second):
    once = remasked(call, first)
    assert remasked(once, first) is once
    both = remasked(once, second)
    assert remasked(both, first + second) is both
    for one in call.sensitive:
        words = both.segments[one.segment].words[one.first : one.last]
        if one.type in first + second:
            assert {word.text for word in words} == {f"[{one.type}]"}
    for before, after in zip(call.segments, both.segments, strict=True):
        assert [(word.span, word.confidence) for word in before.words] == [
            (word.span, word.confidence) for word in after.words
        ]


@given(st.lists(WORDS | st.just("is"), min_size=1, max_size=9), st.data())
def test_every_row_of_words_that_makes_a_text_is_found(texts, data):
    words = tuple(Word(text, Span(at, at + 1)) for at, text in enumerate(texts))
    rows = [(first, last) for first in range(len(words)) for last in range(first + 1, len(words) + 1)]
    wanted = text_of(words[slice(*data.draw(st.sampled_from(rows)))])
    assert list(_places(wanted, words)) == [row for row in rows if text_of(words[slice(*row)]) == wanted]


def test_what_is_masked_already_is_the_same_object():
    call = transcript_of("C 0.0-2.0 my pin is [pin] [pin]")
    assert remasked(call, ALL_TYPES) is call
    assert remasked(call, ()) is call


def test_two_values_that_share_words_are_masked_once():
    word = Word("4711", Span(0.0, 1.0))
    places = (Sensitive("pin", 0, 0, 0, 1), Sensitive("card_cvv", 1, 0, 0, 1))
    call = Transcript((Segment("A", (word,)),), sensitive=places, duration=1.0)
    once = remasked(call, ALL_TYPES)
    assert once.segments[0].text in {"[pin]", "[card_cvv]"}
    assert remasked(once, ALL_TYPES) is once


CALL = """
A 0.5-3.5 {greeting: Thank you for calling,} my name is Ida and what is your password
C 4.0-7.5 {sentiment=-0.9} {complaint: it is swordfish you fool} and I told you it is swordfish you fool
A 8.0-9.5 {proh_insult: you are stupid} if swordfish is your password one moment please
C 30.0-31.0 {sentiment=-0.9} {complaint: nobody called me}
"""


@pytest.fixture
def call():
    """A call whose password was not masked."""
    call = transcript_of(CALL)
    places = [
        Sensitive("password", 0, place, at, at + 1)
        for place, segment in enumerate(call.segments)
        for at, word in enumerate(segment.words)
        if word.text == "swordfish"
    ]
    return Transcript(call.segments, call.turns, call.roles, tuple(places), call.duration)


def test_earlier_results_keep_their_verdicts_and_lose_the_words(call):
    results = checks.analyze(call, DEFAULT).model_dump_json()
    assert "swordfish" in results
    hidden = remasked(call, ["password"])
    after = rewritten(results, call, hidden)
    assert "swordfish" not in after
    old, new = json.loads(results), json.loads(after)
    assert "[password]" in str(new)
    assert checks.shown_flags(old, 4) == checks.shown_flags(new, 4)
    complaint = next(one for one in new["coaching"]["recommendations"] if one["requirement"] == "empathetic_language")
    assert "“it is [password] you fool”" in complaint["message"]
    assert complaint["evidence"][0]["text"] == "it is [password] you fool"
    assert [one["text"] for one in new["compliance"]["sensitive_data"]["instances"]] == ["[password]"]


def test_advice_keeps_the_words_that_nobody_said(call):
    results = json.loads(checks.analyze(call, DEFAULT).model_dump_json())
    results["compliance"]["sensitive_data"]["instances"][0]["text"] = "it"  # as a digit of a phone number may be
    after = json.loads(rewritten(json.dumps(results), call, remasked(call, ["password"])))
    told = {one["requirement"]: one["message"] for one in results["coaching"]["recommendations"]}
    for one in after["coaching"]["recommendations"]:
        assert one["message"] == told[one["requirement"]].replace("swordfish", "[password]")


def test_words_that_cannot_be_found_are_left_out(call):
    results = json.loads(checks.analyze(call, DEFAULT).model_dump_json())
    results["compliance"]["sensitive_data"]["instances"][0]["text"] = "sword fish"
    after = json.loads(rewritten(json.dumps(results), call, remasked(call, ["password"])))
    assert after["compliance"]["sensitive_data"]["instances"][0]["text"] == ""


def test_what_did_not_change_is_not_touched(call):
    results = checks.analyze(call, DEFAULT).model_dump_json()
    assert rewritten(results, call, call) == results


def test_the_summary_loses_the_words_in_its_text_too():
    call = transcript_of(
        "A 0-2 How can I help?\nC 2-6 My swordfish account is locked.\nA 6-9 I'll email swordfish tomorrow."
    )
    places = tuple(
        Sensitive("password", at, place, word, word + 1) for at, (place, word) in enumerate([(1, 1), (2, 2)])
    )
    call = Transcript(call.segments, call.turns, call.roles, places, call.duration)
    hidden = remasked(call, ["password"])
    after = json.loads(rewritten(checks.analyze(call).model_dump_json(), call, hidden))
    assert after["summary"]["reason"]["text"] == "My [password] account is locked."
    assert "“I'll email [password] tomorrow”" in after["summary"]["text"]
    assert "swordfish" not in str(after)
    assert checks.Results.model_validate(after).summary
