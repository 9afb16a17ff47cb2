"""Facts about a real server whose account sets its policy: it judges what begins from then on, whole and for good."""

import time

import pytest
from serving import Server, ended, submit
from sounds import SOUND

MOON = {"disclosures": [{"id": "moon", "wordings": ["the moon is made of green cheese"]}], "keep_original": True}


def missing(analysis):
    return analysis["results"]["compliance"]["mandatory_disclosures"]["missing_disclosures"]


def wait_for_stage(server, analysis_id):
    deadline = time.monotonic() + 120
    while f'"analysis": "{analysis_id}"' not in server.log.read_text():
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_call_is_judged_by_one_policy_the_one_that_was_set_when_it_began(tmp_path, models_folder):
    server = Server(tmp_path / "data", models_folder)
    server.start()
    try:
        key = server.new_key()
        with server.client(key) as client:
            assert client.put("/policy", json=MOON).json()["version"] == 2
            call = submit(client, SOUND / "two-voices.wav")["id"]
            wait_for_stage(server, call)
            assert client.put("/policy", json={"disclosures": []}).json()["version"] == 3
            first = ended(client, call)
            assert (first["metadata"]["policy_version"], missing(first)) == ("2", ["moon"])
            assert len(list((server.data / "blobs").glob("recordings/*"))) == 1
            assert client.put("/policy", json=MOON).json()["version"] == 4
            again = client.post(f"/analysis/{call}/rejudge").json()
            assert again["results"] == first["results"]
            assert again["transcript"] == first["transcript"]
            assert again["metadata"] == first["metadata"] | {"policy_version": "4"}
        server.command("policy", "set", "--user", "qa@example.com", "collections")
        told = server.command("rejudge", "--user", "qa@example.com", call)
        assert "mandatory_disclosures" not in told  # missing before, missing now
        with server.client(key) as client:
            assert "mini_miranda" in missing(client.get(f"/analysis/{call}").json())
    finally:
        server.stop()
