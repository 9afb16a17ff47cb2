"""Recordings made on the spot, in any container and encoding that PyAV writes."""

import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SOUND = Path(__file__).parents[1] / "sound"


@pytest.fixture(scope="session")
def sound():
    """The folder of recorded sound."""
    return SOUND


@pytest.fixture(scope="session")
def tones():
    """Function (seconds, rate, *hertz): one tone a channel, int16 [channels, n]; 0 Hz is silence."""

    def make(seconds, rate, *hertz):
        time = np.arange(round(seconds * rate)) / rate
        return np.stack([np.sin(2 * np.pi * one * time) * 8000 for one in hertz]).astype(np.int16)

    return make


@pytest.fixture(scope="session")
def speech(sound):
    """A stereo call, 22 s, float32 [2, n] at 16 kHz."""
    return decoded((sound / "two-voices.wav").read_bytes())


@pytest.fixture(scope="session")
def encode():
    """Function (samples [channels, n], rate, format, codec, ...): the bytes of a recording."""
    return encoded


def encoded(samples, rate, format, codec, *, gap=0.0, stamp=None, video=False, cover=False, sound=1, options=None):  # noqa: A002 - named as in PyAV
    """A recording; `gap` seconds are left out of the time stamps in the middle, `video` and `cover` add pictures.

    `stamp` makes of each packet's time in seconds the one that is written, `sound` is how many tracks have that sound.
    """
    if samples.dtype != np.int16:
        samples = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    layout = {1: "mono", 2: "stereo", 16: "hexadecagonal"}.get(len(samples), f"{len(samples)}c")
    with (
        tempfile.NamedTemporaryFile() as out
    ):  # by name, because the index of a fast-start file is moved in a second pass
        _write(out.name, samples, rate, layout, (format, codec), (video, cover, sound), (gap, stamp), options or {})
        return Path(out.name).read_bytes()


def _write(path, samples, rate, layout, kinds, what, times, options):
    (format_, codec), (video, cover, sound), (gap, stamp) = kinds, what, times
    with av.open(path, "w", format=format_, options=options) as container:
        streams = [container.add_stream(codec, rate=rate, layout=layout) for _ in range(sound)]
        picture = container.add_stream("mjpeg" if cover else "mpeg4", rate=5) if video or cover else None
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p" if cover else "yuv420p"
            if cover:
                picture.disposition = av.stream.Disposition.attached_pic
            for place in range(1 if cover else 10):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
                frame.pts, frame.time_base = place, Fraction(1, 5)
                container.mux(picture.encode(frame.reformat(format=picture.pix_fmt)))
            container.mux(picture.encode(None))
        for packet in (packet for stream in streams for packet in _packets(stream, samples, rate, layout, gap)):
            if stamp and packet.size:
                packet.pts = packet.dts = round(stamp(float(packet.pts * packet.time_base)) / packet.time_base)
            container.mux(packet)


def _packets(stream, samples, rate, layout, gap):
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = rate
    fifo = av.AudioFifo()
    resampler = av.AudioResampler(stream.format, layout, rate)
    for part in resampler.resample(frame) + resampler.resample(None):
        part.pts = None
        fifo.write(part)
    place = 0
    while fifo.samples:
        part = fifo.read(stream.codec_context.frame_size or 1000, partial=True)
        late = round(gap * rate) if place > samples.shape[1] / 2 else 0
        part.pts, part.time_base = place + late, Fraction(1, rate)
        place += part.samples
        yield from stream.encode(part)
    yield from stream.encode(None)


def decoded(recording, rate=16_000):
    """Samples [channels, n] by PyAV alone."""
    with av.open(io.BytesIO(recording)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", stream.layout, rate)
        frames = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
