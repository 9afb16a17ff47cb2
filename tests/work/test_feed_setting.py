"""Whether a server keeps long lists in memory is a setting."""

import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from serving import Server

from callcov.feed.feeds import SHORT
from callcov.store import analyses
from callcov.store.analyses import Submission
from callcov.store.db import open_database
from callcov.store.tables import analyses as analyses_table
from callcov.store.tables import users


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["on", "off"])
def test_a_long_list_is_kept_unless_the_setting_says_off(tmp_path, models_folder, setting):
    server = Server(tmp_path / "data", models_folder, CALLCOV_FEED_INDEX=setting)
    key = server.new_key("qa@example.com", "--test")
    database = open_database(f"sqlite:///{server.data}/callcov.db")
    submission = Submission("agent", "contact", "recordings/none", "0" * 64, 44, "wav", 1000, 1, 8000)
    with database.write() as connection:
        owner = connection.scalar(sa.select(users.c.id))
        many = {"submissions": [submission] * SHORT, "now": datetime.now(UTC)}
        rows = analyses.accept_all(connection, owner, livemode=False, **many)
        connection.execute(sa.update(analyses_table).values(status=analyses.FAILED))  # nobody is to work on them
    database.close()
    server.start()
    until = time.monotonic() + (60 if setting == "on" else 3)
    with server.client(key) as client:
        while not (kept := list((server.data / "feed").rglob("*.segment"))) and time.monotonic() < until:
            page = client.get("/analysis/", params={"limit": 1}).json()
            assert (page["data"][0]["id"], page["total"]) == (rows[-1].id, SHORT)
            time.sleep(0.1)
    assert server.stop() == 0
    assert len(kept) == (setting == "on")
