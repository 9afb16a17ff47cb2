"""What is asked: the fifteen questions, and 1,000 records at once; what is right; which pages are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from shape import AGENTS, STATUSES, Shape, agent_of, contact_of

DRIFT = 5_000
"""Calls that may arrive while a page is measured: it then shows rows that were that much newer."""


@dataclass(frozen=True)
class Case:
    """One question. `others` are searches of the same kind, to be asked once each: nobody has looked for them yet."""

    name: str
    status: str | None = None
    agent: str | None = None
    contact: str | None = None
    search: str | None = None
    offset: int = 0
    limit: int = 100
    others: tuple[str, ...] = ()

    def holds(self, status: str, agent: str, contact: str) -> bool:
        """Whether an analysis matches; all ids here are ASCII in lower case."""
        return (
            self.status in {None, status}
            and self.agent in {None, agent}
            and self.contact in {None, contact}
            and (self.search is None or self.search in agent or self.search in contact)
        )


LARGE = "1,000 records"
"""The one question beside the fifteen."""


def cases(shape: Shape) -> tuple[Case, ...]:
    """The questions, for an account of that shape: the contact is that of the call in its middle."""
    mine = shape.mine
    count, contact = len(mine), contact_of(int(shape.contact[mine[len(mine) // 2]]))
    agent = agent_of(123 % AGENTS)
    return (
        Case("first page"),
        Case("completed", status="completed"),
        Case("failed", status="failed"),
        Case("one agent", agent=agent),
        Case("one agent, failed", agent=agent, status="failed"),
        Case("one contact", contact=contact),
        Case("search agent_0", search="agent_0", others=("gent_0", "ent_0", "nt_0", "t_0")),
        Case("search customer", search="customer", others=("ustomer", "stomer", "tomer", "omer")),
        Case("search 123456", search="123456", others=("234567", "345678", "456789", "567890")),
        Case("search 12", search="12", others=("34", "56", "78", "91")),
        Case("search without a match", search="zzzz", others=("qqqq", "xxxx", "wwww", "vvvv")),
        Case("search 12, failed", search="12", status="failed", others=("23", "45", "67", "89", "80")),
        Case("offset at a fifth", offset=count // 5),
        Case("offset at four fifths", offset=count * 4 // 5),
        Case("offset at four fifths, completed", status="completed", offset=count * 4 // 5),
        Case(LARGE, limit=1_000),
    )


class _Ids:
    """The ids of all rows, each looked at once."""

    def __init__(self, numbers: np.ndarray, named: Callable[[int], str]) -> None:
        different, self._which = np.unique(numbers, return_inverse=True)
        self._texts = [named(number) for number in different.tolist()]

    def where(self, matches: Callable[[str], bool]) -> np.ndarray:
        """Which rows have an id that does."""
        return np.array([matches(text) for text in self._texts], np.bool_)[self._which]


class Answers:
    """What is right for the rows as they were loaded: places in the account (0 is the oldest) that match."""

    def __init__(self, shape: Shape) -> None:
        self._mine = shape.mine
        self._agent, self._contact = (
            _Ids(shape.agent[self._mine], agent_of),
            _Ids(shape.contact[self._mine], contact_of),
        )
        self._status = shape.status[self._mine]

    def places(self, case: Case) -> np.ndarray:
        """The places of the rows that match, newest first."""
        found = np.ones(len(self._mine), np.bool_)
        if case.status is not None:
            found &= self._status == STATUSES.index(case.status)
        if case.agent is not None:
            found &= self._agent.where(case.agent.__eq__)
        if case.contact is not None:
            found &= self._contact.where(case.contact.__eq__)
        if case.search is not None:
            part = case.search
            found &= self._agent.where(lambda text: part in text) | self._contact.where(lambda text: part in text)
        return np.flatnonzero(found)[::-1]

    def read(self, asked: tuple[Case, ...]) -> tuple[np.ndarray, dict[str, int]]:
        """The rows of the shape whose documents the pages show, and the total of each case."""
        pages, totals = list[np.ndarray](), dict[str, int]()
        for case in asked:
            for search in (case.search, *case.others):
                places = self.places(case if search == case.search else _searching(case, search))
                if search == case.search:
                    totals[case.name] = len(places)
                pages.append(places[max(0, case.offset - DRIFT) : case.offset + case.limit])
        shown = np.unique(np.concatenate(pages)) if pages else np.zeros(0, np.intp)
        return self._mine[shown], totals


def _searching(case: Case, search: str) -> Case:
    return Case(case.name, status=case.status, search=search)


def searching(case: Case) -> tuple[Case, ...]:
    """The case and its others, one after the other; nothing for a case that does not search.

    What is found does not hang on the status, so a case with one begins with its others: its own part was asked before.
    """
    if not case.search:
        return ()
    first = () if case.status else (case,)
    return (*first, *(_searching(case, other) for other in case.others))
