"""The list against a list in plain Python, over random histories of two accounts in two modes."""

import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from store_samples import LIVE, NOON, TEST, change, figures, finished, submission

from callcov.errors import Conflict, NotFound
from callcov.store import analyses, documents, judgements, listing
from callcov.store.analyses import Filters
from callcov.store.tables import FLAGS
from callcov.store.times import iso

# Characters that databases and folding disagree about, and few of them, so that ids meet.
TEXT = st.text("aA%_\\/'İiß\N{KELVIN SIGN}k\N{COMBINING ACUTE ACCENT}e🙂", max_size=4)
NAME = TEXT.filter(bool)
OWNER = st.sampled_from([("first", LIVE), ("first", TEST), ("second", LIVE)])
ANY = st.integers(min_value=0, max_value=10**6)
CLOCK = st.integers(min_value=-10, max_value=10)
FLAGGED = st.frozensets(st.sampled_from(FLAGS[:2]))
SECOND = st.integers(int(NOON.timestamp()) - 12, int(NOON.timestamp()) + 12)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["processing", "completed", "failed"]),
        "agent_id": TEXT,
        "contact_id": TEXT,
        "search": TEXT,
        "created_after": SECOND,
        "created_before": SECOND,
        "flagged": st.sampled_from(FLAGS[:2]),
    },
)


@dataclass(frozen=True)
class Known:
    """What the model knows of one analysis."""

    id: str
    agent: str
    contact: str
    created: int
    status: str = "processing"
    stage: str = "accepted"
    attempt: int = 1
    document: str | None = None
    flags: frozenset[str] = frozenset()


def fold(text):
    return unicodedata.normalize("NFC", text).casefold()


def wanted(known, filters):
    search = fold(filters.get("search", ""))
    return (
        filters.get("status", known.status) == known.status
        and filters.get("agent_id", known.agent) == known.agent
        and filters.get("contact_id", known.contact) == known.contact
        and (search in fold(known.agent) or search in fold(known.contact))
        and filters.get("created_after", known.created) <= known.created < filters.get("created_before", 2**40)
        and ("flagged" not in filters or filters["flagged"] in known.flags)
    )


class History(RuleBasedStateMachine):
    def __init__(self, database_once):
        super().__init__()
        self.once = database_once

    @initialize(taken=st.lists(st.tuples(OWNER, NAME, NAME, CLOCK, st.none() | FLAGGED), min_size=3, max_size=8))
    def begin(self, taken):
        """Some calls from the beginning, of which some have ended: the rules alone hardly ever get so far."""
        self.database, first = self.once()
        _, second = self.once()
        self.users = {"first": first, "second": second}
        self.lists = {("first", LIVE): [], ("first", TEST): [], ("second", LIVE): []}  # in order of acceptance
        self.changes = dict.fromkeys(self.lists, 0)
        self.written = 0
        self.made = []  # every id, whosever it is and whether it is still there or not
        for owner, agent, contact, clock, flags in taken:
            self.accept(owner, agent, contact, clock)
            if flags is not None:
                self.work(owner, len(self.lists[owner]) - 1, behind=False, end="finish", flags=flags)

    def pick(self, owner, number):
        """Some analysis of that owner, its place, and the owner's id; None when there is none yet."""
        known = self.lists[owner]
        return (number % len(known), known[number % len(known)]) if known else None

    def change(self, owner, place, **values):
        self.lists[owner][place] = replace(self.lists[owner][place], **values)
        self.changes[owner] += 1

    @rule(owner=OWNER, agent=NAME, contact=NAME, clock=CLOCK)
    def accept(self, owner, agent, contact, clock):
        now = NOON + timedelta(seconds=clock)
        with self.database.write() as connection:
            row = analyses.accept(connection, self.users[owner[0]], owner[1], submission(agent, contact), now)
        self.lists[owner].append(Known(row.id, agent, contact, row.created))
        self.made.append(row.id)
        self.changes[owner] += 1

    @rule(
        owner=OWNER,
        number=ANY,
        behind=st.booleans(),
        end=st.sampled_from(["stage", "finish", "fail"]),
        flags=FLAGGED,
    )
    def work(self, owner, number, behind, end, flags):
        picked = self.pick(owner, number)
        if picked is None:
            return
        place, known = picked
        user, attempt = self.users[owner[0]], known.attempt - behind
        self.written += 1
        name = f"document {self.written}"
        with self.database.write() as connection:
            if end == "stage":
                done = analyses.set_stage(connection, user, known.id, attempt, "judging")
                values = {"stage": "judging"}
            elif end == "finish":
                ended = finished(name, figures=figures(**dict.fromkeys(flags, 1)))
                done = analyses.finish(connection, user, known.id, attempt, ended)
                values = {"status": "completed", "stage": "done", "document": name, "flags": flags}
            else:
                done = analyses.fail(connection, user, known.id, attempt, "why", iso(NOON), 1)
                values = {"status": "failed"}
        assert done == (known.status == "processing" and not behind)
        if done:
            self.change(owner, place, **values)

    @rule(owner=OWNER, number=ANY)
    def retry(self, owner, number):
        picked = self.pick(owner, number)
        if picked is None:
            return
        place, known = picked
        try:
            with self.database.write() as connection:
                analyses.retry(connection, self.users[owner[0]], owner[1], known.id)
        except Conflict:
            assert known.status != "failed"
            return
        assert known.status == "failed"
        self.change(owner, place, status="processing", stage="accepted", attempt=known.attempt + 1)

    @rule(
        owner=OWNER,
        as_owner=OWNER,
        numbers=st.lists(ANY, min_size=1, max_size=3),
        late=st.booleans(),
        flags=FLAGGED,
    )
    def judge(self, owner, as_owner, numbers, late, flags):
        """Several at once; what is not completed, somebody else's or changed since it was read stays."""
        picked = {self.pick(owner, number) for number in numbers} - {None}
        self.written += 1
        name = f"document {self.written}"
        with self.database.read() as connection:
            rows = [analyses.get(connection, self.users[owner[0]], owner[1], known.id) for _, known in picked]
        values = {"judgements": (), "figures": figures(**dict.fromkeys(flags, 1))}
        changes = [change(row._replace(revision=row.revision - late), name, **values) for row in rows]
        with self.database.write() as connection:
            done = judgements.replace(connection, self.users[as_owner[0]], as_owner[1], changes)
        mine = owner == as_owner and not late
        assert done == {known.id for _, known in picked if mine and known.status == "completed"}
        for place, known in picked:
            if known.id in done:
                self.lists[owner][place] = replace(known, document=name, flags=flags)
        self.changes[owner] += bool(done)

    @rule(owner=OWNER, as_owner=OWNER, number=ANY)
    def delete(self, owner, as_owner, number):
        """By its owner it is gone; by anybody else, or in the other mode, nothing happens."""
        picked = self.pick(owner, number)
        if picked is None:
            return
        place, known = picked
        try:
            with self.database.write() as connection:
                analyses.delete(connection, self.users[as_owner[0]], as_owner[1], known.id)
        except NotFound:
            assert owner != as_owner
            return
        assert owner == as_owner
        del self.lists[owner][place]
        self.changes[owner] += 1

    @rule(
        owner=OWNER,
        filters=FILTERS,
        limit=st.integers(1, 8),
        offset=st.integers(0, 8),
        after=st.none() | ANY,
        expand=st.booleans(),
    )
    def look(self, owner, filters, limit, offset, after, expand):
        """By offset, or by a cursor that is any id there ever was."""
        cursor = self.made[after % len(self.made)] if after is not None and self.made else None
        self.compare(owner, filters, limit, 0 if cursor else offset, cursor, expand=expand)

    def teardown(self):
        """In the end by each flag, second and cursor alone: what many filters at once leave is hardly ever anything."""
        for owner, listed in self.lists.items():
            times = [{name: one.created} for name in ("created_after", "created_before") for one in listed]
            for filters in [*times, *({"flagged": name} for name in FLAGS[:2])]:
                self.compare(owner, filters, 8)
            for cursor in self.made:
                self.compare(owner, {}, 2, cursor=cursor)

    def compare(self, owner, filters, limit, offset=0, cursor=None, *, expand=True):
        matching = [known for known in reversed(self.lists[owner]) if wanted(known, filters)]
        following = [known for known in matching if cursor is None or known.id < cursor]
        asked = Filters(**filters), limit, offset, expand, cursor
        with self.database.read() as connection:
            page = listing.page(connection, self.users[owner[0]], owner[1], *asked)
            assert analyses.revision(connection, self.users[owner[0]], owner[1]) == self.changes[owner]
        assert [self.shown(item) for item in page.items] == [
            known.document or (known.id, known.status, known.stage, known.attempt)
            for known in following[offset : offset + limit]
        ]
        assert page.total == len(matching)
        assert page.has_more == (offset + limit < len(following))

    @staticmethod
    def shown(item):
        if isinstance(item, bytes):
            return next(iter(json.loads(item).values()))
        return (item.id, item.status, item.stage, item.attempt)

    @rule(owner=OWNER, as_owner=OWNER, number=ANY)
    def get(self, owner, as_owner, number):
        picked = self.pick(owner, number)
        if picked is None:
            return
        _, known = picked
        with self.database.read() as connection:
            row = analyses.get(connection, self.users[as_owner[0]], as_owner[1], known.id)
            text = documents.full(connection, self.users[as_owner[0]], as_owner[1], known.id)
        if owner == as_owner:
            assert (row.id, row.status, row.attempt) == (known.id, known.status, known.attempt)
            assert (text and json.loads(text)["full"]) == known.document
        else:
            assert (row, text) == (None, None)


def test_the_list_is_what_a_plain_list_would_be_after_any_history(database_once):
    run_state_machine_as_test(
        lambda: History(database_once), settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )
