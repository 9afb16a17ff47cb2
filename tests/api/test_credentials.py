"""Who may do what: both ways to send a key, and walls between accounts and modes."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from api_server import SECRET

from callcov.auth.keys import PREFIX_LENGTH, hash_key, new_key
from callcov.store import keys

ROUTES = [
    ("GET", "/analysis/"),
    ("POST", "/analysis/"),
    ("GET", "/analysis/ID"),
    ("DELETE", "/analysis/ID"),
    ("POST", "/analysis/ID/retry"),
    ("POST", "/analysis/ID/roles"),
    ("GET", "/analysis/ID/audio"),
    ("HEAD", "/analysis/ID/audio"),
    ("POST", "/analysis/ID/audio-link"),
]
OF_ONE = [route for route in ROUTES if "ID" in route[1]]


def test_both_documented_ways_to_send_a_key_work(account):
    for headers in ({"X-API-Key": account.live}, {"Authorization": f"Bearer {account.live}"}):
        assert requests.get(account.server.api + "/analysis/", headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "sk_live_abc123"},
        {"Authorization": "Bearer sk_live_abc123"},
        {"Authorization": "Basic c2s6"},
        {"Authorization": "Bearer"},
    ],
)
def test_without_a_known_key_every_route_is_401_in_the_documented_words(server, method, path, headers):
    response = requests.request(method, server.api + path, headers=headers, timeout=30)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    if method != "HEAD":
        assert response.json() == {"detail": "Invalid authentication credentials"}


def test_credentials_are_looked_at_before_parameters(server):
    assert requests.get(server.api + "/analysis/?limit=0", timeout=30).status_code == 401


def test_an_expired_key_is_401(account):
    key, now = new_key(livemode=True), datetime.now(UTC)
    with account.server.services.database.write() as connection:
        ended = now - timedelta(seconds=1)
        keys.create(
            connection,
            account.user_id,
            livemode=True,
            key_hash=hash_key(SECRET, key),
            prefix=key[:PREFIX_LENGTH],
            description=None,
            now=now,
            expires_at=ended,
        )
    assert account.get("/analysis/", key=key).status_code == 401


@pytest.mark.parametrize(("method", "path"), OF_ONE)
def test_another_accounts_analysis_is_404_and_untouched(account, other, method, path):
    analysis_id = account.completed()
    path = path.replace("ID", analysis_id)
    before = account.get(f"/analysis/{analysis_id}").content
    response = other.call(method, path, json={"agent_speaker": "B"})
    assert response.status_code == 404
    if method != "HEAD":
        assert response.json() == {"detail": "Analysis not found"}
    assert account.get(f"/analysis/{analysis_id}").content == before


@pytest.mark.parametrize(("method", "path"), OF_ONE)
@pytest.mark.parametrize("made_by", ["live", "test"])
def test_an_analysis_of_the_other_mode_is_404_and_untouched(account, method, path, made_by):
    key, foreign = (account.live, account.test) if made_by == "live" else (account.test, account.live)
    analysis_id = account.completed(key=key)
    before = account.get(f"/analysis/{analysis_id}", key=key).content
    assert (
        account.call(method, path.replace("ID", analysis_id), foreign, json={"agent_speaker": "B"}).status_code == 404
    )
    assert account.get(f"/analysis/{analysis_id}", key=key).content == before


def test_each_mode_lists_its_own_analyses(account, other):
    live, test = account.accepted(), account.accepted(key=account.test)
    lists = {key: account.get("/analysis/", key=key).json() for key in (account.live, account.test)}
    assert [(item["id"], item["livemode"]) for item in lists[account.live]["data"]] == [(live, True)]
    assert [(item["id"], item["livemode"]) for item in lists[account.test]["data"]] == [(test, False)]
    assert other.get("/analysis/").json()["total"] == 0
