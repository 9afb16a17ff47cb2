"""An id in an address or a filter may be spelt in any way that a UUID has; what is no UUID names nothing."""

import pytest
import requests
from api_server import FLAC

from callcov.store import deliveries
from callcov.store.deliveries import Delivery

SPELLINGS = {
    "in upper case": str.upper,
    "without hyphens": lambda id_: id_.replace("-", ""),
    "in braces": lambda id_: f"{{{id_}}}",
    "as a URN": lambda id_: f"urn:uuid:{id_}",
}


@pytest.fixture(params=SPELLINGS.values(), ids=SPELLINGS)
def spelt(request):
    return request.param


def test_an_analysis_is_found_however_its_id_is_spelt(account, spelt):
    analysis_id = account.completed()
    path = f"/analysis/{spelt(analysis_id)}"
    plain = account.get(f"/analysis/{analysis_id}")
    assert account.get(path).content == account.get(path + "/").content == plain.content
    assert account.post(f"{path}/rejudge").json()["id"] == analysis_id
    turned = account.post(f"{path}/roles", json={"agent_speaker": "B"})
    assert (turned.status_code, turned.json()["id"]) == (200, analysis_id)
    assert account.post(f"{path}/retry").json() == {"detail": "The analysis has not failed"}
    assert account.call("DELETE", path).status_code == 200
    assert account.get(f"/analysis/{analysis_id}").status_code == 404
    told = account.get("/audit/", params={"object_id": spelt(analysis_id)}).json()["data"]
    assert {line["object_id"] for line in told} == {analysis_id}
    assert [(line["action"], line["outcome"]) for line in told] == [
        ("analysis.delete", "done"),
        ("analysis.retry", "refused"),
        ("analysis.roles", "done"),
        ("analysis.rejudge", "done"),
        ("analysis.submit", "done"),
    ]


def test_a_recording_and_a_link_to_it_are_found_however_the_id_is_spelt(account, spelt):
    analysis_id = account.completed()
    path = f"/analysis/{spelt(analysis_id)}/audio"
    sound = account.get(path)
    assert (sound.content, sound.headers["Content-Disposition"]) == (FLAC, f'inline; filename="{analysis_id}.flac"')
    assert account.call("HEAD", path).status_code == 200
    address, token = account.post(f"{path}-link").json()["url"].split("?token=")
    assert address.endswith(f"/analysis/{analysis_id}/audio")
    for by_link in (address, account.server.api + path):
        assert requests.get(by_link, params={"token": token}, timeout=30).content == FLAC


def test_webhooks_of_an_analysis_are_found_however_its_id_is_spelt(account, spelt):
    analysis_id = account.failed("why", webhook_url="https://example.com/hook")
    name, at = f"{analysis_id}.1.1", "2026-11-23T12:00:00.000Z"
    with account.server.services.database.write() as connection:
        one = Delivery(name, analysis_id, 1, at, 9, 500, "retry", "It answered 500.", None)
        deliveries.add(connection, account.user_id, one)
    found = account.get("/webhook-deliveries/", params={"analysis_id": spelt(analysis_id)}).json()["data"]
    assert [one["id"] for one in found] == [name]


def test_a_key_is_ended_however_its_id_is_spelt(visitor, spelt):
    made = visitor.admitted().call("POST", "/api-keys/", json={}).json()
    assert visitor.call("DELETE", f"/api-keys/{spelt(made['id'])}").status_code == 200
    assert visitor.call("GET", "/analysis/", made["api_key"]).status_code == 401
    (newest, *_) = visitor.call("GET", "/audit/").json()["data"]
    assert (newest["action"], newest["object_id"]) == ("key.expire", made["id"])


@pytest.mark.parametrize(
    "no_uuid",
    [
        lambda id_: id_[:-1],
        lambda id_: id_ + "0",
        lambda id_: "%2B" + id_[1:],
        lambda id_: "%20" + id_[1:],
        lambda id_: id_[:9] + "_" + id_[10:],
        lambda id_: id_.replace("-", "", 1),
        lambda id_: id_.replace("0", "%EF%BC%90", 1),
    ],
    ids=["shorter", "longer", "a sign", "a space", "an underscore", "a hyphen missing", "another zero"],
)
def test_what_is_nearly_an_id_names_nothing(account, no_uuid):
    answer = account.get(f"/analysis/{no_uuid(account.accept_directly())}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Analysis not found"})
