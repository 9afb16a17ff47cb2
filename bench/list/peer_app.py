"""What it is compared with: a list as the documentation of fastapi-pagination shows it, on the same file.

FastAPI, SQLAlchemy's ORM with a session a request, `LimitOffsetPage`, pydantic models, uvicorn with one process. It
looks nobody's key up: the account is in the environment. Documents are loaded for the shown rows alone
(`selectinload`), which keeps far offsets from reading them. Run in `.venv-bench`; FILE and ACCOUNT come from the
environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from fastapi_pagination import LimitOffsetPage, add_pagination
from fastapi_pagination.customization import CustomizedPage, UseParamsFields
from fastapi_pagination.ext.sqlalchemy import paginate
from pydantic import BaseModel
from sqlalchemy import JSON, ForeignKey, create_engine, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload, sessionmaker

sessions = sessionmaker(create_engine(f"sqlite:///{os.environ['FILE']}"))
app = FastAPI()


class Base(DeclarativeBase):
    """All tables."""


class Document(Base):
    """The finished analysis as JSON."""

    __tablename__ = "documents"
    analysis_id: Mapped[str] = mapped_column(ForeignKey("analyses.id"), primary_key=True)
    full: Mapped[dict[str, Any]] = mapped_column(JSON)


class Analysis(Base):
    """A row of the list."""

    __tablename__ = "analyses"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    livemode: Mapped[bool]
    created: Mapped[int]
    status: Mapped[str]
    agent_id: Mapped[str]
    contact_id: Mapped[str]
    duration_ms: Mapped[int]
    size_bytes: Mapped[int]
    format: Mapped[str]
    completed_at: Mapped[str | None]
    error_message: Mapped[str | None]
    document: Mapped[Document | None] = relationship()


class Item(BaseModel):
    """An analysis as it is answered."""

    id: str
    object: str = "analysis"
    created: int
    status: str
    livemode: bool
    call: dict[str, Any]
    audio: dict[str, Any]
    transcript: dict[str, Any] | None = None
    results: dict[str, Any] | None = None
    metadata: dict[str, Any]


Page = CustomizedPage[LimitOffsetPage, UseParamsFields(limit=Query(100, ge=1, le=1000))]


def _session() -> Iterator[Session]:
    with sessions() as session:
        yield session


def _shown(rows: Sequence[Analysis]) -> list[Item]:
    return [_item(row) for row in rows]


def _item(row: Analysis) -> Item:
    document = row.document.full if row.document else {}
    return Item(
        id=row.id,
        created=row.created,
        status=row.status,
        livemode=row.livemode,
        call={"agent_id": row.agent_id, "contact_id": row.contact_id, "duration_ms": row.duration_ms},
        audio={"size_bytes": row.size_bytes, "format": row.format},
        transcript=document.get("transcript"),
        results=document.get("results"),
        metadata={"completed_at": row.completed_at, "error_message": row.error_message},
    )


@app.get("/api/v1/analysis/")
def list_analyses(
    session: Annotated[Session, Depends(_session)],
    status_filter: str | None = None,
    agent_id: str | None = None,
    contact_id: str | None = None,
    search: str | None = None,
) -> Page[Item]:
    asked = select(Analysis).where(Analysis.user_id == os.environ["ACCOUNT"], Analysis.livemode)
    if status_filter is not None:
        asked = asked.where(Analysis.status == status_filter)
    if agent_id is not None:
        asked = asked.where(Analysis.agent_id == agent_id)
    if contact_id is not None:
        asked = asked.where(Analysis.contact_id == contact_id)
    if search:
        either = (column.icontains(search, autoescape=True) for column in (Analysis.agent_id, Analysis.contact_id))
        asked = asked.where(or_(*either))
    asked = asked.options(selectinload(Analysis.document)).order_by(Analysis.id.desc())
    return paginate(session, asked, transformer=_shown)


add_pagination(app)
