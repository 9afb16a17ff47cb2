"""What the checks share of a transcript is what the transcript itself says, whatever was said."""

from callscript import transcript_of
from hypothesis import given
from test_laws import transcripts

from callcov import checks
from callcov.checks import activity
from callcov.checks.policy import ready_made
from callcov.checks.reading import Reading
from callcov.model import Role, Transcript
from callcov.text.normalise import plain, tokens


@given(transcripts())
def test_a_reading_says_what_its_transcript_says(transcript):
    reading = Reading.of(transcript)
    names = sorted({act.name for segment in transcript.segments for act in segment.acts})
    for role in Role:
        assert [*reading.spoken_by(role)] == [*transcript.spoken_by(role)]
        assert [*reading.acts_of(role, *names)] == [*transcript.acts_of(role, *names)]
        assert reading.said(role) == activity.words_of(transcript, role)
        assert reading.voice(role) == activity.voice(transcript, role)
    assert reading.tokens == tuple(plain(tokens(segment.words)) for segment in transcript.segments)


@given(transcripts())
def test_a_passage_holds_every_word_of_its_side_once(transcript):
    reading = Reading.of(transcript)
    for role in Role:
        places = [place for passage in reading.passages(role) for place in passage.places]
        spoken = [(at, word) for at, segment in transcript.spoken_by(role) for word in range(len(segment.words))]
        assert places == spoken


@given(transcripts())
def test_judging_a_reading_gives_what_judging_the_transcript_gives(transcript):
    reading = Reading.of(transcript)
    assert checks.analyze(reading) == checks.analyze(transcript) == checks.analyze(reading)
    assert Reading.of(reading) is reading


def test_a_reading_of_an_empty_call_is_empty():
    reading = Reading.of(Transcript())
    assert reading.began is None
    assert reading.sound == reading.tokens == reading.passages(Role.AGENT) == ()


def test_a_question_without_its_mark_ends_where_it_is_answered():
    script = (
        "A 0.0-1.0 hi is this roberto\nC 1.2-1.5 yeah\n"
        "A 2.0-7.0 my name's denise this call is recorded this is an attempt to collect a debt and any information "
        "obtained will be used for that purpose\n"
    )
    results = checks.analyze(transcript_of(script), ready_made("collections"), "outbound")
    assert results.compliance.mandatory_disclosures.missing_disclosures == ()
    assert results.compliance.identity_verification.verified


def test_a_question_broken_off_or_met_with_a_hum_goes_on():
    script = (
        "A 0.0-1.0 can you tell me the\nC 1.2-1.4 mm-hm\nA 1.6-3.0 number on the card\nC 3.2-4.0 it is here somewhere"
    )
    assert len(Reading.of(transcript_of(script)).passages(Role.AGENT)) == 1
