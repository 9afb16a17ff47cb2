"""Plain values for the tests of the store."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import callcov.store
from callcov.store.analyses import Finished, Submission
from callcov.store.judgements import Change, Judgement
from callcov.store.tables import MEASURES

NOON = datetime(2026, 11, 23, 12, 0, 0, 678_000, UTC)
LIVE, TEST = True, False
SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""For a fact about SQLite alone; all others are held on PostgreSQL too."""


def submission(agent_id="agent-1", contact_id="contact-1", **other):
    fields = {
        "blob_key": "recordings/one",
        "sha256": "0" * 64,
        "size_bytes": 32_044,
        "format": "wav",
        "duration_ms": 2_000,
        "channels": 2,
        "sample_rate": 8_000,
    }
    return Submission(agent_id, contact_id, **(fields | other))


def figures(**other):
    """What insights count of one call; nothing but what is said."""
    return dict.fromkeys(MEASURES, 0) | other


def finished(name="first", **other):
    fields = {
        "full": f'{{"full":"{name}"}}',
        "light": f'{{"light":"{name}"}}',
        "transcript": f'{{"transcript":"{name}"}}',
        "completed_at": "2026-11-23T12:00:09.000Z",
        "processing_time_ms": 9_000,
        "policy_version": "1",
        "checks_version": "1",
        "results": f'{{"results":"{name}"}}',
        "figures": figures(),
    }
    return Finished(**(fields | other))


def change(row, name="second", **other):
    """What judging again makes of an analysis that was read as that row and judged once."""
    judgement = Judgement(2, "2", "1", "2026-11-24T08:00:00.000Z", "A", f'{{"results":"{name}"}}')
    fields = {
        "policy_version": "2",
        "checks_version": "1",
        "masked_key": row.masked_key,
        "vectors_key": row.vectors_key,
        "judgements": (judgement,),
        "figures": figures(),
        "full": f'{{"full":"{name}"}}',
        "light": f'{{"light":"{name}"}}',
    }
    return Change(row.id, row.revision, **(fields | other))


def upgrade(connection, revision):
    """Make the tables as they were at that migration."""
    config = Config()
    config.set_main_option("script_location", str(Path(callcov.store.__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def plans(connection, work):
    """How SQLite goes about each statement of that work, a line a step."""
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    work()
    sa.event.remove(connection, "before_cursor_execute", note)
    steps = [
        connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters) for statement, parameters in seen
    ]
    return [step.detail for found in steps for step in found]
