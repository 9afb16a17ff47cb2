"""Uploads meant to hurt: each is answered in bounded time and memory, and nothing of it gets anywhere."""

import gzip
import io
import struct
import time

import av
import numpy as np
import pytest
import requests
from api_server import running, tone

from callcov import probe
from callcov.children import Children, Task

HOURS_12 = 12 * 3600


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFF00, 0, 17])
def test_a_header_that_lies_about_the_length_is_not_believed(account, size):
    sound = bytearray(tone(2.0))
    sound[40:44] = struct.pack("<I", size)
    response = account.submit(sound=bytes(sound))
    if response.status_code == 201:
        assert response.json()["audio"]["duration_seconds"] <= 2.0
    else:
        assert response.status_code == 400


@pytest.mark.parametrize(("channels", "rate"), [(65535, 8000), (1, 0xFFFFFFFF), (0, 8000), (1, 0), (64, 1)])
def test_a_header_that_cannot_be_is_400(account, channels, rate):
    sound = bytearray(tone())
    sound[22:28] = struct.pack("<HI", channels, rate)
    assert account.submit(sound=bytes(sound)).status_code == 400


def test_what_begins_like_an_encrypted_object_is_400(account):
    mark = b"CALLCOV\x01" + b"../../../../../../../../etc/hostname".ljust(36) + bytes(32)
    encoded = io.BytesIO()
    with av.open(encoded, "w", "mp3") as file:
        stream = file.add_stream("mp3", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.ones((1, 8000), np.int16), "s16p", "mono")
        frame.sample_rate = 8000
        file.mux([*stream.encode(frame), *stream.encode()])
    assert account.submit(sound=encoded.getvalue()).status_code == 201  # and so it would be with the mark before it
    response = account.submit(sound=mark + encoded.getvalue())
    assert (response.status_code, response.json()["detail"]) == (
        400,
        "The file is no recording: it begins as what CallCov has encrypted.",
    )


def test_a_packed_body_is_not_unpacked(account):
    packed = gzip.compress(bytes(50_000_000))
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip"}
    assert account.post("/analysis/", data=packed, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        'a"; name="agent_id',
        "a%0d%0aX-Evil: 1",
        "a" * 3000,
        "..\\..\\x",
        "\u202egnp.wav",
    ],
)
def test_a_file_name_names_nothing(account, name):
    before = account.server.objects()
    form = {"data": {"agent_id": "a", "contact_id": "c"}, "files": {"audio_file": (name, tone())}}
    response = account.post("/analysis/", **form)
    assert response.status_code == 201
    assert "X-Evil" not in response.headers
    assert response.json()["call"]["agent_id"] == "a"
    (key,) = account.server.objects() - before
    assert key.startswith("recordings/")
    assert name not in key


@pytest.mark.parametrize(
    "analysis_id", ["..%2f..%2fsecret", "%2e%2e", "a%0d%0aX-Evil:%201", "%00", "%ff", "'--", "a" * 2000]
)
def test_an_id_is_only_compared(account, analysis_id):
    for method, end in (("GET", ""), ("GET", "/audio"), ("DELETE", ""), ("POST", "/audio-link")):
        response = account.call(method, f"/analysis/{analysis_id}{end}")
        assert response.status_code == 404
        assert "X-Evil" not in response.headers


def silence(seconds):
    """A FLAC file of silence: a hundredth of what it unpacks to."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=8000, layout="mono")
        minute = np.zeros((1, 60 * 8000), np.int16)
        for _ in range(seconds // 60):
            frame = av.AudioFrame.from_ndarray(minute, format="s16", layout="mono")
            frame.sample_rate = 8000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "status"), [(HOURS_12, 201), (HOURS_12 + 60, 400)])
def test_twelve_hours_of_silence_are_taken_and_not_a_minute_more(tmp_path, seconds, status):
    """By the child that the server uses, with its limits of memory and time."""
    children = Children(1, probe.equip, ((tmp_path / "objects").as_uri(),), memory=2 * 1024**3)

    def look(key):
        (found,) = children.run(key, [Task(probe.look, (key,), timeout=120.0)])
        return found

    sound = silence(seconds)
    assert len(sound) < 20_000_000
    with running(tmp_path, probe=look) as server:
        account = server.account("dana@example.com")
        began = time.monotonic()
        form = {"data": {"agent_id": "a", "contact_id": "c"}, "files": {"audio_file": ("silence.flac", sound)}}
        key = {"X-API-Key": account.live}
        response = requests.post(f"{server.api}/analysis/", headers=key, timeout=150, **form)
        assert response.status_code == status, response.text
        assert time.monotonic() - began < 130
    children.close()
