"""What the list and the insights can be narrowed to, as clients say it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from fastapi import Depends, Query

from callcov.api.moments import Bound
from callcov.store.analyses import Filters

Status = Literal["processing", "completed", "failed"]
# `checks.FLAGS`, which a test holds.
Flag = Literal[
    "identity_verification",
    "mandatory_disclosures",
    "purpose_declaration",
    "prohibited_phrases",
    "sensitive_data",
    "greeting",
    "silence",
    "speaking_rate",
    "call_structure",
    "customer_effort_score",
]


# It only looks: `async`, or else FastAPI hands it to a thread and waits for it.
async def _filters(
    status_filter: Annotated[Status | None, Query(description="Only analyses of this status.")] = None,
    agent_id: Annotated[str | None, Query(description="Only this agent, exactly.")] = None,
    contact_id: Annotated[str | None, Query(description="Only this contact, exactly.")] = None,
    search: Annotated[str | None, Query(description="Part of agent_id or contact_id, in any case.")] = None,
    created_after: Annotated[
        Bound | None, Query(description="Only analyses created then or later; Unix seconds or ISO 8601.")
    ] = None,
    created_before: Annotated[Bound | None, Query(description="Only analyses created before then; the same.")] = None,
    flagged: Annotated[Flag | None, Query(description="Only analyses in which this field is flagged.")] = None,
) -> Filters:
    after = None if created_after is None else math.ceil(created_after.timestamp())
    before = None if created_before is None else math.ceil(created_before.timestamp())
    return Filters(status_filter, agent_id, contact_id, search, after, before, flagged)


Narrowed = Annotated[Filters, Depends(_filters)]
