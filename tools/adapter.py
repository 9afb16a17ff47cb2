"""What both training programs share: the published encoder, frozen, with small trained adapters beside its layers.

The encoder's own weights stay as published; beside each of its linear layers lies a product of two thin matrices (LoRA,
Hu et al., 2021) that is trained. Needs torch, which is neither a dependency of the product nor of its development.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LAYERS, HEADS, WIDTH = 6, 12, 384
RANK = 16
SCALE = 2.0  # of the adapter beside the weights it adapts
DROP = 0.1
LINEARS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
LINEARS += ("intermediate.dense", "output.dense")


def published(path: Path) -> dict[str, torch.Tensor]:
    """The float32 tensors of the safetensors file."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    found = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + length + place for place in entry["data_offsets"])
            values = np.frombuffer(raw, "<f4", (end - start) // 4, start).reshape(entry["shape"])
            found[name] = torch.from_numpy(values.copy())
    return found


def dropped(x: torch.Tensor, *, training: bool) -> torch.Tensor:
    """`x` [examples, places, features] without a tenth of its features while training, the same at all places.

    Drawing for every place anew took a fifth of the training time. What was trained up to 2026-11-26 was trained so.
    """
    if not training:
        return x
    kept = torch.rand(x.shape[0], 1, x.shape[2]) >= DROP
    return x * (kept.to(x.dtype) / (1 - DROP))


class Adapted(nn.Module):
    """A published linear layer, frozen, with its thin trained product beside it."""

    def __init__(self, weights: dict[str, torch.Tensor], name: str) -> None:
        super().__init__()
        self.register_buffer("weight", weights[f"{name}.weight"])
        self.register_buffer("bias", weights[f"{name}.bias"])
        out, into = self.weight.shape
        self.down = nn.Parameter(torch.randn(into, RANK) / math.sqrt(into))
        self.up = nn.Parameter(torch.zeros(RANK, out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        thin = dropped(x, training=self.training) @ self.down @ self.up
        return functional.linear(x, self.weight, self.bias) + SCALE * thin


class Encoder(nn.Module):
    """The published encoder; the layers from `first` on have an adapter."""

    def __init__(self, weights: dict[str, torch.Tensor], first: int) -> None:
        super().__init__()
        self.first = first
        self.words = weights["embeddings.word_embeddings.weight"]
        self.places = weights["embeddings.position_embeddings.weight"]
        self.kind = weights["embeddings.token_type_embeddings.weight"][0]
        self.norms = {name: tensor for name, tensor in weights.items() if "LayerNorm" in name}
        self.frozen = weights
        self.adapted = nn.ModuleDict(
            {
                f"{layer}-{name.replace('.', '-')}": Adapted(weights, f"encoder.layer.{layer}.{name}")
                for layer in range(first, LAYERS)
                for name in LINEARS
            }
        )

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(
            x, (WIDTH,), self.norms[f"{name}.LayerNorm.weight"], self.norms[f"{name}.LayerNorm.bias"], 1e-12
        )

    def below(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The states that enter the first adapted layer."""
        x = self.norm(self.words[ids] + self.places[: ids.shape[1]] + self.kind, "embeddings")
        for layer in range(self.first):
            x = self.layer(x, mask, layer)
        return x

    def layer(self, x: torch.Tensor, mask: torch.Tensor, layer: int) -> torch.Tensor:
        at = f"encoder.layer.{layer}"

        def linear(name: str, value: torch.Tensor) -> torch.Tensor:
            if layer >= self.first:
                return self.adapted[f"{layer}-{name.replace('.', '-')}"](value)
            return functional.linear(value, self.frozen[f"{at}.{name}.weight"], self.frozen[f"{at}.{name}.bias"])

        def heads(value: torch.Tensor) -> torch.Tensor:
            return value.view(*value.shape[:2], HEADS, -1).transpose(1, 2)

        q, k, v = (heads(linear(f"attention.self.{name}", x)) for name in ("query", "key", "value"))
        blocked = ((1.0 - mask[:, None, None, :]) * -1e9).to(q.dtype)
        # Written out: torch's own takes a third of the training time for sentences as short as these.
        seen = functional.softmax(q @ k.transpose(2, 3) / math.sqrt(WIDTH / HEADS) + blocked, -1).to(v.dtype) @ v
        seen = seen.transpose(1, 2).reshape(x.shape)
        x = self.norm(x + linear("attention.output.dense", seen), f"{at}.attention.output")
        inner = functional.gelu(linear("intermediate.dense", x))
        return self.norm(x + linear("output.dense", inner), f"{at}.output")

    def above(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The last states, from those of `below`."""
        x = dropped(x, training=self.training)
        for layer in range(self.first, LAYERS):
            x = self.layer(x, mask, layer)
        return x

    def stored(self) -> dict[str, np.ndarray]:
        """The adapters in half precision."""
        return {
            f"{name}.{part}": getattr(module, part).detach().numpy().astype(np.float16)
            for name, module in self.adapted.items()
            for part in ("down", "up")
        }
