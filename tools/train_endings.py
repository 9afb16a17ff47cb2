"""Learn how calls end: src/callcov/checks/ending.yaml, the weights of `ending.features`.

    PYTHONPATH=tools python tools/train_endings.py [--models FOLDER]

Run last, after train_reader.py, train_course.py and train_heads.py. A multinomial logistic regression on the whole
calls of tools/talk/ as the product understands them, with the outcomes of tools/talk/course/; every tenth is held
back for the figures, which stand at the head of the file. Needs scikit-learn (a development dependency) and the fetched
models; ten minutes.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import talk
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from callcov import pipeline
from callcov.checks import ending, summary
from callcov.checks.compliance import purpose_declaration
from callcov.checks.policy import DEFAULT
from callcov.checks.reading import Reading
from callcov.checks.rules import Rules
from callcov.checks.sentences import sentences
from callcov.language.encoder import Encoder
from callcov.model import Transcript
from callcov.models.locate import locate

ROOT = Path(__file__).parent.parent
WEIGHTS = ROOT / "src/callcov/checks/ending.yaml"
STRENGTH = 0.03  # C of the regression
HEAD = """# What each feature of ending.py adds to resolved, pending and unresolved; made by tools/train_endings.py.
# Of {held} whole calls that were held back {right} end as a labeller said, by the words alone {words}.
"""


class Ended(NamedTuple):
    """A labelled call: its features, its end by the words, and the outcomes that are accepted."""

    number: int
    features: dict[str, float]
    by_words: ending.Outcome
    accepted: list[ending.Outcome]


def ended(number: int, understood: Transcript, accepted: list[ending.Outcome]) -> Ended:
    heard = Reading.of(understood)
    said = sentences(heard)
    purpose = purpose_declaration.check(heard, Rules.of(DEFAULT, None).purpose_declaration).evidence
    steps = summary.steps_after(heard, said, summary.reason_of(heard, said, purpose))
    by_words = ending.of_words(heard, said, steps)
    return Ended(number, ending.features(heard, by_words), by_words, accepted)


def understood(models: Path, one: tuple[int, dict[str, Any], dict[str, Any]]) -> Ended:
    """One numbered call with its course, as the product understands it."""
    number, call, course = one
    with threadpool_limits(1):
        return ended(number, pipeline.annotated(talk.transcript(call), DEFAULT, encoder(models)), course["outcome"])


@cache
def encoder(models: Path) -> Encoder:
    """The encoder of this process."""
    return Encoder(locate(models, "minilm"))


def learned(calls: list[Ended]) -> LogisticRegression:
    """A regression in which a call with two outcomes counts half for each."""
    rows = [(one, outcome) for one in calls for outcome in one.accepted]
    return LogisticRegression(C=STRENGTH, max_iter=5000).fit(
        [list(one.features.values()) for one, _ in rows],
        [ending.OUTCOMES.index(outcome) for _, outcome in rows],
        sample_weight=[1 / len(one.accepted) for one, _ in rows],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("CALLCOV_MODELS") or ROOT / ".cache" / "models")
    parser.add_argument("--models", type=Path, default=default)
    given = parser.parse_args()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        whole = [(number, *pair) for number, pair in enumerate(talk.written()) if pair[1]["whole"]]
        calls = list(pool.map(partial(understood, given.models), whole, chunksize=40))
    with threadpool_limits(1):
        model = learned([one for one in calls if one.number % talk.HELD])
        held = [one for one in calls if one.number % talk.HELD == 0]
        told = [ending.OUTCOMES[at] for at in model.predict([list(one.features.values()) for one in held])]
    counts = {
        "held": len(held),
        "right": sum(one in call.accepted for one, call in zip(told, held, strict=True)),
        "words": sum(call.by_words in call.accepted for call in held),
    }
    weights = {"bias": model.intercept_} | dict(zip(calls[0].features, model.coef_.T, strict=True))
    rows = (f"{name}: {[round(float(value), 3) for value in row]}\n" for name, row in weights.items())
    WEIGHTS.write_text(HEAD.format(**counts) + "".join(rows), "utf-8")
    print(WEIGHTS.read_text("utf-8"))


if __name__ == "__main__":
    main()
