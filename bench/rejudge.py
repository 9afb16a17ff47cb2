"""Judging again: segments a second of `callcov rejudge --all` on one core, reading and writing included.

The written development calls of bench/verdicts, understood once and stored several hundred times over as the worker
would store them, are judged by another policy (`collections`), so that every analysis gets a new judgement and new
documents. Server process and child share one core. The clock starts when the child runs and knows the vectors of the
policy's new wordings, which a long-running server makes once a policy.

Two figures. *After a change of policy* the stored judgements are of the same checks, so only what the policy can
change is judged and the other fields are taken over: between these two policies disclosures, phrases and advice differ.
*After an upgrade of the checks* the stored judgements are of other checks, so that every field is judged anew.
"""

import cProfile
import os
import pstats
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import yaml
from figures import Figure, NotRun

from callcov import checks, config, document, judging
from callcov.checks.policy import DEFAULT, ready_made
from callcov.config import Config
from callcov.language.encoder import Encoder
from callcov.language.understand import Understood, understood
from callcov.language.vectors import pack
from callcov.language.wordings import prepared
from callcov.model import Segment, Span, Transcript, Turn, Word
from callcov.models import locate
from callcov.rejudge import Owner, Tally
from callcov.serve import judging_again
from callcov.store import analyses, policies, users
from callcov.store.analyses import Submission
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.db import Database
from callcov.store.folder import blobs_url, installation
from callcov.text import sensitive

CALLS = Path(__file__).parent / "verdicts" / "dev"
WORD_SECONDS = 0.4
LEAST = 3000  # segments a second
NOW = datetime(2026, 11, 23, 12, 0, 0, 0, UTC)


def written(path: Path) -> Transcript:
    """A written call as a transcript, a turn a segment, nothing masked or understood."""
    clock, segments = 0.0, []
    for place, (who, text, gap) in enumerate(yaml.safe_load(path.read_text("utf-8"))["turns"]):
        words = []
        clock = max(0.0, clock + gap)
        for said in re.sub(r"<\w+ ([^>]*)>", r"\1", text).split():
            words.append(Word(said, Span(round(clock, 3), round(clock + WORD_SECONDS, 3)), 0.9))
            clock += WORD_SECONDS
        segments.append(Segment(who, tuple(words), place % 2))
    turns = tuple(Turn(one.speaker, one.span) for one in segments)
    call = Transcript(tuple(segments), turns, duration=round(clock + 1, 3), channels_apart=True).with_agent("A")
    found = sensitive.find(call.segments)
    return replace(call, segments=sensitive.mask(call.segments, found, DEFAULT.mask), sensitive=found)


def store(database: Database, blobs: Blobs, user_id: str, call: Understood, number: int, version: str) -> int:
    """A completed analysis of that call, judged by that version of the checks; gives its number of segments."""
    transcript = call.transcript
    length = round(transcript.duration * 1000)
    sent = Submission(f"agent-{number % 7}", "customer", "recordings/none", "0" * 64, 9, "wav", length, 2, 8000)
    key = f"vectors/{number}"
    blobs.write(key, pack(call.vectors))
    judged = replace(judging.judged(transcript, DEFAULT, "inbound"), checks_version=version)
    with database.write() as connection:
        row = analyses.accept(connection, user_id, livemode=True, submission=sent, now=NOW)
        ended = document.finished(row, transcript, judged, {"language": "minilm"}, "", 1, None, key)
        analyses.finish(connection, user_id, row.id, 1, ended)
    return len(transcript.segments)


@contextmanager
def one_core() -> Iterator[None]:
    """This process and the children it starts keep to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def prepare(database: Database, settings: Config, count: int, version: str) -> tuple[str, int]:
    """An account with that many analyses completed under that version of the checks; its id, and their segments."""
    encoder, blobs = Encoder(locate.locate(settings.models, "minilm")), open_blobs(blobs_url(settings.data))
    wordings = prepared(DEFAULT.wordings(), encoder)
    calls = [understood(written(path), encoder, wordings) for path in sorted(CALLS.glob("*.yaml"))]
    with database.write() as connection:
        user_id = users.create(connection, "bench@example.com", NOW).id
    numbers = range(count)
    return user_id, sum(store(database, blobs, user_id, calls[at % len(calls)], at, version) for at in numbers)


def judged_again(count: int, version: str) -> tuple[float, float]:
    """Segments and analyses a second, over that many analyses that checks of that version judged before."""
    with tempfile.TemporaryDirectory() as folder, one_core():
        settings = config.read(os.environ, data=Path(folder))
        with installation(settings.data) as database, judging_again(settings, database) as judges:
            user_id, segments = prepare(database, settings, count, version)
            owner = Owner(user_id, livemode=True)
            with database.write() as connection:
                policies.put(connection, user_id, ready_made("collections"), NOW)
            for _ in judges.backtest(owner, ready_made("collections"), analyses.Filters(), 1, Tally()):
                pass
            tally, began = Tally(), time.perf_counter()
            for _ in judges.account(owner, NOW, tally):
                pass
            seconds = time.perf_counter() - began
    return segments / seconds, tally.calls / seconds


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Segments a second over 620 analyses (124 in the short form), after a change of policy and after an upgrade."""
    if not hasattr(os, "sched_setaffinity"):
        return [NotRun("judging again", "this system cannot keep a process to one core")]
    count = 124 if short else 620
    changed, calls = judged_again(count, checks.VERSION)
    upgraded, _ = judged_again(count, "another")
    return [
        Figure("judged again after a change of policy, only what it can change", changed, "segments/s", at_least=LEAST),
        Figure("judged again after an upgrade of the checks, every field anew", upgraded, "segments/s", at_least=LEAST),
        Figure("analyses judged again after a change of policy", calls, "analyses/s"),
    ]


def profile() -> None:
    """Print where the time of a child goes that judges each of the calls again, ten times over."""
    with tempfile.TemporaryDirectory() as folder, one_core():
        settings = config.read(os.environ, data=Path(folder))
        encoder, blobs = Encoder(locate.locate(settings.models, "minilm")), open_blobs(blobs_url(settings.data))
        wordings = prepared(DEFAULT.wordings(), encoder)
        judging.equip(blobs_url(settings.data), settings.models)
        calls = []
        for path in sorted(CALLS.glob("*.yaml")):
            found = understood(written(path), encoder, wordings)
            blobs.write(f"vectors/{path.stem}", pack(found.vectors))
            results = judging.judged(found.transcript, DEFAULT, None).text()
            text = document.transcript_text(found.transcript)
            by = DEFAULT.model_dump_json(), checks.VERSION
            calls.append(judging.Call(path.stem, text, results, *by, f"vectors/{path.stem}", None))
        policy = ready_made("collections").model_dump_json()
        judging.do_judge(policy, calls, keep=False)
        profiled = cProfile.Profile()
        profiled.runcall(lambda: [judging.do_judge(policy, calls, keep=False) for _ in range(10)])
        pstats.Stats(profiled, stream=sys.stdout).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    profile()
