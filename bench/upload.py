"""How much the server grows while it takes the largest upload there may be: 500 MB."""

import tempfile
from pathlib import Path

from figures import Figure, NotRun
from server import Watch, memory_mb, running

LARGEST = 524_288_000  # bytes of the file part
HEADER = 44


def _recording(path: Path, size: int) -> Path:
    """A WAV of exactly that size: stereo at 48 kHz, a quiet tone in the first second of every minute."""
    second = (b"\x00\x01\x00\x01" * 24 + b"\x00\xff\x00\xff" * 24) * 1000  # 48,000 frames of four bytes
    fields = [b"RIFF", size - 8, b"WAVEfmt ", 16, 0x0002_0001, 48_000, 192_000, 0x0010_0004, b"data", size - HEADER]
    with path.open("wb") as out:
        out.write(b"".join(f if isinstance(f, bytes) else f.to_bytes(4, "little") for f in fields))
        for at in range(HEADER, size, 60 * len(second)):
            out.seek(at)
            out.write(second[: size - at])
        out.truncate(size)
    return path


def measure(*, short: bool) -> list[Figure | NotRun]:
    """Upload once, then take the analysis back; growth is the server's peak during the upload over its rest before."""
    size = LARGEST // 5 if short else LARGEST
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = _recording(folder / "largest.wav", size)
        with running(folder, workers=1) as server:
            before = memory_mb(server.process.pid)
            with Watch(server.process.pid) as watch:
                analysis = server.submit(recording)
            server.client.delete(f"/api/v1/analysis/{analysis['id']}").raise_for_status()
    if analysis["audio"]["size_bytes"] != size:
        return [NotRun("growth of the server", f"the server took {analysis['audio']['size_bytes']} of {size} bytes")]
    what = f"growth of the server while {size / 1e6:.0f} MB are uploaded"
    return [Figure(what, watch.server - before, "MB", at_most=64)]
