"""Finding wordings in recognised words, and what turns them round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Span, Word
from callcov.text.guards import asked, denied, inverted, quoted
from callcov.text.normalise import plain, tokens
from callcov.text.phrases import DENIALS, Matcher
from callcov.text.sounds import alike, distance

RECORDED = "this call may be recorded for quality and training purposes"
DEBT = "this is an attempt to collect a debt and any information obtained will be used for that purpose"


def heard(said):
    return plain(tokens(tuple(Word(text, Span(place, place + 1)) for place, text in enumerate(said.split()))))


def found(wording, said, *, exact=False):
    spoken = heard(said)
    matches = Matcher([("it", wording)], exact=exact).find(spoken)
    return [" ".join(token.text for token in spoken[match.first : match.last]) for match in matches]


@pytest.mark.parametrize(
    ("wording", "said", "expected"),
    [
        (RECORDED, "Hi, this call may be recorded for quality and training purposes.", [RECORDED]),
        (RECORDED, "this call may um be recorded for uh quality and training purposes", [RECORDED]),
        (RECORDED, "This call will be recorded for quality and training purposes", [RECORDED.replace("may", "will")]),
        (
            RECORDED,
            "this call may be recorded for qualty and training purposes",
            [RECORDED.replace("quality", "qualty")],
        ),
        (
            RECORDED,
            "this call may be record it for quality and training purposes",
            [RECORDED.replace("recorded", "record it")],
        ),
        (RECORDED, "this call may not be recorded for quality and training purposes", []),
        (RECORDED, "this call may be dropped for quality and training purposes", []),
        (RECORDED, "this call may be", []),
        (DEBT, DEBT.replace("debt", "dead"), [DEBT.replace("debt", "dead")]),
        ("within 30 days", "you can cancel within thirty days", ["within 3 0 days"]),
        ("within 30 days", "you can cancel within thirteen days", []),
        ("you can cancel within 3 days of the start", "you can cancel within thirty days of the start", []),
        ("you can cancel within 30 days of the start", "you can cancel within three days of the start", []),
        ("you are stupid", "you're stupid", ["you are stupid"]),
        ("you are stupid", "you're not stupid", []),
        ("you are stupid", "you are studious", []),
        ("shut up", "shut up and shut up", ["shut up", "shut up"]),
        ("we will have you arrested", "we will have you a rested", ["we will have you a rested"]),
        ("hello", "", []),
    ],
)
def test_a_wording_is_found_as_a_recogniser_may_write_it(wording, said, expected):
    assert found(wording, said) == expected


def test_an_exact_matcher_forgives_spelling_but_no_other_word():
    assert found(RECORDED, RECORDED.replace("quality", "qualty"), exact=True)
    assert not found(RECORDED, RECORDED.replace("may", "will"), exact=True)


@given(st.lists(st.sampled_from("call recorded quality not this may be the um very".split()), min_size=1, max_size=12))
def test_a_wording_is_always_found_in_itself_whatever_stands_around_it(words):
    wording = " ".join(words)
    matches = Matcher([("it", wording)]).find(heard(f"zebra {wording} zebra"))
    assert bool(matches) == bool(set(words) - {"um"})


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_wording_and_any_words_are_read_without_an_error(wording, said):
    for match in Matcher([("it", wording)]).find(heard(said)):
        assert 0 <= match.first < match.last <= len(heard(said))


@given(st.lists(st.sampled_from(["call", "recorded", "is", *sorted(DENIALS)]), max_size=8))
def test_a_denial_between_the_words_is_never_forgiven(words):
    for text in found("this call is being recorded", " ".join(words)):
        assert not DENIALS & set(text.split())


def test_five_hundred_phrases_are_found_in_ten_thousand_segments():
    names = ["q" + chr(97 + place // 26) + chr(97 + place % 26) for place in range(500)]
    matcher = Matcher((name, f"wording {name} of the policy {name}") for name in names)
    for place in range(10_000):
        name = names[place % 500]
        assert [match.name for match in matcher.find(heard(f"so wording {name} of the policy {name} it is"))] == [name]


def test_a_wording_of_one_word_repeated_is_read_in_bounded_time():
    assert Matcher([("it", "to " * 100)]).find(heard("to " * 5_000))


@pytest.mark.parametrize(
    ("said", "meant", "same"),
    [
        ("card", "cart", True),
        ("recorded", "recordet", True),
        ("guarantee", "garantee", True),
        ("recorded", "recordit", True),
        ("quality", "equality", True),
        ("call", "cool", False),
        ("hell", "help", False),
        ("arrested", "interested", False),
        ("pin", "pen", False),
        ("fifteen", "fifty", False),
        ("1234", "1235", False),
    ],
)
def test_only_long_words_are_forgiven_a_letter_and_sounds_are(said, meant, same):
    assert alike(said, meant) is same
    assert alike(meant, said) is same


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6))
def test_distance_is_symmetric_and_zero_only_for_the_same_word(one, other):
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) == (one == other)


def around(said, phrase):
    spoken = heard(said)
    match = Matcher([("it", phrase)], exact=True).find(spoken)[0]
    return spoken, match.first, match.last


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("I'm not saying you are stupid", True),
        ("I would never say you are stupid", True),
        ("no, you are stupid", False),
        ("I won't lie. you are stupid", False),
        ("you are stupid and I don't care", False),
        ("not only that but you are stupid", False),
    ],
)
def test_a_denial_reaches_within_its_clause(said, expected):
    spoken, first, _ = around(said, "you are stupid")
    assert denied(spoken, first) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("so is this call recorded", True),
        ("this call recorded?", True),
        ("hello, this call recorded, okay?", False),
        ("are you happy with this call recorded?", False),
        ("you may ask whether this call recorded", True),
        ("this call recorded. okay?", False),
    ],
)
def test_a_question_is_told_from_a_tag_and_from_asking_consent(said, expected):
    assert asked(*around(said, "this call recorded")) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("he said you are stupid", True),
        ("someone told you that you are stupid", True),
        ("I said you are stupid", False),
        ("you are stupid he said", False),
    ],
)
def test_only_somebody_elses_words_are_quoted(said, expected):
    spoken, first, _ = around(said, "you are stupid")
    assert quoted(spoken, first) is expected


def test_a_clause_that_opens_with_a_question_word_is_inverted():
    assert inverted(heard("so what are you calling about"), 3)
    assert inverted(heard("did you call about it"), 1)
    assert not inverted(heard("I know what you are calling about"), 3)
