"""The sound that is served: masked stretches are silent on every channel, the rest is untouched."""

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.errors import BadRecording
from callcov.model import Segment, Sensitive, Span, Transcript, Turn, Word
from callcov.speech.decode import Decoding, probe
from callcov.speech.mask import padded, silences, write_masked

RATE = 8000


def masked(recording, *spans):
    out = io.BytesIO()
    write_masked(io.BytesIO(recording), spans, out)
    return out.getvalue()


def samples_of(recording, rate=RATE):
    return np.concatenate(list(Decoding(io.BytesIO(recording), rate)), axis=1)


def test_the_stretch_is_zero_on_both_channels_and_nothing_else_changes(encode, tones):
    recording = encode(tones(5, RATE, 440, 900), RATE, "wav", "pcm_s16le")
    before, after = samples_of(recording), samples_of(masked(recording, Span(1.25, 2.5)))
    assert not after[:, 10_000:20_000].any()
    assert np.array_equal(before[:, :10_000], after[:, :10_000])
    assert np.array_equal(before[:, 20_000:], after[:, 20_000:])


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("wav", "pcm_mulaw", 8000, 2),
        ("mp3", "mp3", 44_100, 1),
        ("mp4", "aac", 16_000, 2),
        ("ogg", "libopus", 48_000, 2),
        ("wav", "pcm_s16le", 11_025, 5),
    ],
)
def test_what_is_served_is_flac_with_the_rate_channels_and_length_of_the_recording(
    encode, tones, container, codec, rate, channels
):
    recording = encode(tones(3, rate, *[440] * channels), rate, container, codec)
    served = masked(recording)
    assert served[:4] == b"fLaC"
    found = probe(io.BytesIO(served))
    assert (found.format, found.sample_rate, found.channels) == ("flac", rate, channels)
    assert found.duration == pytest.approx(3.0, abs=0.12)
    with av.open(io.BytesIO(served)) as container_:
        assert container_.streams.audio[0].format.name == "s16"
        assert float(container_.duration) / 1e6 == pytest.approx(3.0, abs=0.12)


def test_more_channels_than_flac_has_are_mixed_to_one(encode, tones):
    recording = encode(tones(1, RATE, *[440] * 16), RATE, "wav", "pcm_s16le")
    assert probe(io.BytesIO(masked(recording, Span(0, 0.5)))).channels == 1


def test_a_file_that_is_no_recording_is_refused():
    with pytest.raises(BadRecording):
        masked(b"no sound")


def test_a_stretch_reaches_half_a_second_around_and_on_to_the_pause():
    speech = [Span(2, 9), Span(12, 15)]
    assert padded([Span(5, 6)], speech, 20) == (Span(2, 9),)
    assert padded([Span(4.5, 4.6)], [Span(0, 20)], 20) == (Span(1.0, 8.1),)  # no pause within three seconds
    assert padded([Span(5, 9)], speech, 20) == (Span(2, 9.5),)
    assert padded([Span(12.1, 14)], speech, 20) == (Span(11.6, 15),)


def test_only_where_nobody_speaks_is_a_pause():
    assert padded([Span(3, 4)], [Span(2, 5), Span(4.8, 7)], 20) == (Span(2, 7),)


def test_without_speech_around_it_a_stretch_is_half_a_second_wider():
    assert padded([Span(3, 4)], [], 20) == (Span(2.5, 4.5),)


def test_nothing_to_mask_gives_no_stretches():
    assert padded([], [Span(0, 5)], 20) == ()


def call(*said, apart=True, turns=()):
    """A call of one value, its words given as (speaker, start, end)."""
    segments = tuple(Segment(who, (Word("[pin]", Span(start, end)),)) for who, start, end in said)
    places = tuple(Sensitive("pin", 0, place, 0, 1) for place in range(len(segments)))
    return Transcript(segments, tuple(turns), sensitive=places, duration=60.0, channels_apart=apart)


def test_only_the_chosen_types_are_silenced():
    assert silences(call(("A", 5, 6)), ["pin"]) == (Span(4.5, 6.5),)
    assert silences(call(("A", 5, 6)), ["ssn"]) == ()


def test_what_lies_between_two_parts_of_a_value_is_silenced_with_them():
    assert silences(call(("A", 5, 6), ("A", 7.9, 8)), ["pin"]) == (Span(4.5, 8.5),)
    assert silences(call(("A", 5, 6), ("B", 7.9, 8)), ["pin"]) == (Span(4.5, 6.5), Span(7.4, 8.5))


def test_an_edge_moves_with_the_voice_of_who_said_the_value_and_in_one_channel_with_every_voice():
    turns = [Turn("A", Span(4, 7)), Turn("B", Span(6, 9))]
    assert silences(call(("A", 5, 6), turns=turns), ["pin"]) == (Span(4, 7),)
    assert silences(call(("A", 5, 6), turns=turns, apart=False), ["pin"]) == (Span(4, 9),)


_spans = st.lists(
    st.tuples(st.floats(0, 50), st.floats(0.02, 9)).map(lambda pair: Span(round(pair[0], 3), round(sum(pair), 3))),
    max_size=8,
)


@given(_spans, _spans)
def test_stretches_hold_all_that_is_sensitive_in_order_apart_and_inside_the_recording(spans, speech):
    stretches = padded(spans, speech, 60.0)
    for span in spans:
        around = Span(max(0.0, span.start - 0.5), min(60.0, span.end + 0.5))
        assert any(one.start <= around.start + 1e-3 and around.end <= one.end + 1e-3 for one in stretches)
    assert all(0 <= one.start < one.end <= 60 for one in stretches)
    assert all(one.end < other.start for one, other in pairwise(stretches))
    for one in stretches:
        reach = min(span.start for span in spans if span.start >= one.start) - one.start
        assert one.start == 0 or reach > 3.4 or not _inside(speech, one.start)
        reach = one.end - max(span.end for span in spans if span.end <= one.end)
        assert one.end == 60 or reach > 3.4 or not _inside(speech, one.end)


def _inside(speech, edge):
    return any(span.start + 2e-3 < edge < span.end - 2e-3 for span in speech)
