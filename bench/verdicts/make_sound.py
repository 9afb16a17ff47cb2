"""Render the written calls to telephone sound: `python bench/verdicts/make_sound.py [--again] [CALL.yaml…]`.

Needs the environment of tools/voices/README.md. For each call `sound/<id>.stereo.mp3` (8 kHz, a channel each, the
agent not always on the same), `sound/<id>.mono.mp3` (one channel, pink noise 20 dB under the speech) and
`sound/<id>.json`: voices, agent channel, seconds, and when each turn is said. A call whose sound is there is skipped
unless asked for `--again`; which voices read a call follows from its id, unless it names them (`voices: {A: joe, C:
slt}`).
"""

import argparse
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import markup
import numpy as np
import yaml
from numpy.typing import NDArray

HERE = Path(__file__).parent
SOUND = HERE / "sound"
sys.path.insert(0, str(HERE.parents[1] / "tools" / "voices"))

import encode
import render as voices_render
from voices import RATE

SNR_DB = 20.0
# Agent and customer: every voice there is but `awb`, whose accent the recogniser hears badly; four pairs of one sex.
PAIRS = (
    ("joe", "jf_alpha"),
    ("jf_tebukuro", "joe"),
    ("slt", "joe"),
    ("jm_kumo", "jf_gongitsune"),
    ("joe", "slt"),
    ("jf_nezumi", "rms"),
    ("joe", "jm_kumo"),
    ("jf_alpha", "jf_tebukuro"),
    ("rms", "jf_nezumi"),
    ("jf_gongitsune", "jm_kumo"),
    ("slt", "jf_alpha"),
    ("jm_kumo", "joe"),
)

Sound = NDArray[np.float32]


def script(call: dict[str, Any]) -> dict[str, Any]:
    """The call as the renderer of the voices reads it: what is said, without marks and broken-off dashes."""
    drawn = zlib.crc32(call["id"].encode())
    agent, customer = PAIRS[drawn % len(PAIRS)]
    voices = call.get("voices", {"A": agent, "C": customer})
    return {
        "id": call["id"],
        "voices": voices,
        "turns": [[who, markup.said(text).rstrip("-").replace("- ", ", "), gap] for who, text, gap in call["turns"]],
        "agent_channel": drawn // 16 % 2,
        "seed": drawn,
    }


def pink(size: int, seed: int) -> Sound:
    """Noise whose power falls by half with each octave, root mean square 1."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=size))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, size)
    return (noise / np.sqrt((noise**2).mean())).astype(np.float32)


def render(path: Path) -> None:
    """Write one call's two recordings and its truth."""
    call = yaml.safe_load(path.read_text("utf-8"))
    made = script(call)
    placed = voices_render.place(made)
    tracks = voices_render.mix(placed)
    stereo = voices_render.channels(tracks, {"agent_channel": made["agent_channel"]}, made["seed"])
    both = tracks["A"] + tracks["C"]
    level = np.sqrt((both**2).mean()) * 10 ** (-SNR_DB / 20)
    mono = (both + level * pink(len(both), made["seed"]))[np.newaxis]
    encode.write(SOUND / f"{call['id']}.stereo.mp3", stereo, "libmp3lame/8000/24")
    encode.write(SOUND / f"{call['id']}.mono.mp3", mono.astype(np.float32), "libmp3lame/8000/16")
    truth = {
        "id": call["id"],
        "voices": made["voices"],
        "agent_channel": made["agent_channel"],
        "seconds": round(len(both) / RATE, 3),
        "turns": [
            {"who": who, "text": markup.said(text), "start": turn["start"], "end": turn["end"]}
            for (who, text, _), turn in zip(call["turns"], placed, strict=True)
        ],
    }
    (SOUND / f"{call['id']}.json").write_text(json.dumps(truth, indent=1) + "\n")
    print(call["id"], truth["seconds"], "s", flush=True)


def main() -> None:
    """Render what has no sound yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", nargs="*", type=Path)
    parser.add_argument("--again", action="store_true", help="also what has sound already")
    asked = parser.parse_args()
    SOUND.mkdir(exist_ok=True)
    for path in asked.calls or sorted([*HERE.glob("dev/*.yaml"), *HERE.glob("held_out/*.yaml")]):
        if asked.again or not (SOUND / f"{path.stem}.json").exists():
            render(path)


if __name__ == "__main__":
    main()
