"""A server that encrypts what it stores answers as one that does not, and its disk tells nothing of a call."""

import secrets

import pytest
from api_server import FLAC, running, tone
from callscript import transcript_of

from callcov.store.sealed import forget_key, open_vault

WORD = f"w{secrets.token_hex(8)}"
CALL = f"A 0.5-3.5 Thank you for calling Acme this is Dana\nC 4.0-7.5 my word is {WORD}"


@pytest.fixture(scope="module")
def sealing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sealing")
    with running(folder, vault=open_vault(folder / "keys", secrets.token_hex(32)).begin()) as server:
        yield server


@pytest.fixture(scope="module")
def owner(sealing):
    return sealing.account("owner@example.com")


def on_disk(server):
    return b"".join(path.read_bytes() for path in server.folder.rglob("*") if path.is_file())


def test_an_upload_is_probed_and_kept_sealed(owner):
    sound = tone(2.0)
    response = owner.submit(sound)
    assert response.status_code == 201, response.text
    assert (response.json()["audio"]["size_bytes"], response.json()["call"]["duration_ms"]) == (len(sound), 2000)
    assert sound[1000:1100] not in on_disk(owner.server)


def test_a_completed_call_is_read_listed_and_heard_and_no_word_of_it_is_on_the_disk(owner):
    analysis_id = owner.completed(transcript_of(CALL))
    analysis = owner.get(f"/analysis/{analysis_id}").json()
    assert analysis["transcript"]["segments"][1]["text"] == f"my word is {WORD}"
    assert owner.get(f"/analysis/{analysis_id.upper()}").json() == analysis
    assert owner.get("/analysis/").json()["data"][0] == analysis
    assert owner.get("/analysis/?expand=false").json()["data"][0]["transcript"] is None
    heard = owner.get(f"/analysis/{analysis_id}/audio")
    assert (heard.content, heard.headers["Content-Length"]) == (FLAC, str(len(FLAC)))
    part = owner.get(f"/analysis/{analysis_id}/audio", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, FLAC[100:200])
    disk = on_disk(owner.server)
    assert WORD.encode() not in disk
    assert FLAC[:64] not in disk
    assert analysis_id.encode() in disk
    assert owner.call("DELETE", f"/analysis/{analysis_id}").status_code == 200


@pytest.mark.slow
def test_judging_again_reads_and_writes_sealed_documents_judgements_and_vectors(sealing):
    """The judging child has the vault, too."""
    account = sealing.account("later@example.com")
    analysis_id = account.completed(transcript_of(CALL))
    swapped = account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"}).json()
    assert swapped["transcript"]["segments"][1]["role"] == "agent"
    assert account.post(f"/analysis/{analysis_id}/rejudge").json() == swapped
    assert account.post("/policy/backtest", json={"policy": {}}).json()["calls"] == 1
    vectors = [path.read_bytes() for path in (sealing.folder / "objects" / "vectors").iterdir()]
    assert vectors
    assert all(one.startswith(b"CALLCOV\x01") for one in vectors)
    assert WORD.encode() not in on_disk(sealing)


def test_an_account_whose_data_key_is_erased_has_lost_its_calls_and_no_other_has(sealing):
    first, second = (sealing.account(f"{name}@example.com") for name in ("first", "second"))
    ids = [account.completed(transcript_of(CALL)) for account in (first, second)]
    forget_key(sealing.services.database.vault.folder, first.user_id)
    lost = first.get(f"/analysis/{ids[0]}")
    assert lost.status_code == 500
    assert "cannot be decrypted" in lost.json()["detail"]
    assert second.get(f"/analysis/{ids[1]}").status_code == 200
    assert first.call("DELETE", f"/analysis/{ids[0]}").status_code == 200
