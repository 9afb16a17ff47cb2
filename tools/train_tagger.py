"""Train the tagger: an adapter on the sentence encoder that tells which words of a talk are sensitive values.

    PYTHONPATH=src python tools/train_tagger.py [--models FOLDER] [--passes 16] [--seed 7] [--beside]

Reads tools/values/ (marked exchanges), the development calls of bench/verdicts/ and, as what stands around them, the
calls of tools/talk/; writes
src/callcov/language/tagger.npz, from which tools/models/make_adapted.py makes the graph. At every pass the exchanges
have other digits, names and spellings, other neighbours and other sides. `bench/verdicts/telling.py` measures it on
exchanges by other authors. With `--beside` the first of the taggers that are there is kept and the new one is the
second, which needs another seed. Needs torch: see docs/heads.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT / "tools"))

import talk
import values
from adapter import DROP, SCALE, WIDTH, Encoder, published

from callcov.language import tagger
from callcov.model import Segment, Span, Word

TYPES = tuple(
    "card_number card_cvv ssn bank_account account_number date_of_birth phone_number email address password pin "
    "government_id".split()
)
BATCH = 12
RATE = 1.2e-3
HEAD_RATE = 3e-3
NOTHING = 1.0  # weight of a word that is no value
LENGTHS = (90, 140, 200, 240)  # tokens of an example, about
BETWEEN = 0.45  # share of exchanges with other talk beside them
START, END = 101, 102
STEPS = 184  # a pass, about: what the rate of learning falls by


def snippets() -> list[values.Exchange]:
    """Pieces of the reader's training calls without placeholders: talk in which nothing is sensitive."""
    found = []
    for path in talk.documents():
        for call in yaml.safe_load(path.read_text("utf-8")):
            said = [(who, re.sub(r"\{[a-z_+]+ ([^{}]+)\}", r"\1", str(text))) for who, _, text in call["turns"]]
            at = 0
            while at < len(said):
                part = [one for one in said[at : at + 4] if "[" not in one[1]]
                found.append(
                    tuple(values.Turn(who, tuple(text.split()), (None,) * len(text.split())) for who, text in part)
                )
                at += 4
    return [one for one in found if one]


Example = tuple[list[int], list[int]]
"""Token ids with both ends, and the class of each token (-1: not judged)."""


def example(tokenizer: Tokenizer, turns: list[values.Turn], *, swap: bool) -> Example:
    """Turns as one example, cut to the window."""
    segments = []
    for turn in turns:
        who = {"A": "B", "C": "A"}[turn.who] if swap else {"A": "A", "C": "B"}[turn.who]
        segments.append(Segment(who, tuple(Word(word, Span(0.0, 0.1)) for word in turn.words)))
    stream = tagger.stream_of(tokenizer, segments)
    classes = [TYPES.index(kind) + 1 if kind else 0 for turn in turns for kind in turn.types]
    room = tagger.WINDOW - 2
    ids = [START, *stream.ids[:room], END]
    return ids, [-1, *(classes[word] if word >= 0 else -1 for word in stream.words[:room]), -1]


def packed(
    exchanges: list[values.Exchange], around: list[values.Exchange], tokenizer: Tokenizer, chance: random.Random
) -> list[Example]:
    """Examples of about a window each: exchanges one after the other, with other talk between."""
    order = chance.sample(exchanges, len(exchanges))
    found: list[Example] = []
    turns: list[values.Turn] = []
    length, limit = 0, chance.choice(LENGTHS)
    for one in order:
        parts = [one]
        if chance.random() < BETWEEN:
            parts.insert(chance.randrange(2), chance.choice(around))
        for part in parts:
            turns += part
            length += sum(round(1.5 * len(turn.words)) + 1 for turn in part)
        if length >= limit:
            found.append(example(tokenizer, turns, swap=chance.random() < 0.5))
            turns, length, limit = [], 0, chance.choice(LENGTHS)
    return [*found, example(tokenizer, turns, swap=False)] if turns else found


class Tagger(nn.Module):
    """The encoder with its adapters and a class for each token."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.encoder = Encoder(weights, 0)
        self.head = nn.Linear(WIDTH, len(TYPES) + 1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder.above(self.encoder.below(ids, mask), mask).float()
        return self.head(functional.dropout(states, DROP, self.training))


def batch_of(part: list) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    longest = max(len(ids) for ids, _ in part)
    ids, mask = torch.zeros(len(part), longest, dtype=torch.long), torch.zeros(len(part), longest)
    truth = torch.full((len(part), longest), -1, dtype=torch.long)
    for row, (known, classes) in enumerate(part):
        ids[row, : len(known)] = torch.tensor(known)
        mask[row, : len(known)] = 1
        truth[row, : len(classes)] = torch.tensor(classes)
    return ids, mask, truth


def train(
    weights: dict[str, torch.Tensor],
    tokenizer: Tokenizer,
    exchanges: list[values.Exchange],
    passes: int,
    seed: int,
) -> Tagger:
    """A tagger that has seen the exchanges so many times, each time varied."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - training
    around, varied, model = snippets(), values.Varied(exchanges, seed), Tagger(weights)
    print(len(exchanges), "exchanges,", len(around), "pieces of other talk", flush=True)
    encoder = [one for one in model.encoder.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": encoder, "lr": RATE},
            {"params": model.head.parameters(), "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(1.0, (step + 1) / 40) * (0.51 + 0.49 * math.cos(math.pi * min(1, step / STEPS / passes))),
    )
    for turn in range(passes):
        began, losses = time.monotonic(), []
        made = packed([varied(one) for one in exchanges], around, tokenizer, chance)
        made += packed(chance.sample(around, len(exchanges) // 2), around, tokenizer, chance)
        made.sort(key=lambda one: len(one[0]))
        groups = [made[at : at + BATCH] for at in range(0, len(made), BATCH)]
        chance.shuffle(groups)
        model.train()
        for part in groups:
            optimiser.zero_grad()
            loss = loss_of(model, part)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        mean, seconds = sum(losses) / len(losses), time.monotonic() - began
        print(f"pass {turn + 1}: {len(groups)} steps, loss {mean:.4f}, {seconds:.0f} s", flush=True)
    return model


def loss_of(model: Tagger, part: list[Example]) -> torch.Tensor:
    """Cross-entropy of the tokens that are judged."""
    ids, mask, truth = batch_of(part)
    share = torch.ones(len(TYPES) + 1)
    share[0] = NOTHING
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids, mask)
    each = logits.float().reshape(-1, len(TYPES) + 1)
    return functional.cross_entropy(each, truth.reshape(-1), share, ignore_index=-1, label_smoothing=0.02)


def stored(model: Tagger) -> dict[str, np.ndarray]:
    """The tagger as arrays with one row: adapters in half precision, and the head."""
    arrays = model.encoder.stored() | {
        "head.weight": model.head.weight.detach().numpy().T,
        "head.bias": model.head.bias.detach().numpy(),
    }
    return {name: values[None] for name, values in arrays.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "models")
    parser.add_argument("--out", type=Path, default=ROOT)
    parser.add_argument("--passes", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--beside", action="store_true", help="keep the first tagger that is there")
    given = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    weights = published(given.models / "minilm/model.safetensors")
    tokenizer = Tokenizer.from_file(str(given.models / "minilm/tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    exchanges = [one for path in values.documents() for one in values.load(path)]
    arrays = stored(train(weights, tokenizer, exchanges, given.passes, given.seed))
    path = given.out / "src/callcov/language/tagger.npz"
    if given.beside:
        with np.load(path, allow_pickle=False) as kept:
            arrays = {name: np.concatenate([kept[name][:1], arrays[name]]) for name in arrays}
    document = json.dumps({"types": TYPES, "scale": SCALE, "training": values.fingerprint()}).encode()
    np.savez_compressed(path, allow_pickle=False, document=np.frombuffer(document, np.uint8), **arrays)


if __name__ == "__main__":
    main()
