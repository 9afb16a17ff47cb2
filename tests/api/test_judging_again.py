"""Judging again and trying a policy, through a real server and its child."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests
from api_server import ENDED, running, tone, wait_until
from callscript import transcript_of

from callcov.api import schemas
from callcov.errors import NoRoom
from callcov.rejudge import Owner
from callcov.store import analyses, documents, judgements

RECORDED = "A 0.0-3.0 Hello this is Dana from Acme and this call is being recorded\nC 3.5-6.0 my bill is wrong"
SILENT = "A 0.0-3.0 Hello this is Dana from Acme\nC 3.5-6.0 my bill is wrong"
TOLD = "A 0.0-2.0 what is your word\nC 2.5-5.0 it is [password] thanks"
NOTHING = {"disclosures": [], "prohibited": []}


def put(account, document):
    response = account.call("PUT", "/policy", json=document)
    assert response.status_code == 200, response.text
    return response.json()["version"]


def flagged(analysis):
    return not analysis["results"]["compliance"]["mandatory_disclosures"]["read"]


def history(account, analysis_id):
    with account.server.services.database.read() as connection:
        return judgements.of_analysis(connection, account.user_id, livemode=True, analysis_id=analysis_id)


class Slow:
    """Judges that take as long as they are let."""

    def __init__(self):
        self.begun, self.let, self.children = 0, threading.Event(), self

    def one(self, _owner, _analysis_id, _now, _agent):
        self.begun += 1
        assert self.let.wait(60)
        return "{}"

    def close(self):
        pass


def test_many_that_are_judged_again_keep_nobody_else_waiting(tmp_path):
    judges = Slow()
    with running(tmp_path, judges=judges) as server, ThreadPoolExecutor(60) as pool:
        account = server.account("many@example.com")
        asked = [pool.submit(account.post, "/analysis/any/rejudge") for _ in range(60)]
        wait_until(lambda: judges.begun)
        time.sleep(1)  # for the others to arrive
        assert requests.get(f"{server.base}/health/ready", timeout=20).status_code == 200
        assert account.get("/analysis/").status_code == 200
        judges.let.set()
        assert {one.result().status_code for one in asked} == {200}
    assert judges.begun == 60


def test_the_policy_of_now_judges_and_every_judgement_is_kept(account):
    analysis_id = account.completed(transcript=transcript_of(SILENT), webhook_url="https://example.com/hook")
    first = account.get(f"/analysis/{analysis_id}").json()
    version = put(account, NOTHING)
    response = account.post(f"/analysis/{analysis_id}/rejudge")
    assert response.status_code == 200
    assert response.content == account.get(f"/analysis/{analysis_id}").content
    again = schemas.Analysis.model_validate_json(response.content, strict=True).model_dump(mode="json")
    assert (flagged(first), flagged(again)) == (True, False)
    assert again["metadata"] == first["metadata"] | {"policy_version": str(version)}
    assert again["metadata"]["completed_at"] == ENDED
    assert {**again, "results": 0, "metadata": 0} == {**first, "results": 0, "metadata": 0}
    assert [one.policy_version for one in history(account, analysis_id)] == ["2", str(version)]
    assert account.server.engine.started(analysis_id) == [1]


def test_judging_again_by_the_same_policy_changes_no_byte_and_adds_nothing(account):
    analysis_id = account.completed(transcript=transcript_of(RECORDED))
    before = account.post(f"/analysis/{analysis_id}/rejudge").content  # the test's own end of it understood nothing
    judged = history(account, analysis_id)
    for path in ("rejudge", "rejudge/", "rejudge"):
        assert account.post(f"/analysis/{analysis_id}/{path}").content == before
    assert history(account, analysis_id) == judged


def test_only_ones_own_completed_analyses_are_judged_again(account, other):
    analysis_id = account.completed(transcript=transcript_of(SILENT))
    for caller, path in ((other, analysis_id), (account, "none")):
        assert caller.post(f"/analysis/{path}/rejudge").json() == {"detail": "Analysis not found"}
    assert account.post(f"/analysis/{analysis_id}/rejudge", key=account.test).status_code == 404
    for path in (account.accepted(), account.failed("no sound")):
        assert account.post(f"/analysis/{path}/rejudge").status_code == 409


def test_roles_once_put_right_stay_when_the_policy_judges_again(account):
    analysis_id = account.completed(transcript=transcript_of(SILENT))
    turned = account.post(f"/analysis/{analysis_id}/roles/", json={"agent_speaker": "B"}).json()
    put(account, NOTHING)
    again = account.post(f"/analysis/{analysis_id}/rejudge").json()
    assert again["transcript"] == turned["transcript"]
    assert [one.agent_speaker for one in history(account, analysis_id)] == ["A", "B", "B"]


def test_a_backtest_says_what_would_change_and_stores_nothing(account):
    silent = [account.completed(transcript=transcript_of(SILENT), agent_id="one") for _ in range(7)]
    recorded = account.completed(transcript=transcript_of(RECORDED), agent_id="two")
    account.accepted()
    account.completed(transcript=transcript_of(SILENT), key=account.test)
    before = account.get("/analysis/").content
    response = account.post("/policy/backtest", json={"policy": NOTHING})
    assert response.status_code == 200
    tried = schemas.Backtested.model_validate_json(response.content, strict=True).model_dump(mode="json")
    newest = list(reversed(silent))
    expected = {"mandatory_disclosures": {"to_flagged": 0, "to_clear": 7, "examples": newest[:5]}}
    assert tried == {"calls": 8, "changed": expected}
    harsh = NOTHING | {"disclosures": [{"id": "moon", "wordings": ["the moon is made of cheese"]}]}
    tried = account.post("/policy/backtest/", json={"policy": harsh}).json()
    assert tried["changed"] == {"mandatory_disclosures": {"to_flagged": 1, "to_clear": 0, "examples": [recorded]}}
    assert account.get("/analysis/").content == before
    assert account.get("/policy").json()["version"] == 2


@pytest.mark.parametrize(
    ("narrowed", "calls"),
    [
        ({"filter": {"agent_id": "one"}}, 2),
        ({"filter": {"contact_id": "c"}}, 1),
        ({"filter": {"search": "ON"}}, 2),
        ({"filter": {"agent_id": "nobody"}}, 0),
        ({"limit": 1}, 1),
        ({"limit": 10_000}, 3),
    ],
)
def test_a_backtest_takes_the_newest_that_match(account, narrowed, calls):
    for agent, contact in (("one", "a"), ("one", "b"), ("two", "c")):
        account.completed(transcript=transcript_of(SILENT), agent_id=agent, contact_id=contact)
    assert account.post("/policy/backtest", json={"policy": {}} | narrowed).json()["calls"] == calls


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ["policy"]),
        ({"policy": {"rules": 1}}, ["policy", "rules"]),
        ({"policy": {}, "limit": 0}, ["limit"]),
        ({"policy": {}, "limit": 10_001}, ["limit"]),
        ({"policy": {}, "filter": {"since": 1}}, ["filter", "since"]),
    ],
)
def test_a_backtest_that_cannot_be_is_422_with_the_place(account, body, place):
    response = account.post("/policy/backtest", json=body)
    assert response.status_code == 422
    assert [item["loc"] for item in response.json()["detail"]] == [["body", *place]]


def test_a_backtest_body_that_never_ends_is_413(account):
    assert account.post("/policy/backtest", data=b" " * 2_100_000).status_code == 413


def test_a_later_policy_masks_more_and_never_less(account):
    """In the transcript, the results, the earlier judgements and the sound."""
    call = transcript_of(TOLD)
    words = [replace(word, text="swordfish") if "[" in word.text else word for word in call.segments[1].words]
    plain = replace(call, segments=(call.segments[0], replace(call.segments[1], words=tuple(words))))
    put(account, {"mask": []})
    analysis_id = account.completed(transcript=plain)
    account.server.services.blobs.write(f"masked/{analysis_id}", tone(6.0))
    assert "swordfish" in account.get(f"/analysis/{analysis_id}").text
    loud = account.get(f"/analysis/{analysis_id}/audio")
    sound = None
    for mask in (["password"], []):
        put(account, {"mask": mask})
        hidden = account.post(f"/analysis/{analysis_id}/rejudge")
        assert hidden.status_code == 200, hidden.text
        assert "it is [password] thanks" in hidden.text
        assert "swordfish" not in account.get(f"/analysis/{analysis_id}").text
        with account.server.services.database.read() as connection:
            stored = documents.transcript(connection, account.user_id, livemode=True, analysis_id=analysis_id)
        assert "swordfish" not in stored + "".join(one.results for one in history(account, analysis_id))
        silenced = account.get(f"/analysis/{analysis_id}/audio")
        assert silenced.content != loud.content
        assert silenced.headers["ETag"] != loud.headers["ETag"]
        assert sound in (None, silenced.content)
        sound = silenced.content


class Away:
    """A store that cannot remove anything just now."""

    def __init__(self, blobs):
        self._blobs = blobs

    def __getattr__(self, name):
        return getattr(self._blobs, name)

    def delete(self, key):
        raise NoRoom(f"{key} cannot be removed now")


def with_its_recording(account):
    """A completed analysis by a policy that keeps the unmasked recording, and the key of that."""
    put(account, NOTHING | {"keep_original": True})
    analysis_id = account.completed(transcript=transcript_of(SILENT))
    with account.server.services.database.read() as connection:
        row = analyses.get(connection, account.user_id, livemode=True, analysis_id=analysis_id)
    return analysis_id, row.blob_key


def test_a_recording_that_could_not_be_removed_is_removed_the_next_time(account):
    services = account.server.services
    analysis_id, recording = with_its_recording(account)
    put(account, NOTHING)
    owner, now = Owner(account.user_id, livemode=True), datetime.now(UTC)
    with pytest.raises(NoRoom):
        replace(services.judges, blobs=Away(services.blobs)).one(owner, analysis_id, now)
    assert services.blobs.exists(recording)
    services.judges.one(owner, analysis_id, now)
    assert not services.blobs.exists(recording)


def test_a_policy_that_keeps_no_recordings_ends_the_one_that_was_kept(account):
    services = account.server.services
    analysis_id, recording = with_its_recording(account)
    for policy, kept in ((NOTHING | {"keep_original": True, "mask": []}, True), (NOTHING, False)):
        put(account, policy)
        assert account.post(f"/analysis/{analysis_id}/rejudge").status_code == 200
        assert services.blobs.exists(recording) == kept
    assert account.post(f"/analysis/{analysis_id}/rejudge").status_code == 200
