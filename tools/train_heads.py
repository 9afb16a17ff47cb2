"""Make src/callcov/language/heads.npz: the example sentences with their vectors, and the head that knows agents.

    python tools/train_heads.py [--models FOLDER]

Reads the seeds (src/callcov/language/seeds/) and the invented calls (tools/talk/). Needs scikit-learn (a development
dependency) and the fetched sentence encoder. The same sources give the same bytes on the same machine.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from pathlib import Path

import numpy as np
import talk
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from callcov.language import features as made
from callcov.language import heads, seeds
from callcov.language.encoder import Encoder
from callcov.models.locate import locate

ROOT = Path(__file__).parent.parent
STRENGTH = 5.0  # C of the logistic head
SHOWN = 4  # one call in so many gives examples: enough to show what a clause is like, in a file that stays small


def knows_agents(encoder: Encoder) -> LogisticRegression:
    """The head that tells agents from customers, learned from every sentence whose side is known."""
    _, known = seeds.load()
    said = [(seed.text, seed.side == "agent") for seed in known if seed.side != "any"]
    said += [(one.text, one.agent) for one in talk.load()[1] if one.call >= 0]
    texts = [text for text, _ in said]
    rows = made.features(texts, encoder.encode(texts))
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000, tol=1e-6)
    return model.fit(rows, [agent for _, agent in said])


def stored(encoder: Encoder, agent: LogisticRegression) -> bytes:
    """Seeds, and the clauses of every fourth call that do an act, as arrays.

    None is misheard, for they are shown to people; acts of a call's course are shown without.
    """
    acts, every = talk.load()
    course = frozenset(talk.COURSE)
    examples = [one for one in every if one.call < 0 or (one.call % SHOWN == 0 and one.acts - course)]
    examples = [one for one in examples if not one.misheard]
    document = {"acts": acts, "examples": [one.text for one in examples], "seeds": talk.fingerprint()}
    arrays = {
        "document": np.frombuffer(json.dumps(document, separators=(",", ":")).encode(), np.uint8),
        "agent": agent.coef_[0].astype(np.float32),
        "agent_bias": agent.intercept_.astype(np.float32)[0],
        "examples": heads.pack(encoder.encode([one.text for one in examples])),
        "mine": np.array([[act in one.acts for act in acts] for one in examples]),
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("CALLCOV_MODELS") or ROOT / ".cache" / "models")
    parser.add_argument("--models", type=Path, default=default)
    parser.add_argument("--out", type=Path, default=ROOT / "src/callcov/language/heads.npz")
    given = parser.parse_args()
    with threadpool_limits(1):
        encoder = Encoder(locate(given.models, "minilm"))
        given.out.write_bytes(stored(encoder, knows_agents(encoder)))


if __name__ == "__main__":
    main()
