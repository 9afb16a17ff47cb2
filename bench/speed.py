"""Our whole analysis against the bare engine: the same recordings, model and settings, one after the other.

Ours is every stage of the pipeline, masked sound included, in warm child processes. The bare engine is faster-whisper
called directly in this process, on one thread, over each channel in turn, with its own voice filter; its model is
loaded before the clock starts, decoding counts on both sides. The recordings are those of sound.py.
"""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import engine
import sound
from faster_whisper import WhisperModel
from figures import Figure, NotRun

from callcov import config, pipeline
from callcov.checks.policy import DEFAULT
from callcov.children import Children
from callcov.serve import blobs_url, crew
from callcov.speech.decode import LONGEST
from callcov.store.analyses import PROCESSING, Analysis
from callcov.store.blobs import Blobs, open_blobs

TARGETS = {"stereo": 1.15, "mono": 1.8}
AFTER_SPEAKERS = ("understanding", "judging")


def _bare(model: WhisperModel, path: Path, *, stereo: bool) -> float:
    """Seconds that the bare engine takes for a recording."""
    began = time.perf_counter()
    engine.heard(model, path, stereo=stereo)
    return time.perf_counter() - began


def _row(name: str, key: str, path: Path) -> Analysis:
    """An accepted analysis as the store would give it."""
    empty = dict.fromkeys(Analysis._fields)
    numbers = {"created": 0, "revision": 0, "attempt": 1, "duration_ms": 0, "channels": 0, "sample_rate": 0}
    given = {"id": name, "blob_key": key, "status": PROCESSING, "size_bytes": path.stat().st_size, "format": "wav"}
    return Analysis(**empty | numbers | given | {"agent_id": "bench", "contact_id": "bench"})


def _ours(blobs: Blobs, children: Children, path: Path, name: str) -> dict[str, float]:
    """Seconds of each stage of the whole analysis."""
    key = f"recordings/{name}"
    with path.open("rb") as content:
        blobs.write(key, content)
    job = pipeline.Job(name=name, recording=key, seconds=LONGEST, policy=DEFAULT)
    seconds: dict[str, float] = {}
    for stage, work in pipeline.STAGES:
        began = time.perf_counter()
        work(job, children, lambda _share: None)
        seconds[stage] = time.perf_counter() - began
    began = time.perf_counter()
    pipeline.judge(job, children, _row(name, key, path), {}, completed_at="", processing_time_ms=0)
    seconds["judging"] = time.perf_counter() - began
    return seconds


def _warm(blobs: Blobs, children: Children, path: Path) -> None:
    """Have every child load every model: as many short mono calls at once as there are children, twice."""
    with ThreadPoolExecutor(children.count) as threads:
        names = [f"warm-{place}" for place in range(2 * children.count)]
        list(threads.map(lambda name: _ours(blobs, children, path, name), names))


def _timed(folder: Path, workers: int, short_call: Path, recordings: dict[str, Path]) -> dict[str, dict[str, float]]:
    """Seconds of each stage for each recording, with that many warm children."""
    address = blobs_url(folder / f"blobs-{workers}")
    blobs, settings = open_blobs(address), config.read(os.environ, workers=workers)
    with closing(crew(settings, address)) as children:
        _warm(blobs, children, short_call)
        return {kind: _ours(blobs, children, path, kind) for kind, path in recordings.items()}


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Ratios for a stereo and a mono recording of ten minutes and more (two in the short form)."""
    seconds = 120 if short else 630
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = {
            kind: sound.build(folder / f"{kind}.wav", seconds, stereo=kind == "stereo") for kind in ("stereo", "mono")
        }
        short_call = sound.build(folder / "short.wav", 1, stereo=False)
        model = engine.bare()
        _bare(model, short_call, stereo=False)
        bare = {kind: _bare(model, path, stereo=kind == "stereo") for kind, path in recordings.items()}
        both, one = (_timed(folder, workers, short_call, recordings) for workers in (2, 1))
    return [figure for kind in recordings for figure in _compared(kind, seconds, bare[kind], both[kind], one[kind])]


def _compared(
    kind: str, seconds: float, bare: float, both: dict[str, float], one: dict[str, float]
) -> list[Figure | NotRun]:
    whole = sum(both.values())
    after = 100 * sum(both[stage] for stage in AFTER_SPEAKERS) / whole
    about = f"{kind}, {seconds / 60:.3g} minutes"
    return [
        Figure(f"{about}: whole analysis over the bare engine, two children", whole / bare, at_most=TARGETS[kind]),
        Figure(f"{about}: after the speakers are known, share of the whole", after, "%", at_most=5),
        Figure(f"{about}: whole analysis over the bare engine, one child", sum(one.values()) / bare),
        Figure(f"{about}: whole analysis, two children", whole, "s"),
        Figure(f"{about}: bare engine", bare, "s"),
    ]
