"""Odd text and very long calls leave the checks of names, greetings, notices, pauses and effort an answer, in time."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_compliance_laws import call

from callcov import checks
from callcov.checks.announcing import announcements
from callcov.checks.notices import finder, told
from callcov.checks.policy import ready_made
from callcov.checks.reading import Reading
from callcov.checks.signs import signs
from callcov.model import Role

NOTICES = [
    ("this call is recorded",),
    ("I am pausing the recording for your card", "type it on the keypad"),
    ("in an emergency hang up and call 911",),
    ("this is an attempt to collect a debt",),
    ("any information obtained will be used for that purpose",),
]
SAID = (
    "this call is being recorded not don't is it? hang up and dial 9 1 1 emergency if collect debt attempt any "
    "information used for that purpose pause the recording keypad card type hold on let me check third time I called "
    "again שלום 😀 ... - ' 4539 Dana speaking my name is hello morning"
).split()
said = st.lists(st.one_of(st.sampled_from(SAID), st.text(min_size=1, max_size=6)), min_size=1, max_size=20)


@given(said)
def test_whatever_is_said_is_found_inside_itself(words):
    reading = Reading.of(call([(True, words, set()), (False, words, set())]))
    for role in Role:
        heard = reading.tokens[reading.segments.index(next(reading.spoken_by(role))[1])]
        for _, first, last in announcements(heard, role):
            assert 0 <= first < last <= len(heard)
        for sign in signs(reading, role):
            assert 0 <= sign.first < sign.last <= len(reading.segments[sign.place].words)
    for wordings in NOTICES:
        find = finder(wordings)
        for passage in reading.passages(Role.AGENT):
            assert all(0 <= first < last <= len(passage.tokens) for first, last in told(passage, find))


def test_every_part_of_the_ready_made_policies_is_known_in_anybodys_words():
    for name in ("default", "collections", "payments", "health"):
        for entry in ready_made(name).disclosures:
            assert all(finder(part) for part in entry.parts().values()), entry.id


def test_a_notice_of_another_kind_is_left_to_its_wordings():
    assert finder(("we charge two pounds for paper bills",)) is None


def lines(count):
    """A call of that many segments in which every check has something to look at."""
    agent = "hello this is Dana let me check that is recorded and I will put you through".split()
    customer = "I called yesterday and this is the third time it is ridiculous".split()
    rows = [(place % 2 == 0, agent if place % 2 == 0 else customer, {"complaint"}) for place in range(count)]
    return call(rows)


@pytest.mark.parametrize("agent_alone", [True, False])
def test_ten_times_the_segments_take_no_more_than_thirty_times_as_long(agent_alone):
    def seconds(count):
        transcript = lines(count)
        if agent_alone:
            transcript = call([(True, [word.text for word in one.words], set()) for one in transcript.segments])
        began = process_time()
        checks.analyze(transcript)
        return process_time() - began

    seconds(100)
    assert seconds(4_000) <= 30 * max(seconds(400), seconds(400))
