"""The sound that is served: masked stretches are silent on every channel, the rest is untouched."""

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.errors import BadRecording
from callcov.model import Span
from callcov.speech.decode import Decoding, probe
from callcov.speech.mask import padded, write_masked

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
    assert padded([Span(8, 9)], speech, 20) == (Span(2, 9.5),)
    assert padded([Span(12.1, 14)], speech, 20) == (Span(11.6, 15),)


def test_only_where_nobody_speaks_is_a_pause():
    assert padded([Span(3, 4)], [Span(2, 5), Span(4.8, 7)], 20) == (Span(2, 7),)


def test_without_speech_around_it_a_stretch_is_half_a_second_wider():
    assert padded([Span(3, 4)], [], 20) == (Span(2.5, 4.5),)


def test_nothing_to_mask_gives_no_stretches():
    assert padded([], [Span(0, 5)], 20) == ()


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
    edges = [edge for one in stretches for edge in (one.start, one.end)]
    assert not any(span.start + 2e-3 < edge < span.end - 2e-3 for span in speech for edge in edges if 0 < edge < 60)
