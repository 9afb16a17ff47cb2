"""One recording of one hour through a real server: memory of the server and its children, stages, and its end."""

import tempfile
import time
from pathlib import Path

import sound
from figures import Figure, NotRun
from server import Server, Watch, running

STAGES = ("transcribing", "speakers", "understanding", "judging", "done")


def _followed(server: Server, analysis_id: str, within: float) -> tuple[dict, list[str]]:
    """The ended analysis and the stages seen in `metadata.stage` on the way, in order."""
    seen: list[str] = []
    until = time.monotonic() + within
    while time.monotonic() < until:
        analysis = server.get(analysis_id)
        if analysis["metadata"]["stage"] not in seen:
            seen.append(analysis["metadata"]["stage"])
        if analysis["status"] != "processing":
            return analysis, seen
        time.sleep(0.1)
    raise TimeoutError(f"the analysis did not end within {within:.0f} s; stages seen: {seen}")


def measure(*, short: bool) -> list[Figure | NotRun]:
    """An hour of stereo (five minutes in the short form), as two children transcribe it."""
    seconds = 300 if short else 3600
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = sound.build(folder / "hour.wav", seconds, stereo=True)
        with running(folder) as server, Watch(server.process.pid) as watch:
            began = time.monotonic()
            submitted = server.submit(recording)
            analysis, seen = _followed(server, submitted["id"], within=2 * seconds)
            took = time.monotonic() - began
        log = server.log.read_text(errors="replace")
    logged = [stage for stage in STAGES[:-1] if stage in log and submitted["id"] in log]
    about = f"{seconds // 60} minutes of stereo"
    return [
        Figure(f"{about}: memory of the server, peak", watch.server, "MB", at_most=300),
        Figure(f"{about}: memory of the largest child, peak", watch.child, "MB", at_most=1000),
        Figure(f"{about}: ended completed (1 is yes)", float(analysis["status"] == "completed"), "", at_least=1),
        Figure(f"{about}: stages seen in metadata.stage, of five", len(set(seen) & set(STAGES)), "", at_least=4),
        Figure(f"{about}: stages named in the log, of four", len(logged), "", at_least=4),
        Figure(f"{about}: time from upload to the end", took, "s"),
    ]
