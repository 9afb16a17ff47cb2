from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.auth import links
from callcov.auth.secret import Secret, derived
from callcov.errors import InvalidCredentials

NOON = datetime(2026, 11, 23, 12, 0, 0, 500_000, UTC)
SECRET = b"a secret of thirty-two bytes or more"


@pytest.fixture
def link():
    return links.make(SECRET, "an-analysis", "a-user", livemode=False, now=NOON)


def refused(token, secret=SECRET, now=NOON):
    with pytest.raises(InvalidCredentials, match="Invalid authentication credentials"):
        links.check(secret, token, now)


def test_a_link_allows_what_it_was_made_for(link):
    assert links.check(SECRET, link.token, NOON) == link
    assert (link.analysis_id, link.user_id, link.livemode) == ("an-analysis", "a-user", False)
    assert link.expires_at == datetime(2026, 11, 23, 12, 10, 0, 0, UTC)


def test_a_link_is_over_after_ten_minutes(link):
    links.check(SECRET, link.token, link.expires_at - timedelta(milliseconds=1))
    refused(link.token, now=link.expires_at)


def test_a_link_of_another_server_is_refused(link):
    refused(link.token, SECRET + b"!")


@given(st.integers(0, 400), st.characters(codec="ascii", categories=["L", "N"]))
def test_an_altered_link_is_refused_or_allows_the_same(place, other):
    link = links.make(SECRET, "an-analysis", "a-user", livemode=True, now=NOON)
    place %= len(link.token)
    altered = link.token[:place] + other + link.token[place + 1 :]
    try:
        allowed = links.check(SECRET, altered, NOON)
    except InvalidCredentials:
        return
    # Base64 leaves bits unused at the end of a part; whatever passes says what was signed.
    assert (allowed.analysis_id, allowed.user_id, allowed.livemode) == ("an-analysis", "a-user", True)


CLAIMS = {"purpose": "callcov audio link", "analysis": "a", "user": "u", "live": True, "exp": NOON.timestamp() + 60}


@pytest.mark.parametrize("missing", CLAIMS)
def test_a_token_that_lacks_a_claim_is_refused(missing):
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    refused(jwt.encode(claims, derived(SECRET, "callcov audio link"), algorithm="HS256"))


def test_a_token_of_another_purpose_is_refused():
    key = derived(SECRET, "callcov audio link")
    refused(jwt.encode(CLAIMS | {"purpose": "callcov access"}, key, algorithm="HS256"))
    refused(jwt.encode(CLAIMS, SECRET, algorithm="HS256"))
    assert links.check(SECRET, jwt.encode(CLAIMS, key, algorithm="HS256"), NOON).analysis_id == "a"


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_a_token_of_another_algorithm_is_refused(algorithm):
    key = None if algorithm == "none" else derived(SECRET, "callcov audio link").ljust(64, b"0")
    refused(jwt.encode(CLAIMS, key, algorithm=algorithm))


@pytest.mark.parametrize("nonsense", ["", ".", "..", "x" * 10_000, "é🙂", "a.b.c"])
def test_nonsense_is_refused(nonsense):
    refused(nonsense)


def test_a_link_made_with_the_old_secret_is_accepted_until_that_is_removed(link):
    new = Secret(b"another secret of thirty-two bytes or more")
    refused(link.token, new)
    new.old = Secret(SECRET)
    assert links.check(new, link.token, NOON) == link
    assert link.token not in repr(link)
