"""The answers of insights as the API document describes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from callcov.api.schemas import Exact


class Share(Exact):
    """A number of calls, and its share of those that could be judged; null when there are none."""

    count: int
    rate: float | None


class Effort(Exact):
    """Customer effort: the mean of the scores 1 to 5, and how many calls have each; 0 is too little said to judge."""

    mean: float | None
    distribution: dict[str, int]


class CustomerSentiment(Exact):
    """The customers' sentiment: the mean score, -1..1, and the share of each label among calls with a score."""

    score: float | None
    positive: Share
    neutral: Share
    negative: Share


class InterruptionFigures(Exact):
    """Interruptions counted, and their mean a call."""

    by_agent: int
    by_customer: int
    per_call: float | None


class Figures(Exact):
    """What completed calls add up to. Nothing is estimated."""

    calls: int = Field(description="Completed analyses.")
    judged_calls: int = Field(description="Those of them in a language that is judged; flags and effort are of these.")
    minutes: float = Field(description="Length of all recordings.")
    flags: dict[str, Share] = Field(description="By field that can be flagged.")
    effort: Effort
    sentiment: CustomerSentiment
    talk_ratio: float | None = Field(description="The agents' share of all speaking time, 0..1.")
    interruptions: InterruptionFigures


class Interval(Figures):
    """The figures of a day, a week from Monday, or a month; times are UTC."""

    start: str = Field(description="ISO 8601, UTC.")


class InsightsSummary(Figures):
    """The figures of all calls that match, and of each interval that has any."""

    object: Literal["insights"]
    series: list[Interval] | None = Field(description="Oldest first; null when no interval was asked for.")


class AgentFigures(Figures):
    """The figures of one agent."""

    agent_id: str


class AgentList(Exact):
    """A page of agents, most calls first."""

    object: Literal["list"]
    data: list[AgentFigures]
    has_more: bool = Field(description="Whether there are more agents after this page.")
    total: int = Field(description="Number of agents with a call that matches.")
