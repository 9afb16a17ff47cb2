"""Odd text and very long calls leave the checks of names, greetings, notices, pauses and effort an answer, in time."""

from time import process_time

import pytest
from callscript import transcript_of
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


def unread(text):
    """Whether an agent who says that has not said that the call is recorded."""
    results = checks.analyze(transcript_of(f"A 0.0-5.0 {text}"), ready_made("default"), "inbound")
    return results.compliance.mandatory_disclosures.missing_disclosures == ("call_recording",)


@pytest.mark.parametrize(
    "text",
    [
        "we do yeah we've got a recording of the queen is dead first pressing",
        "The concert is recorded on two discs.",
        "We record all our podcasts in Dublin.",
        "We record all the lessons and you get the link afterwards.",
        "You can record this on your Sky box.",
        "The camera is recording everything, so we'll see who took it.",
        "We record and publish the concerts.",
        "We record for the radio.",
        "It's a recorded delivery.",
        "I have it recorded here that you promised to pay on the fifth.",
        "The fault has been recorded on our system.",
        "The call out is recorded on the system as Monday.",
        "We are recording it as lost in the post.",
        "All visits are recorded in the logbook.",
        "We recorded the wrong reading, sorry.",
        "We keep a record of all complaints.",
        "I'll make a note of our conversation on your record.",
        "Your alarm is monitored by our control room.",
        "The line at the till is monitored by cameras.",
        "If you want to record this call you may, we don't.",
        "This phone records every call by itself if you switch it on.",
    ],
)
def test_another_thing_recorded_is_no_notice_whatever_it_was_taken_for(text):
    assert unread(text)
    assert unread(f"{{disc_recording: {text}}}")


@pytest.mark.parametrize(
    "text",
    [
        "as you'll have heard on the message we record calls",
        "Calls to and from this number may be monitored or recorded.",
        "As you heard in the recorded message, calls may be recorded.",
        "You heard the message about calls being recorded, so just bear that in mind.",
        "Everything you say to us is taped.",
        "We record this for training.",
        "We record all of our calls.",
        "Just so you know, we record and monitor.",
        "Just so you're aware, I do have to record.",
        "Just to say we record on this line.",
        "We record for training.",
        "For compliance, we record and store this.",
        "This may be listened to for training.",
        "I'm on a line that records.",
        "Sorry about yesterday, and just so you know we are being recorded.",
        "{disc_recording: We keep all that we say.}",
        "{disc_recording: Somebody may be sitting in for training.}",
        "{disc_recording: There may be a colleague listening in.}",
    ],
)
def test_this_call_recorded_is_the_notice_in_anybodys_words(text):
    assert not unread(text)


def evidence_of(policy, script):
    results = checks.analyze(transcript_of(script), ready_made(policy), "outbound")
    return [(one.segment, one.text) for one in results.compliance.mandatory_disclosures.evidence]


def test_a_notice_behind_the_other_sides_mm_is_shown_where_it_is():
    assert evidence_of(
        "default",
        "A 0.0-3.0 the money will be in your account today\nC 3.2-3.6 thanks\nA 4.0-6.0 our calls are recorded\n",
    ) == [(2, "our calls are recorded")]
    assert evidence_of(
        "default",
        "A 0.0-2.0 Good morning, this is Helen,\nC 2.2-2.5 Yeah.\nA 3.0-5.0 and I should tell you this call is recorded.",
    ) == [(2, "and I should tell you this call is recorded.")]
