"""What is counted: right verdicts by field, listed things, roles, leaks, decoys, word errors; and the targets."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import jiwer
import listening
import readable
from judging import LISTED, Verdict
from listening import Listened
from whisper_normalizer.english import EnglishTextNormalizer
from written import FIELDS, Call

RIGHT = {"written": 0.97, "stereo": 0.93, "mono": 0.88}
F1 = {"written": 0.93, "stereo": 0.87, "mono": 0.80}
ROLES = {"stereo": 0.99, "mono": 0.95}
DECOYS = 0.01


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of the issue with its limit; at most for what should be small, at least for the rest."""

    what: str
    value: float
    limit: float
    small: bool = False

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.small else self.value >= self.limit

    @property
    def target(self) -> str:
        """The limit in words."""
        return f"{'<=' if self.small else '>='} {self.limit:g}"


@dataclass(frozen=True)
class Outcome:
    """The calls of a split in one way, with what was heard of them and their verdicts."""

    way: str
    calls: tuple[tuple[Call, Listened, list[Verdict]], ...]

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the sixteen fields."""
        return [verdict for _, _, all_of in self.calls for verdict in all_of if verdict.field in FIELDS]

    def of(self, field: str) -> list[Verdict]:
        """The verdicts on one field, `summary` included."""
        return [verdict for _, _, all_of in self.calls for verdict in all_of if verdict.field == field]

    @property
    def right(self) -> float:
        """Share of right verdicts."""
        return fmean(verdict.right for verdict in self.verdicts)

    @property
    def mean_f1(self) -> float:
        """F1 of listed things, pooled for each field, then averaged over the fields."""
        return fmean(scores(self.of(field))[2] for field in LISTED)

    @property
    def roles(self) -> float:
        """Share of the heard time of one voice that is given to the right side."""
        pairs = [listening.role_seconds(call, heard.transcript) for call, heard, _ in self.calls]
        return sum(right for right, _ in pairs) / max(1, sum(of for _, of in pairs))

    def leaks(self) -> dict[str, list[tuple[int, str, str]]]:
        """Values that can be read in the stored transcript, by call."""
        found = {call.name: readable.leaked(call, heard.transcript) for call, heard, _ in self.calls}
        return {name: places for name, places in found.items() if places}

    def audible(self) -> int | None:
        """Values that the served sound still tells; None when it was not recognised again."""
        tried = [heard.audible for _, heard, _ in self.calls if heard.audible is not None]
        return sum(map(len, tried)) if tried else None

    def values(self) -> int:
        """Pieces of sensitive values that were said."""
        return sum(1 for call, _, _ in self.calls for _ in readable.values(call))

    def hidden(self) -> dict[str, list[tuple[int, str]]]:
        """Decoys that were masked, by call."""
        found = {call.name: readable.hidden_decoys(call, heard.transcript)[0] for call, heard, _ in self.calls}
        return {name: places for name, places in found.items() if places}

    def decoys(self) -> int:
        """Decoys that were said."""
        return sum(readable.hidden_decoys(call, heard.transcript)[1] for call, heard, _ in self.calls)

    @property
    def word_error_rate(self) -> float | None:
        """Of each side's words, before masking, after the Whisper normaliser; None for calls as written."""
        if self.way == "written":
            return None
        normal = EnglishTextNormalizer()
        said: list[str] = []
        heard_as: list[str] = []
        for call, heard, _ in self.calls:
            for who in "AC":
                reference = normal(" ".join(w for line in call.lines if line.who == who for w in line.words))
                if reference:
                    said.append(reference)
                    heard_as.append(normal(" ".join(heard.words[who])))
        return jiwer.wer(said, heard_as)


def scores(verdicts: Iterable[Verdict]) -> tuple[float, float, float]:
    """Precision, recall and F1 of what these verdicts list; 1.0 where there is nothing and nothing was found."""
    listings = [verdict.listing for verdict in verdicts if verdict.listing]
    hits = sum(listing.hits for listing in listings)
    found = hits + sum(len(listing.extra) for listing in listings)
    wanted = hits + sum(len(listing.missed) for listing in listings)
    if not found + wanted:
        return 1.0, 1.0, 1.0
    return hits / found if found else 0.0, hits / wanted if wanted else 0.0, 2 * hits / (found + wanted)


def table(split: str, found: Outcome) -> str:
    """The figures of a split in one way, a line for each field."""
    lines = [f"== {split}, {found.way}: {len(found.calls)} calls"]
    lines.append(f"{'field':24} {'right':>9} {'listed: precision recall F1':>30}")
    for field in (*FIELDS, "summary"):
        verdicts = found.of(field)
        listed = " ".join(f"{one:.2f}" for one in scores(verdicts)) if field in (*LISTED, "summary") else ""
        lines.append(f"{field:24} {sum(one.right for one in verdicts):>4}/{len(verdicts):<4} {listed:>30}")
    lines.append(f"right verdicts {found.right:.3f}, mean F1 of listed things {found.mean_f1:.3f}")
    leaked, hidden = sum(map(len, found.leaks().values())), sum(map(len, found.hidden().values()))
    lines.append(f"leaked values {leaked} of {found.values()}, decoys masked {hidden} of {found.decoys()}")
    if found.way != "written":
        lines.append(f"agent or customer right by time {found.roles:.3f}, word error rate {found.word_error_rate:.3f}")
    if found.audible() is not None:
        lines.append(f"values heard in the served sound {found.audible()}")
    return "\n".join(lines) + "\n"


def targets(split: str, way: str, found: Outcome) -> list[Target]:
    """The targets, which are set for the held-out calls alone."""
    if split != "held_out":
        return []
    hidden = sum(map(len, found.hidden().values())) / max(1, found.decoys())
    wanted = [
        Target(f"right verdicts, {way}", found.right, RIGHT[way]),
        Target(f"mean F1 of listed things, {way}", found.mean_f1, F1[way]),
        Target(f"leaked values, {way}", sum(map(len, found.leaks().values())), 0, small=True),
        Target(f"decoys masked, {way}", hidden, DECOYS, small=True),
    ]
    if way in ROLES:
        wanted.append(Target(f"agent or customer right by time, {way}", found.roles, ROLES[way]))
    if (heard := found.audible()) is not None:
        wanted.append(Target(f"values heard in the served sound, {way}", heard, 0, small=True))
    return wanted
