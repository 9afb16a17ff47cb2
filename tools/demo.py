"""The demo: a fresh server, three sample calls, what a manager reads of each, and the list as the API answers it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from callcov.checks.policy import DEFAULT
from callcov.report import page

ROOT = Path(__file__).resolve().parents[1]
CALLCOV = str(Path(sys.executable).with_name("callcov"))
SAMPLES = {
    "telecom-billing.wav": {"agent_id": "agent_001", "contact_id": "customer_12345", "call_direction": "inbound"},
    "clinic-appointment.mp3": {"agent_id": "agent_002", "contact_id": "customer_67890", "call_direction": "inbound"},
    "parcel-refund.ogg": {"agent_id": "agent_003", "contact_id": "customer_24680", "call_direction": "inbound"},
}
STAGES = ("accepted", "transcribing", "speakers", "understanding", "judging", "done")
LIMIT_SECONDS = 600

console = Console(width=None if sys.stdout.isatty() else 120)


def run(*arguments: str) -> str:
    """What a callcov command prints."""
    return subprocess.run([CALLCOV, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def submit(client: httpx2.Client, name: str, fields: dict[str, str]) -> str:
    with (ROOT / "samples" / name).open("rb") as sound:
        answer = client.post("/api/v1/analysis/", data=fields, files={"audio_file": (name, sound)})
    answer.raise_for_status()
    analysis = answer.json()
    audio = analysis["audio"]
    console.print(
        f"201  {name}: {audio['format']}, {audio['duration_seconds']:.1f} s, {audio['channels']} channel(s), "
        f"{audio['sample_rate']} Hz → {analysis['id']}"
    )
    return analysis["id"]


def wait(client: httpx2.Client, submitted: dict[str, str]) -> list[dict]:
    """The finished analyses, with a bar a call while they are worked on."""
    columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[stage]}"), TimeElapsedColumn()]
    ended: dict[str, dict] = {}
    deadline = time.monotonic() + LIMIT_SECONDS
    with Progress(*columns, console=console) as progress:
        bars = {name: progress.add_task(name, total=len(STAGES) - 1, stage="accepted") for name in submitted}
        seen: dict[str, str] = {}
        while len(ended) < len(submitted):
            if time.monotonic() > deadline:
                sys.exit(f"The demo did not finish within {LIMIT_SECONDS} s.")
            for name, analysis_id in submitted.items():
                analysis = client.get(f"/api/v1/analysis/{analysis_id}").json()
                stage = analysis["metadata"]["stage"]
                progress.update(bars[name], completed=STAGES.index(stage), stage=stage)
                if not console.is_terminal and seen.get(name) != stage:
                    console.print(f"     {name}: {stage}")
                seen[name] = stage
                if analysis["status"] != "processing":
                    ended[name] = analysis
            time.sleep(0.2)
    return [ended[name] for name in submitted]


def demo(address: str, data: str) -> None:
    run("users", "create", "demo@example.com", "--data", data)
    key = run("keys", "create", "--user", "demo@example.com", "--test", "--data", data)
    with httpx2.Client(base_url=address, headers={"X-API-Key": key}, timeout=60) as client:
        console.rule("Three calls go in")
        submitted = {name: submit(client, name, fields) for name, fields in SAMPLES.items()}
        analyses = wait(client, submitted)
        for analysis in analyses:
            console.rule()
            console.print(page(analysis, DEFAULT))  # the account has none of its own
        console.rule("GET /api/v1/analysis/?expand=false")
        listed = client.get("/api/v1/analysis/", params={"expand": "false"}).json()
        console.print_json(json.dumps(listed))
    failed = [one["metadata"]["error_message"] for one in analyses if one["status"] != "completed"]
    if failed:
        sys.exit(f"A sample could not be analysed: {failed[0]}")


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callcov-demo-") as data:
        server = subprocess.Popen(
            [CALLCOV, "serve", "--port", "0", "--data", data],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"CALLCOV_LOG_LEVEL": "warning", "CALLCOV_RATE_LIMIT": "off"},
        )
        try:
            ready = server.stdout.readline().split()
            if not ready:
                sys.exit("The server did not start; its message is above.")
            console.print(f"Server at {ready[-1]}, data in an empty folder")
            demo(ready[-1], data)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    console.rule()
    console.print(f"Done in {time.monotonic() - began:.0f} s; the server has been stopped.")


if __name__ == "__main__":
    main()
