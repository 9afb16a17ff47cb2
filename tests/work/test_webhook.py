"""Facts about webhooks of the whole server: signed, tried again, every attempt a row."""

import json
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from serving import Server, ended, submit
from sounds import SOUND, samples, write_wav
from standardwebhooks import Webhook

from callcov.deliver import DELAYS, beyond
from callcov.engine import BY_THEMSELVES, Engine
from callcov.store import analyses, deliveries, users, webhooks
from callcov.store.analyses import Submission
from callcov.store.blobs import open_blobs
from callcov.store.folder import installation
from callcov.work import Worker


@pytest.fixture
def short(tmp_path):
    return write_wav(tmp_path / "short.wav", samples(SOUND / "two-voices.wav")[:, :40_000])


def attempts(server, analysis_id):
    with installation(server.data) as database, database.read() as connection:
        user = users.find(connection, "qa@example.com")
        secret = webhooks.secrets_of(connection, user.id, datetime.now(UTC)).current
        return secret, deliveries.of_analysis(connection, user.id, livemode=True, analysis_id=analysis_id)


@pytest.mark.slow
def test_a_webhook_is_signed_and_tried_again_until_it_is_taken(tmp_path, models_folder, receiver, short):
    receiver.answers = [500, 200]
    server = Server(tmp_path / "data", models_folder, CALLCOV_WEBHOOK_ALLOW="127.0.0.0/8")
    server.start()
    try:
        with server.client(server.new_key()) as client:
            analysis = ended(client, submit(client, short, webhook_url=receiver.url)["id"])
            deadline = time.monotonic() + 60
            while len(receiver.got) < 2:
                assert time.monotonic() < deadline, "it was not tried again"
                time.sleep(0.2)
            assert json.loads(receiver.got[1][1]) == client.get(f"/analysis/{analysis['id']}").json()
        time.sleep(1)
        secret, rows = attempts(server, analysis["id"])
    finally:
        server.stop()
    assert [(row.attempt, row.status_code, row.outcome) for row in rows] == [(1, 500, "retry"), (2, 200, "delivered")]
    assert not [one["text"] for one in analysis["transcript"]["segments"] if one["text"] in server.log.read_text()]
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    for headers, body in receiver.got:
        Webhook(secret).verify(body, headers)


@pytest.mark.slow
def test_a_private_address_is_refused_unless_it_is_listed(tmp_path, models_folder, receiver, short):
    server = Server(tmp_path / "data", models_folder)
    server.start()
    try:
        with server.client(server.new_key()) as client:
            analysis = ended(client, submit(client, short, webhook_url=receiver.url)["id"])
        deadline = time.monotonic() + 60
        while not (rows := attempts(server, analysis["id"])[1]):
            assert time.monotonic() < deadline, "no attempt was made"
            time.sleep(0.2)
    finally:
        server.stop()
    assert (rows[0].status_code, rows[0].outcome) == (None, "retry")
    assert "CALLCOV_WEBHOOK_ALLOW" in rows[0].error
    assert receiver.got == []


class Telling:
    """A worker that only delivers, and one failed analysis to tell of."""

    def __init__(self, database, engine, folder, url):
        now = datetime.now(UTC)
        self.database, self.engine = database, engine
        networks = (ip_network("127.0.0.0/8"),)
        engine.launch(Worker(database, open_blobs(folder.as_uri()), engine, None, {}, "", networks), 1)
        with database.write() as connection:
            self.user = users.create(connection, "qa@example.com", now).id
            call = Submission("a", "c", "r", "0" * 64, 1, "wav", 1, 1, 8000, webhook_url=url)
            self.call = analyses.accept(connection, self.user, livemode=True, submission=call, now=now).id
            analyses.fail(connection, self.user, self.call, 1, "There is no speech.", "now", 1)

    def deliver(self, attempt):
        with self.database.write() as connection:
            self.engine.deliver(connection, self.user, self.call, 1, attempt, 0.0)

    def noted(self, count):
        """The attempts that are noted, once there are so many."""
        found, deadline = (), time.monotonic() + 60
        while len(found) < count:
            assert time.monotonic() < deadline, "too few were noted"
            time.sleep(0.1)
            with self.database.read() as connection:
                found = deliveries.of_analysis(connection, self.user, livemode=True, analysis_id=self.call)
        return [(one.attempt, one.status_code, one.outcome) for one in found]


@pytest.fixture
def telling(tmp_path, receiver):
    with installation(tmp_path / "data") as database:
        engine = Engine(database.engine)
        yield Telling(database, engine, tmp_path, receiver.url)
        engine.close()


def test_an_attempt_that_cannot_be_noted_is_noted_later_and_not_sent_again(telling, receiver):
    receiver.answers, deadline = [500], time.monotonic() + 60
    with telling.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO away")
    telling.deliver(1)
    while not receiver.got:
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.1)
    with telling.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO deliveries")
    assert telling.noted(1) == [(1, 500, "retry")]
    assert len(receiver.got) == 1


def test_as_many_attempts_are_forgotten_as_follow_by_themselves():
    assert len(DELAYS) + 1 == BY_THEMSELVES


def test_none_follows_an_attempt_that_somebody_asked_for(telling, receiver):
    receiver.answers = [500, 200]
    telling.deliver(beyond(1))
    assert telling.noted(1) == [(11, 500, "given_up")]
    telling.deliver(beyond(11))
    assert telling.noted(2) == [(11, 500, "given_up"), (12, 200, "delivered")]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


class Hanging:
    """Deliveries that each take until one more is let go; notes which began."""

    def __init__(self):
        self.begun, self.free = [], threading.Semaphore(0)

    def deliver(self, _step, _user_id, analysis_id, _run, _attempt):
        self.begun.append(analysis_id)
        assert self.free.acquire(timeout=60)

    def tidy(self):
        pass

    def wait(self, count):
        deadline = time.monotonic() + 60
        while len(self.begun) < count:
            assert time.monotonic() < deadline, f"only {len(self.begun)} began"
            time.sleep(0.02)


def test_receivers_that_hang_leave_room_for_others_and_first_attempts_go_before_repeats(tmp_path):
    work, most = Hanging(), 64
    with installation(tmp_path / "data") as database, closing(Engine(database.engine)) as engine:
        engine.launch(work, 1)

        def deliver(names, attempt):
            with database.write() as connection:
                for name in names:
                    engine.deliver(connection, "user", name, 1, attempt, 0.0)

        deliver([f"hangs-{place}" for place in range(most)], 1)
        work.wait(most)
        deliver(["again-1", "again-2"], 2)
        deliver(["new"], 1)
        deliver(["asked-for"], beyond(1))
        for place, name in enumerate(["new", "asked-for"]):
            work.free.release()
            work.wait(most + place + 1)
            assert work.begun[most + place] == name
        work.free.release(2 * most)
        work.wait(most + 4)
