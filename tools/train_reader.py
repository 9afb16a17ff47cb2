"""Train the reader: a small adapter on the sentence encoder that reads a clause in its context, and its heads.

    PYTHONPATH=src python tools/train_reader.py [--models FOLDER] [--epochs 5] [--seed 7] [--beside | --further PLACE]

Reads src/callcov/language/seeds/ (single sentences) and tools/talk/ (invented calls), writes
src/callcov/language/reader.npz, from which tools/models/make_adapted.py makes the graph, and docs/heads.md.
Every tenth call is held back; thresholds and figures come from those. Needs torch, which is neither a dependency of
the product nor of its development: see docs/heads.md for the environment. With `--beside` the first reader of the file
stays, and the product asks both: what they say of a clause is the mean of their logits, the thresholds are the means.
With `--further 0` the first goes on from where it is, with `--further 1` the second: at a third of the rate, each pass
over all that was really heard of the calls (tools/talk/heard/) and three times as many other examples, never the same.

The encoder's own weights stay as published; beside each of its linear layers lies a product of two thin matrices (LoRA,
Hu et al., 2021) that is trained together with a logistic head for each act and one of three classes for the feeling.
A clause is read as `[CLS] what the other side said before [SEP] what the same side just said [SEP] the clause [SEP]`;
its vector is the mean over its own tokens.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT / "tools"))

import talk
from adapter import DROP, SCALE, WIDTH, Encoder, published

from callcov.language.context import Tokens

FROM = 2  # the first layer that is adapted; what lies below is worked out once
BATCH = 32
RATE = 1.5e-3
HEAD_RATE = 3e-3
FURTHER = 0.3  # of the rates, for a reader that has learned before
OTHERS = 3  # other examples that it sees for each that was heard
FEELINGS = ("negative", "neutral", "positive")


class Reader(nn.Module):
    """The encoder with its adapters, and the heads: one logit an act and three of feeling."""

    def __init__(self, weights: dict[str, torch.Tensor], acts: int) -> None:
        super().__init__()
        self.encoder = Encoder(weights, FROM)
        self.acts = nn.Linear(WIDTH, acts)
        self.feeling = nn.Linear(WIDTH, len(FEELINGS))
        nn.init.constant_(self.acts.bias, -3.0)

    def take(self, one: dict[str, np.ndarray]) -> None:
        """Begin as a reader that is there."""
        arrays = {name: torch.from_numpy(values.astype(np.float32)) for name, values in one.items()}
        with torch.no_grad():
            for name, module in self.encoder.adapted.items():
                module.down.copy_(arrays[f"{name}.down"])
                module.up.copy_(arrays[f"{name}.up"])
            for name, head in (("acts", self.acts), ("feeling", self.feeling)):
                head.weight.copy_(arrays[f"{name}.weight"].T)
                head.bias.copy_(arrays[f"{name}.bias"])

    def forward(self, x: torch.Tensor, mask: torch.Tensor, own: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the acts and of the feelings from the states of `Encoder.below`."""
        x = self.encoder.above(x, mask)
        vector = (x * own[:, :, None]).sum(1) / own.sum(1, keepdim=True)
        vector = functional.dropout(vector.float(), DROP, self.training)
        return self.acts(vector), self.feeling(vector)


@dataclass
class Rows:
    """Examples as the states that enter the first adapted layer."""

    states: list[torch.Tensor]
    reads: list[Tokens]

    def batch(self, places: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        longest = max(len(self.states[place]) for place in places)
        x = torch.zeros(len(places), longest, WIDTH)
        mask, own = torch.zeros(len(places), longest), torch.zeros(len(places), longest)
        for row, place in enumerate(places):
            state, read = self.states[place], self.reads[place]
            x[row, : len(state)] = state
            mask[row, : len(state)] = 1
            own[row, read.first : read.last] = 1
        return x, mask, own


def precomputed(
    weights: dict[str, torch.Tensor], tokenizer: Tokenizer, examples: list[talk.Example], used: set[int]
) -> Rows:
    """The lower layers' work, once for all that are used."""
    encoder = Encoder(weights, FROM)
    reads = [talk.reading(tokenizer, one) for one in examples]
    states: list[torch.Tensor] = [torch.empty(0)] * len(reads)
    order = sorted(used, key=lambda at: len(reads[at].ids))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), 64):
            part = order[at : at + 64]
            longest = max(len(reads[place].ids) for place in part)
            ids, mask = torch.zeros(len(part), longest, dtype=torch.long), torch.zeros(len(part), longest)
            for row, place in enumerate(part):
                ids[row, : len(reads[place].ids)] = torch.tensor(reads[place].ids)
                mask[row, : len(reads[place].ids)] = 1
            found = encoder.below(ids, mask)
            for row, place in enumerate(part):
                states[place] = found[row, : len(reads[place].ids)].to(torch.bfloat16)
    return Rows(states, reads)


def batches(rows: Rows, order: list[int]) -> list[list[int]]:
    """Examples of like length together, the batches in random order."""
    found = []
    for first in range(0, len(order), BATCH * 20):
        chunk = sorted(order[first : first + BATCH * 20], key=lambda at: len(rows.states[at]))
        found += [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
    random.shuffle(found)
    return found


def loss_of(model: Reader, rows: Rows, places: list[int], truth: Truth) -> torch.Tensor:
    """Binary cross-entropy of the acts that are known of each example, and cross-entropy of its feeling."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, feeling = model(*rows.batch(places))
    logits, feeling = logits.float(), feeling.float()
    each = functional.binary_cross_entropy_with_logits(logits, truth.acts[places] * 0.97 + 0.01, reduction="none")
    loss = (each * truth.known[places]).sum() / len(places)
    felt = truth.feeling[places] >= 0
    if felt.any():
        labels = truth.feeling[places][felt]
        loss = loss + 0.7 * functional.cross_entropy(feeling[felt], labels, label_smoothing=0.03)
    return loss


def predict(model: Reader, rows: Rows, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the acts [n, acts] and of the feelings [n, 3]."""
    model.eval()
    acts = np.zeros((len(places), model.acts.out_features), np.float32)
    feelings = np.zeros((len(places), len(FEELINGS)), np.float32)
    order = sorted(range(len(places)), key=lambda at: len(rows.states[places[at]]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), 64):
            part = order[at : at + 64]
            logits, feeling = model(*rows.batch([places[place] for place in part]))
            acts[part] = torch.sigmoid(logits.float()).numpy()
            feelings[part] = torch.softmax(feeling.float(), 1).numpy()
    return acts, feelings


@dataclass
class Truth:
    """What is known of the examples, as tensors: acts, which of them were judged, and the feeling (-1: nobody said)."""

    acts: torch.Tensor
    known: torch.Tensor
    feeling: torch.Tensor


def truth_of(examples: list[talk.Example], acts: list[str]) -> Truth:
    return Truth(
        torch.tensor([[float(act in one.acts) for act in acts] for one in examples]),
        torch.tensor([[float(act not in one.unknown) for act in acts] for one in examples]),
        torch.tensor([FEELINGS.index(one.feeling) if one.feeling else -1 for one in examples]),
    )


def train(model: Reader, rows: Rows, truth: Truth, passes: list[list[int]], share: float) -> None:
    """Let a reader see the examples of each pass, at that share of the rates of learning."""
    groups = [
        {"params": list(model.encoder.parameters()), "lr": RATE * share},
        {"params": [*model.acts.parameters(), *model.feeling.parameters()], "lr": HEAD_RATE * share},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = sum(math.ceil(len(places) / BATCH) for places in passes)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 50) * max(0.02, 1 - step / steps)
    )
    for number, places in enumerate(passes):
        began, total = time.monotonic(), 0.0
        model.train()
        order = list(places)
        random.shuffle(order)
        for batch in batches(rows, order):
            optimiser.zero_grad()
            loss = loss_of(model, rows, batch, truth)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        print(f"pass {number + 1}: loss {total / len(places):.4f}, {time.monotonic() - began:.0f} s", flush=True)


def stored(model: Reader, limits: np.ndarray) -> dict[str, np.ndarray]:
    """The reader as arrays: adapters in half precision, heads, thresholds."""
    return model.encoder.stored() | {
        "acts.weight": model.acts.weight.detach().numpy().T,
        "acts.bias": model.acts.bias.detach().numpy(),
        "feeling.weight": model.feeling.weight.detach().numpy().T,
        "feeling.bias": model.feeling.bias.detach().numpy(),
        "thresholds": limits.astype(np.float32),
    }


def kept(path: Path, acts: list[str]) -> list[dict[str, np.ndarray]]:
    """The readers that are there, without the heads of train_course.py."""
    with np.load(path, allow_pickle=False) as there:
        names = json.loads(there["document"].tobytes())["acts"]
        arrays = {name: there[name] for name in there.files if name != "document" and not name.startswith("agent.")}
    columns = [names.index(act) for act in acts]
    arrays |= {name: arrays[name][..., columns] for name in ("acts.weight", "acts.bias", "thresholds")}
    return [{name: values[at] for name, values in arrays.items()} for at in range(len(arrays["acts.bias"]))]


def chosen(examples: list[talk.Example], passes: int, *, further: bool) -> tuple[list[int], list[list[int]]]:
    """The places of what is held back, all calls' ways, and of what each pass sees."""
    back = [at for at, one in enumerate(examples) if one.call >= 0 and one.call % talk.HELD == 0]
    rest = sorted(set(range(len(examples))) - set(back))
    if not further:
        return back, [rest] * passes
    heard = [at for at in rest if examples[at].way == "heard"]
    others = random.sample([at for at in rest if examples[at].way != "heard"], passes * OTHERS * len(heard))
    return back, [[*heard, *others[number::passes]] for number in range(passes)]


def page(examples: list[talk.Example], held: int, table: str) -> str:
    """The text of docs/heads.md."""
    ways = Counter(one.way for one in examples if one.call >= 0)
    return talk.PAGE.format(
        seeds=sum(one.call < 0 for one in examples),
        calls=len({one.call for one in examples if one.call >= 0}),
        clauses=ways["written"],
        heard=sum(one.way == "heard" and one.call % talk.HELD > 0 for one in examples),
        misheard=talk.MISHEARD,
        held=held,
        table=table,
        least=talk.LEAST,
    )


def options() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "models")
    parser.add_argument("--out", type=Path, default=ROOT)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--beside", action="store_true", help="keep the first reader that is there")
    beside.add_argument("--further", type=int, metavar="PLACE", help="go on from that one of those that are there")
    return parser.parse_args()


def main() -> None:
    given = options()
    further = given.further is not None
    random.seed(given.seed)
    torch.manual_seed(given.seed)
    weights = published(given.models / "minilm/model.safetensors")
    tokenizer = Tokenizer.from_file(str(given.models / "minilm/tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    acts, examples = talk.load()
    acts = [act for act in acts if act not in talk.COURSE]  # their heads are made by train_course.py
    path = given.out / "src/callcov/language/reader.npz"
    there = kept(path, acts) if further or given.beside else []
    back, passes = chosen(examples, given.epochs, further=further)
    rows = precomputed(weights, tokenizer, examples, {*back, *(at for one in passes for at in one)})
    truth = truth_of(examples, acts)
    model = Reader(weights, len(acts))
    if further:
        model.take(there[given.further])
    ways = {way: [at for at in back if examples[at].way == way] for way in ("written", "heard")}
    print(len(examples), "examples,", len(acts), "acts,", {way: len(held) for way, held in ways.items()}, "held back")
    tell(model, rows, truth, ways)
    train(model, rows, truth, passes, FURTHER if further else 1.0)
    tell(model, rows, truth, ways)
    held = ways["written"]
    table, limits = talk.report(acts, [examples[at] for at in held], *predict(model, rows, held))
    place = given.further if further else int(given.beside)
    # What the first has not learned from are other calls than those that are held back here.
    thresholds = there[0]["thresholds"] if further and place == 0 else np.array([limits[act] for act in acts])
    there[place : place + 1] = [stored(model, thresholds)]
    document = json.dumps({"acts": acts, "scale": SCALE, "training": talk.fingerprint(heard=True)}).encode()
    arrays = {name: np.stack([one[name] for one in there]) for name in there[0]}
    np.savez_compressed(path, allow_pickle=False, document=np.frombuffer(document, np.uint8), **arrays)
    if place == len(there) - 1:
        (given.out / "docs/heads.md").write_text(page(examples, len(held), table), encoding="utf-8")
    print(table)


def tell(model: Reader, rows: Rows, truth: Truth, ways: dict[str, list[int]]) -> None:
    """Print the loss on what is held back, in each way."""
    model.eval()
    with torch.no_grad():
        for way, held in ways.items():
            parts = [held[at : at + 64] for at in range(0, len(held), 64)]
            total = sum(float(loss_of(model, rows, part, truth)) * len(part) for part in parts)
            print(f"loss on {len(held)} clauses held back, {way}: {total / max(1, len(held)):.4f}", flush=True)


if __name__ == "__main__":
    main()
