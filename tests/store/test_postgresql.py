"""What is particular to PostgreSQL: who may use it and how, and writers that do not take turns by themselves."""

import secrets
import threading
import uuid
from contextlib import closing, suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_samples import LIVE, NOON, TEST, finished, submission

from callcov.auth import accounts, tokens
from callcov.checks.policy import DEFAULT
from callcov.errors import AlreadyExists, BadCode, BadSetting, CallcovError, InvalidCredentials, NoRoom, TooManyKeys
from callcov.store import (
    analyses,
    audit,
    deliveries,
    documents,
    idempotency,
    insights,
    keys,
    listing,
    logins,
    mailtokens,
    policies,
    retention,
    turns,
    users,
)
from callcov.store.analyses import Filters
from callcov.store.audit import Entry, Wanted
from callcov.store.db import open_database
from callcov.store.deliveries import Delivery
from callcov.store.tables import metadata
from callcov.store.times import iso

SECRET = b"a secret for tests, thirty-two bytes or more"
NOON_DAY = int(NOON.timestamp()) // 86_400


@pytest.fixture
def url(postgres):
    url = postgres.fresh()
    yield url
    postgres.drop(url)


def at_once(*works):
    """Do all of them at the same time, each in a thread; gives what each raised, None for nothing."""
    ready, raised = threading.Barrier(len(works)), [None] * len(works)

    def one(place, work):
        ready.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is what is asserted on
            raised[place] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_every_text_is_compared_byte_by_byte(database):
    with database.read() as connection:
        columns = connection.exec_driver_sql(
            "SELECT relname, attname, collname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
            "JOIN pg_collation ON pg_collation.oid = attcollation WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
        ).all()
    text = [c for table in metadata.tables.values() for c in table.c if isinstance(c.type, sa.String)]
    assert len(columns) == len(text) > 50
    assert {column.collname for column in columns} == {"C"}


def test_a_server_that_is_not_there_is_named_without_the_password():
    with pytest.raises(BadSetting) as refused:
        open_database("postgresql://dana:open-sesame@127.0.0.1:1/calls")
    assert str(refused.value).startswith("The PostgreSQL database calls cannot be used: ")
    assert "\n" not in str(refused.value)
    assert "open-sesame" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_a_database_that_is_not_there_is_named(postgres):
    with pytest.raises(BadSetting, match='"nowhere" does not exist'):
        open_database(postgres.url("nowhere"))


def test_a_database_that_cannot_keep_every_character_is_refused(postgres):
    url = postgres.empty("ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(BadSetting, match="its encoding is SQL_ASCII"):
        open_database(url)
    postgres.drop(url)


def test_the_password_is_shown_nowhere(url):
    with closing(open_database(url.replace("postgres@", "postgres:open-sesame@"))) as other:
        assert "open-sesame" not in f"{other!r} {other.engine!r} {other.__dict__!r} {other.engine.url}"


def test_one_server_at_a_time_holds_the_database(database, url):
    with closing(open_database(url)) as other:
        with database.alone(), pytest.raises(BadSetting, match="Another server"), other.alone():
            pass
        with other.alone():
            pass


def test_a_connection_that_was_cut_is_replaced(database, postgres, user):
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callcov'")
    with database.read() as connection:
        assert users.get(connection, user)
    with database.write() as connection:
        assert analyses.accept(connection, user, LIVE, submission(), NOON)


def test_a_full_disk_is_named_and_nothing_is_written(postgres, small_disk_of_postgres):
    url = postgres.fresh()
    postgres.execute(f"CREATE TABLESPACE small LOCATION '{small_disk_of_postgres}'")
    try:
        full(url)
    finally:  # before the disk goes, or the server will not do anything any more
        postgres.drop(url)
        postgres.execute("DROP TABLESPACE small")


def full(url):
    with closing(open_database(url)) as database:
        with database.write() as connection:
            user = users.create(connection, "dana@example.com", NOON).id
            connection.exec_driver_sql("ALTER TABLE analyses SET TABLESPACE small")

        def fill():
            with database.write() as connection:
                for _ in range(1_000):
                    analyses.accept(connection, user, LIVE, submission(metadata=secrets.token_hex(8_000)), NOON)

        with pytest.raises(NoRoom, match="full"):
            fill()
        with database.read() as connection:
            assert analyses.revision(connection, user, LIVE) == 0
        with database.write() as connection:
            assert analyses.accept(connection, user, LIVE, submission(), NOON)


def test_a_text_with_nul_is_nobodys(database, user):
    with database.write() as connection:
        row = analyses.accept(connection, user, LIVE, submission("a", "b"), NOON)
        assert analyses.finish(connection, user, row.id, 1, finished())
    bad = row.id + "\0"
    with database.read() as connection:
        for filters in (Filters(agent_id="a\0"), Filters(contact_id="\0"), Filters(search="a\0")):
            assert listing.selected(connection, user, LIVE, filters, 10).total == 0
        assert analyses.get(connection, user, LIVE, bad) is None
        assert documents.shown(connection, user, LIVE, bad) is None
        assert documents.full(connection, user, LIVE, bad) is None
        assert insights.by_agent(connection, user, LIVE, Filters(agent_id="a\0")) == {}
        assert insights.by_day(connection, user, LIVE, Filters(agent_id="a\0", created_after=1, created_before=2)) == {}
        assert audit.page(connection, user, LIVE, Wanted(bad), 10) == ((), False)
    with database.write() as connection:
        for act in (analyses.delete, analyses.retry):
            with pytest.raises(CallcovError, match="Analysis not found"):
                act(connection, user, LIVE, bad)
        with pytest.raises(CallcovError, match="API key not found"):
            keys.end(connection, user, "\0", NOON)


def test_one_key_sent_twice_at_once_makes_one_analysis(database, user):
    answers = []

    def submit():
        with database.write() as connection:
            turns.take(connection, user)
            found = idempotency.find(connection, user, LIVE, "key", "print", NOON)
            if found is None:
                row = analyses.accept(connection, user, LIVE, submission(), NOON)
                found = row.id
                idempotency.keep(connection, user, LIVE, "key", "print", row.id, found, NOON)
            answers.append(found)

    assert at_once(*[submit] * 8) == [None] * 8
    assert len(set(answers)) == 1


def test_one_email_or_number_registered_at_once_is_one_account(database):
    def register(email, number):
        accounts.register(database, SECRET, "http://localhost", email, number, "hash", NOON)

    raised = at_once(*[lambda n=n: register("erin@example.com", f"+1555000000{n}") for n in range(6)])
    assert sorted(map(str, filter(None, raised))) == ["Email already registered"] * 5
    raised = at_once(*[lambda n=n: register(f"{n}@example.com", "+15551111111") for n in range(6)])
    assert sorted(map(str, filter(None, raised))) == ["Phone number already in use"] * 5
    assert {type(one) for one in raised} == {AlreadyExists, type(None)}


def test_keys_made_at_once_are_ten_at_most(database, user):
    def make():
        with database.write() as connection:
            keys.create(connection, user, LIVE, str(uuid.uuid4()), "sk_live_", None, NOON)

    raised = at_once(*[make] * 14)
    assert [type(error) for error in raised if error] == [TooManyKeys] * 4


def test_a_login_that_begins_or_goes_on_while_the_password_changes_ends_with_it(database, user):
    """Whoever comes first: after the change no login lives.

    A log-in is begun where its password has been found right, which takes so long that it would never meet the change.
    """
    for number in range(20):
        with database.write() as connection:
            users.update(connection, user, NOON, password_hash=f"old {number}")
        pair = accounts._begin(database, SECRET, user, f"old {number}", None, NOON, None)  # noqa: SLF001 - see above
        raised = at_once(
            lambda pair=pair: tokens.refresh(database, SECRET, pair.refresh_token, NOON),
            lambda n=number: accounts._begin(database, SECRET, user, f"old {n}", None, NOON, None),  # noqa: SLF001 - see above
            lambda n=number: accounts.change(database, user, NOON, password_hash=f"new {n}"),
        )
        assert {type(error) for error in raised} <= {type(None), InvalidCredentials}
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM refresh_tokens").scalar() == 0


def entry(action, object_id="-", livemode=None):
    return Entry(audit.OPERATOR, action, "user", object_id, NOON, livemode=livemode)


def a_call(database, user, livemode, number):
    """Accepted, held and released, completed, delivered, and every other one deleted."""
    with database.write() as connection:
        row = analyses.accept(connection, user, livemode, submission(), NOON)
        audit.write(connection, user, entry("analysis.submit", row.id, livemode))
    with database.write() as connection:
        retention.hold(connection, user, [row.id], NOON)
        retention.release(connection, user, [row.id])
    with database.write() as connection:
        assert analyses.finish(connection, user, row.id, 1, finished())
    with database.write() as connection:
        deliveries.add(connection, user, Delivery(str(uuid.uuid4()), row.id, 1, iso(NOON), 1, 200, "ok", None, None))
    if number % 2:
        with database.write() as connection:
            analyses.delete(connection, user, livemode, row.id)
            audit.write(connection, user, entry("analysis.delete", row.id, livemode))


def a_login(database, user):
    with database.write() as connection:
        turns.take(connection, user)
        new = tokens.issue(SECRET, user, NOON)
        logins.add(connection, user, new.login_id, new.refresh_hash, NOON, new.expires_at)
        audit.write(connection, user, entry("user.login"))
    with suppress(InvalidCredentials):  # the password was changed meanwhile
        pair = tokens.refresh(database, SECRET, new.pair.refresh_token, NOON)
        accounts.log_out(database, SECRET, pair.refresh_token, NOON)


def a_code(database, user):
    code, hashed = accounts.new_code(SECRET)
    with database.write() as connection:
        mailtokens.put(connection, user, "reset", hashed, NOON + timedelta(minutes=1))
    with suppress(BadCode):  # a newer one was mailed, or the email was changed meanwhile
        accounts.reset_password(database, SECRET, code, "hash", NOON)


def a_key(database, user):
    with database.write() as connection:
        key = keys.create(connection, user, LIVE, str(uuid.uuid4()), "sk_live_", None, NOON)
        audit.write(connection, user, entry("key.create", key.id))
    with database.write() as connection:
        keys.used(connection, user, key.id, NOON)
    with database.write() as connection:
        keys.end(connection, user, key.id, NOON)
        audit.write(connection, user, entry("key.expire", key.id))


def a_policy(database, user, number):
    with database.write() as connection:
        new = DEFAULT.model_copy(update={"keep_original": bool(number % 2)})
        audit.write(connection, user, entry("policy.set", str(policies.put(connection, user, new, NOON).version)))


def test_an_account_in_which_everything_happens_at_once_never_stops(database, user):
    """No two of the ways to write for an account wait for each other for ever; list and log are whole."""
    works = [
        lambda number: a_call(database, user, LIVE, number),
        lambda number: a_call(database, user, LIVE, number),
        lambda number: a_call(database, user, TEST, number),
        lambda number: accounts.change(database, user, NOON, email=f"{number}{uuid.uuid4()}@example.com"),
        lambda number: accounts.change(database, user, NOON, password_hash=f"hash {number}"),
        lambda _number: a_login(database, user),
        lambda _number: a_code(database, user),
        lambda _number: a_code(database, user),
        lambda _number: a_key(database, user),
        lambda number: a_policy(database, user, number),
    ]

    def often(work):
        for number in range(10):
            work(number)

    assert at_once(*[lambda work=work: often(work) for work in works]) == [None] * len(works)
    with database.read() as connection:
        assert listing.selected(connection, user, LIVE, Filters(), 100).total == 10
        assert listing.selected(connection, user, TEST, Filters(), 100).total == 5
        assert analyses.revision(connection, user, LIVE) == 2 * (2 * 10 + 5)
        assert insights.by_day(connection, user, LIVE, Filters())[NOON_DAY]["calls"] == 10
        lines = audit.page(connection, user, LIVE, Wanted(), 1_000)[0]
        versions = policies.versions(connection, user)
    told = [line.action for line in lines]
    assert (told.count("analysis.submit"), told.count("analysis.delete"), told.count("key.expire")) == (20, 10, 10)
    assert [line.id for line in lines] == sorted({line.id for line in lines}, reverse=True)
    assert [one.version for one in versions] == list(range(len(versions), 0, -1))
