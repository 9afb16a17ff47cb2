"""What an upload may cost: memory, room on the disk, and 500 MB."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import leaks
import pytest
import requests
from api_server import Server, make_services, tone

HERE = Path(__file__).parent
MEGABYTE = 1 << 20
LIMIT = 524_288_000


@contextmanager
def process(folder, *arguments):
    """A server in a process of its own, an account of it, and the process."""
    services, engine = make_services(folder)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parent, *sys.path)))}
    command = [sys.executable, str(HERE / "server_process.py"), str(folder), *map(str, arguments)]
    with leaks.log_file("server_process").open("w") as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
    try:
        base = child.stdout.readline().strip()
        assert base, "the server did not start"
        yield Server(base, folder, services, engine).account("dana@example.com"), child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        services.database.close()


def test_a_full_disk_is_507_and_nothing_half_stored(tmp_path):
    with process(tmp_path, 4 * MEGABYTE) as (account, _):
        kept = account.accepted(sound=tone(1))
        objects = account.server.objects()
        response = account.submit(sound=tone(1) + bytes(20 * MEGABYTE))
        assert response.status_code == 507
        assert "room" in response.json()["detail"]
        assert account.server.objects() == objects
        assert [analysis["id"] for analysis in account.get("/analysis/").json()["data"]] == [kept]


def long_wav(size):
    """A wav file of that many bytes, in pieces: a header and silence, 16 bit, 48 kHz, stereo."""
    data = size - 44
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += b"\x01\x00\x02\x00" + (48_000).to_bytes(4, "little") + (192_000).to_bytes(4, "little") + b"\x04\x00\x10\x00"
    yield head + b"data" + data.to_bytes(4, "little")
    silence = bytes(MEGABYTE)
    for start in range(0, data, MEGABYTE):
        yield silence[: min(MEGABYTE, data - start)]


def submit(account, size):
    """A recording of that many bytes, sent as it is made, its length not announced."""

    def body():
        for name in ("agent_id", "contact_id"):
            yield f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{name}\r\n'.encode()
        yield b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n'
        yield from long_wav(size)
        yield b"\r\n--x--\r\n"

    headers = {"X-API-Key": account.live, "Content-Type": "multipart/form-data; boundary=x"}
    return requests.post(account.server.api + "/analysis/", data=body(), headers=headers, timeout=300)


def memory(child):
    """Bytes of memory that the process has held at most, which it cannot give back from the count."""
    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_500_mb_are_accepted_within_64_mb_of_memory_and_one_byte_more_is_413(tmp_path):
    with process(tmp_path) as (account, child):
        assert submit(account, MEGABYTE).status_code == 201
        before = memory(child)
        response = submit(account, LIMIT)
        assert response.status_code == 201, response.text
        assert response.json()["audio"]["size_bytes"] == LIMIT
        assert response.json()["call"]["duration_ms"] == round((LIMIT - 44) / 192)
        objects = account.server.objects()
        response = submit(account, LIMIT + 1)
        assert response.status_code == 413
        assert response.json() == {"detail": "The recording is larger than 500 MB (524,288,000 bytes)."}
        assert account.server.objects() == objects
        assert memory(child) - before < 64 * MEGABYTE
