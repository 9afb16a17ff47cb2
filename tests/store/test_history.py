"""The list against a list in plain Python, over random histories of two accounts in two modes."""

import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from store_samples import LIVE, NOON, TEST, change, finished, submission

from callcov.errors import Conflict, NotFound
from callcov.store import analyses, documents, judgements, listing
from callcov.store.analyses import Filters
from callcov.store.times import iso

# Characters that databases and folding disagree about, and few of them, so that ids meet.
TEXT = st.text("aA%_\\/'İiß\N{KELVIN SIGN}k\N{COMBINING ACUTE ACCENT}e🙂", max_size=4)
NAME = TEXT.filter(bool)
OWNER = st.sampled_from([("first", LIVE), ("first", TEST), ("second", LIVE)])
ANY = st.integers(min_value=0, max_value=10**6)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["processing", "completed", "failed"]),
        "agent_id": TEXT,
        "contact_id": TEXT,
        "search": TEXT,
    },
)


@dataclass(frozen=True)
class Known:
    """What the model knows of one analysis."""

    id: str
    agent: str
    contact: str
    status: str = "processing"
    stage: str = "accepted"
    attempt: int = 1
    document: str | None = None


def fold(text):
    return unicodedata.normalize("NFC", text).casefold()


def wanted(known, filters):
    search = fold(filters.get("search", ""))
    return (
        filters.get("status", known.status) == known.status
        and filters.get("agent_id", known.agent) == known.agent
        and filters.get("contact_id", known.contact) == known.contact
        and (search in fold(known.agent) or search in fold(known.contact))
    )


class History(RuleBasedStateMachine):
    def __init__(self, database_once):
        super().__init__()
        self.once = database_once

    @initialize()
    def begin(self):
        self.database, first = self.once()
        _, second = self.once()
        self.users = {"first": first, "second": second}
        self.lists = {("first", LIVE): [], ("first", TEST): [], ("second", LIVE): []}  # in order of acceptance
        self.changes = dict.fromkeys(self.lists, 0)
        self.written = 0

    def pick(self, owner, number):
        """Some analysis of that owner, its place, and the owner's id; None when there is none yet."""
        known = self.lists[owner]
        return (number % len(known), known[number % len(known)]) if known else None

    def change(self, owner, place, **values):
        self.lists[owner][place] = replace(self.lists[owner][place], **values)
        self.changes[owner] += 1

    @rule(owner=OWNER, agent=NAME, contact=NAME, clock=st.integers(min_value=-10, max_value=10))
    def accept(self, owner, agent, contact, clock):
        now = NOON + timedelta(seconds=clock)
        with self.database.write() as connection:
            row = analyses.accept(connection, self.users[owner[0]], owner[1], submission(agent, contact), now)
        self.lists[owner].append(Known(row.id, agent, contact))
        self.changes[owner] += 1

    @rule(owner=OWNER, number=ANY, behind=st.booleans(), end=st.sampled_from(["stage", "finish", "fail"]))
    def work(self, owner, number, behind, end):
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
                done = analyses.finish(connection, user, known.id, attempt, finished(name))
                values = {"status": "completed", "stage": "done", "document": name}
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

    @rule(owner=OWNER, as_owner=OWNER, numbers=st.lists(ANY, min_size=1, max_size=3), late=st.booleans())
    def judge(self, owner, as_owner, numbers, late):
        """Several at once; what is not completed, somebody else's or changed since it was read stays."""
        picked = {self.pick(owner, number) for number in numbers} - {None}
        self.written += 1
        name = f"document {self.written}"
        with self.database.read() as connection:
            rows = [analyses.get(connection, self.users[owner[0]], owner[1], known.id) for _, known in picked]
        changes = [change(row._replace(revision=row.revision - late), name, judgements=()) for row in rows]
        with self.database.write() as connection:
            done = judgements.replace(connection, self.users[as_owner[0]], as_owner[1], changes)
        mine = owner == as_owner and not late
        assert done == {known.id for _, known in picked if mine and known.status == "completed"}
        for place, known in picked:
            if known.id in done:
                self.lists[owner][place] = replace(known, document=name)
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

    @rule(owner=OWNER, filters=FILTERS, limit=st.integers(1, 8), offset=st.integers(0, 8), expand=st.booleans())
    def look(self, owner, filters, limit, offset, expand):
        matching = [known for known in reversed(self.lists[owner]) if wanted(known, filters)]
        with self.database.read() as connection:
            page = listing.page(
                connection, self.users[owner[0]], owner[1], Filters(**filters), limit, offset, expand=expand
            )
            assert analyses.revision(connection, self.users[owner[0]], owner[1]) == self.changes[owner]
        assert [self.shown(item) for item in page.items] == [
            known.document or (known.id, known.status, known.stage, known.attempt)
            for known in matching[offset : offset + limit]
        ]
        assert page.total == len(matching)
        assert page.has_more == (offset + limit < len(matching))

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
