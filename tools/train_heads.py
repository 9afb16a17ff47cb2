"""Train the heads of the understand stage from the seed sentences, and write the report about them.

    python tools/train_heads.py [--models FOLDER]

Reads src/callcov/language/seeds/, writes src/callcov/language/heads.npz and docs/heads.md. Needs scikit-learn (a
development dependency) and the fetched sentence encoder. The same seeds give the same bytes on the same machine.

An act's head learns its own seeds against everything else that is said on calls, with three exceptions: sentences
that were only judged by their feeling are no counter-examples of an act of that feeling (a furious customer may well
be complaining), nor are those of acts that shade into it (RELATED), nor, for the acts in OWN_SIDE, those of the other
side: both say it in the same words ("my name is Helen"), or about the same trouble ("you were charged twice"); what
an agent says in calm routine (CALM) is a counter-example even so.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from callcov.language import features as made
from callcov.language import heads, seeds
from callcov.language.encoder import WIDTH, Encoder
from callcov.models.locate import locate

ROOT = Path(__file__).parent.parent
FOLDS = 5
STRENGTH = 20.0  # C of the logistic heads; the table in docs/heads.md shows its neighbours
BETA = 0.7  # a false alarm costs a manager more trust than a miss
BETA_PROHIBITED = 0.4  # most of all one that accuses an agent
RELATED = {
    "complaint": {"repeat", "repeat_information", "unresolved"},
    "unresolved": {"complaint"},
    "repeat": {"repeat_information"},
    "repeat_information": {"repeat"},
    "greeting": {"identity", "offer_help"},
    "hold": {"transfer"},
    "proh_insult": {"proh_profanity"},
    "proh_pressure": {"proh_threat"},
}
OWN_SIDE = set(
    "greeting identity purpose verify_q closing hold offer_help disc_recording discovery "
    "complaint repeat repeat_information thanks".split()
)
HEADING = """# The heads of the understand stage

Made by `python tools/train_heads.py` from the sentences in `src/callcov/language/seeds/`; do not edit by hand.
{seeds} sentences, {acts} acts, {size}. Run it again after changing a seed: a test compares the seeds with those the
heads were trained on.

Every figure is from five-fold cross-validation over the seeds: a sentence is judged by heads and neighbours that have
not seen it. The seeds are invented, short and clean, many are near misses on purpose, and thresholds were chosen on
the same folds, so these are no rates to expect on recorded calls. `make bench` measures whole verdicts on calls that
no seed was made from.

## Acts

A learned hit needs a probability of at least the threshold, and its three nearest seeds may be further away than the
three nearest counter-seeds by no more than the margin allows (which a probability of 0.9 need not ask). Phrases
(`phrases.yaml`) come on top and are not counted here: they take what is said the usual way, the heads what is said
otherwise.

| act | side | seeds | counter | threshold | margin | precision | recall | F1 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""
CALM = set(
    "greeting identity offer_help purpose disc_recording disc_debt closing hold verify_q discovery transfer".split()
)
FEELINGS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Material:
    """The seeds with their rows of features; `only_felt` marks sentences judged by their feeling alone."""

    sides: dict[str, str]
    seeds: tuple[seeds.Seed, ...]
    vectors: np.ndarray
    rows: np.ndarray
    only_felt: np.ndarray

    @property
    def acts(self) -> list[str]:
        return sorted(self.sides)

    def labels(self, act: str) -> np.ndarray:
        return np.array([act in seed.acts for seed in self.seeds])

    def counter(self, act: str) -> np.ndarray:
        """Which seeds are examples of not doing the act."""
        side, feeling = self.sides[act], feeling_of(act, self.seeds)
        related = RELATED.get(act, set())
        return np.array(
            [
                act not in seed.acts
                and (act not in OWN_SIDE or seed.side in {side, "any"} or (side == "customer" and is_calm(seed)))
                and not (seed.acts & related)
                and not (felt and seed.feeling == feeling)
                for seed, felt in zip(self.seeds, self.only_felt, strict=True)
            ]
        )


def is_calm(seed: seeds.Seed) -> bool:
    """Whether no customer could say the sentence to complain, to thank, or because they had to call again."""
    return seed.acts <= CALM and seed.feeling in {"neutral", None}


def feeling_of(act: str, known: tuple[seeds.Seed, ...]) -> str:
    return next(str(seed.feeling) for seed in known if seed.acts == {act} and seed.feeling)


def material(encoder: Encoder) -> Material:
    sides, known = seeds.load()
    texts = [seed.text for seed in known]
    vectors = encoder.encode(texts)
    felt = np.array([not seed.acts and seed.feeling in {"negative", "positive"} for seed in known])
    return Material(sides, known, vectors, made.features(texts, vectors), felt)


def logistic(rows: np.ndarray, wanted: np.ndarray, strength: float, *, balanced: bool = False) -> LogisticRegression:
    model = LogisticRegression(C=strength, class_weight="balanced" if balanced else None, max_iter=2000, tol=1e-6)
    return model.fit(rows, wanted)


def folds(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return KFold(FOLDS, shuffle=True, random_state=7).split(np.arange(count))


@dataclass(frozen=True)
class Measured:
    """What cross-validation says of an act: held-out probabilities and agreements on its seeds and counter-seeds."""

    act: str
    truth: np.ndarray
    probability: np.ndarray
    agreement: np.ndarray

    def score(self, threshold: float, margin: float) -> tuple[float, float, float]:
        return score(self.truth, heads.accepted(self.probability, self.agreement, threshold, margin))

    def choose(self) -> tuple[float, float]:
        """The threshold and margin with the best F-beta; the middle of equals, so that none is at an edge."""
        grid = [
            (round(t, 2), round(m, 2)) for t in np.arange(0.15, 0.75, 0.025) for m in (-0.15, -0.1, -0.05, 0.0, 0.05)
        ]
        beta = BETA_PROHIBITED if self.act.startswith("proh_") else BETA
        values = [f_beta(*self.score(*pair)[:2], beta) for pair in grid]
        best = [pair for pair, value in zip(grid, values, strict=True) if value >= max(values) - 0.002]
        return best[len(best) // 2]


def score(truth: np.ndarray, found: np.ndarray) -> tuple[float, float, float]:
    hit = int((truth & found).sum())
    precision = hit / max(1, int(found.sum()))
    recall = hit / max(1, int(truth.sum()))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def f_beta(precision: float, recall: float, beta: float) -> float:
    weight = beta * beta
    return (1 + weight) * precision * recall / max(1e-9, weight * precision + recall)


def measure(known: Material, act: str, rows: np.ndarray, strength: float) -> Measured:
    truth, counter = known.labels(act), known.counter(act)
    used = np.flatnonzero(truth | counter)
    probability, agreement = np.zeros(len(used)), np.zeros(len(used))
    for train, held in folds(len(used)):
        model = logistic(rows[used[train]], truth[used[train]], strength)
        probability[held] = model.predict_proba(rows[used[held]])[:, 1]
        similar = known.vectors[used[held]] @ known.vectors[used[train]].T
        own = truth[used[train]]
        agreement[held] = heads.nearest(similar[:, own]) - heads.nearest(similar[:, ~own])
    return Measured(act, truth[used], probability, agreement)


def choices(known: Material) -> list[tuple[str, float]]:
    """Mean F1 at probability 0.5 over the acts, for several kinds of features and strengths."""
    table = []
    for name, share, strengths in (
        ("vector only", 0.0, (STRENGTH,)),
        ("vector + words, share 0.35", 0.35, (STRENGTH,)),
        ("vector + words, share 0.7", 0.7, (STRENGTH / 4, STRENGTH, STRENGTH * 4)),
        ("vector + words, share 1.4", 1.4, (STRENGTH,)),
    ):
        rows = known.rows.copy()
        rows[:, WIDTH:] *= share / made.SHARE
        for strength in strengths:
            each = [
                score(one.truth, one.probability >= 0.5)[2]
                for one in (measure(known, act, rows, strength) for act in known.acts)
            ]
            table.append((f"{name}, C = {strength:g}", float(np.mean(each))))
    return table


def felt(known: Material) -> tuple[LogisticRegression, str]:
    """The sentiment head, and the confusion table of its cross-validation as markdown."""
    judged = np.array([seed.feeling is not None for seed in known.seeds])
    rows = known.rows[judged]
    truth = np.array([FEELINGS.index(seed.feeling) for seed in known.seeds if seed.feeling is not None])
    found = np.zeros_like(truth)
    for train, held in folds(len(truth)):
        found[held] = logistic(rows[train], truth[train], STRENGTH / 4).predict(rows[held])
    lines = [
        "| is \\ found | negative | neutral | positive | precision | recall |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for place, name in enumerate(FEELINGS):
        precision, recall, _ = score(truth == place, found == place)
        counts = " | ".join(str(int(((truth == place) & (found == other)).sum())) for other in range(3))
        lines.append(f"| {name} | {counts} | {precision:.2f} | {recall:.2f} |")
    lines += ["", f"Accuracy {float((truth == found).mean()):.2f}."]
    return logistic(rows, truth, STRENGTH / 4), "\n".join(lines)


def sided(known: Material) -> tuple[LogisticRegression, str]:
    """The head that tells agents from customers, and its cross-validation in words."""
    used = np.array([seed.side != "any" for seed in known.seeds])
    rows = known.rows[used]
    truth = np.array([seed.side == "agent" for seed in known.seeds if seed.side != "any"])
    found = np.zeros_like(truth)
    for train, held in folds(len(truth)):
        found[held] = logistic(rows[train], truth[train], STRENGTH / 4, balanced=True).predict(rows[held])
    right = [float((found == truth)[truth == side].mean()) for side in (True, False)]
    words = (
        f"{right[0]:.2f} of {int(truth.sum())} agent sentences and {right[1]:.2f} of {int((~truth).sum())} customer "
        "sentences are told rightly, each taken alone."
    )
    return logistic(rows, truth, STRENGTH / 4, balanced=True), words


def report(known: Material, measured: list[Measured], limits: list[tuple[float, float]], parts: dict[str, str]) -> str:
    lines = [HEADING.format(seeds=len(known.seeds), acts=len(known.acts), size=parts["size"])]
    scores = [one.score(*pair) for one, pair in zip(measured, limits, strict=True)]
    for one, (threshold, margin), (precision, recall, f1) in zip(measured, limits, scores, strict=True):
        lines.append(
            f"| {one.act} | {known.sides[one.act]} | {int(one.truth.sum())} | {int((~one.truth).sum())} "
            f"| {threshold:.2f} | {margin:.2f} | {precision:.2f} | {recall:.2f} | {f1:.2f} |"
        )
    means = np.mean(scores, axis=0)
    lines.append(f"| mean | | | | | | {means[0]:.2f} | {means[1]:.2f} | {means[2]:.2f} |")
    lines += ["", "## Sentiment", "", parts["felt"], "", "## Agent or customer", "", parts["sided"]]
    lines += ["", "## What the heads look at", "", "Mean F1 over the acts at probability 0.5, without neighbours:", ""]
    return "\n".join([*lines, "| features | F1 |", "| --- | --- |", parts["choices"], ""])


def stored(
    known: Material, limits: list[tuple[float, float]], sentiment: LogisticRegression, agent: LogisticRegression
) -> bytes:
    models = [
        logistic(known.rows[used], known.labels(act)[used], STRENGTH)
        for act, used in ((act, known.labels(act) | known.counter(act)) for act in known.acts)
    ]
    document = {
        "acts": known.acts,
        "examples": [seed.text for seed in known.seeds],
        "seeds": heads.fingerprint(seeds.documents()),
    }
    arrays = {
        "document": np.frombuffer(json.dumps(document, separators=(",", ":")).encode(), np.uint8),
        "weights": np.stack([model.coef_[0] for model in models], axis=1).astype(np.float32),
        "bias": np.array([model.intercept_[0] for model in models], np.float32),
        "thresholds": np.array([pair[0] for pair in limits], np.float32),
        "margins": np.array([pair[1] for pair in limits], np.float32),
        "sentiment": sentiment.coef_.T.astype(np.float32),
        "sentiment_bias": sentiment.intercept_.astype(np.float32),
        "agent": agent.coef_[0].astype(np.float32),
        "agent_bias": agent.intercept_.astype(np.float32)[0],
        "examples": heads.pack(known.vectors),
        "customers": np.array([known.sides[act] == "customer" for act in known.acts]),
        "mine": np.stack([known.labels(act) for act in known.acts], axis=1),
        "against": np.stack([known.counter(act) for act in known.acts], axis=1),
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("CALLCOV_MODELS") or ROOT / ".cache" / "models")
    parser.add_argument("--models", type=Path, default=default)
    parser.add_argument("--out", type=Path, default=ROOT)
    parser.add_argument(
        "--quick", action="store_true", help="leave out the table of feature kinds; the report is not written"
    )
    given = parser.parse_args()
    with threadpool_limits(1):
        known = material(Encoder(locate(given.models, "minilm")))
        measured = [measure(known, act, known.rows, STRENGTH) for act in known.acts]
        limits = [one.choose() for one in measured]
        sentiment, felt_table = felt(known)
        agent, sided_words = sided(known)
        table = [] if given.quick else choices(known)
    content = stored(known, limits, sentiment, agent)
    (given.out / "src/callcov/language/heads.npz").write_bytes(content)
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in table)
    parts = {
        "felt": felt_table,
        "sided": sided_words,
        "choices": rows,
        "size": f"{len(content) / 1e6:.2f} MB of weights",
    }
    text = report(known, measured, limits, parts)
    if not given.quick:
        (given.out / "docs/heads.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
