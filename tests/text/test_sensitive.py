"""Sensitive values: tables of what must and must not be found, and laws that hold for any words."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.model import Segment, Sensitive, Span, Word
from callcov.text.normalise import plain, tokens
from callcov.text.numbers import groups
from callcov.text.sensitive import find, mask
from callcov.text.sensitive.cues import asked_in

HERE = Path(__file__).parent
VALUES = yaml.safe_load((HERE / "sensitive_values.yaml").read_text(encoding="utf-8"))
DECOYS = yaml.safe_load((HERE / "decoys.yaml").read_text(encoding="utf-8"))
TYPES = {
    "card_number", "card_cvv", "ssn", "bank_account", "account_number", "date_of_birth", "phone_number", "email",
    "address", "password", "pin", "government_id",
}  # fmt: skip
JOINTS = frozenset(
    "um uh sorry no yes that's and it's then is i mean wait mm-hm the a at end dot dash hyphen plus on hang oh as of".split()
)
MARKED = re.compile(r"\{(\w+): ([^}]*)\}")
MARK = re.compile(r"\{(\w+): ([^}]*)\}|(\S+)")


def segment(speaker, texts, start=0.0):
    words = tuple(Word(text, Span(start + place, start + place + 0.5), 0.9) for place, text in enumerate(texts))
    return Segment(speaker, words)


def read(call):
    """The segments of a written call, and the type each word is marked with."""
    segments, marked = [], {}
    for line in call.strip().splitlines():
        speaker, said = line.split(" ", 1)
        texts = []
        for kind, value, word in MARK.findall(said):
            for text in value.split() if kind else [word]:
                if kind:
                    marked[len(segments), len(texts)] = kind
                texts.append(text)
        segments.append(segment(speaker, texts, start=100.0 * len(segments)))
    return tuple(segments), marked


def covered(found):
    return {(one.segment, word): one.type for one in found for word in range(one.first, one.last)}


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case["it"])
def test_exactly_the_marked_words_are_found(case):
    _prove(case, case["call"])


@given(st.sampled_from([case for case in VALUES if "form" not in case]), st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_how_numbers_are_written_and_grouped_changes_nothing(case, random):
    call = MARKED.sub(lambda mark: f"{{{mark[1]}: {_as_digits(mark[2], random)}}}", case["call"])
    _prove(case, call)


@given(st.sampled_from(VALUES), st.randoms(use_true_random=False), st.sampled_from([None, "mm-hm", "Yep.", "okay"]))
@settings(max_examples=300)
def test_cutting_a_value_into_segments_with_somebody_listening_changes_nothing(case, random, listening):
    segments, marked = read(case["call"])
    found = covered(find(segments))
    pieces, came_from = _cut(segments, marked, random, listening)
    again = {came_from[place]: kind for place, kind in covered(find(pieces)).items() if place in came_from}
    assert _telling(again, segments) == _telling(found, segments)


def _prove(case, call):
    """What is found in a written call is what is marked in it."""
    segments, marked = read(call)
    found = find(segments)
    assert _telling(covered(found), segments) == _telling(marked, segments), call
    assert len({one.value for one in found}) == case.get("values", 1), call


def _telling(places, segments):
    """Places without the small words that stand between the pieces of values."""
    return {
        (segment, word): kind
        for (segment, word), kind in places.items()
        if segments[segment].words[word].text.strip(",.?").casefold() not in JOINTS
    }


def _as_digits(value, random):
    """The words of a value with its spoken numbers as digits, anyhow grouped; punctuation stays where it is."""
    written, ends = [], []
    for word in value.replace("-", " ").split():
        written.append(word.strip(",.?").casefold())
        ends.append(word)
    spoken = {group.first: group for group in groups(written) if not group.ordinal}
    shown, place, digits = [], 0, ""
    while place < len(written):
        group = spoken.get(place)
        last = group.last if group else place + 1
        digits += group.digits if group else ""
        follows = last in spoken and ends[last - 1][-1].isalnum()
        if digits and not (follows and random.random() < 0.7):
            shown.append(digits + ("" if ends[last - 1][-1].isalnum() else ends[last - 1][-1]))
            digits = ""
        elif not group:
            shown.append(ends[place])
        place = last
    return " ".join(shown)


def _cut(segments, marked, random, listening):
    """The segments cut at random places inside marked values, somebody listening at each; where each word was."""
    pieces, came_from = [], {}
    for number, one in enumerate(segments):
        other = "B" if one.speaker == "A" else "A"
        words = []
        for place, word in enumerate(one.words):
            inside = (number, place) in marked and marked.get((number, place - 1)) == marked[number, place]
            if words and inside and random.random() < 0.3:
                pieces.append(Segment(one.speaker, tuple(words)))
                pieces += [segment(other, [listening], words[-1].span.end)] if listening else []
                words = []
            came_from[len(pieces), len(words)] = (number, place)
            words.append(word)
        pieces.append(Segment(one.speaker, tuple(words)))
    return tuple(pieces), came_from


def test_every_type_has_at_least_three_cases():
    counts = {kind: sum(f"{{{kind}:" in case["call"] for case in VALUES) for kind in TYPES}
    assert min(counts.values()) >= 3, counts


@pytest.mark.parametrize("said", DECOYS["alone"])
def test_a_decoy_is_not_found(said):
    assert find((segment("B", said.split()),)) == ()


@pytest.mark.parametrize("case", DECOYS["answers"], ids=lambda case: case["said"])
def test_a_decoy_is_not_found_in_answer_to_a_question(case):
    assert find((segment("A", case["asked"].split()), segment("B", case["said"].split(), 50.0))) == ()


@pytest.mark.parametrize("turns", DECOYS["dialogues"], ids=lambda turns: turns[-1])
def test_a_decoy_is_not_found_in_a_talk_that_comes_near_a_value(turns):
    segments, _ = read("\n".join(turns))
    assert find(segments) == ()


@pytest.mark.parametrize("said", DECOYS["alone"])
def test_a_decoy_is_not_found_after_a_value_was_given(said):
    call = "A card number please?\nB 4539 1488 0343 6467\nA thank you that's gone through fine"
    segments, _ = read(call)
    found = find((*segments, segment("B", said.split(), 500.0)))
    assert {one.segment for one in found} == {1}


words = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=12),
        st.sampled_from(
            "my card number is 4539 1488 0343-6467 four double oh at gmail dot com 42 Oak Street pin? password "
            "born March 4th, 1982 sorry no mhm what's your [pin] $50 AB12 SW1A 1AA email. hundred thousand and".split()
        ),
    ),
    min_size=1,
    max_size=12,
)
calls = st.lists(st.tuples(st.sampled_from("AB"), words), max_size=8).map(
    lambda rows: tuple(segment(who, texts, 20.0 * place) for place, (who, texts) in enumerate(rows))
)


@given(calls)
def test_spans_lie_inside_their_segments_never_overlap_and_have_a_known_type(segments):
    found = find(segments)
    places = [(one.segment, word) for one in found for word in range(one.first, one.last)]
    assert len(places) == len(set(places))
    assert all(0 <= word < len(segments[place].words) for place, word in places)
    assert {one.type for one in found} <= TYPES
    assert all(one.first < one.last for one in found)


@given(calls, st.sets(st.sampled_from(sorted(TYPES))))
def test_masking_changes_only_the_text_of_covered_words_of_the_chosen_types(segments, types):
    found = find(segments)
    masked = mask(segments, found, types)
    expected = {place: kind for place, kind in covered(found).items() if kind in types}
    for number, (before, after) in enumerate(zip(segments, masked, strict=True)):
        assert before.speaker == after.speaker
        for place, (old, new) in enumerate(zip(before.words, after.words, strict=True)):
            assert (new.span, new.confidence) == (old.span, old.confidence)
            kind = expected.get((number, place))
            assert new.text == (f"[{kind}]" if kind else old.text)


@given(calls)
def test_masking_twice_is_masking_once_and_what_is_masked_is_not_found_again(segments):
    found = find(segments)
    masked = mask(segments, found, TYPES)
    assert mask(masked, found, TYPES) == masked
    again = covered(find(masked))
    assert not [place for place in again if masked[place[0]].words[place[1]].text == f"[{covered(found).get(place)}]"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_any_unicode_is_read_without_an_error(texts):
    segments = (segment("A", ["what's", "your", "password?"]), segment("B", texts, 10.0))
    assert all(one.type in TYPES for one in find(segments))


def test_no_words_hold_nothing():
    assert find(()) == ()
    assert mask((), (), TYPES) == ()


def test_a_span_outside_its_segment_masks_nothing():
    segments = (segment("A", ["hello"]),)
    assert mask(segments, (Sensitive("pin", 0, 0, 3, 9), Sensitive("pin", 1, 7, 0, 1)), TYPES) == segments


def test_a_card_that_is_broken_off_in_fours_is_no_telephone_number():
    said = segment("A", "okay it is four nine two nine, one three seven seven, oh four".split(), 0.0)
    assert {one.type for one in find((said,))} == {"card_number"}


def test_ten_thousand_segments_of_one_speaker_are_read():
    said = "my pin is 4471 and I live at 42 Oak Street but the order number is 4471 2230".split()
    segments = tuple(segment("A", said, 20.0 * place) for place in range(10_000))
    found = find(segments)
    assert {one.type for one in found} >= {"pin", "address"}
    assert {one.segment for one in found} == set(range(10_000))


@pytest.mark.parametrize(
    ("said", "types"),
    [
        ("can I have your card number please", {"card_number"}),
        ("And the three digits on the back?", {"card_cvv"}),
        ("what's your date of birth and your postcode?", {"date_of_birth", "address"}),
        ("I'll just need your PIN", {"pin"}),
        ("And your email address?", {"email"}),
        ("tell me your password", {"password"}),
        ("and the three on the back?", {"card_cvv"}),
        ("what did you put as your memorable word", {"password"}),
        ("who am I speaking to and the postcode please", {"address"}),
        ("And what are you typing in for the password? Just tell me.", {"password"}),
        ("You'll get a text with six figures. Can you read those out to me?", {"password"}),
        ("What number should he text?", {"phone_number"}),
        ("what number can the crew get you on?", {"phone_number"}),
        ("You'll have an email confirmation. What's the best address for that?", {"email", "address"}),
        ("Have you got your passport there? What's the number on it?", {"government_id"}),
        ("What's your staff number?", {"account_number"}),
        ("so if you read me the long number off the front", {"card_number"}),
        ("Please don't tell me your PIN.", set()),
        ("I've sent you a code, don't read it to anyone, including me.", set()),
        ("I've texted you a code, please type it into the app, don't tell me.", set()),
        ("There's a code on the back of the card, keep that to yourself please.", set()),
        ("I've sent you a code, can you read it to me, but never share it with anybody else?", {"password"}),
        ("Pop the card details to me when you can.", {"card_number"}),
        ("On which number?", {"phone_number"}),
        ("I'm sending a code to the new one now. Don't tell me what it says.", set()),
        ("What's the number on the order?", set()),
        ("What are the last four digits of the card?", set()),
        ("Do you have a reference?", set()),
        ("What does the meter say?", set()),
        ("I do have to say that your account is in arrears", set()),
        ("you can call us on the number on the back of the letter", set()),
        ("Never tell anyone your PIN.", set()),
        ("you don't need to give me your password", set()),
        ("please enter your card number on your keypad", set()),
        ("I've updated your address", set()),
        ("we sent the order to you", set()),
        ("what's the order number?", set()),
        ("that is [card_number] thank you", set()),
        ("", set()),
    ],
)
def test_only_a_request_for_a_value_asks_for_its_type(said, types):
    words = segment("A", said.split() or ["..."]).words
    assert asked_in(plain(tokens(words))) == types
