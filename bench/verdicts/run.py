"""Judge the written calls and count the right verdicts: `python bench/verdicts/run.py [--details] [--show CALL]`.

Exit code 0 when at least 0.80 of all verdicts are right, 1 when fewer are. Models: where `callcov` itself would look.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import judging
import written
from judging import Key, Verdict
from written import Call

from callcov import checks, config, pipeline
from callcov.checks.policy import DEFAULT
from callcov.language.encoder import Encoder
from callcov.model import Transcript
from callcov.models import locate
from callcov.text import sensitive

CALLS = Path(__file__).parent / "calls"
TARGET = 0.80


def understood(call: Call, encoder: Encoder) -> Transcript:
    """The call as the checks get it: sensitive values found and masked, acts and sentiment on every segment."""
    heard = written.transcript(call)
    found = sensitive.find(heard.segments)
    masked = Transcript(
        segments=sensitive.mask(heard.segments, found, DEFAULT.mask),
        turns=heard.turns,
        roles=heard.roles,
        sensitive=found,
        duration=heard.duration,
        channels_apart=True,
    )
    return pipeline.annotated(masked, DEFAULT, encoder)


def main() -> int:
    """Print the table; the exit code says whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--details", action="store_true", help="print every key that is wrong")
    parser.add_argument("--show", metavar="CALL", help="print one call's turns with their times, and nothing else")
    asked = parser.parse_args()
    calls = written.read(CALLS)
    if asked.show:
        _show(next(call for call in calls if call.name == asked.show))
        return 0
    encoder = Encoder(locate.locate(config.read(os.environ).models, "minilm"))
    verdicts: list[tuple[Call, Verdict]] = []
    for call in calls:
        results = checks.analyze(understood(call, encoder), DEFAULT, call.direction)
        found = results.model_dump(mode="json")
        verdicts += [(call, verdict) for verdict in judging.judge(call, found, checks.flags(results, DEFAULT))]
    if asked.details:
        _details(verdicts)
    return 0 if _table([verdict for _, verdict in verdicts]) >= TARGET else 1


def _table(verdicts: list[Verdict]) -> float:
    """Print a line for each field and the totals; the share of right verdicts."""
    print(f"{'field':24} {'right':>7} {'other keys':>11} {'listed: precision recall F1':>30}")
    for field in written.FIELDS:
        of_field = [verdict for verdict in verdicts if verdict.field == field]
        others = [key for verdict in of_field for key in verdict.keys if not key.counts]
        told = f"{sum(key.right for key in others)}/{len(others)}" if others else ""
        print(f"{field:24} {_share(of_field):>7} {told:>11} {_listed(of_field):>30}")
    right = sum(verdict.right for verdict in verdicts) / len(verdicts)
    print(f"{'all':24} {_share(verdicts):>7} {'':11} {_listed(verdicts):>30}")
    print(f"right verdicts: {right:.3f} (target {TARGET:.2f})")
    return right


def _share(verdicts: list[Verdict]) -> str:
    return f"{sum(verdict.right for verdict in verdicts)}/{len(verdicts)}"


def _listed(verdicts: Iterable[Verdict]) -> str:
    """Precision, recall and F1 of everything these verdicts list; empty where nothing is to be listed or found."""
    listings = [verdict.listing for verdict in verdicts if verdict.listing]
    hits = sum(listing.hits for listing in listings)
    found = hits + sum(len(listing.extra) for listing in listings)
    wanted = hits + sum(len(listing.missed) for listing in listings)
    if not found + wanted:
        return ""
    parts = (hits / found if found else 0.0, hits / wanted if wanted else 0.0, 2 * hits / (found + wanted))
    return " ".join(f"{part:.2f}" for part in parts)


def _details(verdicts: list[tuple[Call, Verdict]]) -> None:
    for call, verdict in verdicts:
        wrong = [key for key in verdict.keys if not key.right]
        listing = verdict.listing
        if wrong or (listing and (listing.missed or listing.extra)):
            print(f"{'' if verdict.right else 'WRONG '}{call.name}: {verdict.field}")
            for key in wrong:
                print(f"    {_told(key)}")
            if listing and (listing.missed or listing.extra):
                print(f"    listed: missed {list(listing.missed)}, extra {list(listing.extra)}")
    print()


def _told(key: Key) -> str:
    return f"{key.name}{'' if key.counts else ' (not counted)'}: wanted {key.wanted}, found {key.found}"


def _show(call: Call) -> None:
    for line in call.lines:
        print(f"{line.number:3} {line.who} {line.span.start:7.2f}-{line.span.end:7.2f}  {' '.join(line.words)}")


if __name__ == "__main__":
    sys.exit(main())
