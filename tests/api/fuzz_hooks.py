"""What schemathesis cannot guess: ids that exist, a file that is a recording, who has logged in. Loaded by `test_fuzz.py`.

And rules that a schema cannot say: a valid body is made to keep them, so that it can be demanded that it is accepted.
What is changed stays as valid, or as invalid, by the schema as it was.
"""

import os
import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import schemathesis
from hypothesis import strategies as st

from callcov.auth import tokens
from callcov.auth.keys import PREFIX_LENGTH, hash_key, new_key
from callcov.auth.secret import Secret
from callcov.store import keys, logins, users
from callcov.store.db import open_database
from callcov.text.normalise import texts

KNOWN = os.environ.get("FUZZ_ANALYSES", "").split()
SOUND = bytes.fromhex(os.environ.get("FUZZ_SOUND", ""))
SECRET = Secret(os.environ.get("FUZZ_SECRET", "").encode())
ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_database = open_database(f"sqlite:///{Path(os.environ.get('FUZZ_FOLDER', '.'))}/callcov.db")
_numbers = count()

# One name and one domain: what RFC 5322 allows beside that (comments, quoted names, encoded words) is refused.
schemathesis.openapi.format("email", st.from_regex(r"[a-z0-9.+_-]{1,64}@[a-z0-9-]{1,60}\.[a-z]{2,9}", fullmatch=True))
schemathesis.openapi.format("uri", st.from_regex(r"https?://[a-z]{1,20}\.example/[a-z0-9/?=&-]{0,40}", fullmatch=True))


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="/api/v1/(users|api-keys)")
class LoggedIn:
    """A login for every request, since one of them closes the account: the owner of a key that is named, or a new one."""

    def get(self, case: Any, _context: Any) -> tuple[str, str]:
        now, wanted = datetime.now(UTC), (case.path_parameters or {}).get("key_id")
        with _database.write() as connection:
            row = connection.exec_driver_sql("SELECT user_id, id FROM api_keys WHERE id = ?", (str(wanted),)).first()
            user_id, key_id = row or self._new(connection, now)
            new = tokens.issue(SECRET, user_id, now)
            logins.add(connection, user_id, new.login_id, new.refresh_hash, now, new.expires_at)
        return new.pair.access_token, key_id

    def _new(self, connection: Any, now: datetime) -> tuple[str, str]:
        user = users.create(connection, f"fuzz{os.getpid()}.{next(_numbers)}@example.com", now)
        key = new_key(livemode=True)
        kept = keys.create(connection, user.id, True, hash_key(SECRET, key), key[:PREFIX_LENGTH], None, now)  # noqa: FBT003 - as in the store
        return user.id, kept.id

    def set(self, case: Any, data: tuple[str, str], _context: Any) -> None:
        token, key_id = data
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
        if "key_id" in (case.path_parameters or {}) and crc32(repr(case.path_parameters).encode()) % 2:
            case.path_parameters = {**case.path_parameters, "key_id": key_id}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Most ids of analyses are those of real ones; deleting takes few of them, so that some are left."""
    if not path_parameters or "analysis_id" not in path_parameters:
        return path_parameters
    drawn = crc32(repr(path_parameters).encode())
    if drawn % 8 < (1 if context.operation.method.upper() == "DELETE" else 6):
        return path_parameters | {"analysis_id": KNOWN[drawn // 8 % len(KNOWN)]}
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Three of four uploads are a recording with metadata.

    A form is text: an id that is none stays wrong, and so does what is empty, which would count as not given.
    """
    if context.operation.label == "POST /api/v1/analysis/" and isinstance(body, dict):
        real = {"audio_file": SOUND} if crc32(repr(body).encode()) % 4 else {}
        real |= {name: "\a" for name in ("agent_id", "contact_id") if not isinstance(body.get(name), str)}
        real |= {name: "\a" for name, value in body.items() if value == ""}
        return body | {name: value for name, value in (real | {"metadata": '{"a": 1}'}).items() if name in body}
    return body


@schemathesis.hook
def before_call(_context: Any, case: Any, _options: Any) -> None:
    """In every phase, also where nothing is drawn."""
    if isinstance(case.query, dict) and (query := _query(case.operation.label, case.query)) != case.query:
        case.query = query
    if isinstance(case.body, dict) and (body := _body(case.operation.label, case.body)) != case.body:
        case.body = body


def _query(label: str, query: dict[str, Any]) -> dict[str, Any]:
    """A link's token wins over a key: it is left out half of the time. A cursor and an offset exclude each other."""
    if "token" in query and crc32(repr(query).encode()) % 2:
        query = {name: value for name, value in query.items() if name != "token"}
    if label == "GET /api/v1/analysis/" and {"starting_after", "offset"} <= query.keys():
        is_valid = re.fullmatch(r"\d+", str(query["offset"]))
        query = {name: value for name, value in query.items() if name != ("offset" if is_valid else "starting_after")}
    return query


def _body(label: str, body: dict[str, Any]) -> dict[str, Any]:
    """Policies keep what no schema says. A backtest looks at one call, or most of the time would go into judging."""
    if label == "PUT /api/v1/policy":
        return _policy(body)
    if label == "POST /api/v1/policy/backtest" and isinstance(body.get("policy"), dict):
        limit = body.get("limit", 1)
        few = {"limit": 1} if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= 10_000 else {}
        return body | {"policy": _policy(body["policy"])} | few
    return body


def _policy(policy: dict[str, Any]) -> dict[str, Any]:
    """The same with ids that differ, limits in order and words in wordings, where they are that."""
    changed: dict[str, Any] = {}
    for kind in policy.keys() & {"disclosures", "prohibited"}:
        if isinstance(policy[kind], list):
            changed[kind] = [_entry(one, number) for number, one in enumerate(policy[kind])]
    if isinstance(policy.get("thresholds"), dict):
        changed["thresholds"] = _in_order(policy["thresholds"])
    return policy | changed


def _entry(entry: Any, number: int) -> Any:
    if isinstance(entry, dict):
        entry = entry | {name: _heard(entry[name]) for name in entry.keys() & {"wordings", "also"}}
    if isinstance(entry, dict) and isinstance(entry.get("id"), str) and ID.fullmatch(entry["id"]):
        return entry | {"id": f"{entry['id'][:50]}-{number}"}
    return entry


def _heard(wording: Any) -> Any:
    if isinstance(wording, list):
        return [_heard(one) for one in wording]
    silent = isinstance(wording, str) and 0 < len(wording.strip()) < 499 and not texts(wording)
    return wording + " x" if silent else wording


def _in_order(limits: dict[str, Any]) -> dict[str, Any]:
    for low, high, default_low, default_high in (
        ("wpm_low", "wpm_high", 110.0, 190.0),
        ("silence_seconds", "dead_air_seconds", 3.0, 10.0),
    ):
        first, second = limits.get(low, default_low), limits.get(high, default_high)
        if all(isinstance(one, int | float) and not isinstance(one, bool) for one in (first, second)):
            limits = limits | {low: min(first, second), high: max(first, second)}
    return limits
