"""Read exchanges to telephone sound, for `hear.py`: `python tools/values/speak.py FOLDER [FILE…] [--every 3]`.

Needs the environment of tools/voices/README.md. Of each file every third exchange is read, five to a recording, in
stereo at 8 kHz and 24 kbit/s as the calls of the benchmark are; every other recording has pink noise 20 dB under the
speech. FOLDER gets `<file>-<n>.mp3` and `<file>-<n>.json` with the exchange, turn, side and times of what is said.
"""

import argparse
import json
import re
import sys
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1] / "bench/verdicts"), str(HERE.parent / "voices")]

import encode
import markup
import render
from make_sound import SNR_DB, pink
from voices import RATE

TOGETHER = 5  # exchanges of a recording
BEHIND, BETWEEN = 0.25, 2.5  # seconds behind a turn, and behind an exchange
# Kokoro's voices take seven times as long to make as Piper's, so there is one.
PAIRS = (
    ("joe", "slt"),
    ("slt", "joe"),
    ("rms", "joe"),
    ("joe", "rms"),
    ("slt", "rms"),
    ("rms", "slt"),
    ("jf_alpha", "joe"),
    ("slt", "awb"),
)


def spoken(text: str) -> str:
    """What is read aloud: without marks, and digits one by one where they are no year."""
    said = markup.said(text).rstrip("-").replace("- ", ", ")
    return re.sub(r"\d{3,}", lambda run: run[0] if re.fullmatch(r"(19|20)\d\d", run[0]) else " ".join(run[0]), said)


def recording(folder: Path, name: str, exchanges: list[dict]) -> None:
    """Write some exchanges as one recording, with the truth beside it."""
    drawn = zlib.crc32(name.encode())
    agent, customer = PAIRS[drawn % len(PAIRS)]
    turns = [(one["id"], place, *turn[:2]) for one in exchanges for place, turn in enumerate(one["turns"])]
    script = {
        "voices": {"A": agent, "C": customer},
        "turns": [[who, spoken(text), BEHIND if place else BETWEEN] for _, place, who, text in turns],
    }
    placed = render.place(script)
    tracks = render.mix(placed)
    sound: NDArray[np.float32] = np.stack([tracks["A"], tracks["C"]])
    if drawn // len(PAIRS) % 2:
        level = np.sqrt((sound**2).mean() * 2) * 10 ** (-SNR_DB / 20)
        sound += np.stack([level * pink(sound.shape[1], drawn + channel) for channel in range(2)])
    encode.write(folder / f"{name}.mp3", sound, "libmp3lame/8000/24")
    truth = [
        {"exchange": known, "turn": place, "who": who, "start": one["start"], "end": one["end"]}
        for (known, place, who, _), one in zip(turns, placed, strict=True)
    ]
    (folder / f"{name}.json").write_text(json.dumps(truth) + "\n")
    print(name, round(sound.shape[1] / RATE), "s", flush=True)


def main() -> None:
    """Read what has no sound in the folder yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=3, help="read each so manyth exchange")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        waiting = []
        for path in asked.files or sorted(HERE.glob("*.yaml")):
            chosen = yaml.safe_load(path.read_text("utf-8"))[:: asked.every]
            for place, first in enumerate(range(0, len(chosen), TOGETHER)):
                name = f"{path.stem}-{place}"
                if not (asked.folder / f"{name}.json").exists():
                    part = chosen[first : first + TOGETHER]
                    waiting.append(pool.submit(recording, asked.folder, name, part))
        for one in waiting:
            one.result()


if __name__ == "__main__":
    main()
