"""The index against a list in plain Python: whatever happens to the list, and whatever is asked of it."""

import shutil
import tempfile
import unicodedata
from pathlib import Path

import pytest
from feed_model import BEGAN, PlainList, shaped
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callcov.feed import saved
from callcov.feed.index import Index, Searches
from callcov.feed.segment import STATUSES, Row, Wanted, key
from callcov.feed.text import folded

# Parts that meet each other in many ways: case, folding that lengthens, composing, joining into one another, and what
# means something to a database or a format.
PARTS = [
    "a",
    "A",
    "ab",
    "b",
    "ß",
    "ss",
    "SS",
    "é",
    "e\u0301",
    "İ",
    "i̇",
    "1",
    "12",
    "%",
    "_",
    "\\",
    ",",
    '"',
    "🙂",
    "שלום",
]
LONG = ["x" * 63, "x" * 64, "x" * 65, "🙂" * 255]
texts = st.sampled_from(["a", "ab", "A1", "é"]) | st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("".join)
texts |= st.sampled_from(LONG)
needles = st.lists(st.sampled_from(PARTS), min_size=1, max_size=2).map("".join) | st.sampled_from(
    ["x", "x" * 64, "x" * 66, "🙂" * 3, "\0", "a\0", "zzz", "z" * 10_000]
)
moments = st.integers(BEGAN // 1000 - 2, BEGAN // 1000 + 40) | st.sampled_from([-1, 0, 10**18])
statuses = st.sampled_from(sorted(STATUSES))
FILTERS = {
    "status": statuses.map(STATUSES.get),
    "agent": texts.map(str.encode) | st.sampled_from([b"", b"a\0"]),
    "contact": texts.map(str.encode),
    "part": needles.map(lambda text: folded(text).encode()),
    "flag": st.sampled_from([1, 2, 512]),
    "after": moments,
    "before": moments,
}
few = st.lists(st.sampled_from(sorted(FILTERS)), max_size=2, unique=True)
wishes = few.flatmap(lambda names: st.fixed_dictionaries({name: FILTERS[name] for name in names}))
wishes = wishes.map(lambda given: Wanted(**given))
# Asked of every state: what is found everywhere, somewhere, in one field, and what the counts answer.
ALWAYS = [
    Wanted(),
    *(Wanted(status=status) for status in STATUSES.values()),
    *(Wanted(part=part.encode()) for part in ("a", "ab", "1", "1a", "ss", "x" * 65, "c")),
    Wanted(agent=b"a"),
    Wanted(agent=b"ab"),
    Wanted(contact=b"A1"),
    Wanted(agent=b"a", status=STATUSES["failed"]),
    Wanted(agent=b"agent_3", flag=1),
    Wanted(part=b"a", status=STATUSES["failed"]),
    Wanted(flag=1),
    Wanted(after=BEGAN // 1000 + 3),
    Wanted(before=BEGAN // 1000 + 3, part=b"a"),
]


class Indexed(RuleBasedStateMachine):
    """The list, and an index that follows it, sees several changes at once, is kept as files and read again."""

    @initialize(rows=st.sampled_from([2, 5, 600]))
    def begin(self, rows):
        self.rows, self.searches = rows, Searches(3_000)
        self.folder = Path(tempfile.mkdtemp())
        self.list, self.index = PlainList(), Index(self.searches, rows)

    def teardown(self):
        shutil.rmtree(self.folder)

    def some_id(self, data):
        return data.draw(st.sampled_from(sorted(self.list.listed)))

    @rule(pairs=st.lists(st.tuples(texts, texts, st.integers(0, 5_000)), min_size=1, max_size=8))
    def insert(self, pairs):
        for pair in pairs:
            self.list.insert(*pair)

    @rule(times=st.integers(250, 700))
    def insert_many(self, times):
        for number in range(times):
            self.list.insert(f"agent_{number % 7}", f"C{number}", 20)

    @precondition(lambda self: self.list.listed)
    @rule(data=st.data(), status=statuses, flags=st.integers(0, 1023))
    def change(self, data, status, flags):
        """Completed, failed, tried again, judged again: all the same to the list."""
        self.list.change(self.some_id(data), status=status, flags=flags)

    @precondition(lambda self: self.list.listed)
    @rule(data=st.data())
    def delete(self, data):
        self.list.delete(self.some_id(data))

    @precondition(lambda self: self.list.listed)
    @rule(oldest=st.booleans(), count=st.integers(1, 20))
    def delete_many(self, oldest, count):
        ids = sorted(self.list.listed, reverse=not oldest)
        for row_id in ids[:count]:
            self.list.delete(row_id)

    @rule()
    def follow(self):
        since = self.index.revision
        self.index.apply(self.list.changed(since, 10**9), self.list.gone(since, 10**9), self.list.revision())

    @rule()
    def keep(self):
        with saved.locked(self.folder):
            names = [saved.name_of(self.folder, one) or saved.write(self.folder, one) for one in self.index.segments]
            saved.declare(self.folder, names, self.index.revision, self.list.renewed()[1])

    @rule()
    def start_again(self):
        """As after a restart: what was kept, and the rest from the list."""
        self.index = Index(self.searches, self.rows)
        kept = saved.read(self.folder, self.rows, self.list.mark())
        if kept is None:
            self.index.revision = self.list.revision()
        else:
            self.index.segments, self.index.revision = kept
        self.index.extend(self.list.rows(self.index.last or "", 10**9))
        self.follow()

    @rule(wanted=wishes, limit=st.integers(1, 9), offset=st.integers(0, 12) | st.sampled_from([300, 10**18]))
    def by_offset(self, wanted, limit, offset):
        self.follow()
        for one in [wanted, *ALWAYS]:
            self.agree(one, limit, offset, None)

    @rule(data=st.data(), wanted=wishes, limit=st.integers(1, 9))
    def by_cursor(self, data, wanted, limit):
        self.follow()
        known = [*self.list.listed, *(row_id for _, row_id in self.list.deleted)]
        some = st.sampled_from(known) if known else st.nothing()
        cursor = data.draw(some | st.uuids().map(str))
        for one in [wanted, *ALWAYS]:
            self.agree(one, limit, 0, cursor)

    def agree(self, wanted, limit, offset, starting_after):
        named = self.list.of(wanted, 10**9)
        for page in (
            self.index.page(wanted, limit, offset, starting_after),
            self.index.among(named, wanted, limit, offset, starting_after),
        ):
            assert (page.ids, page.total, page.has_more) == self.list.page(wanted, limit, offset, starting_after)

    @invariant()
    def what_searches_found_stays_within_its_room(self):
        assert self.searches.nbytes <= 3_000


Indexed.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_the_index_says_what_the_list_says = Indexed.TestCase


@given(
    st.lists(st.sampled_from(["ab", "x"]), min_size=8, max_size=24),
    st.lists(st.tuples(st.integers(0, 23), statuses | st.just("deleted")), min_size=1, max_size=12),
)
def test_what_was_searched_is_counted_by_the_states_of_now(agents, changes):
    listed, index = PlainList(), Index(Searches(), 4)
    for agent in agents:
        listed.insert(agent, "c")
    asked = [Wanted(part=b"ab", status=status) for status in (None, *STATUSES.values())]
    for place, status in [(0, "processing"), *changes]:
        ids = sorted(listed.listed)
        if ids and status == "deleted":
            listed.delete(ids[place % len(ids)])
        elif ids:
            listed.change(ids[place % len(ids)], status=status)
        since = index.revision
        index.apply(listed.changed(since, 10**9), listed.gone(since, 10**9), listed.revision())
        for wanted in asked:
            page = index.page(wanted, 1)
            assert (page.ids, page.total, page.has_more) == listed.page(wanted, 1)


@given(st.text())
def test_ids_are_folded_as_the_contract_says(text):
    assert folded(text) == unicodedata.normalize("NFC", text).casefold()


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=90), min_size=1),
    st.data(),
)
def test_an_id_is_found_by_any_part_of_it_and_by_itself(ids, data):
    listed, index = PlainList(), Index(Searches())
    for text in ids:
        listed.insert(text, "c")
    index.apply(listed.changed(0, 10**9), [], listed.revision())
    whole = data.draw(st.sampled_from(ids))
    begin = data.draw(st.integers(0, len(whole) - 1))
    part = whole[begin : data.draw(st.integers(begin + 1, len(whole)))]
    for wanted in (Wanted(part=folded(part).encode()), Wanted(agent=whole.encode())):
        page = index.page(wanted, 1000)
        assert (page.ids, page.total, page.has_more) == listed.page(wanted, 1000)


@given(st.integers(1, 40), st.text("ab", max_size=2), st.integers(0, 3))
def test_a_part_is_found_wherever_it_stands(width, before, zeros):
    listed, index = PlainList(), Index(Searches())
    for place in range(width):
        listed.insert(f"{before}{'0' * place}1{'0' * (width - 1 - place)}", "c")
    index.apply(listed.changed(0, 10**9), [], listed.revision())
    for part in ("0" * zeros + "1", "1" + "0" * zeros):
        page = index.page(Wanted(part=part.encode()), 1000)
        assert page.total == max(0, width - zeros)
        assert (page.ids, page.total, page.has_more) == listed.page(Wanted(part=part.encode()), 1000)


def test_a_change_of_a_row_that_was_never_added_is_no_silent_gap():
    listed, index = PlainList(), Index(Searches())
    missed = listed.insert("a", "c")
    index.extend([listed.listed[listed.insert("a", "c")].row])
    listed.change(missed, status="failed")
    with pytest.raises(KeyError):
        index.apply(listed.changed(2, 10), [], listed.revision())


def test_one_index_never_takes_what_another_found_for_its_own():
    searches = Searches()
    one, other = (Index(searches, 2) for _ in range(2))
    for index, agent in ((one, "agent"), (other, "robot")):
        listed = PlainList()
        for _ in range(4):
            listed.insert(agent, "c")
        index.apply(listed.changed(0, 10), [], 4)
    for _ in range(2):
        assert [index.page(Wanted(part=b"agent"), 10).total for index in (one, other)] == [4, 0]


def test_a_row_of_usual_ids_takes_at_most_56_bytes_and_a_short_list_little():
    listed = shaped(70_000)
    index = Index(Searches())
    index.extend(listed.rows("", 65_536))
    assert index.nbytes <= 56 * 65_536
    index.extend(listed.rows(index.last, 100))
    assert index.nbytes <= 56 * (65_536 + 256)


def test_one_long_id_costs_its_own_length_and_not_that_of_every_row():
    index, listed = Index(Searches()), PlainList()
    for number in range(5_000):
        listed.insert("agent", "🙂" * 255 if number == 2_500 else "c")
    index.extend(listed.rows("", 10**9))
    assert index.nbytes < 60 * 8_192


def test_deleted_ids_are_in_no_column_and_a_list_of_deleted_rows_takes_no_memory():
    index, listed = Index(Searches(), 300), PlainList()
    secret = listed.insert("secret agent", "Secret Contact" * 9)
    for _ in range(900):
        listed.insert("a", "c")
    index.apply(listed.changed(0, 10**9), [], listed.revision())
    listed.delete(secret)
    index.apply([], listed.gone(901, 10), listed.revision())
    columns = [text for segment in index.segments for text in segment.texts]
    assert all(b"secret" not in text.letters.T.tobytes().lower() for text in columns)
    assert not any(text.long for text in columns)
    before = index.nbytes
    for row_id in sorted(listed.listed)[:600]:
        listed.delete(row_id)
    index.apply([], listed.gone(902, 10**9), listed.revision())
    assert index.nbytes < before / 2


def test_an_id_is_ordered_and_told_apart_by_its_upper_half():
    listed = PlainList()
    ids = [listed.insert("a", "c") for _ in range(5_000)]
    assert [key(row_id) for row_id in ids] == sorted({key(row_id) for row_id in ids})
    assert isinstance(listed.listed[ids[0]].row, Row)
