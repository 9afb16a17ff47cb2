"""What is erased in the files that a list is kept in, whatever happened to them."""

import resource
from contextlib import contextmanager
from copy import deepcopy

import pytest
from feed_model import LIVE, ROWS, PlainList, ask, restarted, settled, shaped
from structlog.testing import capture_logs

from callcov.errors import NoRoom
from callcov.feed import saved


def test_what_is_kept_is_not_trusted_when_what_was_erased_since_is_back(made, tmp_path):
    one = shaped(4 * ROWS)
    restarted(made, one)
    copy, gone = deepcopy(one), min(one.listed)
    folder = saved.place(tmp_path / "feed", "u", LIVE)
    one.delete(gone)
    saved.erase(folder, [gone], one.renewed)
    assert saved.read(folder, ROWS, one.mark()) is not None
    assert saved.read(folder, ROWS, copy.mark()) is None
    assert restarted(made, deepcopy(one)) == 0
    copy.change(gone, status="failed", flags=1)
    assert restarted(made, copy) == 4 * ROWS


def test_two_erasures_that_come_in_the_other_order_leave_files_that_agree(made, tmp_path):
    one = shaped(4 * ROWS)
    restarted(made, one)
    folder, (first, second) = saved.place(tmp_path / "feed", "u", LIVE), sorted(one.listed)[:2]
    one.delete(first)
    one.delete(second)
    saved.erase(folder, [second], one.renewed)
    saved.erase(folder, [first], one.renewed)
    assert restarted(made, one) == 0


def test_erasing_gives_no_files_a_mark_that_they_had_not(made, tmp_path):
    one = shaped(4 * ROWS)
    restarted(made, one)
    older = deepcopy(one)
    one.change(min(one.listed), status="failed", flags=1)
    restarted(made, one)
    gone = max(older.listed)
    older.delete(gone)
    saved.erase(saved.place(tmp_path / "feed", "u", LIVE), [gone], older.renewed)
    assert restarted(made, older) == 4 * ROWS - 1


def test_what_somebody_left_half_written_goes_at_the_next_erasure(tmp_path):
    folder = tmp_path / "u" / "live"
    folder.mkdir(parents=True)
    (folder / "0-1-2.new").write_bytes(b"agent_00123")
    saved.erase(folder, ["01a2090c-9310-7000-b8ba-4ee1957f877d"], PlainList().renewed)
    assert list(folder.glob("*.new")) == []


def spelled(text):
    """The bytes that the text says occur at each position, apart from the 0 behind an end."""
    return {
        place: {byte for byte, places in text.where.items() if byte and places >> place & 1}
        for place in range(len(text.letters))
    }


def test_what_is_erased_is_in_no_file_at_once_and_the_rest_is_still_kept(made, tmp_path):
    one = PlainList()
    ids = [
        one.insert(f"agent_{number}", "Secret" if number == 3 else f"customer_{number}") for number in range(2 * ROWS)
    ]
    long_id = one.listed[ids[60]].row.id
    feeds = made({"u": one})
    assert settled(feeds, one)
    files = sorted((tmp_path / "feed" / "u" / "live").glob("*.segment"))
    assert len(files) == 2
    for row_id in (ids[3], long_id):
        one.delete(row_id)
        saved.erase(saved.place(tmp_path / "feed", "u", LIVE), [row_id], one.renewed)
    files = sorted(files[0].parent.glob("*.segment"))
    assert len(files) == 2
    kept = b"".join(path.read_bytes() for path in files).lower()
    segments, _ = saved.read(files[0].parent, ROWS, one.mark())
    texts = [text for segment in segments for text in segment.texts]
    columns = b"".join(text.letters.T.tobytes() for text in texts).lower()
    assert b"secret" not in kept
    assert b"secret" not in columns
    assert b"customer_60" not in columns
    assert b"customer_61" in columns
    assert all(
        spelled(text) == {place: set(text.letters[place].tolist()) - {0} for place in spelled(text)} for text in texts
    )
    feeds.close()
    assert restarted(made, one) == 0


def test_erasing_where_nothing_is_kept_or_a_file_is_damaged_leaves_nothing(made, tmp_path):
    saved.erase(tmp_path / "nowhere", ["01a2090c-9310-7000-b8ba-4ee1957f877d"], PlainList().renewed)
    assert not (tmp_path / "nowhere").exists()
    one = shaped(ROWS)
    restarted(made, one)
    (path,) = (tmp_path / "feed").rglob("*.segment")
    path.write_bytes(b"nonsense")
    saved.erase(path.parent, [min(one.listed)], one.renewed)
    assert not path.exists()


def test_what_is_kept_after_an_erasure_holds_nothing_that_was_erased(made, tmp_path):
    """The index has not seen the deletion yet, and has to write the segment anew."""
    one, folder = PlainList(), saved.place(tmp_path / "feed", "u", LIVE)
    ids = [one.insert(f"agent_{number}", "secret" if number == 3 else "customer") for number in range(2 * ROWS)]
    feeds = made({"u": one})
    assert settled(feeds, one)
    feeds.wait()
    one.change(ids[4], status="failed", flags=1)
    assert ask(feeds, one)
    one.delete(ids[3])
    saved.erase(folder, [ids[3]], one.renewed)
    one.insert("agent", "customer")
    erased = set(folder.glob("*.segment"))
    feeds.close()
    assert set(folder.glob("*.segment")) != erased  # it was written anew
    assert b"customer" in columns_of(folder, one)
    assert b"secret" not in columns_of(folder, one)
    assert restarted(made, one) == 0


def columns_of(folder, one):
    """The texts of all rows that are kept."""
    segments, _ = saved.read(folder, ROWS, one.mark())
    return b"".join(text.letters.T.tobytes() for segment in segments for text in segment.texts)


@contextmanager
def full_disk(room):
    """No file can have more bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_the_files_of_the_list_go_and_it_is_read_anew(made, tmp_path):
    one, folder = shaped(4 * ROWS), saved.place(tmp_path / "feed", "u", LIVE)
    restarted(made, one)
    gone = min(one.listed)
    one.delete(gone)
    with full_disk(1_000), capture_logs() as told:  # the log is a file, too
        saved.erase(folder, [gone], one.renewed)
    assert [line["error"] for line in told] == ["OSError"]
    assert [path.name for path in folder.iterdir()] == ["lock"]
    assert restarted(made, one) == 4 * ROWS - 1
    assert restarted(made, one) == 0


def test_where_no_mark_can_be_renewed_the_files_of_the_list_go(made, tmp_path):
    one, folder = shaped(4 * ROWS), saved.place(tmp_path / "feed", "u", LIVE)
    restarted(made, one)
    gone = min(one.listed)
    one.delete(gone)

    def full():
        raise NoRoom("The disk that holds the database is full")

    saved.erase(folder, [gone], full)
    assert [path.name for path in folder.iterdir()] == ["lock"]


def test_nothing_half_written_stays_of_a_file_for_which_there_is_no_room(made, tmp_path):
    one = shaped(4 * ROWS)
    assert settled(made({"u": one}), one)
    (kept, *_), _ = saved.read(saved.place(tmp_path / "feed", "u", LIVE), ROWS, one.mark())
    with full_disk(1_000), pytest.raises(OSError, match="too large"):
        saved.write(tmp_path, kept)
    assert list(tmp_path.glob("*.new")) == list(tmp_path.glob("*.segment")) == []
