"""The ledger of minutes: what the figures say is always a recount of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from store_samples import LIVE, NOON, SQLITE, TEST, finished, plans, submission, upgrade

from callcov.billing import TIERS, affords, period
from callcov.errors import Conflict, NoMinutes, NotFound
from callcov.store import analyses, billing
from callcov.store.db import migrate, open_database
from callcov.store.tables import minutes
from callcov.store.times import iso

ANY = st.integers(min_value=0, max_value=10**6)
MODE = st.sampled_from([LIVE, LIVE, TEST])
OWNER = st.sampled_from([0, 1])
TIER = st.sampled_from(list(TIERS.values()))
MINUTE = 60_000


def complete(connection, user, row, now=NOON):
    return analyses.finish(connection, user, row.id, row.attempt, finished(completed_at=iso(now)))


class Ledger(RuleBasedStateMachine):
    """Two accounts, live and test; the model is a plain list of what completed and what is being worked on."""

    def __init__(self, database_once):
        super().__init__()
        self.once = database_once

    @initialize()
    def begin(self):
        self.database, first = self.once()
        self.users = [first, self.once()[1]]
        self.tiers = [TIERS["unlimited"]] * 2
        self.rows = [[], []]
        self.entered = [[], []]  # (milliseconds, moment) of what completed live, for good
        self.now = NOON

    def used(self, owner):
        return sum(ms for ms, at in self.entered[owner] if period(at) == period(self.now))

    def pick(self, owner, number):
        return self.rows[owner][number % len(self.rows[owner])] if self.rows[owner] else None

    def processing(self, owner):
        return sum(row.duration_ms for row in self.rows[owner] if row.livemode and row.status == "processing")

    @rule(owner=OWNER, tier=TIER)
    def change_tier(self, owner, tier):
        with self.database.write() as connection:
            billing.set_tier(connection, self.users[owner], tier, self.now)
        self.tiers[owner] = tier

    @rule(owner=OWNER, mode=MODE, ms=st.integers(1, 200 * MINUTE))
    def submit(self, owner, mode, ms):
        fits = affords(self.tiers[owner], self.used(owner), self.processing(owner), ms)
        try:
            with self.database.write() as connection:
                row = analyses.accept(connection, self.users[owner], mode, submission(duration_ms=ms), self.now)
        except NoMinutes:
            assert mode is LIVE
            assert not fits
            return
        assert mode is TEST or fits
        self.rows[owner].append(row)

    @rule(owner=OWNER, number=ANY, twice=st.booleans())
    def finish(self, owner, number, twice):
        row = self.pick(owner, number)
        if row is None:
            return
        for _ in range(1 + twice):
            with self.database.write() as connection:
                done = complete(connection, self.users[owner], row, self.now)
            assert done is (row.status == "processing")
            if done:
                if row.livemode:
                    self.entered[owner].append((row.duration_ms, self.now))
                self.rows[owner][self.rows[owner].index(row)] = row = row._replace(status="completed")

    @rule(owner=OWNER, number=ANY)
    def fail(self, owner, number):
        row = self.pick(owner, number)
        if row is None:
            return
        with self.database.write() as connection:
            if analyses.fail(connection, self.users[owner], row.id, row.attempt, "no sound", iso(self.now), 1):
                self.rows[owner][self.rows[owner].index(row)] = row._replace(status="failed")

    @rule(owner=OWNER, number=ANY)
    def retry(self, owner, number):
        row = self.pick(owner, number)
        if row is None:
            return
        with suppress(Conflict), self.database.write() as connection:
            again = analyses.retry(connection, self.users[owner], row.livemode, row.id)
            self.rows[owner][self.rows[owner].index(row)] = again

    @rule(owner=OWNER, number=ANY)
    def delete(self, owner, number):
        row = self.pick(owner, number)
        if row is None:
            return
        with self.database.write() as connection:
            analyses.delete(connection, self.users[owner], row.livemode, row.id)
        self.rows[owner].remove(row)

    @rule(hours=st.integers(1, 24 * 20))
    def wait(self, hours):
        self.now += timedelta(hours=hours)

    @invariant()
    def the_figures_are_a_recount(self):
        for owner, user in enumerate(getattr(self, "users", ())):
            with self.database.read() as connection:
                account = billing.account(connection, user, self.now)
                rows = connection.execute(sa.select(minutes).where(minutes.c.user_id == user)).all()
            of_month = [row for row in rows if row.completed_at[:7] == iso(self.now)[:7]]
            assert account.used_ms == self.used(owner) == sum(row.duration_ms for row in of_month)
            assert account.calls == len(of_month)
            assert account.tier == self.tiers[owner]
            assert sorted(row.duration_ms for row in rows) == sorted(ms for ms, _ in self.entered[owner])


def test_the_figures_equal_a_recount_over_random_histories(database_once):
    run_state_machine_as_test(
        lambda: Ledger(database_once), settings=settings(max_examples=20, stateful_step_count=25, deadline=None)
    )


def test_an_account_is_unlimited_until_somebody_says_otherwise(database, user):
    with database.read() as connection:
        assert billing.account(connection, user, NOON).tier == TIERS["unlimited"]


def test_submissions_at_once_cannot_take_more_than_what_is_left(database, user):
    """Forty at once of fifty minutes each: ten fit into five hundred."""
    with database.write() as connection:
        billing.set_tier(connection, user, TIERS["free"], NOON)
    start = threading.Barrier(40)

    def submit(_number):
        start.wait()
        try:
            with database.write() as connection:
                analyses.accept(connection, user, LIVE, submission(duration_ms=50 * MINUTE), NOON)
        except NoMinutes:
            return False
        return True

    with ThreadPoolExecutor(40) as threads:
        assert sum(threads.map(submit, range(40))) == 10


def test_what_failed_frees_its_minutes_and_what_completed_holds_them_although_deleted(database, user):
    def submit():
        with database.write() as connection:
            return analyses.accept(connection, user, LIVE, submission(duration_ms=500 * MINUTE), NOON)

    with database.write() as connection:
        billing.set_tier(connection, user, TIERS["free"], NOON)
    row = submit()
    with database.write() as connection:
        analyses.fail(connection, user, row.id, 1, "no sound", iso(NOON), 1)
    row = submit()
    with database.write() as connection:
        assert complete(connection, user, row)
        analyses.delete(connection, user, LIVE, row.id)
    with pytest.raises(NoMinutes, match="The 500 minutes of the month"):
        submit()
    with database.write() as connection:
        next_month = datetime(2026, 12, 1, tzinfo=UTC)
        assert analyses.accept(connection, user, LIVE, submission(duration_ms=500 * MINUTE), next_month)


def test_an_unknown_account_has_no_tier(database):
    with pytest.raises(NotFound), database.read() as connection:
        billing.account(connection, "nobody", NOON)
    with pytest.raises(NotFound), database.write() as connection:
        billing.set_tier(connection, "nobody", TIERS["free"], NOON)


@SQLITE
def test_no_submission_reads_more_than_what_is_being_worked_on_and_the_ledger_of_the_month(database, user):
    """A capped account may have a hundred thousand calls, and the sum is inside the accepting transaction."""
    with database.write() as connection:
        billing.set_tier(connection, user, TIERS["free"], NOON)
        found = plans(connection, lambda: billing.afford(connection, user, "free", MINUTE, NOON))
    assert any("USING INDEX ix_analyses_processing" in plan for plan in found)
    assert any("USING COVERING INDEX ix_minutes_owner" in plan for plan in found)


@SQLITE  # no PostgreSQL was ever without the ledger
def test_what_was_completed_before_there_was_a_ledger_is_entered_by_the_migration(url):
    database = open_database(url)
    with database.write() as connection:
        upgrade(connection, "0004")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        old = sa.Table("analyses", sa.MetaData(), autoload_with=connection)
        user = sa.Table("users", old.metadata, autoload_with=connection)
        blank = {column.name: 0 for column in user.c if not column.nullable}
        connection.execute(sa.insert(user).values(blank | {"id": "u"}))
        blank = {column.name: 0 for column in old.c if not column.nullable} | {"completed_at": iso(NOON)}
        for name, live, status in (("a", LIVE, "completed"), ("b", TEST, "completed"), ("c", LIVE, "failed")):
            row = blank | {"id": name, "user_id": "u", "livemode": live, "status": status, "duration_ms": 7}
            connection.execute(sa.insert(old).values(row))
    migrate(database)
    with database.read() as connection:
        assert connection.execute(sa.select(minutes)).all() == [("a", "u", True, iso(NOON), 7)]
    database.close()
