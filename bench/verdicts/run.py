"""Judge the benchmark's calls and count the right verdicts: `python bench/verdicts/run.py [options]`.

Without options: every split, as written, from stereo and from noisy mono sound, the served sound of the held-out calls
recognised again, and `docs/accuracy.md` is written. The fresh calls have no sound.
`--split dev --way written --details` is what one tunes with; details of the held-out calls are never printed.
Exit code 0 when every target is met, 1 when one is short. Models: where `callcov` itself would look.
"""

import argparse
import sys

import counting
import judging
import listening
import page
import written
from counting import Outcome
from listening import WAYS
from written import SILENT, SPLITS, Call

from callcov import checks
from callcov.checks.policy import ready_made


def outcome(calls: list[Call], way: str, *, audible: bool) -> Outcome:
    """Everything that is counted of some calls in one way."""
    outcomes: list[tuple[Call, listening.Listened, list[judging.Verdict]]] = []
    for call, heard in zip(calls, listening.listen(calls, way, audible=audible), strict=True):
        policy = ready_made(call.policy)
        results = checks.analyze(heard.transcript, policy, call.direction)
        found = results.model_dump(mode="json")
        verdicts = judging.judge(call, found, checks.flags(results, policy))
        if "summary" in found:
            verdicts.append(judging.judge_summary(call, found["summary"]))
        outcomes.append((call, heard, verdicts))
    return Outcome(way, tuple(outcomes))


def details(found: Outcome, field: str | None) -> None:
    """Print every key that is wrong, and what is missed or too much in lists."""
    for call, _, verdicts in found.calls:
        for verdict in verdicts:
            wrong = [key for key in verdict.keys if not key.right]
            listing = verdict.listing
            listed = bool(listing and (listing.missed or listing.extra))
            if (wrong or listed) and field in (None, verdict.field):
                print(f"{'' if verdict.right else 'WRONG '}{call.name}: {verdict.field}")
                for key in wrong:
                    counted = "" if key.counts else " (not counted)"
                    print(f"    {key.name}{counted}: wanted {key.wanted}, found {key.found}")
                if listing and listed:
                    print(f"    listed: missed {list(listing.missed)}, extra {list(listing.extra)}")
    for name, places in found.leaks().items():
        print(f"LEAKED {name}: {places}")
    for name, places in found.hidden().items():
        print(f"DECOY MASKED {name}: {places}")


def main() -> int:
    """Print the tables; the exit code says whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS, action="append", help="only that split")
    parser.add_argument("--way", choices=WAYS, action="append", help="only that way")
    parser.add_argument("--details", action="store_true", help="print what is wrong in calls that are not held out")
    parser.add_argument("--field", help="details of that field only")
    parser.add_argument("--short", action="store_true", help="the dev calls as written only; the page says so")
    parser.add_argument("--no-page", action="store_true", help="leave docs/accuracy.md as it is")
    asked = parser.parse_args()
    splits, ways = tuple(asked.split or SPLITS), tuple(asked.way or WAYS)
    whole = splits == SPLITS and ways == WAYS
    outcomes: dict[tuple[str, str], Outcome] = {}
    for split in splits:
        calls = written.read(split)
        for way in ways[:1] if split in SILENT or (asked.short and split == "dev") else ways:
            found = outcomes[split, way] = outcome(calls, way, audible=whole and split == "held_out")
            print(counting.table(split, found))
            if asked.details and split != "held_out":
                details(found, asked.field)
    if whole and not asked.no_page:
        page.write(outcomes)
    short = [one for key, found in outcomes.items() for one in counting.targets(*key, found) if not one.holds]
    print(*[f"SHORT {one.what}: {one.value:.3f} (target {one.target})" for one in short], sep="\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
