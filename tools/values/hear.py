"""Write down what is recognised in the sound of `speak.py`: `python tools/values/hear.py FOLDER [FILE…] [--out HEARD]`.

For each file of exchanges of which FOLDER holds recordings, `heard/<file>.yaml` has the exchanges in the recogniser's
words, marked as in the file. A word is marked as the written words are that it takes the place of: both are laid side
by side letter by letter, numbers as digits. Models: where `callcov` itself would look.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jiwer
import yaml

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1] / "bench/verdicts")]

import listening
import markup
import readable

EARLY, LATE = 0.3, 0.4  # seconds that a word may lie outside its turn
Marked = tuple[str, str | None]
"""A word, and the type of the mark that it stands in."""
Letter = tuple[str, int]
"""A letter or digit, and the place of its word."""


def letters(words: Sequence[str]) -> list[Letter]:
    """The words letter by letter, number words as digits."""
    found = []
    for place, word in enumerate(words):
        for part in re.findall(r"[a-z']+|\d+", word.casefold()):
            found += [(sign, place) for sign in readable.digits(part) or part.replace("'", "")]
    return found


def aligned(written: Sequence[Marked], heard: Sequence[str]) -> list[Marked]:
    """The heard words, each with the type of the written words it stands for."""
    said, got = letters([word for word, _ in written]), letters(heard)
    kinds = [written[place][1] for _, place in said]
    votes: dict[int, Counter[str | None]] = defaultdict(Counter)
    for piece in _alignment(said, got):
        for step, (_, place) in enumerate(got[piece.hyp_start_idx : piece.hyp_end_idx]):
            at = piece.ref_start_idx
            # A letter too many stands between two written ones, and counts only where they agree.
            beside = {*kinds[max(0, at - 1) : at + 1]} if piece.type == "insert" else {kinds[at + step]}
            votes[place][beside.pop() if len(beside) == 1 else None] += 1
    return [(word, _kind(votes[place])) for place, word in enumerate(heard)]


def _alignment(said: Sequence[Letter], got: Sequence[Letter]) -> Sequence[jiwer.AlignmentChunk]:
    if not said or not got:
        return []
    (found,) = jiwer.process_characters(*("".join(sign for sign, _ in one) for one in (said, got))).alignments
    return found


def _kind(votes: Counter[str | None]) -> str | None:
    """The type that most of a word's letters have, when at least half have it."""
    kind, count = max(votes.items(), key=lambda vote: (vote[0] is not None, vote[1]), default=(None, 0))
    return kind if 2 * count >= votes.total() else None


def text_of(words: Sequence[Marked]) -> str:
    """The words as a turn with marks."""
    pieces: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end][1] == words[at][1]:
            end += 1
        said, kind = " ".join(word for word, _ in words[at:end]), words[at][1]
        pieces.append(f"<{kind} {said}>" if kind else said)
        at = end
    return " ".join(pieces)


def heard(folder: Path, name: str, exchanges: dict[str, dict]) -> list[dict]:
    """The exchanges of one recording in the recogniser's words; a turn of which nothing was heard is left out."""
    channels = listening.by_channel(name, (folder / f"{name}.mp3").read_bytes())
    found: dict[str, list[list[str]]] = {}
    for turn in json.loads((folder / f"{name}.json").read_text()):
        words = [
            word.text.strip().replace("<", "").replace(">", "")
            for word in channels["AC".index(turn["who"])]
            if turn["start"] - EARLY <= (word.span.start + word.span.end) / 2 <= turn["end"] + LATE
        ]
        turns = found.setdefault(turn["exchange"], [])
        if words := [word for word in words if word]:
            written = markup.marked(exchanges[turn["exchange"]]["turns"][turn["turn"]][1])
            turns.append([turn["who"], text_of(aligned(written, words))])
    return [{"id": known, "turns": turns} for known, turns in found.items()]


def lines(found: list[dict]) -> Iterator[str]:
    """Exchanges as they are written by hand."""
    for one in found:
        yield f"- id: {one['id']}\n  turns:\n"
        for who, text in one["turns"]:
            yield f"  - [{who}, {json.dumps(text, ensure_ascii=False)}]\n"


def main() -> None:
    """Recognise what is in the folder, on every core."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "heard")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=listening.equip) as pool:
        for path in asked.files or sorted(HERE.glob("*.yaml")):
            exchanges = {one["id"]: one for one in yaml.safe_load(path.read_text("utf-8"))}
            names = sorted(one.stem for one in asked.folder.glob(f"{path.stem}-*.json"))
            names.sort(key=lambda name: int(name.rpartition("-")[2]))
            parts = pool.map(heard, [asked.folder] * len(names), names, [exchanges] * len(names))
            found = [one for part in parts for one in part]
            (asked.out / path.name).write_text("".join(lines(found)), "utf-8")
            print(path.name, len(found), "exchanges", flush=True)


if __name__ == "__main__":
    main()
