"""The example sentences in `seeds/`, which the heads are trained on. Read by the training script, not by the server.

One file per act: `role` (agent, customer or any: whose sentences can do it), `sentiment` of its sentences, `seeds`,
each a sentence or `{text, also: [acts], role, sentiment}`, and `not`: near misses of the
act, which do no act unless `also` says so.
`none.yaml` holds sentences of agents and customers that do no act at all, `sentiment.yaml` sentences with a feeling.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal, cast

import yaml

Side = Literal["agent", "customer", "any"]
Feeling = Literal["negative", "neutral", "positive"]


@dataclass(frozen=True, slots=True)
class Seed:
    """A sentence, the acts it does, who would say it, and how it feels (None: nobody judged)."""

    text: str
    acts: frozenset[str]
    side: Side
    feeling: Feeling | None


def documents() -> tuple[Traversable, ...]:
    """The seed files, by name."""
    folder = files("callcov.language").joinpath("seeds")
    return tuple(sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name))


def load() -> tuple[dict[str, Side], tuple[Seed, ...]]:
    """Each act's side, and all seeds, in the order of the files."""
    sides: dict[str, Side] = {}
    found: list[Seed] = []
    for document in documents():
        content = cast("dict[str, Any]", yaml.safe_load(document.read_text("utf-8")))
        name = document.name.removesuffix(".yaml")
        if name == "none":
            found += [
                Seed(text, frozenset(), side, "neutral")
                for side in ("agent", "customer", "any")
                for text in content[side]
            ]
        elif name == "sentiment":
            found += [
                Seed(text, frozenset(), side, feeling)
                for feeling in ("negative", "neutral", "positive")
                for side in ("agent", "customer")
                for text in content[feeling][side]
            ]
        else:
            sides[name] = content["role"]
            found += _of_act(name, content)
    return sides, tuple(found)


def _of_act(name: str, content: dict[str, Any]) -> list[Seed]:
    side, feeling = cast("Side", content["role"]), cast("Feeling", content["sentiment"])
    found: list[Seed] = []
    for entry in cast("list[str | dict[str, Any]]", content["seeds"]):
        if isinstance(entry, str):
            found.append(Seed(entry, frozenset({name}), side, feeling))
        else:
            found.append(
                Seed(
                    entry["text"],
                    frozenset({name, *entry.get("also", ())}),
                    entry.get("role", side),
                    entry.get("sentiment", feeling),
                )
            )
    for entry in cast("list[str | dict[str, Any]]", content.get("not", ())):
        if isinstance(entry, str):
            found.append(Seed(entry, frozenset(), side, None))
        else:
            found.append(Seed(entry["text"], frozenset(entry.get("also", ())), entry.get("role", side), None))
    return found
