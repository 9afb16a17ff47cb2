"""A real server for the tests of the API: uvicorn on a loopback port, SQLite, a folder of objects, the real probe."""

from __future__ import annotations

import io
import math
import os
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import leaks
import requests
import sqlalchemy as sa
import uvicorn
from argon2 import PasswordHasher
from callscript import transcript_of
from limits.storage import MemoryStorage

from callcov import checks, document, judging
from callcov.api import wire
from callcov.api.app import create
from callcov.api.services import Services
from callcov.auth.keys import PREFIX_LENGTH, hash_key, new_key
from callcov.auth.mail import Outbox, Post
from callcov.auth.passwords import Passwords
from callcov.auth.secret import Secret
from callcov.checks.policy import DEFAULT, Direction, Disclosure
from callcov.children import Children
from callcov.limiting import Limiter
from callcov.model import Recording, Transcript
from callcov.rejudge import Judges
from callcov.speech.decode import probe
from callcov.store import analyses, keys, policies, users, webhooks
from callcov.store.analyses import Submission
from callcov.store.blobs import Blobs, open_blobs
from callcov.store.db import Database, migrate, open_database
from callcov.store.folder import outbox
from callcov.store.sealed import Vault

SECRET = Secret(b"a secret for tests, thirty-two bytes or more")
PUBLIC = "https://calls.example.com"
MODELS = Path(os.environ.get("CALLCOV_MODELS") or Path(__file__).parents[2] / ".cache" / "models")
ENDED = "2026-11-23T12:00:45.230Z"


class QueueEngine:
    """The smallest engine that keeps the promise: what it is told to start is a row of the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.cancelled: list[tuple[str, int]] = []
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS queue (user_id TEXT, analysis_id TEXT, attempt INT)")
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS told (analysis_id TEXT, run INT, attempt INT)")

    def start(self, connection: sa.Connection, user_id: str, analysis_id: str, attempt: int) -> None:
        queued = {"user": user_id, "analysis": analysis_id, "attempt": attempt}
        connection.execute(sa.text("INSERT INTO queue VALUES (:user, :analysis, :attempt)"), queued)

    def deliver(
        self, connection: sa.Connection, _user_id: str, analysis_id: str, run: int, attempt: int, delay: float
    ) -> None:
        assert delay == 0
        queued = {"analysis": analysis_id, "run": run, "attempt": attempt}
        connection.execute(sa.text("INSERT INTO told VALUES (:analysis, :run, :attempt)"), queued)

    def cancel(self, analysis_id: str, attempt: int) -> None:
        self.cancelled.append((analysis_id, attempt))

    def forget(self, analysis_id: str, _runs: int, _deliveries: int) -> None:
        with self._database.write() as connection:
            connection.execute(sa.text("DELETE FROM queue WHERE analysis_id = :id"), {"id": analysis_id})

    def told(self, analysis_id: str) -> list[tuple[int, int]]:
        """Run and attempt of the webhooks that are to be sent for the analysis."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.text("SELECT run, attempt FROM told WHERE analysis_id = :id"), {"id": analysis_id}
            )
            return [(row.run, row.attempt) for row in rows]

    def started(self, analysis_id: str) -> list[int]:
        with self._database.read() as connection:
            rows = connection.execute(sa.text("SELECT attempt FROM queue WHERE analysis_id = :id"), {"id": analysis_id})
            return [row.attempt for row in rows]


@dataclass
class Account:
    """A user of the server with a key of each mode."""

    server: Server
    user_id: str
    live: str
    test: str

    def call(self, method: str, path: str, key: str | None = None, **options: Any) -> requests.Response:
        headers = {"X-API-Key": key or self.live} | options.pop("headers", {})
        return requests.request(method, self.server.api + path, headers=headers, timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.call("POST", path, **options)

    def submit(
        self, sound: bytes | None = None, key: str | None = None, headers: dict[str, Any] | None = None, **fields: Any
    ) -> requests.Response:
        form = {"agent_id": "agent_001", "contact_id": "customer_12345"} | fields
        sound = tone() if sound is None else sound
        files = {"audio_file": ("call.wav", sound)}
        return self.post("/analysis/", key=key, data=form, files=files, headers=headers or {})

    def accepted(self, **options: Any) -> str:
        response = self.submit(**options)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def accept_directly(self, agent_id: str = "agent_001", contact_id: str = "customer_1") -> str:
        """An analysis without a recording, where a test needs many."""
        submission = Submission(agent_id, contact_id, "recordings/none", "0" * 64, 16_044, "wav", 1000, 1, 8000)
        with self.server.services.database.write() as connection:
            return analyses.accept(
                connection, self.user_id, livemode=True, submission=submission, now=datetime.now(UTC)
            ).id

    def completed(self, transcript: Transcript | None = None, **options: Any) -> str:
        analysis_id = self.accepted(**options)
        self.server.complete(self.user_id, analysis_id, sample_transcript() if transcript is None else transcript)
        return analysis_id

    def failed(self, reason: str, **options: Any) -> str:
        analysis_id = self.accepted(**options)
        with self.server.services.database.write() as connection:
            assert analyses.fail(connection, self.user_id, analysis_id, 1, reason, ENDED, 1200)
        return analysis_id


@dataclass(frozen=True)
class Server:
    """A running server and what it is made of."""

    base: str
    folder: Path
    services: Services
    engine: QueueEngine

    @property
    def api(self) -> str:
        return self.base + "/api/v1"

    def account(self, email: str) -> Account:
        now = datetime.now(UTC)
        with self.services.database.write() as connection:
            user = users.create(connection, email, now)
            both = [leaks.secret("an API key", new_key(livemode)) for livemode in (True, False)]
            leaks.secret("a webhook secret", webhooks.secrets_of(connection, user.id, now).current)
            policies.put(connection, user.id, POLICY, now)
            for key in both:
                livemode = key.startswith("sk_live_")
                hashed = hash_key(SECRET, key)
                keys.create(connection, user.id, livemode, hashed, key[:PREFIX_LENGTH], None, now)
        return Account(self, user.id, *both)

    def complete(self, user_id: str, analysis_id: str, transcript: Transcript) -> None:
        """End an analysis as the worker does."""
        masked = f"masked/{analysis_id}"
        self.services.blobs.of(user_id).write(masked, FLAC)
        with self.services.database.write() as connection:
            row = analyses.assigned(connection, user_id, analysis_id)
            assert row is not None
            models = {"transcription": "whisper-base"}
            judged = judging.judged(transcript, policies.current(connection, user_id), row.call_direction)
            finished = document.finished(row, transcript, judged, models, ENDED, 45230, masked, None)
            assert analyses.finish(connection, user_id, analysis_id, row.attempt, finished)

    def results(self, transcript: Transcript, direction: Direction | None = None) -> dict[str, Any]:
        """The verdicts on a transcript as the API shows them, by the policy that accounts have here."""
        return checks.analyze(transcript, POLICY, direction).model_dump(mode="json")

    def objects(self) -> set[str]:
        """Every file below the object store, unfinished ones too."""
        root = self.folder / "objects"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


CALL = """
A 0.5-3.5 {greeting: Thank you for calling Acme} {identity: this is Dana}
C 4.0-7.5 Hi, my card is [card_number] [card_number] and "it" was declined - 100% / useless.
A 8.0-9.5 {empathy: I am sorry} to hear that
"""
# One sentence that only outgoing calls need, so that it shows whether judging knew the direction.
CALLBACK = Disclosure(id="who_asked", wordings=("you asked us to call you back",), required="outbound")
POLICY = DEFAULT.model_copy(update={"disclosures": (*DEFAULT.disclosures, CALLBACK)})
FLAC = b"fLaC" + bytes(range(256)) * 40


def make_services(
    folder: Path, vault: Vault | None = None, url: str | None = None, **other: Any
) -> tuple[Services, QueueEngine]:
    """The services of a server whose whole state is in that folder; `other` replaces some of them.

    `url` is another database than the SQLite file there.
    """
    database = open_database(url or f"sqlite:///{folder}/callcov.db", vault, folder / "feed")
    migrate(database)
    objects = (folder / "objects").as_uri()
    blobs = open_blobs(objects, vault)
    engine = QueueEngine(database)
    judges = Judges(database, blobs, Children(1, judging.equip, (objects, MODELS, vault)))
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    post = Post(Outbox(outbox(folder)), "callcov@localhost", PUBLIC)
    limiter = Limiter(MemoryStorage())
    services = Services(
        database, blobs, engine, prober(blobs), judges, SECRET, None, "0.1.0", passwords, post, limiter, None, None
    )
    return replace(services, **other), engine


def prober(blobs: Blobs) -> Callable[[str], Recording]:
    """The real probe, in this process."""

    def probe_blob(key: str) -> Recording:
        with blobs.reader(key) as file:
            return probe(file)

    return probe_blob


@contextmanager
def running(folder: Path, **other: Any) -> Iterator[Server]:
    """A server that answers until the block ends."""
    services, engine = make_services(folder, **other)
    leaks.secret("the server's secret", services.secret.decode())
    if services.database.vault:
        leaks.secret("a master key", services.database.vault.master.hex())
    listening = socket.create_server(("127.0.0.1", 0))
    config = wire.config(create(services), log_config=None, log_level="warning", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", folder, services, engine)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        services.post.close()
        services.passwords.close()
        services.judges.children.close()
        services.database.close()


def tone(seconds: float = 1.0, rate: int = 8000, channels: int = 1) -> bytes:
    """A wav file with a hum in it."""
    count = int(seconds * rate)
    samples = b"".join(
        int(9000 * math.sin(place / 5)).to_bytes(2, "little", signed=True) * channels for place in range(count)
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples)
    return file.getvalue()


def sample_transcript() -> Transcript:
    """A short call in which the agent is speaker A."""
    return transcript_of(CALL)


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for what happens in another thread; fail when it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
