"""Logins: what a pair is good for and how long, and that one statement tells."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from callcov.auth import accounts, tokens
from callcov.auth.keys import PREFIX_LENGTH, hash_key, identify, new_key
from callcov.auth.secret import derived
from callcov.errors import BadCode, InvalidCredentials
from callcov.store import audit, keys, logins, mailtokens, users
from callcov.store.audit import Wanted
from callcov.store.tables import refresh_tokens
from callcov.store.times import iso

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes or more"
LIVE = True
MOMENT = timedelta(milliseconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def user(database):
    with database.write() as connection:
        return users.create(connection, "dana@example.com", NOON).id


@pytest.fixture
def begin(database, user):
    """Logs in and gives the pair."""

    def begin(now=NOON):
        new = tokens.issue(SECRET, user, now)
        with database.write() as connection:
            logins.add(connection, user, new.login_id, new.refresh_hash, now, new.expires_at)
        return new.pair

    return begin


def refused(database, token, now=NOON, secret=SECRET):
    with pytest.raises(InvalidCredentials, match=r"^Could not validate credentials$"):
        tokens.check_access(database, secret, token, now)


def test_an_access_token_names_its_account_for_thirty_minutes(database, user, begin):
    pair = begin()
    assert (
        tokens.check_access(database, SECRET, pair.access_token, NOON + timedelta(minutes=30) - MOMENT).user_id == user
    )
    refused(database, pair.access_token, NOON + timedelta(minutes=30))


def test_a_refresh_token_works_for_seven_days_from_when_it_was_made(database, begin):
    pair = begin()
    later = NOON + timedelta(days=7) - MOMENT
    newer = tokens.refresh(database, SECRET, pair.refresh_token, later)
    newest = tokens.refresh(database, SECRET, newer.refresh_token, later + timedelta(days=7) - MOMENT)
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET, newest.refresh_token, later + timedelta(days=15))


def kept(database):
    """How many refresh tokens there are."""
    with database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(refresh_tokens))


def test_logins_that_are_over_are_forgotten(database, begin):
    for day in range(10):
        begin(NOON + DAY * day)
    assert kept(database) == 7


def test_a_login_is_forgotten_with_all_its_tokens_when_the_newest_is_over(database, begin):
    tokens.refresh(database, SECRET, begin().refresh_token, NOON + DAY * 6)
    begin(NOON + DAY * 13 - MOMENT)
    assert kept(database) == 3
    begin(NOON + DAY * 13)
    assert kept(database) == 2


def test_a_token_of_another_server_is_refused(database, begin):
    pair = begin()
    refused(database, pair.access_token, secret=SECRET + b"!")
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET + b"!", pair.refresh_token, NOON)


def forged(user, login, key=None, algorithm="HS256", **other):
    claims = {"purpose": "callcov access token", "user": user, "login": login, "exp": NOON.timestamp() + 60}
    return jwt.encode(
        claims | other, derived(SECRET, "callcov access token") if key is None else key, algorithm=algorithm
    )


def test_only_a_token_with_every_claim_as_issued_is_accepted(database, user, begin):
    pair = begin()
    login = tokens.check_access(database, SECRET, pair.access_token, NOON).login_id
    assert tokens.check_access(database, SECRET, forged(user, login), NOON).user_id == user
    for token in (
        forged("another", login),
        forged(user, "another"),
        forged(user, None),
        forged(["x"], login),
        forged(user, login, purpose="callcov audio link"),
        forged(user, login, key=SECRET),
        forged(user, login, key="", algorithm="none"),
        forged(user, login, key=derived(SECRET, "callcov access token").ljust(64, b"0"), algorithm="HS512"),
        jwt.encode({"user": user}, derived(SECRET, "callcov access token"), algorithm="HS256"),
    ):
        refused(database, token)


@given(place=st.integers(0, 400), other=st.characters(codec="ascii", categories=["L", "N"]))
def test_an_altered_token_is_refused_or_names_the_same(place, other):
    token = tokens.issue(SECRET, "a-user", NOON, "a-login").pair.access_token
    place %= len(token)
    claimed = tokens._claimed(SECRET, token[:place] + other + token[place + 1 :], NOON)  # noqa: SLF001 without a database
    assert claimed in (None, logins.Login("a-user", "a-login"))


def test_reuse_ends_the_login_for_good_and_no_other(database, begin):
    first, other = begin(), begin()
    second = tokens.refresh(database, SECRET, first.refresh_token, NOON)
    third = tokens.refresh(database, SECRET, second.refresh_token, NOON)
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET, first.refresh_token, NOON)
    for pair in (first, second, third):
        refused(database, pair.access_token)
        with pytest.raises(InvalidCredentials):
            tokens.refresh(database, SECRET, pair.refresh_token, NOON)
    tokens.check_access(database, SECRET, other.access_token, NOON)


@pytest.fixture
def refreshed(database, begin):
    """The first and the newest pair of a login that was refreshed every six days, with other logins meanwhile."""
    first = newest = begin()
    for day in (6, 12, 18):
        newest = tokens.refresh(database, SECRET, newest.refresh_token, NOON + DAY * day)
        begin(NOON + DAY * day)
    return first, newest


def told(database, user):
    """What the audit log says of the account."""
    with database.read() as connection:
        lines, _ = audit.page(connection, user, LIVE, Wanted(), 10)
    return [(line.action, line.outcome, line.address) for line in lines]


def test_reuse_ends_the_login_however_long_ago_the_token_was_rotated(database, user, refreshed):
    (first, newest), then = refreshed, NOON + DAY * 18
    tokens.check_access(database, SECRET, newest.access_token, then)
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET, first.refresh_token, then, "192.0.2.1")
    refused(database, newest.access_token, then)
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET, newest.refresh_token, then)
    assert told(database, user) == [("user.refresh", "refused", "192.0.2.1")]


def test_logging_out_with_a_token_of_long_ago_ends_the_login(database, user, refreshed):
    (first, newest), then = refreshed, NOON + DAY * 18
    accounts.log_out(database, SECRET, first.refresh_token, then, "192.0.2.1")
    refused(database, newest.access_token, then)
    assert told(database, user) == [("user.logout", "done", "192.0.2.1")]


def test_a_login_has_so_many_tokens_and_then_ends(database, user, begin):
    pair = begin()
    login = tokens.check_access(database, SECRET, pair.access_token, NOON).login_id
    row = {"user_id": user, "login_id": login, "expires_at": iso(NOON + tokens.REFRESH), "rotated_at": iso(NOON)}
    with database.write() as connection:
        connection.execute(
            sa.insert(refresh_tokens), [row | {"token_hash": f"{n:064}"} for n in range(logins.MOST - 2)]
        )
    last = tokens.refresh(database, SECRET, pair.refresh_token, NOON)
    assert kept(database) == logins.MOST
    with pytest.raises(InvalidCredentials):
        tokens.refresh(database, SECRET, last.refresh_token, NOON)
    refused(database, last.access_token)
    assert kept(database) == 0


def test_a_token_is_shown_nowhere():
    new = tokens.issue(SECRET, "a-user", NOON)
    assert new.pair.access_token not in repr(new)
    assert new.pair.refresh_token not in repr(new)


def test_a_mailed_code_works_for_fifteen_minutes(database):
    hashed = "$argon2id$…"
    for seconds, works in ((899.999, True), (900, False)):
        letter = accounts.register(database, SECRET, "", f"{works}@example.com", f"+1555000000{works:d}", hashed, NOON)
        code = letter.text.split("Code: ")[1].split()[0]
        assert code not in repr(letter)
        then = NOON + timedelta(seconds=seconds)
        if works:
            assert accounts.verify(database, SECRET, code, then).access_token
        else:
            with pytest.raises(BadCode):
                accounts.verify(database, SECRET, code, then)


def test_a_reset_token_works_for_fifteen_minutes(database, user):
    token, hashed = accounts.new_code(SECRET)
    with database.write() as connection:
        mailtokens.put(connection, user, "reset", hashed, NOON + accounts.CODE)
    with pytest.raises(BadCode):
        accounts.reset_password(database, SECRET, token, "hash", NOON + accounts.CODE)
    accounts.reset_password(database, SECRET, token, "hash", NOON + accounts.CODE - MOMENT)


@pytest.fixture
def statements():
    """What every database is told while the test runs, the beginning of a snapshot apart."""
    told = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith("BEGIN"):
            told.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    yield told
    event.remove(sa.Engine, "before_cursor_execute", note)


def plan(database, statement, parameters):
    with database.read() as connection:
        return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def test_knowing_the_caller_is_one_statement_by_index_whichever_the_credential(database, user, begin, statements):
    key = new_key(livemode=True)
    with database.write() as connection:
        keys.create(connection, user, LIVE, hash_key(SECRET, key), key[:PREFIX_LENGTH], None, NOON)
        keys.used(connection, user, keys.of_user(connection, user, NOON, ended=False)[0].id, NOON)
    pair = begin()
    for credential in (key, pair.access_token):
        statements.clear()
        assert identify(database, SECRET, None, f"Bearer {credential}", NOON).user_id == user
        (statement,) = statements
        steps = plan(database, statement, ("x",) * statement.count("?"))
        assert all("INDEX" in step and "SCAN" not in step for step in steps), steps


@pytest.mark.parametrize("header", ["Bearer eyJ.e30.x", "Bearer x", "Bearer " + "x" * 100_000, "Bearer \udcff.é.\0"])
def test_what_is_no_token_costs_no_statement(database, statements, header):
    with pytest.raises(InvalidCredentials, match=r"^Invalid authentication credentials$"):
        identify(database, SECRET, None, header, NOON)
    assert statements == []
