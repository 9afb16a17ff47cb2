"""Writing sound into the files that telephone systems make: PyAV does the work."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

# codec → (sample format the encoder takes, rate it takes, bits a second or None where it has no choice)
CODECS = {
    "pcm_mulaw": ("s16", 8000, None),
    "pcm_s16le": ("s16", 8000, None),
    "flac": ("s16", 8000, None),
    "libmp3lame": ("s16p", 16000, 32_000),
    "libmp3lame/8000/24": ("s16p", 8000, 24_000),
    "libmp3lame/8000/16": ("s16p", 8000, 16_000),
    "libopus": ("s16", 16000, 32_000),
    "aac": ("fltp", 16000, 48_000),
}


def write(path: Path, sound: NDArray[np.float32], codec: str) -> None:
    """Write 8 kHz sound [channels, n] into `path`; its suffix names the container, one of CODECS the encoding."""
    form, rate, bits = CODECS[codec]
    layout = "mono" if len(sound) == 1 else "stereo"
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = 8000
    with av.open(path, "w") as container:
        stream = container.add_stream(codec.partition("/")[0], rate=rate, layout=layout, format=form)
        if bits:
            stream.bit_rate = bits
        resampler = av.AudioResampler(format=form, layout=layout, rate=rate, frame_size=stream.frame_size or 0)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
