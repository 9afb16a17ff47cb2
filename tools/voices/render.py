"""Render call scripts to telephone recordings with their exact truth.

usage: render.py SCRIPT.yaml… [--sound FOLDER] [--truth FOLDER]

A script says which voices read which turns into which files; README.md beside this file describes it. For each script
the recordings go into the sound folder and `<id>.json`, the truth, into the truth folder (both: the script's folder's
parent unless named).
"""

import argparse
import json
import zlib
from pathlib import Path

import encode
import numpy as np
import yaml
from music import hold_music
from numpy.typing import NDArray
from voices import RATE, say

LINE_NOISE = 5e-4  # root mean square of the noise on a channel of its own, -66 dBFS
BEFORE, AFTER = 0.3, 0.7  # seconds of line noise around the call


def place(script: dict) -> list[dict]:
    """The script's turns with their sound and exact times, a gap behind the latest end so far."""
    placed: list[dict] = []
    clock = BEFORE
    for who, what, gap in script["turns"]:
        manner = script.get("espeak", "en-us"), script.get("line", "ordinary")
        sound = hold_music(what) if who == "H" else say(what, script["voices"][who], *manner)
        start = round(max(0.0, clock + gap), 3)
        end = round(start + len(sound) / RATE, 3)
        placed.append({"who": who, "text": what, "start": start, "end": end, "sound": sound})
        clock = max(clock, end)
    return placed


def mix(placed: list[dict]) -> dict[str, NDArray[np.float32]]:
    """One track each for the agent, the customer and the music, all as long as the recording."""
    size = round((max(turn["end"] for turn in placed) + AFTER) * RATE)
    tracks = {who: np.zeros(size, np.float32) for who in "ACH"}
    for turn in placed:
        first = round(turn["start"] * RATE)
        tracks[turn["who"]][first : first + len(turn["sound"])] += turn["sound"]
    return tracks


def channels(tracks: dict[str, NDArray[np.float32]], recording: dict, seed: int) -> NDArray[np.float32]:
    """The tracks as the recording has them: agent and customer apart, or everything on one noisy line.

    Hold music is what the customer hears, so it is on the agent's channel.
    """
    noise = np.random.default_rng(seed)
    agent, customer = tracks["A"] + tracks["H"], tracks["C"]
    if recording["agent_channel"] is None:
        both = agent + customer
        level = np.sqrt((both**2).mean()) * 10 ** (-recording.get("snr_db", 40) / 20)
        return (both + noise.normal(0, level, len(both)).astype(np.float32))[np.newaxis]
    order = [agent, customer] if recording["agent_channel"] == 0 else [customer, agent]
    stereo = np.stack(order)
    return stereo + noise.normal(0, LINE_NOISE, stereo.shape).astype(np.float32)


def render(path: Path, sound_folder: Path, truth_folder: Path) -> None:
    """Write one script's recordings and truth."""
    script = yaml.safe_load(path.read_text())
    placed = place(script)
    tracks = mix(placed)
    seed = zlib.crc32(script["id"].encode())
    for recording in script["recordings"]:
        encode.write(sound_folder / recording["file"], channels(tracks, recording, seed), recording["codec"])
    shown = [{name: turn[name] for name in ("who", "text", "start", "end")} for turn in placed]
    truth = {
        "id": script["id"],
        "language": script.get("language", "en"),
        "seconds": len(tracks["A"]) / RATE,
        "voices": script.get("voices", {}),
        "recordings": script["recordings"],
        "turns": [turn for turn in shown if turn["who"] != "H"],
        "music": [{"start": turn["start"], "end": turn["end"]} for turn in shown if turn["who"] == "H"],
    }
    (truth_folder / f"{script['id']}.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n")
    print(script["id"], truth["seconds"], "s")


def main() -> None:
    """Render every script named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", nargs="+", type=Path)
    parser.add_argument("--sound", type=Path)
    parser.add_argument("--truth", type=Path)
    asked = parser.parse_args()
    for path in asked.scripts:
        beside = path.resolve().parent.parent
        render(path, asked.sound or beside, asked.truth or beside)


if __name__ == "__main__":
    main()
