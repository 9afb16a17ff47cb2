"""Sensitive values in short exchanges: `python bench/verdicts/telling.py [--details] [FILE...]`.

Reads exchanges as in tools/values/ (default: held_out.yaml and fresh.yaml of exchanges/, on which nothing is trained or
tuned, by authors who had not seen the rules, and heard/held_out.yaml, in the recogniser's words) and prints, by type,
how many marked pieces can still be read when all that is found is masked, and how many decoys were hidden: with the
rules alone, and with the tagger.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import markup
import readable
import yaml
from markup import DECOY, Mark

from callcov import config
from callcov.checks.policy import ALL_TYPES
from callcov.language import tagger
from callcov.language.encoder import Encoder
from callcov.model import Segment, Sensitive, Span, Word
from callcov.models import locate
from callcov.text import sensitive

COUNTED = [Path(__file__).parent / "exchanges" / f"{name}.yaml" for name in ("held_out", "heard/held_out", "fresh")]
"""Only counted: by an author apart from those of the training, the same as recognised, and by authors of half of it."""
WORD, PAUSE = 0.3, 0.4  # seconds


@dataclass
class Tally:
    """How many pieces of each type there are and can be read, and how many decoys there are and are hidden."""

    there: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    decoys: int = 0
    hidden: int = 0
    lines: list[str] = field(default_factory=list)


def said(turns: Sequence[Sequence[str]]) -> tuple[tuple[Segment, ...], list[tuple[Mark, ...]]]:
    """The turns as segments, and the marks of each."""
    segments, marks, clock = [], [], 0.0
    for who, text in turns:
        words, found = markup.read(text)
        spans = [Span(clock + WORD * place, clock + WORD * (place + 1)) for place in range(len(words))]
        segments.append(Segment(who, tuple(map(Word, words, spans))))
        marks.append(found)
        clock += WORD * len(words) + PAUSE
    return tuple(segments), marks


def tally(exchanges: Sequence[Mapping[str, Any]], find: Callable[[tuple[Segment, ...]], Sequence[Sensitive]]) -> Tally:
    """Everything that is counted of some exchanges."""
    found = Tally()
    for one in exchanges:
        segments, marks = said(one["turns"])
        shown = sensitive.mask(segments, find(segments), ALL_TYPES)
        for before, after, inside in zip(segments, shown, marks, strict=True):
            for mark in inside:
                _count(found, one["id"], mark, before, after)
    return found


def _count(found: Tally, name: str, mark: Mark, before: Segment, after: Segment) -> None:
    value = " ".join(word.text for word in before.words[mark.first : mark.last])
    left = [word.text for word in after.words[mark.first : mark.last] if not word.text.startswith("[")]
    if mark.type == DECOY:
        found.decoys += 1
        if len(left) < mark.last - mark.first:
            found.hidden += 1
            found.lines.append(f"HIDDEN {name}: {value}")
        return
    found.there[mark.type] += 1
    if read := readable.readable(value, mark.type, " ".join(left)):
        found.told[mark.type] += 1
        found.lines.append(f"TOLD {name} {mark.type}: {read} of {value}")


def table(way: str, found: Tally) -> Iterator[str]:
    """The counts as lines."""
    told, there = found.told.total(), found.there.total()
    yield f"{way}: {told} of {there} values told ({told / there:.1%}), {found.hidden} of {found.decoys} decoys hidden"
    yield "  " + ", ".join(f"{kind} {found.told[kind]}/{count}" for kind, count in sorted(found.there.items()))


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=COUNTED)
    parser.add_argument("--details", action="store_true", help="print what is told and hidden")
    asked = parser.parse_args()
    for path in asked.files:
        for way, found in ways(path).items():
            print(*table(f"{name(path)}, {way}", found), sep="\n")
        print(*(found.lines if asked.details else ()), sep="\n")


def name(path: Path) -> str:
    """What a file of exchanges is called in tables."""
    return f"{path.stem}, heard" if path.parent.name == "heard" else path.stem


def ways(path: Path) -> dict[str, Tally]:
    """What is counted of a file of exchanges by the rules alone, and by rules and tagger."""
    exchanges = yaml.safe_load(path.read_text("utf-8"))
    encoder = Encoder(locate.locate(config.read(os.environ).models, "minilm"))

    def both(segments: tuple[Segment, ...]) -> Sequence[Sensitive]:
        return sensitive.find(segments, tagger.likely(encoder, segments))

    return {"rules alone": tally(exchanges, sensitive.find), "rules and tagger": tally(exchanges, both)}


if __name__ == "__main__":
    main()
