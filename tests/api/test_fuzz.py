"""schemathesis over the whole API document of a real server, with every check; `make fuzz` takes many more cases.

No 5xx, no status, header or body that the document does not describe, nothing accepted that the document forbids,
nothing without credentials, nothing of what was deleted. The seed is fixed and it ends by itself.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from api_server import SECRET, tone

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
"""Cases an operation at most, in each of the phases that draw them."""
LEAST = int(os.environ.get("FUZZ_LEAST", "300"))
"""Cases that must have been made; fewer would mean that most of the document was not looked at."""
MORE = shlex.split(os.environ.get("FUZZ_OPTIONS", ""))
"""Options of `schemathesis run`, to look at one operation or phase."""
SEED = 4


@pytest.fixture
def known(account):
    """Analyses in every state, and the child that judges, which takes its time to start."""
    ends = (account.accepted, account.completed, lambda: account.failed("why"))
    made = [end() for end in ends for _ in range(20)]
    address, key = f"{account.server.api}/policy/backtest", {"X-API-Key": account.live}
    assert requests.post(address, json={"policy": {}}, headers=key, timeout=600).status_code == 200
    state = {"FUZZ_FOLDER": str(account.server.folder), "FUZZ_SECRET": SECRET.decode()}
    return {"FUZZ_ANALYSES": " ".join(made), "FUZZ_SOUND": tone().hex()} | state


def test_the_api_keeps_to_its_document_whatever_it_is_sent(account, known, tmp_path, capsys):
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "fuzz.toml", "run"]
    options = ["--header", f"X-API-Key: {account.live}", "--seed", SEED, "--max-examples", EXAMPLES, *MORE]
    words = [*command, f"{account.server.base}/openapi.json", *options]
    hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "fuzz_hooks.py"), "PYTHONWARNINGS": "ignore"}
    environment = os.environ | known | hooks
    told = subprocess.run(
        [str(word) for word in words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    generated = re.search(r"(\d+) generated", told.stdout)
    assert told.returncode == 0, told.stdout + told.stderr
    assert generated, told.stdout
    assert int(generated[1]) >= LEAST, told.stdout
    with capsys.disabled():
        print(f"\n{generated[1]} cases, 0 failures (seed {SEED})")  # noqa: T201 - what `make fuzz` is asked for
