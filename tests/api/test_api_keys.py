"""Keys as their owner makes, lists and ends them, and what a token can do that a key cannot."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_server import tone

from callcov.api import schemas


def refused(answer, status, detail):
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.fixture
def owner(visitor):
    return visitor.admitted()


def make(owner, **sent):
    answer = owner.call("POST", "/api-keys/", json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(owner, query=""):
    answer = owner.call("GET", f"/api-keys/{query}")
    found = schemas.ApiKeys.model_validate_json(answer.content, strict=True)
    assert found.total == len(found.api_keys)
    return answer.json()["api_keys"]


def test_a_key_is_shown_whole_once_and_works(owner):
    answer = owner.call("POST", "/api-keys/", json={"description": "the demo"})
    schemas.NewApiKey.model_validate_json(answer.content, strict=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    made = answer.json()
    assert list(made) == ["id", "api_key", "key_prefix", "description", "created_at"]
    assert re.fullmatch(r"sk_live_[A-Za-z0-9]{48}", made["api_key"])
    assert made["key_prefix"] == made["api_key"][:14]
    assert owner.call("GET", "/analysis/", made["api_key"]).status_code == 200
    (shown,) = listed(owner)
    assert (shown["id"], shown["description"], shown["is_active"]) == (made["id"], "the demo", True)
    assert made["api_key"] not in str(shown)


@pytest.mark.parametrize(
    ("sent", "start", "description"),
    [
        ({}, "sk_live_", None),
        ({"name": "by its other name"}, "sk_live_", "by its other name"),
        ({"mode": "test", "description": None}, "sk_test_", None),
        ({"mode": "live", "description": "x" * 500}, "sk_live_", "x" * 500),
    ],
)
def test_what_may_be_sent(owner, sent, start, description):
    made = make(owner, **sent)
    assert made["api_key"].startswith(start)
    assert made["description"] == description


def test_no_body_at_all_is_a_key_without_a_description(owner):
    assert owner.call("POST", "/api-keys/").status_code == 201


def test_the_eleventh_key_is_400_until_one_has_ended(owner):
    made = [make(owner, mode=mode) for mode in ("live", "test") * 5]
    refused(owner.call("POST", "/api-keys/", json={}), 400, "Maximum of 10 active API keys reached")
    ended = owner.call("DELETE", f"/api-keys/{made[3]['id']}")
    assert ended.json() == {"message": "API key expired successfully", "success": True}
    make(owner)
    assert len(listed(owner)) == 10
    assert len(listed(owner, "?include_expired=true")) == 11


def test_twenty_made_at_once_are_ten(owner):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: owner.call("POST", "/api-keys/", json={}).status_code, range(20)))
    assert sorted(answers) == [201] * 10 + [400] * 10


def test_an_ended_key_is_nobodys_at_once_and_its_row_is_kept(owner):
    first, second = make(owner), make(owner)
    assert owner.call("DELETE", f"/api-keys/{first['id']}").status_code == 200
    assert owner.call("GET", "/analysis/", first["api_key"]).status_code == 401
    assert owner.call("GET", "/analysis/", second["api_key"]).status_code == 200
    assert [key["id"] for key in listed(owner)] == [second["id"]]
    every = listed(owner, "?include_expired=true")
    assert [(key["id"], key["is_active"]) for key in every] == [(second["id"], True), (first["id"], False)]
    assert owner.call("DELETE", f"/api-keys/{first['id']}").status_code == 200


@pytest.mark.parametrize("key_id", ["nonsense", "00000000-0000-4000-8000-000000000000", "%00", "é"])
def test_a_key_that_is_not_there_is_404(owner, key_id):
    refused(owner.call("DELETE", f"/api-keys/{key_id}"), 404, "API key not found")


def test_another_accounts_key_is_as_good_as_none(owner, stranger):
    made = make(owner)
    stranger.admitted()
    refused(stranger.call("DELETE", f"/api-keys/{made['id']}"), 404, "API key not found")
    assert listed(stranger, "?include_expired=true") == []
    assert owner.call("GET", "/analysis/", made["api_key"]).status_code == 200


def test_a_query_that_is_wrong_is_422_in_the_lists_words(owner):
    answer = owner.call("GET", "/api-keys/?include_expired=perhaps")
    (item,) = schemas.QueryProblem.model_validate_json(answer.content, strict=True).detail
    assert (answer.status_code, item.loc, item.type) == (422, ["query", "include_expired"], "type_error.bool")


def test_a_token_sees_live_analyses_and_with_a_header_the_test_ones(owner):
    ids = {}
    for mode in ("live", "test"):
        key = make(owner, mode=mode)["api_key"]
        form = {"agent_id": mode, "contact_id": "c"}
        sound = {"audio_file": ("a.wav", tone())}
        ids[mode] = owner.call("POST", "/analysis/", key, data=form, files=sound).json()["id"]
    for headers, mode in (
        ({}, "live"),
        ({"X-Callcov-Mode": "live"}, "live"),
        ({"X-Callcov-Mode": "test"}, "test"),
        ({"X-Callcov-Mode": "TEST"}, "test"),
    ):
        (seen,) = owner.call("GET", "/analysis/", headers=headers).json()["data"]
        assert (seen["id"], seen["livemode"]) == (ids[mode], mode == "live")
        other = ids["test" if mode == "live" else "live"]
        assert owner.call("GET", f"/analysis/{other}", headers=headers).status_code == 404


def test_the_header_does_nothing_for_a_key(owner):
    form, sound = {"agent_id": "a", "contact_id": "c"}, {"audio_file": ("a.wav", tone())}
    live, test = (make(owner, mode=mode)["api_key"] for mode in ("live", "test"))
    owner.call("POST", "/analysis/", test, data=form, files=sound)
    assert owner.call("GET", "/analysis/", live, headers={"X-Callcov-Mode": "test"}).json()["total"] == 0
    assert owner.call("GET", "/analysis/", test, headers={"X-Callcov-Mode": "live"}).json()["total"] == 1


def test_what_a_token_submits_is_its_modes(owner):
    for headers, livemode in (({}, True), ({"X-Callcov-Mode": "test"}, False)):
        form, sound = {"agent_id": "a", "contact_id": "c"}, {"audio_file": ("a.wav", tone())}
        made = owner.call("POST", "/analysis/", data=form, files=sound, headers=headers)
        assert (made.status_code, made.json()["livemode"]) == (201, livemode)
