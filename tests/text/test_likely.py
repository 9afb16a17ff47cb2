"""What a tagger believes is joined with what the rules found: laws for any words and any beliefs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Segment, Span, Word
from callcov.text.numbers import groups
from callcov.text.sensitive import Likely, find, mask
from callcov.text.sensitive.cards import is_whole

TYPES = ("card_number", "pin", "address")
WORDS = st.lists(
    st.sampled_from("my card is four five three nine 4539 thanks and the pin one two street 14 Oak".split()), max_size=9
)
CALLS = st.lists(st.tuples(st.sampled_from("AB"), WORDS), max_size=5)


def segments_of(call):
    return tuple(
        Segment(who, tuple(Word(text, Span(at, at + 0.5)) for at, text in enumerate(texts, 20 * place)))
        for place, (who, texts) in enumerate(call)
    )


@st.composite
def believed(draw):
    """A call, and beliefs about each of its words that add up to one at most."""
    segments = segments_of(draw(CALLS))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    each = [chance.dirichlet(np.full(len(TYPES) + 1, 0.3), len(segment.words))[:, 1:] for segment in segments]
    return segments, Likely(TYPES, tuple(one.astype(np.float32) for one in each))


def saying(segments, **beliefs):
    """What believes 0 of every word but those named: `card_number=[(segment, word, probability)]`."""
    each = tuple(np.zeros((len(segment.words), len(TYPES)), np.float32) for segment in segments)
    for kind, places in beliefs.items():
        for segment, word, probability in places:
            each[segment][word, TYPES.index(kind)] = probability
    return Likely(TYPES, each)


def places(found):
    return {(one.segment, word): one.type for one in found for word in range(one.first, one.last)}


@given(believed())
def test_spans_are_in_order_lie_inside_and_never_share_a_word(case):
    segments, likely = case
    found = find(segments, likely)
    assert list(found) == sorted(found, key=lambda one: (one.segment, one.first))
    assert len(places(found)) == sum(one.last - one.first for one in found)
    assert all(0 <= one.first < one.last <= len(segments[one.segment].words) for one in found)
    assert all(one.value >= 0 for one in found)


@given(believed())
def test_what_the_tagger_is_sure_of_is_found_and_what_it_holds_for_harmless_is_not(case):
    segments, likely = case
    found = places(find(segments, likely))
    for place, each in enumerate(likely.words):
        for word, total in enumerate(each.sum(axis=1)):
            assert total < 0.9 or (place, word) in found
    stays = {}
    for one in find(segments, saying(segments)):
        words = segments[one.segment].words[one.first : one.last]
        digits = stays.setdefault((one.type, one.value), [])
        digits.extend(group.digits for group in groups([word.text for word in words]))
    cards = ["".join(digits) for (kind, _), digits in stays.items() if kind == "card_number"]
    codes = ["".join(digits) for (kind, _), digits in stays.items() if kind != "card_number"]
    for digits in cards:  # by its length, first and check digit; it may have been said twice
        assert any(is_whole(digits[:length]) for length in range(13, 20))
    assert not codes or (cards and all(kind in {"card_number", "card_cvv"} for kind, _ in stays))
    assert all(len(digits) % 3 == 0 for digits in codes)  # the three digits behind a card


@given(believed())
def test_pieces_of_one_value_are_of_one_type(case):
    segments, likely = case
    kinds = {}
    for one in find(segments, likely):
        kinds.setdefault(one.value, set()).add(one.type)
    assert all(len(types) == 1 for types in kinds.values())


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("tonight to 1160 Kestrel Avenue", "tonight to [address]"),
        ("tonight to 9b, Kestrel Avenue", "tonight to [address]"),
        ("by 7:30 Old Forge", "by 7:30 [address]"),
        ("my order number is 4417 Old Forge", "my order number is 4417 [address]"),
    ],
)
def test_the_number_of_a_house_is_part_of_its_address(said, masked):
    segments = segments_of([("A", said.split())])
    count = len(said.split())
    found = find(segments, saying(segments, address=[(0, count - 2, 0.9), (0, count - 1, 0.9)]))
    assert mask(segments, found, TYPES)[0].text == masked


@given(believed())
def test_masking_what_was_found_leaves_nothing_believed(case):
    segments, likely = case
    found = find(segments, likely)
    shown = mask(segments, found, {one.type for one in found})
    for segment, each in zip(shown, likely.words, strict=True):
        for word, total in zip(segment.words, each.sum(axis=1), strict=True):
            assert total < 0.9 or word.text.startswith("[")


def test_no_words_hold_nothing():
    assert find((), Likely(TYPES, ())) == ()
    assert find((Segment("A", ()),), Likely(TYPES, (np.zeros((0, 3), np.float32),))) == ()


@pytest.mark.parametrize("gap", [0, 1])
def test_a_value_goes_on_in_the_next_turn_of_its_type(gap):
    between = [("A", ["thanks"])] * gap
    segments = segments_of([("B", ["and", "4539"]), *between, ("B", ["1488", "thanks"])])
    first, last = find(segments, saying(segments, card_number=[(0, 1, 0.9), (1 + gap, 0, 0.9)]))
    assert (first.value, first.type) == (last.value, last.type)


def test_a_doubtful_word_counts_beside_a_sure_one_only():
    segments = segments_of([("B", ["14", "Oak", "and", "the", "14"])])
    found = find(segments, saying(segments, address=[(0, 0, 0.3), (0, 1, 0.9), (0, 4, 0.3)]))
    assert set(places(found)) == {(0, 0), (0, 1)}


@pytest.mark.parametrize(("probability", "taken"), [(0.7, False), (0.95, True)])
def test_a_number_that_was_called_harmless_takes_more_than_a_doubt(probability, taken):
    called = segments_of([("A", "the order number is 77120 please".split())])
    plain = segments_of([("A", "and then there is 77120 please".split())])
    for segments, expected in ((called, taken), (plain, True)):
        assert bool(find(segments, saying(segments, pin=[(0, 4, probability)]))) == expected


@pytest.mark.parametrize(("believed", "stays"), [(0.1, True), (0.01, False)])
@pytest.mark.parametrize("text", ["my card number is 4539 1488 0343 6461", "my address is 14 Oak Street"])
def test_what_a_rule_took_is_given_back_only_where_it_is_surely_harmless(text, believed, stays):
    segments = segments_of([("B", text.split())])
    kind = find(segments)[0].type
    beliefs = [(one.segment, word, believed) for one in find(segments) for word in range(one.first, one.last)]
    assert bool(find(segments, saying(segments, **{kind: beliefs}))) == stays


def test_a_whole_card_stays_whatever_is_believed_of_it_but_not_where_it_is_an_order():
    card = "4111 1111 1111 1111"
    said = segments_of([("B", f"I have it here, {card}.".split())])
    assert mask(said, find(said, saying(said)), TYPES)[0].text == "I have it here, [card_number]"
    for text in (f"my order is {card}", "I have it here, 4111 1111 1111 1112."):
        other = segments_of([("B", text.split())])
        assert find(other, saying(other)) == ()


def test_a_number_asked_for_by_a_harmless_name_is_one_too():
    segments = segments_of([("A", "what is the order number please?".split()), ("B", "yes 77120".split())])
    assert find(segments, saying(segments, pin=[(1, 1, 0.7)])) == ()


def test_a_secret_that_was_written_like_a_price_stays_though_the_tagger_takes_it_for_one():
    for said in ("my PIN is $45.39", "the security code is £732", "my PIN is 4539"):
        segments = segments_of([("A", said.split())])
        found = find(segments, saying(segments))
        assert bool(found) is any(sign in said for sign in "$£")


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ("the CVV is 209", True),
        ("mine is 079 441 0092", True),
        ("my number is 5550142", False),
    ],
)
def test_what_has_its_form_or_a_security_codes_name_stays_though_the_tagger_takes_it_for_nothing(said, stays):
    segments = segments_of([("A", said.split())])
    assert find(segments)
    assert bool(find(segments, saying(segments))) is stays


@pytest.mark.parametrize(
    ("asked", "told", "stays"),
    [
        ("and your PIN?", "the reference number? 4418.", True),
        ("and your PIN?", "is it the reference number? 4418?", False),
        ("and your PIN?", "well 4418.", False),
        ("and your account number?", "the reference number? 441822.", False),
    ],
)
def test_a_secret_behind_what_is_only_asked_back_stays_though_the_tagger_goes_by_that(asked, told, stays):
    segments = segments_of([("A", asked.split()), ("B", told.split())])
    assert bool(find(segments, saying(segments))) is stays


@pytest.mark.parametrize(("code", "kind"), [("560034", "address"), ("4471", "pin")])
def test_a_postcode_of_india_is_no_pin_though_the_tagger_takes_it_for_one(code, kind):
    segments = segments_of([("A", "what is your pin code?".split()), ("B", [code])])
    (found,) = find(segments, saying(segments, pin=[(1, 0, 0.95)]))
    assert found.type == kind


def test_when_a_card_expires_is_no_value_whatever_the_tagger_takes_it_for():
    said = ["4539 1488 0343 6467".split(), "and the expiry and the code on the back?".split(), "09 27 and 318".split()]
    segments = segments_of(list(zip("BAB", said, strict=True)))
    found = find(segments, saying(segments, pin=[(2, 0, 0.95), (2, 1, 0.95)]))
    assert [(one.type, one.first) for one in found if one.segment == 2] == [("card_cvv", 3)]
