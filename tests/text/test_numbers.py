"""Spoken numbers to digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.text.numbers import groups, words_said

SMALL = "zero one two three four five six seven eight nine".split()


def digits(said):
    return "".join(group.digits for group in groups(said.split()))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("four five three nine", "4539"),
        ("double four oh seven", "4407"),
        ("triple oh", "000"),
        ("double 4 seven", "447"),
        ("thirty seven", "37"),
        ("forty", "40"),
        ("nineteen eighty two", "1982"),
        ("twenty twenty six", "2026"),
        ("two thousand and five", "2005"),
        ("two thousand five hundred and six", "2506"),
        ("eight hundred five five five", "800555"),
        ("four hundred and twelve", "412"),
        ("one million", "1000000"),
        ("oh four", "04"),
        ("seven zero zero too three", "70023"),
        ("twenty first", "21"),
        ("4th", "4"),
        ("0343", "0343"),
        ("oh dear", ""),
        ("too late to go for it", ""),
        ("double trouble", ""),
        ("nothing here", ""),
        ("", ""),
    ],
)
def test_digits_are_read_as_people_say_them(said, expected):
    assert digits(said) == expected


@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_digits_said_one_by_one_are_the_digits(number):
    assert digits(" ".join(SMALL[int(digit)] for digit in number)) == number


@given(st.integers(0, 99))
def test_numbers_below_a_hundred_are_one_group(number):
    tens = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
    teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    if number < 10:
        said = SMALL[number]
    elif number < 20:
        said = teens[number - 10]
    else:
        said = tens[number // 10] + (f" {SMALL[number % 10]}" if number % 10 else "")
    assert [group.digits for group in groups(said.split())] == [str(number)]


@given(
    st.lists(st.sampled_from([*SMALL, "oh", "double", "thirty", "hundred", "thousand", "and", "to", "first", "x", "7"]))
)
def test_groups_cover_tokens_in_order_and_never_overlap(tokens):
    last = 0
    for group in groups(tokens):
        assert last <= group.first < group.last <= len(tokens)
        assert group.digits.isdigit()
        last = group.last


def test_many_hundreds_are_read_in_bounded_time_and_size():
    found = groups(["one", *["hundred"] * 20_000])
    assert max(len(group.digits) for group in found) < 40


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("hello", 1), ("7", 1), ("14", 1), ("40", 1), ("45", 2), ("2019", 3), ("48213", 5), ("07700-900", 8),
        ("£84", 3), ("50%", 2), ("10:30", 2), ("", 1),
    ],
)  # fmt: skip
def test_a_figure_is_as_many_words_as_it_takes_to_say(written, words):
    assert words_said(written) == words


@given(st.text(max_size=40))
def test_whatever_is_written_was_said_in_at_least_one_word(written):
    assert 1 <= words_said(written) <= max(1, 2 * len(written))
