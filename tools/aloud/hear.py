"""Write down what is recognised in the sound of `speak.py`: `python tools/aloud/hear.py FOLDER FILE… [--out HEARD]`.

For each file of which FOLDER holds recordings, `heard/<file>.yaml` beside it has the turns in the recogniser's words:
of exchanges marked as in the file, of training calls with the place of the written word that each is heard for. What is
there already stays and is not written down again. Both are laid side by side letter by letter, numbers as digits; a
word is heard for the written one of which it has most letters. Models: where `callcov` itself would look.
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
from typing import Any

import jiwer
import yaml

TOOLS = Path(__file__).parents[1]
sys.path[:0] = [str(TOOLS.parent / "bench/verdicts"), str(TOOLS)]

import listening
import markup
import readable
import talk

EARLY, LATE = 0.3, 0.4  # seconds that a word may lie outside its turn
NOTHING = "."
"""Stands for a place where a word is heard for none that was written."""
Marked = tuple[str, str | None]
"""A word, and what is known of it: the type of the mark that it stands in, or its place."""
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
    """The heard words, each with what is known of the written words it stands for."""
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
    """What is known of most of a word's letters, when it is of at least half."""
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


def placed(said: Sequence[tuple[str, int]], written: Sequence[str], heard: Sequence[str]) -> tuple[str, str]:
    """What was heard of a call's turn, and the places of the written words; a value is its placeholder again."""
    words, places = list[str](), list[str]()
    for word, place in aligned([(word, str(place)) for word, place in said], heard):
        value = re.search(r"\[[a-z_0-9]+\]", written[int(place)]) if place else None
        if value and place == next(reversed(places), None):
            words.pop()
            places.pop()
        end = re.search(r"[.,?!]*$", word)
        words.append(value[0] + (end[0] if end else "") if value else word)
        places.append(place or NOTHING)
    return " ".join(words), " ".join(places)


def turns(folder: Path, name: str) -> list[tuple[dict[str, Any], list[str]]]:
    """The turns of one recording with the words that were heard of each, if any."""
    channels = listening.by_channel(name, (folder / f"{name}.mp3").read_bytes())
    found = []
    for turn in json.loads((folder / f"{name}.json").read_text()):
        words = [
            re.sub(r"[<>{}\[\]]", "", word.text).strip()
            for word in channels["AC".index(turn["who"])]
            if turn["start"] - EARLY <= (word.span.start + word.span.end) / 2 <= turn["end"] + LATE
        ]
        found.append((turn, [word for word in words if word]))
    return found


def exchanges(path: Path, recordings: list[list[tuple[dict[str, Any], list[str]]]]) -> Iterator[str]:
    """Exchanges as they are written by hand; a turn of which nothing was heard is left out."""
    written = {one["id"]: one["turns"] for one in yaml.safe_load(path.read_text("utf-8"))}
    of = None
    for turn, words in (one for part in recordings for one in part):
        if turn["of"] != of:
            of = turn["of"]
            yield f"- id: {of}\n  turns:\n"
        if words:
            text = text_of(aligned(markup.marked(written[of][turn["turn"]][1]), words))
            yield f"  - [{turn['who']}, {json.dumps(text, ensure_ascii=False)}]\n"


def calls(path: Path, recordings: list[list[tuple[dict[str, Any], list[str]]]]) -> Iterator[str]:
    """The heard turns of calls, each with its place in the call and the places of the written words."""
    written = yaml.safe_load(path.read_text("utf-8"))
    for part in recordings:
        of = part[0][0]["of"]
        yield f"- call: {of}\n  turns:\n"
        for turn, words in part:
            if words:
                said = talk.plain(str(written[of]["turns"][turn["turn"]][2]))
                text, places = placed(turn["words"], said, words)
                yield f'  - [{turn["turn"]}, {json.dumps(text, ensure_ascii=False)}, "{places}"]\n'


def unheard(folder: Path, path: Path, out: Path) -> list[str]:
    """The recordings of a file, in order, of which nothing is written down yet."""
    there = yaml.safe_load(out.read_text("utf-8")) if out.exists() else []
    known = {one.get("id", one.get("call")) for one in there}
    names = [one.stem for one in folder.glob(f"{path.stem}-*.json")]
    names = [name for name in names if name.rpartition("-")[0] == path.stem]
    of = {name: {turn["of"] for turn in json.loads((folder / f"{name}.json").read_text())} for name in names}
    return sorted((name for name in names if known.isdisjoint(of[name])), key=_number)


def main() -> None:
    """Recognise what is in the folder, on every core."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, help="another folder than `heard` beside the file")
    asked = parser.parse_args()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=listening.equip) as pool:
        for path in asked.files:
            out = (asked.out or path.parent / "heard") / path.name
            out.parent.mkdir(exist_ok=True)
            names = unheard(asked.folder, path, out)
            recordings = list(pool.map(turns, [asked.folder] * len(names), names))
            as_text = calls if path.parent.name == "talk" else exchanges
            with out.open("a", encoding="utf-8") as file:
                file.writelines(as_text(path, recordings))
            print(path.name, len(recordings), "recordings", flush=True)


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


if __name__ == "__main__":
    main()
