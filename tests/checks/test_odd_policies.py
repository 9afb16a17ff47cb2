"""Policies nobody would write: judged all the same, in time that grows with the call and not with what they say."""

import sys
from itertools import cycle, islice

import pytest
from callscript import transcript_of
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov import checks
from callcov.checks.policy import Disclosure, Policy, Prohibited
from callcov.model import Role, Segment, Span, Transcript, Turn, Word
from callcov.text import normalise

# What makes a backtracking matcher slow, and what a text is easily cut wrongly at.
ODD = ("(a+)+$", "(a|aa)*b", ".*.*.*=", "[", "\\", "a", "aa", "b", "not", "%", "\u200f\u05e9\u05dc\u05d5\u05dd", "\U0001f642", "e\u0301", "1")  # fmt: skip
WORDS = st.lists(st.sampled_from(ODD), min_size=1, max_size=6)


def policy_of(wordings, match="wording"):
    """A policy that prohibits and demands those wordings."""
    written = (" ".join(words) for words in wordings)
    texts = tuple(one if normalise.texts(one) else f"{one} a" for one in written)  # a word must be in it
    return Policy(
        disclosures=(Disclosure(id="d", wordings=texts, match=match),),
        prohibited=(Prohibited(id="p", category="c", wordings=texts, match=match, speaker="any"),),
    )


def call_of(words, length):
    """One agent segment of that many words, repeating."""
    said = tuple(Word(text, Span(float(at), at + 0.5)) for at, text in enumerate(islice(cycle(words), length)))
    segment = Segment("A", said)
    return Transcript((segment,), (Turn("A", segment.span),), {"A": Role.AGENT}, duration=float(length))


def steps(work):
    """How many Python functions are called: a measure of time that is the same at every run."""
    count = 0

    def counted(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@settings(max_examples=25, deadline=None)
@given(wordings=st.lists(WORDS, min_size=1, max_size=4), said=WORDS)
def test_twice_the_words_take_twice_the_steps_whatever_the_wordings(wordings, said):
    policy = policy_of(wordings)
    short, long = call_of(said, 400), call_of(said, 800)
    checks.analyze(short, policy)  # what is remembered between calls is remembered for both
    assert steps(lambda: checks.analyze(long, policy)) <= 2.3 * steps(lambda: checks.analyze(short, policy))


def test_five_hundred_phrases_take_few_more_steps_than_five():
    call = call_of("we never told you to sign here or else you will lose it all".split(), 400)
    few, many = (
        Policy(
            prohibited=tuple(
                Prohibited(id=f"p{at}", category="c", wordings=(f"never say sentence{at} about matter {at}x",) * 3)
                for at in range(count)
            )
        )
        for count in (5, 500)
    )
    for policy in (few, many):
        checks.analyze(call, policy)
    assert steps(lambda: checks.analyze(call, many)) <= 2 * steps(lambda: checks.analyze(call, few))


@pytest.mark.parametrize(
    "wording",
    [
        "\u05d4\u05e9\u05d9\u05d7\u05d4 \u05d4\u05d6\u05d5 \u05de\u05d5\u05e7\u05dc\u05d8\u05ea \u05db\u05e2\u05ea",
        "\u202b\u0647\u0630\u0647 \u0627\u0644\u0645\u0643\u0627\u0644\u0645\u0629 \u0645\u0633\u062c\u0644\u0629\u202c",
        "cette conversation est enregistr\u00e9e",
        "\u044d\u0442\u043e\u0442 \u0437\u0432\u043e\u043d\u043e\u043a \u0437\u0430\u043f\u0438\u0441\u044b\u0432\u0430\u0435\u0442\u0441\u044f",
        "call me \U0001f642 anytime buddy",
    ],
)
def test_a_wording_of_any_script_is_heard_as_written(wording):
    policy = policy_of([wording.split()])
    said = checks.analyze(transcript_of(f"A 0.0-4.0 {wording}"), policy).compliance
    assert said.mandatory_disclosures.matched_disclosures == ("d",)
    assert [one.phrase_id for one in said.prohibited_phrases.instances] == ["p"]
    other = checks.analyze(transcript_of("A 0.0-4.0 good morning how can I help"), policy).compliance
    assert (other.mandatory_disclosures.read, other.prohibited_phrases.used) == (False, False)


@pytest.mark.parametrize("wording", ["\U0001f642\U0001f642", "...", "\u200f", "?!", "(.*)"])
def test_a_wording_without_a_word_is_never_heard(wording):
    said = checks.analyze(transcript_of(f"A 0.0-4.0 well {wording} good morning"), policy_of([[wording]])).compliance
    assert (said.mandatory_disclosures.read, said.prohibited_phrases.used) == (False, False)


@given(wordings=st.lists(WORDS, min_size=1, max_size=3), match=st.sampled_from(["meaning", "wording"]))
def test_a_call_without_words_is_missing_what_is_demanded_and_has_said_nothing(wordings, match):
    policy = policy_of(wordings, match)
    for call in (Transcript(), Transcript(duration=60.0)):
        judged = checks.analyze(call, policy).compliance
        assert judged.mandatory_disclosures.missing_disclosures == ("d",)
        assert not judged.prohibited_phrases.used


@given(wordings=st.lists(WORDS, min_size=1, max_size=3), language=st.sampled_from(["es", "he", "xx", ""]))
def test_in_another_language_nothing_is_judged_by_any_policy(wordings, language):
    call = transcript_of(f"A 0.0-4.0 {' '.join(wordings[0])}", language=language)
    policy = policy_of(wordings)
    results = checks.analyze(call, policy)
    assert results.supported is False
    assert checks.flags(results, policy) == frozenset()
    assert not results.compliance.prohibited_phrases.used
