"""Prove written calls and print their turns with times: `python bench/verdicts/validate.py [--show] FILE…`.

Exit code 1 when a call contradicts itself. Times are the rendered ones, or estimates before there is sound.
"""

import argparse
import sys
from pathlib import Path

import written
import yaml


def main() -> int:
    """0 when every call is sound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--show", action="store_true", help="print the turns with their times")
    asked = parser.parse_args()
    wrong = 0
    for path in asked.files:
        try:
            call = written.load(path)
        except (KeyError, TypeError, ValueError, yaml.YAMLError) as problem:
            print(f"{path.name}: {type(problem).__name__}: {problem}")
            wrong += 1
            continue
        print(f"{path.name}: {len(call.lines)} turns, {call.end:.0f} s, fine")
        for line in call.lines if asked.show else ():
            print(f"{line.number:3} {line.who} {line.span.start:7.2f}-{line.span.end:7.2f}  {' '.join(line.words)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
