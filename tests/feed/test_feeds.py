"""Which lists have an index, when it answers, and what is kept as files."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
from feed_model import LIVE, ROWS, PlainList, PlainLists, ask, restarted, settled, shaped
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.feed import saved
from callcov.feed.feeds import Feeds
from callcov.feed.index import Index
from callcov.feed.segment import STATUSES, Wanted, key


def test_a_short_list_is_left_to_the_database_and_a_long_one_answered_once_it_is_read(made):
    one = shaped(15)
    feeds = made({"u": one})
    assert settled(feeds, one) is None
    for _ in range(30):
        one.insert("a", "c")
    assert ask(feeds, one) is None
    feeds.wait()
    assert ask(feeds, one) == one.page(Wanted(), 7)
    one.delete(max(one.listed))
    assert ask(feeds, one) == one.page(Wanted(), 7)


def test_a_list_overtaken_by_many_changes_catches_up_in_the_background(made):
    one = shaped(100)
    feeds = made({"u": one})
    assert settled(feeds, one) == one.page(Wanted(), 7)
    before = one.rows_read
    for number in range(10_001):
        one.insert("a", f"c{number}")
    assert ask(feeds, one) is None
    feeds.wait()
    assert ask(feeds, one) == one.page(Wanted(), 7)
    assert one.rows_read - before <= 10_001


def quick(feeds, one, wanted=None):
    """The answer for whoever may not wait."""
    page = feeds.page(one, "u", LIVE, wanted or Wanted(), 7, 0, None, may_wait=False)
    return page and (page.ids, page.total, page.has_more)


def test_whoever_may_not_wait_takes_over_a_few_changes_and_leaves_all_else_to_who_may(made):
    one = shaped(100)
    feeds = made({"u": one})
    assert quick(feeds, one) is None
    feeds.wait()
    assert one.rows_read == 0
    assert settled(feeds, one)
    feeds.wait()
    for many in (300, 301):
        for number in range(many):
            one.insert("a", f"c{number}")
        assert feeds.is_ready("u", LIVE)
        assert quick(feeds, one) == (one.page(Wanted(), 7) if many == 300 else None)
        feeds.wait()
    assert quick(feeds, one) is None  # as long as nobody else has asked
    assert ask(feeds, one) == one.page(Wanted(), 7)
    feeds.wait()
    assert quick(feeds, one) == one.page(Wanted(), 7)


def test_whoever_may_not_wait_looks_through_no_long_list_for_what_nobody_searched_before(made):
    one = shaped(8 * ROWS)
    for number in range(3):
        one.insert("agent_12", f"c{number}")
    feeds = made({"u": one})
    assert settled(feeds, one)
    searched, narrowed, named = Wanted(part=b"12"), Wanted(part=b"12", status=2), Wanted(agent=b"agent_12")
    for wanted in (searched, narrowed, named):
        assert quick(feeds, one, wanted) is None
        feeds.wait()
    for wanted in (searched, named):
        assert ask(feeds, one, wanted=wanted) == one.page(wanted, 7)
    for wanted in (searched, narrowed):
        assert quick(feeds, one, wanted) == one.page(wanted, 7)
    assert quick(feeds, one, named) is None
    assert quick(feeds, one, Wanted(contact=b"c1")) == one.page(Wanted(contact=b"c1"), 7)  # the database finds so few


def test_whoever_may_not_wait_searches_a_short_list_unless_its_ids_are_long(made):
    for contact, is_quick in (("c12", True), ("c12" * 80, False)):
        one = PlainList()
        for _ in range(2_001):
            one.insert("a", contact)
        feeds = made({"u": one}, folder=None, rows=1_000)
        assert settled(feeds, one)
        assert (quick(feeds, one, Wanted(part=b"12")) is not None) == is_quick


def test_a_list_whose_last_page_had_large_records_is_not_ready_for_whoever_may_not_wait(made):
    one = shaped(100)
    feeds = made({"u": one})
    assert not feeds.is_ready("u", LIVE, 1_000)
    assert settled(feeds, one)
    feeds.wait()
    for weight, is_ready in ((0, True), (1_000, True), (1_001, False), (900, True)):
        feeds.weigh("u", LIVE, weight)
        assert feeds.is_ready("u", LIVE, 1_000) == is_ready
        assert feeds.is_ready("u", LIVE)
    feeds.weigh("nobody", LIVE, 1)
    assert not feeds.is_ready("nobody", LIVE)


class Looking(PlainList):
    """A list that lets something be looked at whenever rows or changes are read."""

    def __init__(self, like):
        super().__init__(**vars(like))
        self.seen, self.look = [], lambda: None

    def rows(self, after, limit):
        self.seen.append(self.look())
        return super().rows(after, limit)

    def changed(self, since, limit):
        self.seen.append(self.look())
        return super().changed(since, limit)


def test_whoever_may_not_wait_is_not_kept_by_somebody_else_who_is_answered(made):
    one = Looking(shaped(100))
    feeds = made({"u": one})
    assert settled(feeds, one)
    feeds.wait()
    one.insert("a", "c")
    with ThreadPoolExecutor() as threads:
        one.look = lambda: threads.submit(quick, feeds, one).result(10)
        assert ask(feeds, one) == one.page(Wanted(), 7)
    assert one.seen[-1] is None


def test_a_question_that_outlives_the_server_is_left_to_the_database(made):
    known, long = shaped(100), shaped(100)
    feeds = made({"u": known, "v": long})
    assert settled(feeds, known)
    feeds.close()
    assert ask(feeds, known) is None
    assert ask(feeds, long, "v") is None


def test_a_snapshot_older_than_the_index_is_left_to_the_database(made):
    one = shaped(100)
    feeds = made({"u": one})
    assert settled(feeds, one)
    one.count_of_changes -= 1
    assert ask(feeds, one) is None
    one.count_of_changes += 1
    assert ask(feeds, one) == one.page(Wanted(), 7)


def test_the_lists_that_were_not_asked_for_the_longest_make_room(made):
    lists = {name: shaped(300) for name in "abc"}
    feeds = made(lists, folder=None, memory=30_000)
    for name in "abc":
        assert settled(feeds, lists[name], name) is not None
    answered = [name for name in "cba" if ask(feeds, lists[name], name) is not None]
    assert answered[0] == "c"
    assert "a" not in answered


@pytest.mark.parametrize("is_kept", [False, True])
def test_the_others_make_room_before_a_list_is_read_not_when_it_is(made, is_kept):
    first, second = shaped(20_000), Looking(shaped(20_000))
    lists = {"first": first, "second": second}
    if is_kept:
        before = made(lists, rows=5_000)
        assert settled(before, second, "second")
        before.close()
        second.insert("a", "c")
    feeds = made(lists, memory=1_500_000, rows=5_000)
    assert settled(feeds, first, "first")
    alone = feeds.nbytes
    assert 750_000 < alone < 1_500_000
    second.look = lambda: feeds.nbytes
    second.seen.clear()
    assert settled(feeds, second, "second")
    assert (second.seen[0], second.seen[-1]) == (0 if is_kept else alone, 0)


def test_a_list_too_large_for_the_memory_stays_with_the_database_and_is_not_read_again_and_again(made):
    one = shaped(2_000)
    feeds = made({"u": one}, memory=10_000)
    assert settled(feeds, one) is None
    read = one.rows_read
    assert settled(feeds, one) is None
    assert one.rows_read == read


def test_a_list_that_was_kept_when_there_was_room_is_not_read_from_its_rows_where_there_is_none(made):
    one = shaped(2_000)
    first = made({"u": one})
    assert settled(first, one)
    first.close()
    one.rows_read = 0
    feeds = made({"u": one}, memory=10_000)
    for _ in range(2):
        assert settled(feeds, one) is None
    assert one.rows_read == 0


def test_an_index_that_cannot_follow_is_gone_before_a_new_one_is_read(made):
    def indexes():
        gc.collect()
        return sum(type(one) is Index for one in gc.get_objects())

    one = Looking(shaped(4 * ROWS))
    feeds = made({"u": one})
    assert settled(feeds, one)
    there = indexes()
    one.insert("a", "c")
    one.remembered = 0
    one.look = indexes
    one.seen.clear()
    assert ask(feeds, one) is None
    feeds.wait()
    assert one.seen
    assert max(one.seen) <= there


class Shared(PlainList):
    """A list that one thread reads and another changes."""

    def __init__(self, like):
        super().__init__(**vars(like))
        self.lock = threading.RLock()

    def delete(self, row_id):
        with self.lock:
            super().delete(row_id)

    def changed(self, since, limit):
        with self.lock:
            return super().changed(since, limit)

    def gone(self, since, limit):
        with self.lock:
            return super().gone(since, limit)


def test_a_list_is_kept_though_something_is_erased_while_it_is_saved(made, tmp_path):
    one = Shared(shaped(60 * ROWS))
    feeds, folder = made({"u": one}), saved.place(tmp_path / "feed", "u", LIVE)
    ask(feeds, one)
    while not list(folder.glob("*.segment")):
        time.sleep(0.001)
    for row_id in sorted(one.listed)[:20]:
        one.delete(row_id)
        saved.erase(folder, [row_id], one.renewed)
    for _ in range(2):  # the second for what a save had to leave
        assert settled(feeds, one) == one.page(Wanted(), 7)
    assert saved.read(folder, ROWS, one.mark()) is not None


def test_a_restart_reads_only_what_has_changed_since_it_was_kept(made):
    one = shaped(10 * ROWS + 20)
    first = made({"u": one})
    assert settled(first, one)
    first.close()
    for row_id in sorted(one.listed)[5:130]:
        one.change(row_id, status="failed", flags=2)
    one.delete(min(one.listed))
    one.insert("a", "c")
    one.rows_read = 0
    again = made({"u": one})
    assert settled(again, one) == one.page(Wanted(), 7)
    assert one.rows_read == 0
    for wanted in (Wanted(status=STATUSES["failed"]), Wanted(flag=2), Wanted(part=b"12")):
        assert ask(again, one, wanted=wanted) == one.page(wanted, 7)


def test_what_is_kept_is_not_trusted_when_the_database_has_forgotten_what_was_deleted_since(made):
    one = shaped(4 * ROWS)
    assert restarted(made, one) == 4 * ROWS
    one.delete(min(one.listed))
    one.deleted.clear()
    one.remembered = 0
    assert restarted(made, one) == 4 * ROWS - 1


def test_what_is_kept_is_not_trusted_when_the_database_is_an_older_copy(made):
    one = shaped(4 * ROWS)
    restarted(made, one)
    older = deepcopy(one)
    one.insert("a", "c")
    restarted(made, one)
    assert restarted(made, older) == 4 * ROWS


def test_what_is_kept_is_not_trusted_when_the_database_was_put_back_and_went_another_way_from_there(made):
    one = shaped(4 * ROWS)
    restarted(made, one)
    copy = deepcopy(one)
    for each, status in ((one, "failed"), (copy, "completed")):
        each.change(min(each.listed), status=status, flags=1)
    restarted(made, one)
    assert restarted(made, copy) == 4 * ROWS


def test_files_of_a_save_that_was_broken_off_do_not_count_in_a_copy_of_before(made, tmp_path):
    one = shaped(4 * ROWS)
    restarted(made, one)
    folder, copy = saved.place(tmp_path / "feed", "u", LIVE), deepcopy(one)
    kept, _ = saved.read(folder, ROWS, one.mark())
    row_id = min(one.listed)
    kept[0].change(np.array([key(row_id)], np.uint64), [STATUSES["failed"]], [7])
    with saved.locked(folder):
        assert saved.write(folder, kept[0]) not in (folder / "list.json").read_text()
    assert restarted(made, copy) == 0
    assert len(list(folder.glob("*.segment"))) == 5  # what was broken off stays until the next save


def test_files_that_were_not_trusted_are_replaced_though_nothing_changes(made):
    one = shaped(4 * ROWS)
    restarted(made, one)
    del one.listed[min(one.listed)]  # without a word
    assert restarted(made, one) == 4 * ROWS - 1
    assert restarted(made, one) == 0


def test_a_list_whose_rows_cannot_be_counted_is_left_to_the_database(made):
    one = shaped(4 * ROWS)
    restarted(made, one)
    feeds = made({"u": one})
    one.is_broken = True
    ask(feeds, one)
    feeds.wait()
    assert feeds.nbytes == 0
    one.is_broken = False
    assert settled(feeds, one) == one.page(Wanted(), 7)


def test_what_is_kept_is_not_trusted_when_it_holds_other_rows_than_the_database(made):
    one = shaped(4 * ROWS)
    restarted(made, one)
    del one.listed[min(one.listed)]  # without a word
    assert restarted(made, one) == 4 * ROWS - 1


@settings(deadline=None)
@given(where=st.floats(0, 1), is_cut=st.booleans())
def test_a_damaged_file_counts_for_nothing(tmp_path_factory, where, is_cut):
    folder = tmp_path_factory.mktemp("damaged")
    one = shaped(ROWS)
    feeds = Feeds(PlainLists({"u": one}), folder, short=20, rows=ROWS)
    settled(feeds, one)
    feeds.close()
    path = next(folder.rglob("*.segment"))
    whole = path.read_bytes()
    place = int(where * (len(whole) - 1))
    rest = b"" if is_cut else bytes([whole[place] ^ 1]) + whole[place + 1 :]
    path.write_bytes(whole[:place] + rest)
    assert saved.read(path.parent, ROWS, one.mark()) is None
    path.write_bytes(whole)
    assert saved.read(path.parent, ROWS, one.mark()) is not None


def test_only_one_process_keeps_segments_and_the_others_read_them(made, tmp_path):
    one = shaped(2 * ROWS)
    first, second = made({"u": one}), made({"u": one})
    assert settled(first, one)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "feed").rglob("*.segment")}
    one.change(min(one.listed), status="failed", flags=1)
    one.rows_read = 0
    assert settled(second, one) == one.page(Wanted(), 7)
    assert one.rows_read == 0
    second.close()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "feed").rglob("*.segment")} == before


def test_what_is_kept_is_the_owners_alone(made, tmp_path):
    one = shaped(2 * ROWS)
    assert settled(made({"u": one}), one)
    folder = tmp_path / "feed"
    for path in (folder, *folder.rglob("*.segment"), *folder.rglob("*.json")):
        assert path.stat().st_mode & 0o077 == 0, path
