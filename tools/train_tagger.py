"""Train the tagger: an adapter on the sentence encoder that tells which words of a talk are sensitive values.

    PYTHONPATH=src python tools/train_tagger.py [--models FOLDER] [--passes 16] [--seed 7] [--beside | --further PLACE]

Reads tools/values/ (marked exchanges, each once more as it was recognised), the development calls of
bench/verdicts/ and, as what stands around them, the calls of tools/talk/; writes src/callcov/language/tagger.npz, from
which tools/models/make_adapted.py makes the graph. At every pass the exchanges have other digits, names and spellings,
other neighbours and other sides. `bench/verdicts/telling.py` measures it on exchanges by other authors. With `--beside`
the first of the taggers that are there is kept and the new one is the second, which needs another seed. With `--further
0` the first goes on from where it is, with `--further 1` the second: at half the rate, and with as many written
exchanges as heard ones at every pass; kept is the mean of its weights before and after, which forgets less (Wortsman et
al., Robust fine-tuning of zero-shot models, 2022). Needs torch: see docs/heads.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable
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
FURTHER = 0.5  # of the rate, for a tagger that has learned before


def snippets() -> list[values.Exchange]:
    """Pieces of the reader's training calls without placeholders: talk in which nothing is sensitive."""
    found = []
    for path in talk.documents():
        for call in yaml.safe_load(path.read_text("utf-8")):
            said = [(who, tuple(talk.plain(str(text)))) for who, _, text in call["turns"]]
            at = 0
            while at < len(said):
                part = [one for one in said[at : at + 4] if not any("[" in word for word in one[1])]
                found.append(tuple(values.Turn(who, words, (None,) * len(words)) for who, words in part))
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

    def take(self, stored: dict[str, np.ndarray], place: int) -> None:
        """Begin as one of the taggers that are there."""
        arrays = {name: torch.from_numpy(each[place].astype(np.float32)) for name, each in stored.items()}
        with torch.no_grad():
            for name, module in self.encoder.adapted.items():
                module.down.copy_(arrays[f"{name}.down"])
                module.up.copy_(arrays[f"{name}.up"])
            self.head.weight.copy_(arrays["head.weight"].T)
            self.head.bias.copy_(arrays["head.bias"])

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
    model: Tagger,
    share: float,
    groups: Callable[[], list[list[Example]]],
    passes: int,
) -> None:
    """Let a tagger see so many passes, each made anew, at that share of the rates of learning."""
    encoder = [one for one in model.encoder.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": encoder, "lr": RATE * share},
            {"params": model.head.parameters(), "lr": HEAD_RATE * share},
        ],
        weight_decay=0.01,
    )
    made = groups()
    steps = len(made) * passes
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 40) * (0.51 + 0.49 * math.cos(math.pi * min(1, step / steps)))
    )
    model.train()
    for turn in range(passes):
        began, losses = time.monotonic(), []
        made = groups() if turn else made
        for part in made:
            optimiser.zero_grad()
            loss = loss_of(model, part)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        mean, seconds = sum(losses) / len(losses), time.monotonic() - began
        print(f"pass {turn + 1}: {len(made)} steps, loss {mean:.4f}, {seconds:.0f} s", flush=True)


class Passes:
    """What a tagger sees: at every call all of it, or where it learns further as much written as heard, varied."""

    def __init__(self, tokenizer: Tokenizer, seed: int, *, further: bool) -> None:
        self.tokenizer, self.further = tokenizer, further
        self.chance = random.Random(seed)  # noqa: S311 - training
        self.exchanges = [one for path in values.documents() for one in values.load(path)]
        self.heard = [one for path in values.heard_documents() for one in values.load(path)]
        self.around, self.varied = snippets(), values.Varied(self.exchanges, seed)
        print(len(self.exchanges), "exchanges,", len(self.heard), "heard,", len(self.around), "pieces of other talk")

    def __call__(self) -> list[list[Example]]:
        """Batches of a pass, in the order in which they are learned."""
        written = self.chance.sample(self.exchanges, len(self.heard)) if self.further else self.exchanges
        shown = [*map(self.varied, written), *map(self.varied.heard, self.heard)]
        made = packed(shown, self.around, self.tokenizer, self.chance)
        made += packed(self.chance.sample(self.around, len(written) // 2), self.around, self.tokenizer, self.chance)
        made.sort(key=lambda one: len(one[0]))
        groups = [made[at : at + BATCH] for at in range(0, len(made), BATCH)]
        self.chance.shuffle(groups)
        return groups


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
    """The tagger as arrays: adapters in half precision, and the head."""
    return model.encoder.stored() | {
        "head.weight": model.head.weight.detach().numpy().T,
        "head.bias": model.head.bias.detach().numpy(),
    }


def kept(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the taggers that are there, a row each."""
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found if name != "document"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "models")
    parser.add_argument("--out", type=Path, default=ROOT)
    parser.add_argument("--passes", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--beside", action="store_true", help="keep the first tagger that is there")
    beside.add_argument("--further", type=int, metavar="PLACE", help="go on from that one of those that are there")
    given = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(given.seed)
    model = Tagger(published(given.models / "minilm/model.safetensors"))
    tokenizer = Tokenizer.from_file(str(given.models / "minilm/tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    path = given.out / "src/callcov/language/tagger.npz"
    there = kept(path) if given.beside or given.further is not None else {}
    if given.further is not None:
        model.take(there, given.further)
    passes = Passes(tokenizer, given.seed, further=given.further is not None)
    train(model, 1.0 if given.further is None else FURTHER, passes, given.passes)
    place = 1 if given.further is None else given.further
    made = {name: [*each] for name, each in there.items()} or {name: [] for name in stored(model)}
    for name, array in stored(model).items():
        before = array if given.further is None else there[name][place]
        made[name][place : place + 1] = [((before.astype(np.float32) + array) / 2).astype(array.dtype)]
    arrays = {name: np.stack(each) for name, each in made.items()}
    document = json.dumps({"types": TYPES, "scale": SCALE, "training": values.fingerprint()}).encode()
    np.savez_compressed(path, allow_pickle=False, document=np.frombuffer(document, np.uint8), **arrays)


if __name__ == "__main__":
    main()
