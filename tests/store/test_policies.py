from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import NOON

from callcov.checks.policy import DEFAULT, READY_MADE, Policy, Prohibited, ready_made
from callcov.errors import NotFound
from callcov.store import policies, tables
from callcov.store.policies import Version
from callcov.text.normalise import texts


def put(database, user, policy, later=0):
    with database.write() as connection:
        return policies.put(connection, user, policy, NOON + timedelta(seconds=later))


def read(database, user):
    with database.read() as connection:
        return policies.current(connection, user), policies.versions(connection, user)


def test_an_account_that_never_set_one_has_the_default_as_version_1(database, user):
    assert read(database, user) == (DEFAULT, (Version(1, None),))
    with database.read() as connection:
        assert policies.version(connection, user, 1) == DEFAULT


@settings(max_examples=30)
@given(
    names=st.lists(
        st.sampled_from(READY_MADE)
        | st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1).filter(texts),
        max_size=6,
    )
)
def test_every_version_stays_as_it_was_and_the_same_again_makes_none(database_once, names):
    database, user = database_once()
    wanted = [DEFAULT]
    for later, name in enumerate(names):
        policy = (
            ready_made(name)
            if name in READY_MADE
            else Policy(version=99, prohibited=(Prohibited(id="p", category="c", wordings=(name,)),))
        )
        same = policy.model_copy(update={"version": wanted[-1].version}) == wanted[-1]
        if not same:
            wanted.append(policy.model_copy(update={"version": len(wanted) + 1}))
        assert put(database, user, policy, later) == wanted[-1]
    current, versions = read(database, user)
    assert current == wanted[-1]
    assert [one.version for one in versions] == [policy.version for policy in reversed(wanted)]
    assert [one.created_at is None for one in versions] == [False] * (len(wanted) - 1) + [True]
    with database.read() as connection:
        assert [policies.version(connection, user, number + 1) for number in range(len(wanted))] == wanted


def test_a_policy_is_nobody_elses(database, user, other_user):
    put(database, user, ready_made("health"))
    assert read(database, other_user) == (DEFAULT, (Version(1, None),))
    with database.read() as connection, pytest.raises(NotFound):
        policies.version(connection, other_user, 2)


@pytest.mark.parametrize("number", [-1, 0, 3, 2**31 - 1])
def test_a_version_that_is_not_there_is_not_found(database, user, number):
    put(database, user, ready_made("health"))
    with database.read() as connection, pytest.raises(NotFound, match=f"no version {number}"):
        policies.version(connection, user, number)


def test_an_account_that_is_not_there_cannot_set_one(database):
    with pytest.raises(NotFound):
        put(database, "nobody", ready_made("health"))


def test_a_version_that_was_stored_before_control_characters_were_refused_still_judges(database, user):
    old = DEFAULT.model_copy(update={"prohibited": (Prohibited(id="p", category="c", wordings=("or else",)),)})
    with database.write() as connection:
        stored = policies.put(connection, user, old, NOON)
        document = stored.model_dump_json().replace("or else", r"or\u001b else")
        connection.execute(sa.update(tables.policies).values(document=document))
    with database.read() as connection:
        assert policies.current(connection, user).prohibited[0].wordings == ("or\x1b else",)
        assert policies.version(connection, user, 2) == policies.current(connection, user)
    with pytest.raises(ValueError, match="Control characters"):
        Prohibited(id="p", category="c", wordings=("or\x1b else",))
