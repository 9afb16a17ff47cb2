"""GET /audit/: what requests leave there, and who may read it."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import requests
from api_server import running, wait_until

from callcov.api import schemas
from callcov.store import deliveries, retention
from callcov.store.deliveries import Delivery


def lines(account, key=None, **query):
    response = account.call("GET", "/audit/", key=key, params=query)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def actions(account, analysis_id, key=None):
    """What was done to an analysis, oldest first."""
    return [(line["action"], line["outcome"]) for line in lines(account, key, object_id=analysis_id)][::-1]


def hold(account, analysis_id):
    with account.server.services.database.write() as connection:
        retention.hold(connection, account.user_id, [analysis_id], datetime.now(UTC))


def key_id(account, key):
    keys = account.server.services.database
    with keys.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT id FROM api_keys WHERE user_id = ? AND key_prefix = ?", (account.user_id, key[:14])
        )
        return found.scalar()


def test_an_account_that_did_nothing_has_an_empty_log(account):
    assert account.get("/audit/").json() == {"object": "list", "data": [], "has_more": False}


def test_what_is_done_to_an_analysis_is_told_with_key_address_and_time(account):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    analysis_id = account.completed()
    account.get(f"/analysis/{analysis_id}/audio")
    account.post(f"/analysis/{analysis_id}/audio-link")
    account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"})
    account.call("DELETE", f"/analysis/{analysis_id}")
    told = lines(account, object_id=analysis_id)
    assert [line["action"] for line in told][::-1] == [
        "analysis.submit",
        "audio.read",
        "audio.link",
        "analysis.roles",
        "analysis.delete",
    ]
    for line in told:
        assert (line["who"], line["object_type"], line["outcome"]) == (
            key_id(account, account.live),
            "analysis",
            "done",
        )
        assert line["address"] == "127.0.0.1"
        assert before <= datetime.fromisoformat(line["at"]) <= datetime.now(UTC)


def test_hearing_by_a_link_is_told_as_the_links(account):
    analysis_id = account.completed()
    url = account.post(f"/analysis/{analysis_id}/audio-link").json()["url"]
    assert requests.get(url, headers={"Range": "bytes=0-9"}, timeout=30).status_code == 206
    newest = lines(account, object_id=analysis_id)[0]
    assert (newest["who"], newest["action"]) == ("link", "audio.read")


def test_only_requests_that_are_given_sound_are_told_as_hearing(account):
    analysis_id = account.completed()
    path = f"/analysis/{analysis_id}/audio"
    assert account.call("HEAD", path).status_code == 200
    assert account.get(path, headers={"Range": "bytes=999999999-"}).status_code == 416
    assert actions(account, analysis_id) == [("analysis.submit", "done")]


def test_hearing_what_was_loaded_before_is_told_again(account):
    path = f"/analysis/{account.completed()}/audio"
    tag = account.get(path).headers["ETag"]
    assert account.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert [line["action"] for line in lines(account)][:2] == ["audio.read"] * 2


def test_a_policy_is_told_when_it_changes_and_judging_again_when_it_changed_something(account):
    analysis_id = account.completed()
    for _ in range(2):
        account.post(
            f"/analysis/{analysis_id}/rejudge"
        )  # the first keeps the vectors it makes, the second changes nothing
    for _ in range(2):
        assert account.call("PUT", "/policy", json={"never_solicit": ["ssn"]}).json()["version"] == 3
    assert account.post(f"/analysis/{analysis_id}/rejudge").status_code == 200
    assert [(line["object_type"], line["object_id"], line["action"]) for line in lines(account)] == [
        ("analysis", analysis_id, "analysis.rejudge"),
        ("policy", "3", "policy.set"),
        ("analysis", analysis_id, "analysis.rejudge"),
        ("analysis", analysis_id, "analysis.submit"),
    ]


def test_what_the_state_of_an_analysis_forbids_is_told_as_refused(account):
    analysis_id = account.completed()
    hold(account, analysis_id)
    refused = account.call("DELETE", f"/analysis/{analysis_id}")
    assert (refused.status_code, refused.json()) == (409, {"detail": "The analysis is under legal hold"})
    assert account.post(f"/analysis/{analysis_id}/retry").status_code == 409
    assert account.get(f"/analysis/{analysis_id}/audio").status_code == 200
    assert actions(account, analysis_id) == [
        ("analysis.submit", "done"),
        ("analysis.delete", "refused"),
        ("analysis.retry", "refused"),
        ("audio.read", "done"),
    ]
    waiting = account.accepted()
    assert account.post(f"/analysis/{waiting}/rejudge").status_code == 409
    assert actions(account, waiting)[1:] == [("analysis.rejudge", "refused")]


def test_a_retry_is_told(account):
    analysis_id = account.failed("no sound")
    account.post(f"/analysis/{analysis_id}/retry")
    assert actions(account, analysis_id)[1:] == [("analysis.retry", "done")]


def test_what_others_try_is_in_nobodys_log(account, other):
    analysis_id = account.completed()
    before = lines(account)
    for method, end in (
        ("DELETE", ""),
        ("GET", "/audio"),
        ("POST", "/audio-link"),
        ("POST", "/retry"),
        ("POST", "/rejudge"),
    ):
        assert other.call(method, f"/analysis/{analysis_id}{end}").status_code == 404
    assert lines(account) == before
    assert lines(other) == []
    assert lines(other, object_id=analysis_id) == []


def test_a_test_key_sees_what_was_done_to_test_analyses_and_nothing_else(account):
    live, test = account.accepted(), account.accepted(key=account.test)
    account.call("PUT", "/policy", key=account.test, json={"never_solicit": ["ssn"]})
    assert [line["object_id"] for line in lines(account, account.test)] == [test]
    assert [line["object_id"] for line in lines(account)] == ["3", live]


def test_pages_joined_are_the_whole_log_and_an_unknown_place_is_no_error(account):
    made = [account.accepted() for _ in range(3)]
    found, after = [], {}
    for more in (True, False):
        page = account.get("/audit/", params={"limit": 2} | after).json()
        assert page["has_more"] is more
        found += page["data"]
        after = {"starting_after": found[-1]["id"]}
    assert [line["object_id"] for line in found] == made[::-1]
    assert lines(account, starting_after="00000000-0000-7000-8000-000000000000") == []


def test_the_log_is_narrowed_by_time_as_seconds_or_iso(account):
    account.accepted()
    now = datetime.now(UTC)
    for earlier, later in (
        ((now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()),
        (int(now.timestamp()) - 3600, int(now.timestamp()) + 3600),
    ):
        assert len(lines(account, created_after=earlier, created_before=later)) == 1
        assert lines(account, created_after=later) == lines(account, created_before=earlier) == []


@pytest.mark.parametrize(
    ("query", "message", "kind"),
    [
        ("limit=0", "ensure this value is greater than or equal to 1", "value_error.number.not_ge"),
        ("limit=1001", "ensure this value is less than or equal to 1000", "value_error.number.not_le"),
        ("starting_after=last", "value is not a valid uuid", "type_error.uuid"),
        ("created_after=yesterday", "invalid datetime format", "value_error.datetime"),
        (f"created_before={'9' * 400}", "invalid datetime format", "value_error.datetime"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_422(account, query, message, kind):
    response = account.get(f"/audit/?{query}")
    assert response.status_code == 422, response.text
    place = query.partition("=")[0]
    assert response.json() == {"detail": [{"loc": ["query", place], "msg": message, "type": kind}]}


@pytest.mark.parametrize("odd", ["\0", "%", "x" * 5000, "🙂"])
def test_an_object_nobody_knows_has_no_lines(account, odd):
    account.accepted()
    assert lines(account, object_id=odd) == []


def test_the_log_keeps_to_its_schema_and_needs_credentials(account):
    account.accepted()
    sent = account.get("/audit/")
    assert schemas.AuditLog.model_validate_json(sent.content, strict=True).model_dump(mode="json") == sent.json()
    assert requests.get(account.server.api + "/audit/", timeout=30).status_code == 401


def everything(folder):
    """Every byte that a server has on disk."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_of_a_deleted_call_no_value_is_left_in_any_file_and_one_line_of_ids_tells_of_it(tmp_path):
    with running(tmp_path) as server:
        account = server.account("owner@example.com")
        marks = {name: f"{name}{secrets.token_hex(8)}" for name in ("agent", "contact", "customer", "word")}
        kept = [account.completed(contact_id=f"kept{number}") for number in range(6)]
        form = {
            "agent_id": marks["agent"],
            "contact_id": marks["contact"],
            "metadata": f'{{"name":"{marks["customer"]}"}}',
        }
        gone = account.accepted(**form)
        server.complete(account.user_id, gone, transcript_with(marks["word"]))
        kept += [account.completed(contact_id=f"later{number}") for number in range(6)]
        account.post(f"/analysis/{gone}/roles", json={"agent_speaker": "B"})
        tried = Delivery(
            f"{gone}.1.1", gone, 1, "2026-11-23T12:00:00.678Z", 3, None, "retry", f"to {marks['customer']}", None
        )
        server.services.blobs.write(f"work/{gone}/words.json", marks["word"].encode())
        with server.services.database.write() as connection:
            deliveries.add(connection, account.user_id, tried)
        before = everything(tmp_path)
        assert [name for name, mark in marks.items() if mark.encode() not in before] == []
        assert account.call("DELETE", f"/analysis/{gone}").status_code == 200
        wait_until(lambda: not (tmp_path / "callcov.db-wal").stat().st_size)
        after = everything(tmp_path)
        assert [name for name, mark in marks.items() if mark.encode() in after] == []
        assert server.engine.started(gone) == []
        assert account.get("/analysis/").json()["total"] == len(kept)
        assert ("analysis.delete", "done") in actions(account, gone)
        assert [line for line in lines(account) if any(mark in str(line) for mark in marks.values())] == []


def transcript_with(word):
    from callscript import transcript_of  # noqa: PLC0415 - beside its only use

    return transcript_of(f"A 0.5-3.5 Thank you for calling {word} this is Dana\nC 4.0-7.5 my name is {word}")
