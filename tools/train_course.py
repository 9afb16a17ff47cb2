"""Give the reader the heads of the acts that tell the course of a call, and the one that knows agents.

    PYTHONPATH=tools python tools/train_course.py [--models FOLDER]

Run after train_reader.py, whose adapter and heads stay as they are, and before train_heads.py. The head of each act of
`talk.COURSE` is a logistic regression on the reader's vectors of the clauses of tools/talk/, quoted in
tools/talk/course/; so is that of whose clause it is. Every tenth call is held back for the figures. Writes
src/callcov/language/reader.npz and docs/course.md. Needs scikit-learn (a development dependency) and the fetched
encoder with its reader; ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import talk
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, precision_recall_fscore_support
from threadpoolctl import threadpool_limits

from callcov.language.context import Sentence
from callcov.language.encoder import Encoder
from callcov.models.locate import locate

ROOT = Path(__file__).parent.parent
READER, PAGE = ROOT / "src/callcov/language/reader.npz", ROOT / "docs/course.md"
STRENGTH = 0.1  # C of the acts' heads
SIDE_STRENGTH = 0.03  # of that of whose clause it is: the least loss on the calls held back, of 0.01 to 0.3
LIKELY = {"reason": 0.35, "next_step": 0.2, "settled": 0.2, "unsettled": 0.2, "upset": 0.5}
"""An act is kept from this probability on, as the checks need it: they weigh how sure it is."""
SURE = 0.35  # the probability at which the figures are
TEXT = """# The course of a call

Made by `tools/train_course.py`; do not edit by hand. Five acts tell what a call is about and what becomes of it. Each
has a logistic head on the reader's vectors ([heads.md](heads.md)); the reader itself was not trained for them. They
were learned from the {calls} invented calls of `tools/talk/`, in which labellers who saw neither the benchmark nor the
rules quoted the words (`tools/talk/course/`). Every tenth call was held back; the figures are over its clauses, at a
probability of {sure}. They flatter: the first of the two readers had learned other acts from most of these calls. Acts
are kept from a lower or higher probability on, with how sure they are: the checks weigh that.

| act | places | precision | recall | F1 | average precision |
| --- | --- | --- | --- | --- | --- |
{table}

One head more tells whether an agent or a customer says a clause: right for {told:.3f} of the same clauses, with a loss
of {loss:.3f} (nothing known would be 0.693). Who is the agent of a call is summed up from it
(`src/callcov/speech/roles.py`).

How a call ends is weighed by them (`src/callcov/checks/ending.py`); `ending.yaml` beside it has the weights, and how
many calls that were held back end as a labeller said.
"""


def heads_of(
    examples: list[talk.Example], rows: np.ndarray, rest: list[int], held: list[int]
) -> tuple[dict[str, tuple[np.ndarray, float]], list[str]]:
    """Weights and bias of each act's head, and the lines of its figures."""
    heads, lines = dict[str, tuple[np.ndarray, float]](), list[str]()
    for act in talk.COURSE:
        wanted = np.array([act in one.acts for one in examples])
        model = LogisticRegression(C=STRENGTH, max_iter=3000).fit(rows[rest], wanted[rest])
        heads[act] = model.coef_[0], float(model.intercept_[0])
        scores = model.predict_proba(rows[held])[:, 1]
        precision, recall, f1, _ = precision_recall_fscore_support(wanted[held], scores >= SURE, average="binary")
        area = average_precision_score(wanted[held], scores)
        lines.append(f"| {act} | {wanted[held].sum()} | {precision:.2f} | {recall:.2f} | {f1:.2f} | {area:.2f} |")
    return heads, lines


def side_of(
    examples: list[talk.Example], rows: np.ndarray, rest: list[int], held: list[int]
) -> tuple[tuple[np.ndarray, float], dict[str, float]]:
    """Weights and bias of the head of whose clause it is, and how often it is right."""
    agents = np.array([one.agent for one in examples])
    model = LogisticRegression(C=SIDE_STRENGTH, class_weight="balanced", max_iter=3000).fit(rows[rest], agents[rest])
    chances = model.predict_proba(rows[held])[:, 1]
    figures = {"told": float(np.mean((chances > 0.5) == agents[held])), "loss": float(log_loss(agents[held], chances))}
    return (model.coef_[0], float(model.intercept_[0])), figures


def join(heads: dict[str, tuple[np.ndarray, float]], side: tuple[np.ndarray, float]) -> None:
    """Put the heads among the reader's others, by name, and that of whose clause it is beside them."""
    with np.load(READER, allow_pickle=False) as kept:
        stored = {name: kept[name] for name in kept.files}
    document = json.loads(stored["document"].tobytes())
    readers = len(stored["acts.bias"])  # the product averages over them
    columns = zip(np.moveaxis(stored["acts.weight"], -1, 0), stored["acts.bias"].T, stored["thresholds"].T, strict=True)
    every = dict(zip(document["acts"], columns, strict=True))
    for act, (weights, bias) in heads.items():
        every[act] = readers * weights.reshape(readers, -1), np.full(readers, bias), np.full(readers, LIKELY[act])
    document["acts"] = sorted(every)
    weights, biases, thresholds = zip(*(every[act] for act in document["acts"]), strict=True)
    stored["document"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    stored["acts.weight"] = np.stack(weights, axis=-1).astype(np.float32)
    stored["acts.bias"] = np.stack(biases, axis=-1).astype(np.float32)
    stored["thresholds"] = np.stack(thresholds, axis=-1).astype(np.float32)
    stored["agent.weight"] = (readers * side[0].reshape(readers, -1, 1)).astype(np.float32)
    stored["agent.bias"] = np.full((readers, 1), side[1], np.float32)
    np.savez_compressed(READER, allow_pickle=False, **stored)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("CALLCOV_MODELS") or ROOT / ".cache" / "models")
    parser.add_argument("--models", type=Path, default=default)
    given = parser.parse_args()
    examples = [one for one in talk.load()[1] if one.call >= 0]
    rest = [at for at, one in enumerate(examples) if one.call % talk.HELD]
    held = [at for at, one in enumerate(examples) if one.call % talk.HELD == 0 and one.way == "written"]
    with threadpool_limits(1):
        encoder = Encoder(locate(given.models, "minilm"))
        rows = np.asarray(encoder.read([Sentence(one.text, one.other, one.before) for one in examples]))
        heads, lines = heads_of(examples, rows, rest, held)
        side, figures = side_of(examples, rows, rest, held)
    join(heads, side)
    PAGE.write_text(TEXT.format(table="\n".join(lines), sure=SURE, calls=len(talk.written()), **figures))
    print(PAGE.read_text("utf-8"))


if __name__ == "__main__":
    main()
