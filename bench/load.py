"""How much slower the list becomes while two calls are being transcribed on the same machine."""

import json
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sound
from figures import Figure, NotRun
from server import Server, running

from callcov.document import figures_of, results_of
from callcov.store import analyses, documents, users
from callcov.store.analyses import Finished, Submission
from callcov.store.db import open_database

ROWS = 1000
REQUESTS = 400
LIVE = True


def _fill(server: Server, model_id: str) -> None:
    """Put copies of one completed analysis into the account, as complete as the original."""
    database = open_database(f"sqlite:///{server.data / 'callcov.db'}")
    with database.write() as connection:
        owner = users.find(connection, server.email)
        row = analyses.get(connection, owner.id, LIVE, model_id)
        owned = (connection, owner.id, LIVE, model_id)
        full, light, transcript = documents.full(*owned), documents.light(*owned), documents.transcript(*owned)
        given = {name: getattr(row, name) for name in Submission.__dataclass_fields__}
        for place in range(ROWS):
            submission = replace(Submission(**given), agent_id=f"agent-{place % 40}", contact_id=f"contact-{place}")
            copy = analyses.accept(connection, owner.id, LIVE, submission, datetime.now(UTC))
            analyses.finish(
                connection,
                owner.id,
                copy.id,
                copy.attempt,
                Finished(
                    full=full.replace(model_id, copy.id),
                    light=light.replace(model_id, copy.id),
                    transcript=transcript,
                    completed_at=row.completed_at,
                    processing_time_ms=row.processing_time_ms,
                    policy_version=row.policy_version,
                    checks_version=row.checks_version,
                    results=results_of(full),
                    figures=figures_of(json.loads(results_of(full)), frozenset()),
                ),
            )
    database.close()


def _p99(server: Server) -> float:
    """Milliseconds within which 99 of 100 list requests are answered whole, one after the other."""
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = server.client.get("/api/v1/analysis/", params={"limit": 100})
        times.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return sorted(times)[int(0.99 * len(times))]


def _at_stage(server: Server, analysis_id: str, stage: str) -> None:
    until = time.monotonic() + 120
    while server.get(analysis_id)["metadata"]["stage"] != stage:
        if time.monotonic() > until:
            raise TimeoutError(f"analysis {analysis_id} did not reach {stage}")
        time.sleep(0.2)


def measure(*, short: bool) -> list[Figure | NotRun]:
    """p99 of `GET /analysis/?limit=100` over 1000 analyses, idle and then with both children at work."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = sound.build(folder / "model.wav", 1, stereo=True)
        long = sound.build(folder / "long.wav", 300 if short else 900, stereo=False)
        with running(folder) as server:
            done = server.ended(server.submit(model)["id"], within=300)
            _fill(server, done["id"])
            _p99(server)  # once for warmth
            idle = _p99(server)
            busy_with = [server.submit(long)["id"] for _ in range(2)]
            for analysis_id in busy_with:
                _at_stage(server, analysis_id, "transcribing")
            busy = _p99(server)
            stages = [server.get(analysis_id)["metadata"]["stage"] for analysis_id in busy_with]
    if stages != ["transcribing", "transcribing"]:
        return [NotRun("list under load", f"the calls were at {stages} when the measurement ended")]
    return [
        Figure("list of 100, p99 while two calls are transcribed, over idle", busy / idle, at_most=5),
        Figure("list of 100, p99 idle", idle, "ms"),
        Figure("list of 100, p99 while two calls are transcribed", busy, "ms"),
    ]
