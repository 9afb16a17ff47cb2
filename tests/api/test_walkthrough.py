"""What docs/accounts.md tells a developer to type, typed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "accounts.md"


def test_the_documented_commands_lead_from_nothing_to_a_key_that_works(quiet_server):
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert "http://127.0.0.1:8000/api/v1" in script
    script = script.replace("http://127.0.0.1:8000/api/v1", quiet_server.api)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"PATH": path, "CALLCOV_DATA": str(quiet_server.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    registered, listed, me, logged_out, logged_in = read(told.stdout)
    assert registered["success"] is logged_out["success"] is True
    assert (listed["object"], listed["total"]) == ("list", 0)
    assert (me["email"], me["is_verified"]) == ("dana@example.com", True)
    assert logged_in["token_type"] == "bearer"


def read(text):
    """The JSON values that stand one after the other in a text."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text.rstrip()):
        value, place = decoder.raw_decode(text, place)
        yield value
