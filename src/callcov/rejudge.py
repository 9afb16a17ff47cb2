"""Judging completed analyses again: read in chunks, judged in a child, put back in one transaction a chunk.

Nothing is held while a child works. A change takes the place of what was read, so of two that judge the same analysis
at once one wins and the other looks again; an analysis deleted meanwhile stays deleted. Sound and vectors that change
get new keys, which become the analysis's in the same transaction as its documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from callcov import checks, judging
from callcov.checks.policy import Policy
from callcov.children import Children, Task
from callcov.document import Documents, figures_of, rejudged, results_of
from callcov.errors import Conflict, NotFound
from callcov.judging import Call, Verdict
from callcov.store import analyses, audit, judgements, policies
from callcov.store.analyses import Filters
from callcov.store.audit import Entry
from callcov.store.blobs import Blobs
from callcov.store.db import Database
from callcov.store.judgements import Change, Judgement, Stored
from callcov.store.times import iso

_CALLS = 50
_MILLISECONDS = 2 * 3600 * 1000  # of recordings in a chunk: what is held in memory, and what another caller waits for
# For so much sound, and as many times that as a longer call has: one whose vectors all have to be made takes a minute
# or two.
_SECONDS = 600.0
_SOUND_SECONDS = 1800.0
_TRIES = 5
_EXAMPLES = 5
REJUDGE, ROLES = "analysis.rejudge", "analysis.roles"
"""What the audit log calls it; judging again that changes nothing leaves no line."""


@dataclass(frozen=True, slots=True)
class Owner:
    """An account in one of its modes, and who asks for it from where, as the audit log names them."""

    user_id: str
    livemode: bool
    who: str = audit.OPERATOR
    address: str | None = None


@dataclass(slots=True)
class Moved:
    """Calls whose flag of one field changed: how many each way, and the first few of them."""

    to_flagged: int = 0
    to_clear: int = 0
    examples: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Tally:
    """How many calls were judged, and what changed by field."""

    calls: int = 0
    fields: dict[str, Moved] = field(default_factory=dict[str, Moved])

    def add(self, verdict: Verdict) -> None:
        """Count one call."""
        self.calls += 1
        for name in verdict.before ^ verdict.after:
            moved = self.fields.setdefault(name, Moved())
            moved.to_flagged += name in verdict.after
            moved.to_clear += name in verdict.before
            if len(moved.examples) < _EXAMPLES:
                moved.examples.append(verdict.id)

    def changed(self) -> dict[str, dict[str, Any]]:
        """The fields that changed for any call, as the contract shows them, in the order of `checks.FLAGS`."""
        return {name: asdict(self.fields[name]) for name in checks.FLAGS if name in self.fields}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A change with the objects that were written for it, and those that nobody needs once it is done."""

    change: Change
    fresh: tuple[str, ...]
    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judges:
    """Who judges again: the store, and children that `judging.equip` has prepared."""

    database: Database
    blobs: Blobs
    children: Children

    def one(
        self, owner: Owner, analysis_id: str, now: datetime, agent: str | None = None, tally: Tally | None = None
    ) -> str:
        """Judge an analysis by the account's policy, with that speaker as the agent if one is named.

        Gives its full document, placeholder unfilled. Raises NotFound, and Conflict when it is not completed.
        """
        for _ in range(_TRIES):
            with self.database.read() as connection:
                row = analyses.get(connection, owner.user_id, owner.livemode, analysis_id)
            if row is None:
                raise NotFound("Analysis not found")
            if row.status != analyses.COMPLETED:
                raise Conflict(f"The analysis is not completed but {row.status}")
            done, _ = self._chunk(owner, [analysis_id], now, agent)
            for verdict, full in done:
                if tally:
                    tally.add(verdict)
                return full
        raise Conflict("The analysis keeps being changed by others; try again")

    def account(self, owner: Owner, now: datetime, tally: Tally) -> Iterator[None]:
        """Judge every completed analysis of an account by its policy, newest first, a chunk a step.

        One that others keep changing is left to them: whoever changes an analysis judges it by the same policy.
        """
        for ids in self._chunks(owner, Filters(), None):
            left: Sequence[str] = ids
            for _ in range(_TRIES):
                done, left = self._chunk(owner, left, now)
                for verdict, _ in done:
                    tally.add(verdict)
                if not left:
                    break
            yield

    def backtest(self, owner: Owner, policy: Policy, filters: Filters, limit: int, tally: Tally) -> Iterator[None]:
        """Count what would change if the policy were the account's, a chunk a step; nothing is stored."""
        for ids in self._chunks(owner, filters, limit):
            with self.database.read() as connection:
                found = judgements.stored(connection, owner.user_id, owner.livemode, ids, whole=False)
            for verdict in self._judged(owner, policy, found, None, keep=False):
                tally.add(verdict)
            yield

    def _chunks(self, owner: Owner, filters: Filters, limit: int | None) -> Iterator[list[str]]:
        """Ids of completed analyses, newest first, in chunks of bounded size."""
        before: str | None = None
        while limit is None or limit > 0:
            most = _CALLS if limit is None else min(_CALLS, limit)
            with self.database.read() as connection:
                found = judgements.completed(connection, owner.user_id, owner.livemode, filters, most, before)
            if not found:
                return
            yield from _grouped(found)
            before = found[-1][0]
            limit = None if limit is None else limit - len(found)

    def _chunk(
        self, owner: Owner, ids: Sequence[str], now: datetime, agent: str | None = None
    ) -> tuple[list[tuple[Verdict, str]], list[str]]:
        """Judge some analyses: the verdicts that hold with their documents, and the ids of those changed meanwhile."""
        with self.database.read() as connection:
            policy = policies.current(connection, owner.user_id)
            found = judgements.stored(connection, owner.user_id, owner.livemode, ids, whole=True)
        verdicts = self._judged(owner, policy, found, agent, keep=True)
        both = tuple(zip(found, verdicts, strict=True))
        planned = {verdict.id: self._planned(owner, stored, verdict, policy, now) for stored, verdict in both}
        if not policy.keep_original:
            self._end_originals(owner, found)
        entry = Entry(owner.who, ROLES if agent else REJUDGE, "analysis", "", now, owner.address, owner.livemode)
        done = self._put(owner, [one for one in planned.values() if one], entry)
        held: list[tuple[Verdict, str]] = []
        lost: list[str] = []
        for stored, verdict in both:
            plan = planned[verdict.id]
            if plan and verdict.id not in done:
                lost.append(verdict.id)
            else:
                held.append((verdict, (plan and plan.change.full) or stored.full or ""))
        return held, lost

    def _judged(
        self, owner: Owner, policy: Policy, found: Sequence[Stored], agent: str | None, *, keep: bool
    ) -> list[Verdict]:
        if not found:
            return []
        judged_by = {version: policy.model_dump_json() for version, policy in self._policies(owner, found).items()}
        calls = tuple(
            Call(
                id=one.row.id,
                transcript=one.transcript,
                results=_newest(one).results,
                policy=judged_by[_newest(one).policy_version],
                checks_version=_newest(one).checks_version,
                vectors_key=one.row.vectors_key,
                direction=one.row.call_direction,
                agent=agent,
                owner=owner.user_id,
            )
            for one in found
        )
        task = Task(partial(judging.do_judge, keep=keep), (policy.model_dump_json(), calls), _limit(_SECONDS, found))
        (verdicts,) = self.children.run("judging", [task])
        return verdicts

    def _policies(self, owner: Owner, found: Sequence[Stored]) -> dict[str, Policy]:
        """The policies that what is shown of those was judged by, by their versions."""
        versions = {_newest(one).policy_version for one in found}
        with self.database.read() as connection:
            return {version: policies.version(connection, owner.user_id, int(version)) for version in versions}

    def _end_originals(self, owner: Owner, found: Sequence[Stored]) -> None:
        """Remove the unmasked recordings that the policies before kept.

        Before anything says that these calls were judged by one that keeps none: what a kill or a store that is away
        left would be found by nobody.
        """
        judged_by = self._policies(owner, found)
        for one in found:
            if judged_by[_newest(one).policy_version].keep_original:
                self.blobs.delete(one.row.blob_key)

    def _planned(
        self, owner: Owner, stored: Stored, verdict: Verdict, policy: Policy, now: datetime
    ) -> _Planned | None:
        """What has to be stored; None when nothing changed."""
        row, old = stored.row, _newest(stored, verdict.agent_before)
        new = replace(
            old,
            policy_version=str(policy.version),
            checks_version=verdict.checks_version,
            agent_speaker=verdict.agent,
            results=verdict.results,
        )
        added = () if new == old else (replace(new, number=old.number + 1, judged_at=iso(now)),)
        if not (added or verdict.transcript or verdict.vectors_key):
            return None
        row = row._replace(policy_version=new.policy_version, checks_version=new.checks_version)
        documents = Documents(stored.full or "", stored.light)
        if added or verdict.shown:
            documents = rejudged(row, documents, verdict.results, verdict.shown)
        change = Change(
            analysis_id=row.id,
            revision=row.revision,
            policy_version=new.policy_version,
            checks_version=new.checks_version,
            masked_key=row.masked_key,
            vectors_key=verdict.vectors_key or row.vectors_key,
            judgements=added if stored.newest else (old, *added),
            figures=figures_of(orjson.loads(verdict.results), verdict.after),
            full=documents.full,
            light=documents.light,
            transcript=verdict.transcript,
        )
        if verdict.masked:
            change = self._hidden(owner, stored, change, policy)
        before, after = (row.masked_key, row.vectors_key), (change.masked_key, change.vectors_key)
        return _Planned(change, fresh=_only(after, before), stale=_only(before, after))

    def _hidden(self, owner: Owner, stored: Stored, change: Change, policy: Policy) -> Change:
        """The change with the words that are masked now gone from the earlier judgements and from the sound."""
        row = stored.row
        with self.database.read() as connection:
            kept = judgements.of_analysis(connection, owner.user_id, owner.livemode, row.id)
        earlier = kept or change.judgements[:1]
        arguments = (
            stored.transcript,
            change.transcript,
            [one.results for one in earlier],
            row.masked_key,
            policy.mask,
        )
        task = Task(judging.do_hide, (*arguments, owner.user_id), _limit(_SOUND_SECONDS, [stored]))
        (hidden,) = self.children.run("judging", [task])
        told = [replace(one, results=results) for one, results in zip(earlier, hidden.results, strict=True)]
        new = change.judgements if kept else change.judgements[1:]
        return replace(change, masked_key=hidden.masked_key, judgements=(*told, *new), rewritten=True)

    def _put(self, owner: Owner, planned: Sequence[_Planned], entry: Entry) -> frozenset[str]:
        """Store the changes of what is still as it was read, each with the entry in the log; gives the ids of those."""
        if not planned:
            return frozenset()
        with self.database.write() as connection:
            changes = [one.change for one in planned]
            done = judgements.replace(connection, owner.user_id, owner.livemode, changes)
            lines = [replace(entry, object_id=analysis_id) for analysis_id in sorted(done)]
            audit.write(connection, owner.user_id, *lines)
        for one in planned:
            for key in one.stale if one.change.analysis_id in done else one.fresh:
                self.blobs.delete(key)
        return done


def _grouped(found: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    """Ids with their milliseconds in groups that stay below the limit; a longer call is alone."""
    group: list[str] = []
    length = 0
    for analysis_id, milliseconds in found:
        if group and length + milliseconds > _MILLISECONDS:
            yield group
            group, length = [], 0
        group.append(analysis_id)
        length += milliseconds
    if group:
        yield group


def _limit(seconds: float, found: Sequence[Stored]) -> float:
    """Seconds that a task on those analyses may take, when it is so many for a chunk of short calls."""
    return seconds * max(1.0, sum(one.row.duration_ms for one in found) / _MILLISECONDS)


def _newest(stored: Stored, agent: str | None = None) -> Judgement:
    """The judgement that is shown; one from before judgements were kept is in the document, without its agent."""
    if stored.newest:
        return stored.newest
    row = stored.row
    return Judgement(
        number=1,
        policy_version=row.policy_version or "",
        checks_version=row.checks_version or "",
        judged_at=row.completed_at or "",
        agent_speaker=agent,
        results=results_of(stored.full or ""),
    )


def _only(keys: Sequence[str | None], others: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(key for key in keys if key and key not in others)
