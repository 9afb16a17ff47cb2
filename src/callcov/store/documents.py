r"""Finished analyses as JSON text, ready to send: stored once, never decoded again to be listed.

A document carries one placeholder where the public address of the server goes. It is written with the escape `\/`,
which no JSON encoder produces after a letter or a colon, so nothing a client wrote can be mistaken for it, and the
stored text stays valid JSON.
"""

from __future__ import annotations

import json
from functools import lru_cache

import sqlalchemy as sa

from callcov.store.analyses import ROW, Analysis
from callcov.store.exact import equal
from callcov.store.sealed import opened
from callcov.store.tables import analyses, documents

PLACEHOLDER = r"callcov:\/\/public"
_PLACEHOLDER = PLACEHOLDER.encode()


def filled(document: str | bytes, public_url: str) -> bytes:
    """The document, a text or its UTF-8, with the public address of the server (no slash at its end) in its place."""
    return b"".join(pieces(document.encode() if isinstance(document, str) else document, public_url))


def pieces(document: bytes, public_url: str) -> list[bytes | memoryview]:
    """The same, as what is to be joined: so a page of many is copied once, and not read behind the placeholder."""
    place, whole = document.find(_PLACEHOLDER), memoryview(document)
    if place < 0:
        return [whole]
    return [whole[:place], _inside_text(public_url), whole[place + len(_PLACEHOLDER) :]]


@lru_cache(maxsize=8)
def _inside_text(plain: str) -> bytes:
    return json.dumps(plain)[1:-1].encode()


def full(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> str | None:
    """The whole analysis object, placeholder unfilled; None when it is missing, somebody else's or not completed."""
    return _one(connection, user_id, livemode, analysis_id, documents.c.full)


def light(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> str | None:
    """The object with transcript and results null, placeholder unfilled; None as in `full`."""
    return _one(connection, user_id, livemode, analysis_id, documents.c.light)


def transcript(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> str | None:
    """The masked Transcript as JSON, from which the results can be judged again; None as in `full`."""
    return _one(connection, user_id, livemode, analysis_id, documents.c.transcript)


def shown(connection: sa.Connection, user_id: str, livemode: bool, analysis_id: str) -> str | Analysis | None:
    """The whole document; the row of an analysis that has none yet; None when it is not there, as in `analyses.get`."""
    row = connection.execute(
        sa.select(*ROW, documents.c.full)
        .outerjoin(documents, documents.c.analysis_id == analyses.c.id)
        .where(equal(analyses.c.id, analysis_id), analyses.c.user_id == user_id, analyses.c.livemode == livemode)
    ).one_or_none()
    if row is None:
        return None
    return opened(connection, user_id, f"{analysis_id}/full", row.full) if row.full else Analysis(*tuple(row)[:-1])


def _one(
    connection: sa.Connection,
    user_id: str,
    livemode: bool,
    analysis_id: str,
    column: sa.Column[str],
) -> str | None:
    text = connection.scalar(
        sa.select(column)
        .join(analyses, analyses.c.id == documents.c.analysis_id)
        .where(equal(analyses.c.id, analysis_id), analyses.c.user_id == user_id, analyses.c.livemode == livemode)
    )
    return None if text is None else opened(connection, user_id, f"{analysis_id}/{column.name}", text)
