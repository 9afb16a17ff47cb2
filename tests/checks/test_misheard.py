"""Names and notices that a recogniser wrote down as other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov import checks
from callcov.checks.policy import ready_made
from callcov.checks.unclear import unclear
from callcov.model import Act, Segment, Span, Transcript, Word
from callcov.text.normalise import plain, tokens


def heard(text):
    """Plain tokens and the recogniser's confidence in each: `word?` was doubtful (0.3), the rest sure (0.95)."""
    raw = [(word.replace("^", ""), 0.3 if "^" in word else 0.95) for word in text.split()]
    words = [Word(word, Span(at, at + 1.0), sure) for at, (word, sure) in enumerate(raw)]
    found = plain(tokens(words))
    return found, [words[token.word].confidence for token in found]


def named(text, *, opens=True, asked=False):
    """The words of the names that are taken for misheard ones."""
    found, sure = heard(text)
    ranges = unclear(found, sure, opens=opens, asked=asked)
    return [" ".join(token.text for token in found[first:last]) for first, last in ranges]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, my name's nor^ mull^ and I look after you.", "my name is nor"),
        ("Good evening, this is fill^ hip.^ How can I help?", "this is fill hip"),
        ("Claims, you're through to grass^ the team.", "you are through to grass the team"),
        ("This call is recorded, you're through the sock,^ where are you sailing?", "you are through the sock"),
        ("Front desk, jar^ mean^ speaking.", "jar mean speaking"),
        ("Accounts^ speaking.", "accounts speaking"),
        ("Front desk, pebbles^ here.", "pebbles here"),
        ("Hi, it's chess^ bar^ from Meadow Bank.", "it is chess bar"),
        ("I'm honey,^ by the way.", "i am honey"),
    ],
)
def test_what_stands_where_only_a_name_can_is_one_if_it_was_heard_badly(text, name):
    assert named(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Hello, my name's^ not^ important.",
        "Hello, this is about your bill. How are you?",
        "I am^ still here. Are you there?",
        "Nobody is speaking.",
        "I'm sorry, by the way.",
        "It's broken from the inside.",
        "You're speaking to the wrong team.",
        "You're through the worst of it.",
        "Good morning, accounts speaking.",
        "Head office speaking.",
        "Hello, control room speaking.",
    ],
)
def test_other_words_are_no_name(text):
    assert not named(text)


def test_a_doubtful_word_is_the_answer_only_to_a_question_for_the_name():
    assert named("Pebbles^ and that is all.", opens=False, asked=True) == ["pebbles"]
    assert not named("Pebbles^ and that is all.", opens=False)
    assert not named("And^ that is all.", opens=False, asked=True)


@given(st.lists(st.tuples(st.sampled_from("my name is this it from here speaking i am x.".split()), st.floats(0, 1))))
def test_a_misheard_name_lies_inside_what_was_said(said):
    words = [Word(text, Span(at, at + 1.0), sure) for at, (text, sure) in enumerate(said)]
    found = plain(tokens(words))
    sure = [words[token.word].confidence for token in found]
    assert all(0 <= first < last <= len(found) for first, last in unclear(found, sure, opens=True, asked=True))


def greeted(*texts):
    """Whether an agent who says that, a segment each, has greeted; `word^` was doubtful."""
    segments = []
    for text in texts:
        at = segments[-1].span.end if segments else 0.0
        words = [
            Word(word.replace("^", ""), Span(at + place, at + place + 1), 0.3 if "^" in word else 0.95)
            for place, word in enumerate(text.split())
        ]
        segments.append(Segment("A", tuple(words)))
    call = Transcript(segments=tuple(segments), duration=60.0).with_agent("A")
    return checks.analyze(call, ready_made("default"), "inbound").quality.greeting.present


def test_a_greeting_that_lost_its_breath_is_one_where_a_call_begins_and_words_are_doubtful():
    assert greeted("Either^ service desk, what's broken?")
    assert greeted("I there,^ it's the blood bank.")
    assert not greeted("Either service desk or the shop.")
    assert not greeted("The lamp^ or either^ one?")
    assert not greeted("Account number.", "Either^ will do.")


def missing(policy, text):
    """The disclosures that an agent who says that has not read, in a call that came in."""
    words = tuple(Word(word, Span(at * 0.3, at * 0.3 + 0.3)) for at, word in enumerate(text.split()))
    call = Transcript(segments=(Segment("A", words),), duration=60.0).with_agent("A")
    return checks.analyze(call, ready_made(policy), "inbound").compliance.mandatory_disclosures.missing_disclosures


@pytest.mark.parametrize(
    "text",
    [
        "Good morning, I should mention that we take these calls. Who am I talking to?",
        "By the way, our calls are paid.",
        "Just so you know, all calls are reported.",
        "We do keep a reporting of this call.",
    ],
)
def test_a_notice_of_recording_is_known_by_what_a_recogniser_likes_to_write_for_it(text):
    assert not missing("default", text)


@pytest.mark.parametrize(
    "text",
    [
        "By the way, we take these calls very seriously.",
        "We take these calls in the order they come.",
        "I should say that the bill is paid.",
        "So you know, he reported it on Monday.",
        "By the way, we do not take these calls.",
    ],
)
def test_words_that_may_mean_themselves_are_no_notice_of_recording(text):
    assert missing("default", text) == ("call_recording",)


def test_whom_to_ring_and_when_is_an_emergency_notice_without_the_word():
    notice = "If he turns blue or cannot breathe, ring 999. This call is recorded."
    assert not missing("health", notice)
    assert missing("health", "Our number is 999 200, ring it. This call is recorded.") == ("emergency_notice",)


@pytest.mark.parametrize(
    ("text", "likely", "missing"),
    [
        ("our clothes^ may be monitored for equality", 0.98, ()),
        ("our clothes may be monitored for equality", 0.98, ("call_recording",)),
        ("our clothes^ may be monitored for equality", 0.7, ("call_recording",)),
        ("so you know how it calls very recorded", 0.99, ()),
    ],
)
def test_a_likely_notice_is_believed_rather_than_a_word_that_was_hardly_heard(text, likely, missing):
    raw = text.split()
    words = tuple(
        Word(word.replace("^", ""), Span(at, at + 1.0), 0.3 if "^" in word else 0.95) for at, word in enumerate(raw)
    )
    act = Act("disc_recording", 0, len(words), likely)
    call = Transcript(segments=(Segment("A", words, acts=(act,)),), duration=9.0).with_agent("A")
    results = checks.analyze(call, ready_made("default"), "inbound")
    assert results.compliance.mandatory_disclosures.missing_disclosures == missing
