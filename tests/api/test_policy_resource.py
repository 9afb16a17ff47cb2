"""The policy of an account, by the API: what is sent is what judges; a wrong one changes nothing and says where."""

import json
from itertools import count

import pytest
import requests
from api_server import POLICY
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.api import schemas
from callcov.checks.policy import DEFAULT, READY_MADE, Policy, ready_made

NO_RECORDING = {"disclosures": [], "prohibited": []}


def shown(policy, version):
    return json.loads(policy.model_dump_json()) | {"version": version}


def put(account, document, **options):
    return account.call("PUT", "/policy", json=document, **options)


def test_what_is_set_is_the_policy_under_the_next_version(account):
    assert account.get("/policy").json() == shown(POLICY, 2)
    for number, name in enumerate(READY_MADE, start=3):
        sent = json.loads(ready_made(name).model_dump_json())
        response = put(account, sent)
        assert (response.status_code, response.json()) == (200, sent | {"version": number})
        assert put(account, response.json()).json() == response.json()
        assert account.get("/policy/").json() == response.json()
    listed = account.get("/policy/versions")
    versions = schemas.PolicyVersions.model_validate_json(listed.content, strict=True)
    assert [one.version for one in versions.data] == [6, 5, 4, 3, 2, 1]
    assert account.get("/policy/versions/").content == listed.content
    assert account.get("/policy?version=1").json() == shown(DEFAULT, 1)
    assert account.get("/policy?version=2").json() == shown(POLICY, 2)


def test_what_is_left_out_is_the_default(account):
    assert put(account, {}).json() == shown(Policy(), 3)


def test_a_test_key_has_the_same_policy_and_another_account_its_own(account, other):
    put(account, NO_RECORDING, key=account.test)
    assert account.get("/policy").json() == account.get("/policy", key=account.test).json() == shown(Policy(), 3)
    assert other.get("/policy").json() == shown(POLICY, 2)
    assert requests.get(account.server.api + "/policy", timeout=30).status_code == 401
    assert requests.put(account.server.api + "/policy", json={}, timeout=30).status_code == 401


WRONG = {
    "an unknown name": ({"rules": []}, ["rules"], "Extra inputs are not permitted"),
    "no wordings": ({"disclosures": [{"id": "a"}]}, ["disclosures", 0, "wordings"], "Field required"),
    "an unknown type": ({"mask": ["pin", "shoe_size"]}, ["mask", 1], "Input should be 'card_number'"),
    "an id twice": (
        {"prohibited": [{"id": "a", "category": "b", "wordings": ["c"]}] * 2},
        ["prohibited", 1, "id"],
        "'a' more than once",
    ),
    "no list": ({"mask": "pin"}, ["mask"], "Input should be a valid list"),
    "no object": ({"thresholds": None}, ["thresholds"], "Input should be an object"),
    "no word": ({"disclosures": [{"id": "a", "wordings": ["?!"]}]}, ["disclosures", 0, "wordings", 0], "no word in it"),
    "limits out of order": ({"thresholds": {"wpm_low": 300}}, ["thresholds"], "wpm_low must not be above wpm_high"),
    "a lone surrogate": ({"\ud800": "\udfff"}, [], "unable to parse raw data as a unicode string"),
    "a huge number": ({"x": -(10**40)}, ["x"], "Extra inputs are not permitted"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_policy_is_refused_with_place_and_reason_and_the_old_one_stays(account, name):
    document, place, reason = WRONG[name]
    response = account.call("PUT", "/policy", data=json.dumps(document))
    assert response.status_code == 422
    problem = schemas.BodyProblem.model_validate_json(response.content, strict=True)
    assert [one for one in problem.detail if one.loc == ["body", *place] and reason in one.msg], problem
    assert account.get("/policy").json() == shown(POLICY, 2)
    tried = account.post("/policy/backtest", data=json.dumps({"policy": document}))
    assert tried.status_code == 422
    assert tried.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize("wording", ["", 1, "x" * 501])
def test_one_wrong_wording_is_one_mistake(account, wording):
    response = put(account, {"disclosures": [{"id": "a", "wordings": [wording]}]})
    assert [one["loc"] for one in response.json()["detail"]] == [["body", "disclosures", 0, "wordings", 0]]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "The policy is empty"),
        (b"[]", "must be a mapping"),
        (b'{"version": 1, "version": 2}', "names 'version' twice"),
        (b"\xff", "not UTF-8"),
        (b"a: &x 1\nb: *x", "YAML alias"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * 600_000, "at most 500,000"),
    ],
)
def test_what_is_no_document_is_refused_in_words(account, body, reason):
    response = account.call("PUT", "/policy", data=body)
    assert response.status_code == 422
    (item,) = schemas.BodyProblem.model_validate_json(response.content, strict=True).detail
    assert reason in item.msg
    assert item.loc == ["body"]


def test_a_policy_in_a_form_is_told_how_to_be_sent(account):
    response = account.call("PUT", "/policy", files={"policy": ("policy.yaml", b"mask: []")})
    assert response.status_code == 422
    assert "not a file in a form" in response.json()["detail"][0]["msg"]


def test_a_body_that_never_ends_is_413(account):
    assert account.call("PUT", "/policy", data=b" " * 2_000_001).status_code == 413


def test_many_mistakes_are_not_all_repeated(account):
    response = put(account, {"mask": ["x" * 1000] * 400})
    assert response.status_code == 422
    assert len(response.json()["detail"]) == 100
    assert response.json()["detail"][0]["input"] is None


@pytest.mark.parametrize("query", ["version=0", "version=x", f"version={2**31}"])
def test_a_version_that_cannot_be_is_422_and_one_that_is_not_there_404(account, query):
    assert account.get(f"/policy?{query}").status_code == 422
    missing = account.get("/policy?version=7")
    assert (missing.status_code, missing.json()) == (404, {"detail": "There is no version 7 of the policy"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
numbers = count()


@settings(max_examples=60)
@given(document=st.fixed_dictionaries({}, optional=dict.fromkeys(Policy.model_fields, JSON)) | JSON)
def test_anything_is_a_policy_or_is_refused_with_items(server, document):
    account = server.account(f"anything{next(numbers)}@example.com")
    response = account.call("PUT", "/policy", data=json.dumps(document))
    if response.status_code == 200:
        assert response.json() == account.get("/policy").json()
    else:
        assert response.status_code == 422
        assert schemas.BodyProblem.model_validate_json(response.content, strict=True).detail
        assert account.get("/policy").json() == shown(POLICY, 2)
