"""What a file holds, whatever its header says, and its sound as a stream."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.errors import BadRecording, RecordingTooLong
from callcov.model import Span
from callcov.speech.decode import SPEECH_RATE, Decoding, load_block, probe, stream

FORMATS = [  # container, codec, rate, the contract's name
    ("wav", "pcm_s16le", 16_000, "wav"),
    ("wav", "pcm_mulaw", 8_000, "wav"),
    ("wav", "pcm_alaw", 8_000, "wav"),
    ("wav", "adpcm_ima_wav", 8_000, "wav"),
    ("mp3", "mp3", 44_100, "mp3"),
    ("mp3", "mp3", 8_000, "mp3"),
    ("flac", "flac", 16_000, "flac"),
    ("ogg", "libopus", 48_000, "ogg"),
    ("ogg", "flac", 16_000, "ogg"),
    ("webm", "libopus", 48_000, "webm"),
    ("mp4", "aac", 16_000, "m4a"),
    ("mp4", "mp3", 16_000, "m4a"),
    ("mpeg", "mp2", 32_000, "mpeg"),
    ("mpegts", "mp2", 32_000, "mpeg"),
    ("mp2", "mp2", 32_000, "mpeg"),
]


def whole(recording, **span):
    return np.concatenate(list(Decoding(io.BytesIO(recording), **span)), axis=1)


def strongest(samples):
    """The frequency a channel sounds at, in hertz."""
    return np.abs(np.fft.rfft(samples)).argmax() * SPEECH_RATE / len(samples)


@pytest.mark.parametrize(("container", "codec", "rate", "name"), FORMATS)
def test_every_format_is_known_by_its_content_and_keeps_its_channels_apart(encode, tones, container, codec, rate, name):
    recording = encode(tones(3.0, rate, 440, 1200), rate, container, codec)
    found = probe(io.BytesIO(recording))
    assert (found.format, found.channels, found.sample_rate) == (name, 2, rate)
    assert found.duration == pytest.approx(3.0, abs=0.12)
    samples = whole(recording)
    assert samples.dtype == np.float32
    assert samples.shape[1] / SPEECH_RATE == pytest.approx(3.0, abs=0.12)
    assert [round(strongest(channel[8000:40000]), -1) for channel in samples] == [440, 1200]


def test_gsm_in_wav_is_decoded(sound):
    recording = (sound / "gsm.wav").read_bytes()
    found = probe(io.BytesIO(recording))
    assert (found.format, found.channels, found.sample_rate) == ("wav", 1, 8000)
    assert found.duration == pytest.approx(3.0, abs=0.05)
    assert np.sqrt((whole(recording) ** 2).mean()) > 0.01


def test_mp4_with_a_picture_that_moves_is_mp4(encode, tones):
    assert probe(io.BytesIO(encode(tones(2, 16_000, 440), 16_000, "mp4", "aac", video=True))).format == "mp4"


@pytest.mark.parametrize(("container", "codec", "name"), [("mp3", "mp3", "mp3"), ("mp4", "aac", "m4a")])
def test_a_cover_is_no_video(encode, tones, container, codec, name):
    found = probe(io.BytesIO(encode(tones(2, 16_000, 440), 16_000, container, codec, cover=True)))
    assert found.format == name
    assert found.duration == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_header_that_lies_about_its_length_is_not_believed(encode, tones, claimed):
    recording = bytearray(encode(tones(3, 8_000, 440), 8_000, "wav", "pcm_mulaw"))
    place = recording.index(b"data") + 4
    recording[place : place + 4] = struct.pack("<I", claimed)
    assert probe(io.BytesIO(recording)).duration == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(
    ("container", "codec"), [("wav", "pcm_s16le"), ("mp3", "mp3"), ("flac", "flac"), ("ogg", "libopus")]
)
def test_of_a_cut_recording_what_is_there_is_decoded(encode, tones, container, codec):
    rate = 48_000 if codec == "libopus" else 16_000
    recording = encode(tones(10, rate, 440), rate, container, codec)
    cut = recording[: len(recording) * 6 // 10]
    assert probe(io.BytesIO(cut)).duration == pytest.approx(6.0, abs=0.6)
    assert whole(cut).shape[1] / SPEECH_RATE == pytest.approx(6.0, abs=0.6)


def test_an_m4a_whose_index_comes_first_may_be_cut(encode, tones):
    recording = encode(tones(10, 16_000, 440), 16_000, "mp4", "aac", options={"movflags": "faststart"})
    cut = recording[: len(recording) * 6 // 10]
    assert 3.0 < whole(cut).shape[1] / SPEECH_RATE < 10.0
    assert probe(io.BytesIO(cut)).format == "m4a"


@pytest.mark.parametrize(
    ("container", "codec"), [("flac", "flac"), ("mp4", "aac"), ("webm", "libopus"), ("ogg", "libopus")]
)
def test_damage_in_the_middle_costs_the_middle_and_moves_nothing(encode, tones, container, codec):
    rate = 48_000 if codec == "libopus" else 16_000
    sound = tones(12, rate, 440)
    sound[:, round(9 * rate) :] = tones(3, rate, 1200)
    recording = bytearray(
        encode(sound, rate, container, codec, options={"movflags": "faststart"} if codec == "aac" else {})
    )
    place = len(recording) // 2
    recording[place : place + len(recording) // 20] = np.random.default_rng(3).bytes(len(recording) // 20)
    samples = whole(bytes(recording))[0]
    assert len(samples) / SPEECH_RATE == pytest.approx(12.0, abs=0.3)
    assert round(strongest(samples[SPEECH_RATE : 4 * SPEECH_RATE]), -1) == 440
    assert round(strongest(samples[round(9.3 * SPEECH_RATE) : round(11.5 * SPEECH_RATE)]), -1) == 1200


def test_a_damaged_mp3_which_has_no_time_stamps_is_shorter_by_the_damage(encode, tones):
    recording = bytearray(encode(tones(12, 16_000, 440), 16_000, "mp3", "mp3"))
    place, length = len(recording) // 2, len(recording) // 20
    recording[place : place + length] = np.random.default_rng(3).bytes(length)
    decoding = Decoding(io.BytesIO(recording))
    assert 11.0 < sum(piece.shape[1] for piece in decoding) / SPEECH_RATE < 12.1


def test_a_gap_in_the_time_stamps_is_silence(encode, tones):
    recording = encode(tones(4, 48_000, 440), 48_000, "webm", "libopus", gap=5.0)
    assert probe(io.BytesIO(recording)).duration == pytest.approx(9.0, abs=0.1)
    samples = whole(recording)[0]
    assert len(samples) / SPEECH_RATE == pytest.approx(9.0, abs=0.1)
    assert np.abs(samples[round(2.5 * SPEECH_RATE) : round(6.5 * SPEECH_RATE)]).max() < 1e-3
    assert np.abs(samples[round(7.5 * SPEECH_RATE) :]).max() > 0.1


def test_an_hour_missing_in_the_time_stamps_is_damage_and_no_silence(encode, tones):
    recording = encode(tones(4, 48_000, 440), 48_000, "webm", "libopus", gap=3600.0)
    assert probe(io.BytesIO(recording)).duration == pytest.approx(4.0, abs=0.1)


def test_more_than_two_channels_are_all_given(encode, tones):
    recording = encode(tones(2, 16_000, 300, 600, 900, 1200), 16_000, "wav", "pcm_s16le")
    assert probe(io.BytesIO(recording)).channels == 4
    assert [round(strongest(channel), -1) for channel in whole(recording)] == [300, 600, 900, 1200]


def test_pieces_are_a_second_long_but_for_the_last(encode, tones):
    pieces = [piece.shape for piece in stream(io.BytesIO(encode(tones(3.5, 44_100, 440), 44_100, "flac", "flac")))]
    assert pieces == [(1, 16_000)] * 3 + [(1, 8_000)]


@pytest.mark.parametrize(
    ("value", "given"), [(np.nan, 0), (np.inf, 1), (-np.inf, -1), (1e30, 1), (-1e30, -1), (1.7, np.float32(1.7))]
)
def test_nan_is_silence_and_what_is_beyond_any_scale_is_full_scale(value, given):
    samples = np.full(8000, 0.25, "<f4")
    samples[4000] = value
    (found,) = whole(wav(1, SPEECH_RATE, samples))
    assert found[4000] == given
    assert (np.delete(found, 4000) == 0.25).all()


def test_sound_is_given_at_the_rate_asked_for(encode, tones):
    recording = encode(tones(2, 16_000, 440), 16_000, "wav", "pcm_s16le")
    assert sum(piece.shape[1] for piece in stream(io.BytesIO(recording), 8_000)) == 16_000


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_mulaw", 8_000),
        ("mp3", "mp3", 44_100),
        ("mp4", "aac", 16_000),
        ("ogg", "libopus", 48_000),
        ("flac", "flac", 16_000),
    ],
)
@settings(max_examples=8, deadline=None)
@given(start=st.floats(0, 11), length=st.floats(0.1, 3))
def test_a_block_decoded_alone_is_the_same_part_of_the_whole(encode, speech, container, codec, rate, start, length):
    recording = _recording(encode, speech, container, codec, rate)
    span = Span(round(start, 3), round(start + length, 3))
    block = load_block(io.BytesIO(recording), 1, span)
    assert len(block) == round(span.duration * SPEECH_RATE)
    all_of_it = np.pad(whole(recording)[1], (16, len(block) + 16))  # a container's time stamps may be a millisecond off
    first = round(span.start * SPEECH_RATE)
    rests = [np.square(all_of_it[first + shift :][: len(block)] - block).sum() for shift in range(33)]
    line_noise = 2e-6 * len(block)  # which AAC makes up anew at every decoding
    assert min(rests) < 0.02 * np.square(block).sum() + line_noise


_made = {}


def _recording(encode, speech, container, codec, rate):
    """Made once for all examples of a law."""
    if codec not in _made:
        times = np.arange(round(14 * rate)) / rate
        wave = np.stack([np.interp(times, np.arange(speech.shape[1]) / SPEECH_RATE, one) for one in speech])
        _made[codec] = encode(wave.astype(np.float32), rate, container, codec)
    return _made[codec]


def slower(share):
    return pytest.param(lambda time: time * share, share, id=f"stamps at {share}")


PACES = [slower(share) for share in (1.0, 0.998, 0.99, 0.98, 1.002, 1.01)]
IN_BURSTS = pytest.param(lambda time: max(0.0, time) // 0.5 * 0.5, 1.0, id="stamps in bursts")
SOUND = 44.0  # seconds


@pytest.mark.parametrize(
    ("container", "codec", "rate", "gap", "stamp", "share"),
    [
        pytest.param(*kind, gap, *pace.values, id=f"{kind[0]}, {gap} s missing, {pace.id}")
        for kind, gap, paces in (
            (("webm", "libopus", 48_000), 0.0, [*PACES, IN_BURSTS]),
            (("webm", "libopus", 48_000), 5.0, PACES),
            (("mp4", "aac", 16_000), 0.0, PACES[-3:]),  # whose packets say they are as long as the stamps are apart
            (("matroska", "aac", 24_000), 0.0, PACES[-3:]),  # whose packets round their lengths down
        )
        for pace in paces
    ],
)
def test_however_time_stamps_run_all_passes_have_one_timeline_and_no_sound_is_lost(
    encode, speech, container, codec, rate, gap, stamp, share
):
    times = np.arange(round(SOUND * rate)) / rate % (speech.shape[1] / SPEECH_RATE)
    wave = np.interp(times, np.arange(speech.shape[1]) / SPEECH_RATE, speech[0]).astype(np.float32)
    recording = encode(wave[None], rate, container, codec, gap=gap, stamp=stamp)
    (samples,) = whole(recording)
    length = len(samples) / SPEECH_RATE
    missed = max(0.0, 1 - share) * SOUND / 2  # of the gap, by stamps that were late before it
    assert length == pytest.approx(SOUND * max(1.0, share) + gap, abs=0.15 + missed)
    assert probe(io.BytesIO(recording)).duration == pytest.approx(length, abs=0.12)
    for start in (3.0, 17.5, 38.25):
        block = load_block(io.BytesIO(recording), None, Span(start, start + 4.0))
        same = samples[round(start * SPEECH_RATE) :][: len(block)]
        assert np.square(block - same).sum() < 0.02 * np.square(same).sum()  # less than a sample off


def test_behind_the_end_a_block_is_silence(encode, tones):
    block = load_block(io.BytesIO(encode(tones(2, 16_000, 440), 16_000, "wav", "pcm_s16le")), None, Span(1.0, 5.0))
    assert len(block) == 4 * SPEECH_RATE
    assert np.abs(block[:SPEECH_RATE]).max() > 0.1
    assert not block[SPEECH_RATE + 100 :].any()


def test_without_a_channel_a_block_is_the_mean_of_all(encode, tones):
    recording = encode(tones(1, 16_000, 440, 0), 16_000, "wav", "pcm_s16le")
    mean, left = (load_block(io.BytesIO(recording), channel, Span(0, 1)) for channel in (None, 0))
    assert np.allclose(mean, left / 2, atol=1e-6)


SILENCE = np.zeros(1000, "<i2")


def wav(channels, rate, samples=SILENCE):
    """A wav file whose header says that, however impossible, about samples that are whole numbers or floats."""
    size, kind = samples.itemsize, {"i": 1, "f": 3}[samples.dtype.kind]
    body = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * size, channels * size, 8 * size)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + samples.nbytes)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + body
        + b"data"
        + struct.pack("<I", samples.nbytes)
        + samples.tobytes()
    )


BAD = [
    ("empty", b"", "empty"),
    ("text", b"Dear Sir or Madam, this is no recording at all.\n" * 200, "not a recording"),
    (
        "a playlist",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        "not a recording",
    ),
    ("zeros", bytes(5000), "not a recording"),
    ("no channels", wav(0, 8000), ""),
    ("no rate", wav(1, 0), ""),
    ("five hertz", wav(1, 5), "cannot be"),
]


@pytest.mark.parametrize(("recording", "why"), [pytest.param(what, why, id=name) for name, what, why in BAD])
def test_what_is_no_recording_is_refused_in_one_sentence(recording, why):
    with pytest.raises(BadRecording) as failure:
        probe(io.BytesIO(recording))
    assert why in str(failure.value)
    assert str(failure.value).count(". ") == 0
    assert str(failure.value).endswith(".")


def test_a_name_does_not_make_text_a_recording(tmp_path):
    path = tmp_path / "call.mp3"
    path.write_text("Dear Sir or Madam, this is no recording at all.\n" * 200)
    with path.open("rb") as file, pytest.raises(BadRecording, match="not a recording"):
        probe(file)


def test_an_m4a_without_its_index_says_so(encode, tones):
    recording = encode(tones(5, 16_000, 440), 16_000, "mp4", "aac")
    with pytest.raises(BadRecording, match="no index"):
        probe(io.BytesIO(recording[: recording.rindex(b"moov") - 4]))


@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
def test_video_without_sound_says_so(encode, tones, container):
    with pytest.raises(BadRecording, match="no sound"):
        probe(io.BytesIO(encode(tones(1, 16_000, 440), 16_000, container, "aac", video=True, sound=0)))


@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
@pytest.mark.parametrize("video", [False, True])
def test_two_sound_tracks_are_refused_for_one_would_be_lost(encode, tones, container, video):
    recording = encode(tones(1, 16_000, 440), 16_000, container, "aac", sound=2, video=video)
    with pytest.raises(BadRecording, match="has 2 sound tracks; export them as the channels of one track"):
        probe(io.BytesIO(recording))


@pytest.mark.parametrize(("before", "behind"), [((440,), (440, 900)), ((440, 900), (440,))])
def test_an_ogg_file_joined_of_one_and_two_channels_is_refused_for_a_part_would_be_lost(encode, tones, before, behind):
    parts = (encode(tones(3, 48_000, *hertz), 48_000, "ogg", "libopus") for hertz in (before, behind))
    with pytest.raises(BadRecording, match="differ in codec or channels"):
        probe(io.BytesIO(b"".join(parts)))


@pytest.mark.parametrize(("container", "codec", "rate"), [("ogg", "libopus", 48_000), ("flac", "flac", 16_000)])
def test_a_file_joined_of_like_parts_is_as_long_as_both(encode, tones, container, codec, rate):
    joined = 2 * encode(tones(3, rate, 440), rate, container, codec)
    assert probe(io.BytesIO(joined)).duration == pytest.approx(6.0, abs=0.02)
    assert whole(joined).shape[1] / SPEECH_RATE == pytest.approx(6.0, abs=0.02)


def test_an_encrypted_recording_says_so_even_where_its_ciphertext_decodes(encode, tones):
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "7" * 32, "encryption_kid": "a" * 32}
    for _ in range(60):  # the start value of the cipher is random; about one in thirty decodes to noise
        with pytest.raises(BadRecording, match="is encrypted"):
            probe(io.BytesIO(encode(tones(1, 16_000, 440), 16_000, "mp4", "aac", options=key)))


def test_a_recording_of_more_than_twelve_hours_is_refused():
    rate = 1000
    body = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    head = (
        b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<I", 16) + body + b"data\xff\xff\xff\xff"
    )
    assert probe(io.BytesIO(head + bytes(12 * 3600 * rate))).duration == 12 * 3600
    with pytest.raises(RecordingTooLong, match="12 hours"):
        probe(io.BytesIO(head + bytes(12 * 3600 * rate + rate)))


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=3000),
    st.sampled_from(
        [
            b"",
            b"RIFF....WAVEfmt ",
            b"OggS\0",
            b"fLaC\0\0\0\x22",
            b"\xff\xfb\x90\x64",
            b"\x1aE\xdf\xa3",
            b"\0\0\0\x18ftypM4A ",
        ]
    ),
)
def test_any_bytes_are_a_recording_or_refused_as_none(rest, start):
    try:
        found = probe(io.BytesIO(start + rest))
    except BadRecording:
        return
    assert found.channels > 0
    assert found.duration >= 0
