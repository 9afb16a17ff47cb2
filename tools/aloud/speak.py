"""Read exchanges and training calls to telephone sound, for `hear.py`: `python tools/aloud/speak.py FOLDER FILE…`.

Needs the environment of tools/voices/README.md. Of each file of exchanges (tools/values/) every third is read, five to
a recording; of each file of calls (tools/talk/) every third as well, of each in turn the first or the last six turns.
`--every` says another number; `--first 1`, then `--first 2`, read the next third and the last. All is stereo at 8 kHz
and 24 kbit/s as the calls of the benchmark are; every other recording has pink noise 20 dB under the speech. FOLDER
gets `<file>-<n>.mp3` and `<file>-<n>.json` with the exchange or call, turn, side and times of what is said, and of a
call its words.
"""

import argparse
import json
import random
import re
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

TOOLS = Path(__file__).parents[1]
sys.path[:0] = [str(TOOLS.parent / "bench/verdicts"), str(TOOLS / "voices")]

import encode
import markup
import render
from make_sound import SNR_DB, pink
from voices import RATE

TOGETHER = 5  # exchanges of a recording
PIECE = 6  # turns of a call
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
# What is said where a call has a placeholder; for any other it is a number.
STREETS = "Mill Lane|Chapel Road|Ashgrove Close|Harbour Street|Beech Avenue|Station Road|Orchard Drive".split("|")
NAMES = "Gillian Marsh|Tom Okafor|Priya Nair|Derek Holloway|Siobhan Kelly|Marta Nowak|Leon Baptiste".split("|")
WORDS = "Bluebell Sandcastle Juniper Marmalade Lighthouse Thunder Biscuit".split()
MONTHS = "January March April June July September November".split()


@dataclass(frozen=True)
class Said:
    """A turn that is read: whose it is (an exchange's id or a call's place in its file), and its words.

    Each word is with the place of the word in the written turn that it is said for; of an exchange there are none.
    """

    of: str | int
    turn: int
    who: str
    text: str
    words: tuple[tuple[str, int], ...] = ()


def spoken(text: str) -> str:
    """What is read aloud: without marks, and digits one by one where they are no year."""
    said = markup.said(text).rstrip("-").replace("- ", ", ")
    return re.sub(r"\d{3,}", lambda run: run[0] if re.fullmatch(r"(19|20)\d\d", run[0]) else " ".join(run[0]), said)


def invented(placeholder: str, chance: random.Random) -> str:
    """A value that may be said for `[placeholder]`."""
    digits = "".join(chance.choices("0123456789", k=chance.randrange(6, 10)))
    letters = " ".join(chance.choices("ABCDEFGHJKLMNPRSTVWXY", k=2))
    return {
        "address": f"{chance.randrange(2, 99)} {chance.choice(STREETS)}",
        "postcode": f"{letters} {digits[0]}, {digits[1]} {letters[::-1]}",
        "name": chance.choice(NAMES),
        "email": f"{chance.choice(NAMES).replace(' ', ' dot ').lower()} at example dot com",
        "password": f"{chance.choice(WORDS)} {digits[:2]}",
        "date_of_birth": f"the {chance.randrange(4, 20)}th of {chance.choice(MONTHS)} 19{chance.randrange(30, 99)}",
        "pin": digits[:4],
        "card_last_four": digits[:4],
        "social_security_last4": digits[:4],
        "registration": f"{letters} {digits[:2]} {letters[::-1]}",
    }.get(placeholder, digits)


def exchanges(path: Path, every: int, start: int) -> Iterator[list[Said]]:
    """The recordings of a file of exchanges."""
    chosen = yaml.safe_load(path.read_text("utf-8"))[start::every]
    for first in range(0, len(chosen), TOGETHER):
        part = chosen[first : first + TOGETHER]
        yield [
            Said(one["id"], place, turn[0], spoken(turn[1])) for one in part for place, turn in enumerate(one["turns"])
        ]


def calls(path: Path, every: int, start: int) -> Iterator[list[Said]]:
    """The recordings of a file of training calls."""
    written = yaml.safe_load(path.read_text("utf-8"))
    for number in range((1 + start) % every, len(written), every):
        turns = written[number]["turns"]
        first = 0 if number // every % 2 else max(0, len(turns) - PIECE)
        chance = random.Random(f"{path.stem} {number}")  # noqa: S311 - training data, not a secret
        piece = [(place, turns[place][0], str(turns[place][2])) for place in range(len(turns))[first : first + PIECE]]
        yield [_said(number, place, who, text, chance) for place, who, text in piece]


def _said(call: int, turn: int, who: str, text: str, chance: random.Random) -> Said:
    words: list[tuple[str, int]] = []
    # As `talk.plain`, which needs the product; the voices' environment does not have it.
    for place, word in enumerate(re.sub(r"\{[a-z_+]+ ([^{}]+)\}", r"\1", text).split()):
        value = re.sub(r"\[([a-z_0-9]+)\]", lambda found: invented(found[1], chance), word)
        words += [(part, place) for part in spoken(value).split()]
    return Said(call, turn, who, " ".join(word for word, _ in words), tuple(words))


def recording(folder: Path, name: str, turns: list[Said]) -> None:
    """Write some turns as one recording, with the truth beside it."""
    drawn = zlib.crc32(name.encode())
    agent, customer = PAIRS[drawn % len(PAIRS)]
    gaps = [BETWEEN if turn.turn == 0 else BEHIND for turn in turns]
    script = {
        "voices": {"A": agent, "C": customer},
        "turns": [[turn.who, turn.text, gap] for turn, gap in zip(turns, gaps, strict=True)],
    }
    placed = render.place(script)
    tracks = render.mix(placed)
    sound: NDArray[np.float32] = np.stack([tracks["A"], tracks["C"]])
    if drawn // len(PAIRS) % 2:
        level = np.sqrt((sound**2).mean() * 2) * 10 ** (-SNR_DB / 20)
        sound += np.stack([level * pink(sound.shape[1], drawn + channel) for channel in range(2)])
    encode.write(folder / f"{name}.mp3", sound, "libmp3lame/8000/24")
    truth = [_truth(turn, one) for turn, one in zip(turns, placed, strict=True)]
    (folder / f"{name}.json").write_text(json.dumps(truth) + "\n")
    print(name, round(sound.shape[1] / RATE), "s", flush=True)


def _truth(turn: Said, placed: dict[str, Any]) -> dict[str, Any]:
    known = {"of": turn.of, "turn": turn.turn, "who": turn.who, "words": turn.words}
    return known | {"start": placed["start"], "end": placed["end"]}


def main() -> None:
    """Read what has no sound in the folder yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=3, help="read each so manyth exchange or call")
    parser.add_argument("--first", type=int, default=0, help="after leaving out so many")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        waiting = []
        for path in asked.files:
            material = calls if path.parent.name == "talk" else exchanges
            for place, turns in enumerate(material(path, asked.every, asked.first)):
                name = f"{path.stem}-{place * asked.every + asked.first}"
                if not (asked.folder / f"{name}.json").exists():
                    waiting.append(pool.submit(recording, asked.folder, name, turns))
        for one in waiting:
            one.result()


if __name__ == "__main__":
    main()
