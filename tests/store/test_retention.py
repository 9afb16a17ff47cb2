"""How long analyses are kept: days, legal holds, and what a deletion leaves."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.exceptions import GenericError
from store_samples import LIVE, NOON, SQLITE, TEST, submission

from callcov.errors import BadForm, Conflict, NotFound
from callcov.feed import saved
from callcov.feed.feeds import Feeds
from callcov.store import analyses, audit, keys, listing, marks, retention
from callcov.store.analyses import Filters
from callcov.store.audit import Entry, Wanted
from callcov.store.blobs import open_blobs
from callcov.store.erasure import erase, finish_erasures
from callcov.store.ids import Tick, before, place, uuid7
from callcov.store.tables import users as users_table

DAY = timedelta(days=1)
ENTRY = Entry(audit.SERVER, "analysis.expire", "analysis", "", NOON)


def accept(database, user, livemode=LIVE, now=NOON, **fields):
    with database.write() as connection:
        return analyses.accept(connection, user, livemode, submission(**fields), now).id


def keep(database, user, days):
    with database.write() as connection:
        retention.set_days(connection, user, days, NOON)


def due(database, now, most=1000):
    with database.read() as connection:
        return [row.id for row in retention.due(connection, now, most)]


@given(st.integers(0, 2**48 - 4), st.integers(0, 4095), st.integers(-2, 2))
def test_the_text_before_a_millisecond_parts_the_ids_made_before_it_from_the_others(milliseconds, counter, apart):
    tick = Tick(milliseconds, counter)
    made = uuid7(tick)
    assert place(made) == tick
    bound = max(0, milliseconds + apart)
    assert (made < before(bound)) is (milliseconds < bound)


def test_without_days_nothing_live_is_ever_due(database, user):
    accept(database, user)
    assert due(database, NOON + 40_000 * DAY) == []
    keep(database, user, 1)
    keep(database, user, None)
    assert due(database, NOON + 40_000 * DAY) == []


def test_an_analysis_is_due_when_its_days_are_over_and_not_before(database, user, other_user):
    mine = [accept(database, user, mode) for mode in (LIVE, TEST)]
    accept(database, other_user)
    keep(database, user, 3)
    assert due(database, NOON + 3 * DAY) == []
    assert due(database, NOON + 3 * DAY + timedelta(milliseconds=1)) == mine
    assert due(database, NOON + 4 * DAY, most=1) == mine[:1]


@pytest.mark.parametrize("days", [None, 8, 30])
def test_a_test_analysis_is_due_after_seven_days_however_long_live_ones_are_kept(database, user, days):
    accept(database, user, LIVE)
    one = accept(database, user, TEST)
    keep(database, user, days)
    assert due(database, NOON + 7 * DAY) == []
    assert due(database, NOON + 7 * DAY + timedelta(milliseconds=1)) == [one]


def test_what_is_due_of_a_deactivated_account_is_due_all_the_same(database, user):
    one = accept(database, user)
    keep(database, user, 1)
    with database.write() as connection:
        connection.execute(users_table.update().values(is_active=False))
    assert due(database, NOON + 2 * DAY) == [one]


@pytest.mark.parametrize("days", [0, -1, retention.LONGEST + 1])
def test_a_number_of_days_nobody_means_is_refused(database, user, days):
    with pytest.raises(BadForm, match="36,500 days"):
        keep(database, user, days)
    with pytest.raises(NotFound):
        keep(database, "nobody", 30)


def test_a_hold_beats_retention_and_deletion_until_it_is_released(database, user):
    held, free = accept(database, user), accept(database, user)
    keep(database, user, 1)
    with database.write() as connection:
        assert [row.id for row in retention.hold(connection, user, [held, held], NOON)] == [held]
        assert retention.hold(connection, user, [held], NOON + DAY) == ()
        assert analyses.get(connection, user, LIVE, held).held_at == "2026-11-23T12:00:00.678Z"
        with pytest.raises(Conflict, match=r"^The analysis is under legal hold$"):
            analyses.delete(connection, user, LIVE, held)
    assert due(database, NOON + 2 * DAY) == [free]
    with database.write() as connection:
        assert [row.id for row in retention.release(connection, user, [free, held])] == [held]
        assert analyses.delete(connection, user, LIVE, held)


def test_a_hold_on_an_unknown_id_or_somebody_elses_holds_nothing(database, user, other_user):
    mine, theirs = accept(database, user), accept(database, other_user)

    def hold(*ids):
        with database.write() as connection:
            retention.hold(connection, user, ids, NOON)

    for unknown in ("nothing", theirs):
        with pytest.raises(NotFound, match=unknown):
            hold(mine, unknown)
    with database.read() as connection:
        assert analyses.get(connection, user, LIVE, mine).held_at is None
        assert analyses.get(connection, other_user, LIVE, theirs).held_at is None


def test_a_contact_is_found_as_it_is_written_and_nobody_elses(database, user, other_user):
    mine = [accept(database, user, mode, contact_id="Zoë") for mode in (TEST, LIVE)]
    for contact in ("zoë", "Zoë ", "Zoe"):
        accept(database, user, contact_id=contact)
    accept(database, other_user, contact_id="Zoë")
    with database.read() as connection:
        found = [retention.to_erase(connection, user, mode, "Zoë", "", 10) for mode in (TEST, LIVE)]
    assert [[row.id for row in rows] for rows in found] == [[one] for one in mine]


def test_what_is_to_be_erased_is_given_in_parts_without_end_or_repetition(database, user, other_user):
    mine = [accept(database, user) for _ in range(5)]
    accept(database, user, TEST)
    accept(database, other_user)
    found, after = [], ""
    while True:
        with database.read() as connection:
            rows = retention.to_erase(connection, user, LIVE, None, after, 2)
        if not rows:
            break
        found += [row.id for row in rows]
        after = found[-1]
    assert found == mine


class Queue:
    """What erasing tells whoever holds work."""

    def __init__(self):
        self.told = []

    def cancel(self, analysis_id, attempt):
        self.told.append((analysis_id, attempt))

    def forget(self, analysis_id, runs, deliveries):
        self.told.append((analysis_id, runs, deliveries))


def test_erasing_stops_the_work_removes_every_object_and_leaves_a_line_of_ids(database, user, tmp_path):
    blobs, queue = open_blobs((tmp_path / "objects").as_uri()), Queue()
    one = accept(database, user)
    for key in ("recordings/one", f"work/{one}/words.json"):
        blobs.write(key, b"x")
    (tmp_path / "objects" / "work" / one / "cut-off.json#1").write_bytes(b"x")
    erase(database, blobs, queue, user, LIVE, one, ENTRY)
    assert queue.told == [(one, 1), (one, 1, 0)]
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    with database.read() as connection:
        assert analyses.get(connection, user, LIVE, one) is None
        ((line,), _) = audit.page(connection, user, LIVE, Wanted(), 10)
    assert (line.object_id, line.action, line.who) == (one, "analysis.expire", "server")


def keep_list(database, user):
    """Keep the account's list in files."""
    feeds = Feeds(listing.Lists(database), database.feed_folder, short=0)
    with database.read() as connection:
        listing.indexed(listing.Source(connection, user, LIVE), feeds, Filters(), 10)
    feeds.wait()
    feeds.close()


def kept_of(database, letters="yz"):
    """Those of the letters of which a hundred stand in the files of lists."""
    data = b"".join(path.read_bytes() for path in database.feed_folder.rglob("*") if path.is_file())
    return "".join(letter for letter in letters if letter.encode() * 100 in data)


def agree(database, user):
    """Whether the files count for the account's list."""
    with database.read() as connection:
        mark = marks.of(connection, user, LIVE)
    return saved.read(saved.place(database.feed_folder, user, LIVE), 10, mark) is not None


def test_what_the_store_does_not_let_go_of_leaves_no_id_in_the_files_of_the_list(database, user, tmp_path):
    blobs = open_blobs((tmp_path / "objects").as_uri())
    gone, left = (accept(database, user, contact_id=letter * 100) for letter in "yz")
    keep_list(database, user)
    assert kept_of(database) == "yz"
    (tmp_path / "objects/recordings/one/a folder").mkdir(parents=True)  # where an object should be
    with pytest.raises(GenericError):
        erase(database, blobs, None, user, LIVE, gone, ENTRY)
    assert kept_of(database) == "z"
    with database.read() as connection:
        assert [analyses.get(connection, user, LIVE, one) is None for one in (gone, left)] == [True, False]


def test_what_was_deleted_by_somebody_who_was_killed_then_is_taken_out_of_the_files_later(database, user, other_user):
    gone, _ = (accept(database, user, contact_id=letter * 100) for letter in "yz")
    accept(database, other_user, contact_id="x" * 100)
    for one in (user, other_user):
        keep_list(database, one)
    with database.write() as connection:
        analyses.delete(connection, user, LIVE, gone)
    assert kept_of(database, "xyz") == "xyz"
    before = {path: path.stat().st_mtime_ns for path in database.feed_folder.rglob("*.*")}
    finish_erasures(database)
    assert kept_of(database, "xyz") == "xz"
    assert agree(database, user)
    after = {path: path.stat().st_mtime_ns for path in database.feed_folder.rglob("*.*")}
    assert {path for path in before if after.get(path) != before[path]} == {
        path for path in before if user in path.parts
    }
    finish_erasures(database)
    assert {path: path.stat().st_mtime_ns for path in database.feed_folder.rglob("*.*")} == after


def test_what_was_deleted_by_somebody_who_was_killed_within_the_files_is_taken_out_later(database, user, tmp_path):
    blobs = open_blobs((tmp_path / "objects").as_uri())
    gone, _ = (accept(database, user, contact_id=letter * 100) for letter in "yz")
    keep_list(database, user)
    (path,) = database.feed_folder.rglob("*.segment")
    before = path.read_bytes()
    erase(database, blobs, None, user, LIVE, gone, ENTRY)
    path.write_bytes(before)  # it is removed last
    path.with_suffix(".new").write_bytes(before[:-5])
    finish_erasures(database)
    assert kept_of(database) == "z"
    assert agree(database, user)


def test_files_that_do_not_agree_with_the_list_are_removed_for_nobody_knows_what_should_not_be_there(database, user):
    folder = saved.place(database.feed_folder, user, LIVE)
    for number, spoilt in enumerate(("mark", "revision", "list.json")):
        accept(database, user, contact_id="yz"[number % 2] * 100)
        keep_list(database, user)
        assert agree(database, user)
        about = json.loads((folder / "list.json").read_text())
        if spoilt in about:
            (folder / "list.json").write_text(json.dumps(about | {spoilt: 10**9}))
        else:
            (folder / "list.json").unlink()
        finish_erasures(database)
        assert [path.name for path in folder.iterdir()] == ["lock"]


def test_without_files_no_erasure_is_to_be_finished(database, user):
    accept(database, user)
    finish_erasures(database)
    assert not database.feed_folder.exists()


def test_erasing_what_is_held_or_not_there_removes_and_logs_nothing(database, user, tmp_path):
    blobs = open_blobs((tmp_path / "objects").as_uri())
    one = accept(database, user)
    blobs.write("recordings/one", b"x")
    with database.write() as connection:
        retention.hold(connection, user, [one], NOON)
    for analysis_id, error in ((one, Conflict), ("nothing", NotFound)):
        with pytest.raises(error):
            erase(database, blobs, None, user, LIVE, analysis_id, ENTRY)
    with pytest.raises(NotFound):
        erase(database, blobs, None, user, TEST, one, ENTRY)
    assert blobs.exists("recordings/one")
    with database.read() as connection:
        assert audit.page(connection, user, LIVE, Wanted(), 10) == ((), False)


@SQLITE
def test_the_log_is_not_emptied_while_somebody_reads_it_and_is_afterwards(database, user):
    accept(database, user)
    with database.read() as connection:
        assert keys.caller(connection, "0" * 64, NOON) is None
        accept(database, user)
        assert not database.scrub()
    assert database.scrub()


@SQLITE
def test_the_log_is_emptied_as_soon_as_another_process_is_done_writing_it_back(database, user):
    accept(database, user)
    file = database.engine.url.database
    # Byte 121 of the shared file is the lock under which SQLite writes the log back, which it lets nobody wait for.
    holds = f"""
import fcntl, time
with open({file + "-shm"!r}, "r+b") as shared:
    fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121)
    print(flush=True)
    time.sleep(0.3)
"""
    with subprocess.Popen([sys.executable, "-c", holds], stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        assert database.scrub()
        assert not Path(file + "-wal").stat().st_size
