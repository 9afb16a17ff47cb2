import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy.exc import DatabaseError
from store_samples import LIVE, NOON, SQLITE, submission
from structlog.testing import capture_logs

from callcov.errors import AlreadyExists, BadSetting, NoRoom
from callcov.store import analyses, listing, users
from callcov.store.db import migrate, open_database
from callcov.store.tables import metadata


def run(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )


def differences(connection):
    """What would turn the database into `tables.py`; tables that are not ours, the engine's, do not count."""
    options = {"compare_type": True, "include_object": lambda _o, name, kind, _r, _c: kind != "table" or name in ours}
    ours = set(metadata.tables)
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def test_the_migrations_build_exactly_the_tables_of_tables_py(database):
    with database.read() as connection:
        assert differences(connection) == []


def test_the_comparison_notices_a_missing_index(database):
    with database.write() as connection:
        connection.exec_driver_sql("DROP INDEX ix_analyses_agent")
        assert differences(connection)


VERSION = {
    "sqlite": "PRAGMA schema_version",
    "postgresql": "SELECT sum(xmin::text::bigint) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
}


def test_migrating_again_changes_nothing(database, user):
    version = VERSION[database.engine.dialect.name]
    with database.read() as connection:
        before = connection.exec_driver_sql(version).scalar()
    migrate(database)
    with database.read() as connection:
        assert connection.exec_driver_sql(version).scalar() == before
        assert users.get(connection, user).email == "dana@example.com"


def test_tables_of_a_newer_version_are_left_as_they_are(database):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadSetting, match="A newer CallCov has changed these tables; start that version"):
        migrate(database)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_processes_that_migrate_at_once_wait_for_each_other(empty_url, tmp_path):
    script = """
        import sys, time
        from pathlib import Path
        from callcov.store.db import migrate, open_database
        database = open_database(sys.argv[1])
        print("ready", flush=True)
        while not Path(sys.argv[2]).exists():
            time.sleep(0.001)
        migrate(database)
    """
    processes = [run(script, empty_url, tmp_path / "go") for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    assert [process.wait(60) for process in processes] == [0, 0]
    for process in processes:
        process.stdout.close()
    database = open_database(empty_url)
    with database.read() as connection:
        assert differences(connection) == []
    database.close()


def test_a_failed_migration_leaves_the_database_as_it_was(empty_url):
    """One transaction: a table in the way stops the migration, and the tables made before it are gone again."""
    database = open_database(empty_url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE documents (other INTEGER)")
    with pytest.raises(DatabaseError, match=r'documents"? already exists'):
        migrate(database)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["documents"]
    database.close()


def test_a_block_that_raises_writes_nothing(database):
    def write_and_stop():
        with database.write() as connection:
            users.create(connection, "dana@example.com", NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_stop()
    with database.read() as connection:
        assert users.find(connection, "dana@example.com") is None


def test_a_reader_sees_one_snapshot_whatever_is_written_meanwhile(database, user):
    with database.read() as reading:
        before = analyses.revision(reading, user, LIVE)
        with database.write() as connection:
            analyses.accept(connection, user, LIVE, submission(), NOON)
        assert analyses.revision(reading, user, LIVE) == before
        assert listing.page(reading, user, LIVE, analyses.Filters(), 10, 0).total == 0
    with database.read() as reading:
        assert listing.page(reading, user, LIVE, analyses.Filters(), 10, 0).total == 1


def test_a_reader_cannot_write(database):
    with database.read() as connection, pytest.raises(DatabaseError, match=r"read-?only"):
        users.create(connection, "dana@example.com", NOON)


def test_threads_that_write_take_turns(database):
    failures = []

    def work(number):
        try:
            for _ in range(10):
                with database.write() as connection:
                    users.create(connection, f"{number}@example.com", NOON)
        except AlreadyExists as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 20  # each thread made its user once and was refused the second time
    with database.read() as connection:
        assert all(users.find(connection, f"{number}@example.com") for number in range(20))


@SQLITE
def test_a_full_disk_is_named_and_nothing_is_written(database, user):
    def fill():
        with database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
            for _ in range(100):
                analyses.accept(connection, user, LIVE, submission(metadata='"' + "x" * 16_000 + '"'), NOON)

    with pytest.raises(NoRoom, match="full"):
        fill()
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, analyses.Filters(), 10, 0).total == 0
        assert analyses.revision(connection, user, LIVE) == 0


def test_a_disk_without_a_byte_left_is_named_whether_the_file_was_open_or_not(small_disk):
    database = open_database(f"sqlite:///{small_disk}/callcov.db")
    migrate(database)
    with database.write() as connection:
        user = users.create(connection, "dana@example.com", NOON).id
    take_all(small_disk / "filler")
    with pytest.raises(NoRoom):
        submit_much(database, user)
    with database.read() as connection:
        assert users.get(connection, user)
    (small_disk / "filler").unlink()
    database.close()
    take_all(small_disk / "filler")
    with pytest.raises(NoRoom):
        open_database(f"sqlite:///{small_disk}/callcov.db")
    with pytest.raises(NoRoom):
        submit_much(database, user)
    (small_disk / "filler").unlink()
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, analyses.Filters(), 10, 0).total == 0
    with database.write() as connection:
        assert analyses.accept(connection, user, LIVE, submission(), NOON)
    database.close()


def submit_much(database, user):
    with database.write() as connection:
        for _ in range(100):
            analyses.accept(connection, user, LIVE, submission(metadata='"' + "x" * 16_000 + '"'), NOON)


def take_all(path):
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while True:
            os.write(handle, bytes(4096))
    os.close(handle)


@SQLITE
@pytest.mark.usefixtures("database")
def test_only_the_owner_can_read_the_file(tmp_path):
    files = [path for path in tmp_path.iterdir() if path.name.startswith("callcov.db")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("bad", ["mysql://host/name", "postgresql+asyncpg://host/name", "callcov.db", "", "a://b:c:d"])
def test_another_kind_of_database_is_refused(bad):
    with pytest.raises(BadSetting, match="is written as"):
        open_database(bad)


@pytest.mark.parametrize("bad", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_nobody_else_could_open_is_refused(bad):
    with pytest.raises(BadSetting, match="must be a file"):
        open_database(bad)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database, but long enough to have a header " * 20)
    with pytest.raises(BadSetting, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/notes.txt")


def test_a_place_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}/file/callcov.db")


def test_background_writes_are_done_before_the_database_closes(url):
    database = open_database(url)
    migrate(database)
    database.later("one", lambda connection: users.create(connection, "dana@example.com", NOON))
    database.close()
    database = open_database(url)
    with database.read() as connection:
        assert users.find(connection, "dana@example.com")
    database.close()


def test_background_work_of_one_name_waits_once(database):
    done = []
    begun, goes_on = threading.Event(), threading.Event()
    database.later("first", lambda _connection: begun.set() or goes_on.wait(60))
    assert begun.wait(60)  # whoever comes now has to wait
    try:
        for number in range(5):
            database.later("same", lambda _connection, number=number: done.append(number))
        database.later("other", lambda _connection: done.append("other"))
    finally:
        goes_on.set()
    database.close()
    assert done == [0, "other"]


@pytest.fixture
def engine(database):
    """The durable engine's own tables and client, on the pool that it shares with the store."""
    DBOS(config={"name": "callcov-test", "system_database_engine": database.engine, "enable_otlp": False})
    DBOS.launch()
    yield DBOSClient(system_database_engine=database.engine, serializer=DBOSPortableJSONSerializer())
    DBOS.destroy()


def test_the_durable_engine_shares_the_file_and_the_migrations_leave_its_tables_alone(database, engine):
    migrate(database)
    with database.read() as connection:
        schema = "dbos" if database.engine.dialect.name == "postgresql" else None
        assert "workflow_status" in sa.inspect(connection).get_table_names(schema)
        assert differences(connection) == []
    assert engine.list_workflows() == []


def test_a_row_and_its_workflow_are_committed_or_rolled_back_together(database, engine, user):
    def accept(name, fail):
        with database.write() as connection:
            analysis = analyses.accept(connection, user, LIVE, submission(), NOON)
            options = {"queue_name": "nobody-listens", "workflow_name": "work", "workflow_id": name}
            engine.enqueue_in_transaction(connection, options, analysis.id)
            if fail:
                raise ZeroDivisionError

    accept("kept", fail=False)
    with pytest.raises(ZeroDivisionError):
        accept("gone", fail=True)
    assert [workflow.workflow_id for workflow in engine.list_workflows()] == ["kept"]
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, analyses.Filters(), 10, 0).total == 1


@pytest.mark.parametrize("moment", [1, 20, 60])
def test_a_killed_writer_leaves_everything_it_was_told_is_written_and_nothing_by_halves(url, database, user, moment):
    script = """
        import sys
        from store_samples import LIVE, NOON, finished, submission
        from callcov.store import analyses
        from callcov.store.db import open_database
        database = open_database(sys.argv[1])
        while True:
            with database.write() as connection:
                row = analyses.accept(connection, sys.argv[2], LIVE, submission(metadata='"' + "x" * 9000 + '"'), NOON)
                analyses.finish(connection, sys.argv[2], row.id, 1, finished())
            print(row.id, flush=True)
    """
    process = run(script, url, user)
    told = [process.stdout.readline().strip() for _ in range(moment)]
    process.kill()
    told += process.stdout.read().split()
    process.stdout.close()
    process.wait()
    with database.read() as connection:
        if database.engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        written = connection.exec_driver_sql("SELECT id FROM analyses ORDER BY id").scalars().all()
        documents = connection.exec_driver_sql("SELECT analysis_id FROM documents ORDER BY 1").scalars().all()
    assert set(told) <= set(written)
    assert len(written) <= len(told) + 1  # the one that was committed but not told
    assert written == documents
    with database.read() as connection:
        assert analyses.revision(connection, user, LIVE) == 2 * len(written)
        statuses = {analyses.get(connection, user, LIVE, analysis_id).status for analysis_id in written}
        assert statuses == {"completed"}


def test_a_note_that_cannot_be_written_is_told_in_the_log(database):
    with capture_logs() as told:
        database.later("nonsense", lambda connection: connection.exec_driver_sql("nonsense"))
        database.close()
    assert [one["event"] for one in told] == ["work on the database in the background failed"]


def test_what_is_written_while_the_database_is_closed_is_written(database, user):
    database.close()
    database.scrub_soon()
    with database.write() as connection:
        analyses.accept(connection, user, LIVE, submission(), NOON)
    with database.read() as connection:
        assert listing.page(connection, user, LIVE, analyses.Filters(), 10).total == 1


@SQLITE
def test_what_is_written_gets_from_the_log_into_the_file_in_the_background(database, user):
    file, until, there = database.engine.url.database, time.monotonic() + 20, 0
    while not there and time.monotonic() < until:
        with database.write() as connection:
            analyses.accept(connection, user, LIVE, submission(), NOON)
        time.sleep(0.05)
        # Without the log, as a copy of the file alone would be read; at first not even the table is there.
        alone = closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True))
        with alone as connection, suppress(sqlite3.OperationalError):
            (there,) = connection.execute("SELECT count(*) FROM analyses").fetchone()
    assert there
