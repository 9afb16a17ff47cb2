"""Make src/callcov/language/heads.npz: the example sentences with their vectors.

    python tools/train_heads.py [--models FOLDER]

Reads the seeds (src/callcov/language/seeds/) and the invented calls (tools/talk/). Needs the fetched sentence encoder.
The same sources give the same bytes on the same machine.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from pathlib import Path

import numpy as np
import talk
from threadpoolctl import threadpool_limits

from callcov.language import heads
from callcov.language.encoder import Encoder
from callcov.models.locate import locate

ROOT = Path(__file__).parent.parent
SHOWN = 4  # one call in so many gives examples: enough to show what a clause is like, in a file that stays small


def stored(encoder: Encoder) -> bytes:
    """Seeds, and the clauses of every fourth call that do an act, as arrays.

    All are as they were written, for they are shown to people; acts of a call's course are shown without.
    """
    acts, every = talk.load()
    course = frozenset(talk.COURSE)
    examples = [one for one in every if one.call < 0 or (one.call % SHOWN == 0 and one.acts - course)]
    examples = [one for one in examples if one.way == "written"]
    document = {"acts": acts, "examples": [one.text for one in examples], "seeds": talk.fingerprint()}
    arrays = {
        "document": np.frombuffer(json.dumps(document, separators=(",", ":")).encode(), np.uint8),
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
        given.out.write_bytes(stored(encoder))


if __name__ == "__main__":
    main()
