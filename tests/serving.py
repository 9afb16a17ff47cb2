"""A real `callcov serve` in a process of its own, for tests that need the whole server."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import leaks

CALLCOV = str(Path(sys.executable).with_name("callcov"))


SECRETS = {"CALLCOV_SECRET", "CALLCOV_SECRET_OLD", "CALLCOV_MASTER_KEY", "CALLCOV_NEW_MASTER_KEY", "CALLCOV_SMTP_URL"}


class Server:
    """A server on a free port with one account; its log is kept in `log`, line by line of all its starts."""

    def __init__(self, data: Path, models: Path, model: str = "tiny.en", **settings: str) -> None:
        self.data = data
        self.log = leaks.log_file("serve")
        self._environment = os.environ | {
            "CALLCOV_MODELS": str(models),
            "CALLCOV_MODEL": model,
            "CALLCOV_DATA": str(data),
            "CALLCOV_RATE_LIMIT": "off",
            "CALLCOV_SUBMIT_RATE_LIMIT": "off",
            **settings,
        }
        for name in settings.keys() & SECRETS:
            leaks.secret(name, settings[name])
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, *options: str) -> None:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [CALLCOV, "serve", "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment,
            )
        line = self._process.stdout.readline()
        assert line, self.log.read_text()
        self.address = line.split()[-1]
        if (self.data / "secret").exists():
            for one in (self.data / "secret").read_text().split():
                leaks.secret("the server's secret", one)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """The exit code of a server that ends by itself."""
        self._process.stdout.close()
        return self._process.wait(30)

    def _end(self, how: int) -> int:
        self._process.send_signal(how)
        code = self._process.wait(30)
        self._process.stdout.close()
        return code

    def command(self, *arguments: str) -> str:
        words = [CALLCOV, *arguments]
        done = leaks.told(subprocess.run(words, capture_output=True, text=True, env=self._environment, check=False))
        done.check_returncode()
        return done.stdout.strip()

    def new_key(self, email: str = "qa@example.com", *options: str) -> str:
        if email not in getattr(self, "_emails", set()):
            self.command("users", "create", email)
            self._emails = getattr(self, "_emails", set()) | {email}
        return leaks.secret("an API key", self.command("keys", "create", "--user", email, *options))

    def client(self, key: str) -> httpx2.Client:
        return httpx2.Client(base_url=self.address + "/api/v1", headers={"X-API-Key": key}, timeout=60)


def submit(client: httpx2.Client, sound: Path, **fields: str) -> dict:
    with sound.open("rb") as content:
        answer = client.post(
            "/analysis/",
            data={"agent_id": "agent", "contact_id": "contact"} | fields,
            files={"audio_file": (sound.name, content)},
        )
    assert answer.status_code == 201, answer.text
    return answer.json()


def ended(client: httpx2.Client, analysis_id: str, seconds: float = 240.0) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        analysis = client.get(f"/analysis/{analysis_id}").json()
        if analysis["status"] != "processing":
            return analysis
        time.sleep(0.2)
    raise AssertionError(f"{analysis_id} is still {analysis['metadata']['stage']}")
