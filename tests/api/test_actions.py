"""Delete, retry and roles."""

from api_server import sample_transcript
from callscript import transcript_of

from callcov.document import transcript_of as transcript_of_text
from callcov.store import documents


def test_deleting_removes_the_sound_the_documents_and_the_work_files(account):
    before = account.server.objects()
    analysis_id = account.completed()
    account.server.services.blobs.write(f"work/{analysis_id}/words.json", b"{}")
    response = account.call("DELETE", f"/analysis/{analysis_id}")
    assert response.status_code == 200
    assert response.json() == {"message": "Analysis deleted successfully", "success": True}
    assert account.server.objects() == before
    assert account.get(f"/analysis/{analysis_id}").status_code == 404
    assert account.get("/analysis/").json()["total"] == 0
    with account.server.services.database.read() as connection:
        assert documents.full(connection, account.user_id, livemode=True, analysis_id=analysis_id) is None
    assert account.call("DELETE", f"/analysis/{analysis_id}").status_code == 404


def test_deleting_an_analysis_in_progress_cancels_it(account):
    before = account.server.objects()
    analysis_id = account.accepted()
    assert account.call("DELETE", f"/analysis/{analysis_id}").status_code == 200
    assert (analysis_id, 1) in account.server.engine.cancelled
    assert account.server.objects() == before


def test_deleting_a_completed_analysis_cancels_nothing(account):
    analysis_id = account.completed()
    account.call("DELETE", f"/analysis/{analysis_id}")
    assert (analysis_id, 1) not in account.server.engine.cancelled


def test_a_failed_analysis_runs_again_under_its_id(account):
    analysis_id = account.failed("The decoder was killed.")
    response = account.post(f"/analysis/{analysis_id}/retry")
    assert response.status_code == 202
    assert response.json()["success"] is True
    assert account.server.engine.started(analysis_id) == [1, 2]
    analysis = account.get(f"/analysis/{analysis_id}").json()
    assert (analysis["status"], analysis["metadata"]["error_message"]) == ("processing", None)


def test_only_a_failed_analysis_runs_again(account):
    for analysis_id in (account.accepted(), account.completed()):
        response = account.post(f"/analysis/{analysis_id}/retry")
        assert response.status_code == 409
        assert "not failed" in response.json()["detail"]
        assert account.server.engine.started(analysis_id) == [1]


def test_putting_the_roles_right_swaps_them_and_judges_again(account):
    analysis_id = account.completed()
    before = account.get(f"/analysis/{analysis_id}").json()
    response = account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"})
    assert response.status_code == 200
    after = response.json()
    assert after == account.get(f"/analysis/{analysis_id}").json()
    assert [part["role"] for part in after["transcript"]["segments"]] == ["customer", "agent", "customer"]
    assert [line.split(":")[0] for line in after["transcript"]["text"].splitlines()] == [
        "Customer",
        "Agent",
        "Customer",
    ]
    assert after["results"] == account.server.results(sample_transcript().with_agent("B"))
    assert after["results"] != before["results"]
    unchanged = ("id", "created", "call", "audio", "metadata", "status")
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_judging_again_knows_the_direction_of_the_call(account):
    transcript = sample_transcript().with_agent("B")
    verdicts = {direction: account.server.results(transcript, direction) for direction in ("inbound", "outbound")}
    assert verdicts["inbound"] != verdicts["outbound"]
    for direction, expected in verdicts.items():
        analysis_id = account.completed(call_direction=direction)
        judged = account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"}).json()["results"]
        assert judged == expected


def test_putting_the_roles_back_gives_the_same_bytes_as_at_first(account):
    analysis_id = account.completed()
    before = account.get(f"/analysis/{analysis_id}").content
    for speaker in ("B", "A", "A"):
        account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": speaker})
    assert account.get(f"/analysis/{analysis_id}").content == before


def test_the_roles_of_an_empty_call_can_be_said(account):
    analysis_id = account.completed(transcript=transcript_of("", duration=3.0))
    response = account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "A"})
    assert response.status_code == 200
    assert response.json()["transcript"] == {"text": "", "language": "en", "segments": []}


def test_roles_need_a_completed_analysis(account):
    for analysis_id in (account.accepted(), account.failed("no sound")):
        response = account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "A"})
        assert response.status_code == 409
        assert "not completed" in response.json()["detail"]


def test_roles_that_name_no_speaker_are_422(account):
    path = f"/analysis/{account.accept_directly()}/roles"
    missing = account.post(path, json={})
    assert missing.status_code == 422
    assert missing.json() == {
        "detail": [{"type": "missing", "loc": ["body", "agent_speaker"], "msg": "Field required", "input": None}]
    }
    for options in ({"json": {"agent_speaker": "C"}}, {"data": b"{"}, {"data": b"\xff"}, {}, {"json": ["A"]}):
        response = account.post(path, **options)
        assert response.status_code == 422
        assert set(response.json()["detail"][0]) == {"type", "loc", "msg", "input"}


def test_a_body_of_roles_that_never_ends_is_413(account):
    path = f"/analysis/{account.accept_directly()}/roles"
    assert account.post(path, data=b" " * 5000).status_code == 413


def test_putting_the_roles_right_keeps_the_stored_transcript_but_for_its_roles(account):
    analysis_id = account.completed()
    account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"})
    with account.server.services.database.read() as connection:
        stored = documents.transcript(connection, account.user_id, livemode=True, analysis_id=analysis_id)
    assert transcript_of_text(stored) == sample_transcript().with_agent("B")
    assert account.get(f"/analysis/{analysis_id}/audio").status_code == 200
