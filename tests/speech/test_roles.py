"""Who is the agent, from what is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.model import Segment, Span, Transcript, Word
from callcov.speech.roles import agent_of


def call(*lines):
    """A transcript from `A some words`, each line five seconds."""
    segments = []
    for place, line in enumerate(lines):
        speaker, *words = line.split()
        segments.append(
            Segment(
                speaker,
                tuple(
                    Word(word, Span(place * 5.0 + k * 0.3, place * 5.0 + k * 0.3 + 0.3)) for k, word in enumerate(words)
                ),
            )
        )
    return Transcript(segments=tuple(segments))


def test_the_speaker_who_talks_like_an_agent_is_the_agent():
    transcript = call("A hello i ordered a lamp from you", "B thank you for calling how can i help")
    assert agent_of(transcript, [-2.0, 2.0]) == "B"
    assert agent_of(transcript, [2.0, -2.0]) == "A"


def test_a_tie_goes_to_the_one_who_talks_first():
    assert agent_of(call("A hello there", "B hello there"), [0.0, 0.0]) == "A"


def test_a_lone_speaker_is_the_agent_unless_they_talk_like_a_customer():
    assert agent_of(call("A this is dana from acme please call us back"), [2.0]) == "A"
    assert agent_of(call("A i have a question"), [0.0]) == "A"
    assert agent_of(call("A hi i never got my order please call me back"), [-2.0]) == "B"


def test_a_call_without_words_has_a_as_agent():
    assert agent_of(Transcript(), []) == "A"


def test_the_beginning_counts_more_than_the_rest():
    lines = [
        "A good morning acme this is dana speaking how may i help",
        *["B yes that would be nice of you thank you"] * 8,
        "B can i help you with anything else here today",
    ]
    assert agent_of(call(*lines), [2.5, *[0.0] * 8, 2.5]) == "A"


def test_one_line_never_decides_alone():
    transcript = call("A one two three four five six seven eight", *["B one two three four five six seven eight"] * 3)
    assert agent_of(transcript, [100.0, 2.5, 2.5, 2.5]) == "B"


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(-4, 4)), min_size=2, max_size=12))
def test_the_agent_does_not_depend_on_which_name_a_speaker_has(said):
    if {speaker for speaker, _ in said} != {"A", "B"}:
        return
    lines = [f"{speaker} one two three four five" for speaker, _ in said]
    swapped = [line.translate(str.maketrans("AB", "BA")) for line in lines]
    odds = [value for _, value in said]
    one, other = agent_of(call(*lines), odds), agent_of(call(*swapped), odds)
    assert {one, other} == {"A", "B"} or sum(odds) == pytest.approx(0, abs=50)


def test_who_picks_up_decides_where_what_is_said_tells_little():
    transcript = call("A hello there who is that please tell me", "B hello there i would like to know something")
    assert agent_of(transcript, [-1.0, 1.0]) == "B"
    assert agent_of(transcript, [-1.0, 1.0], "inbound") == "B"
    assert agent_of(transcript, [-0.5, 0.5], "inbound") == "A"
    assert agent_of(transcript, [0.5, -0.5], "outbound") == "B"
    assert agent_of(transcript, [2.5, -2.5], "outbound") == "A"
