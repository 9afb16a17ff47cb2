"""Comparing with text that a client sent."""

from __future__ import annotations

import sqlalchemy as sa


def equal(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """That the column is exactly that text. No row holds a NUL, and PostgreSQL refuses to compare one."""
    return sa.false() if "\0" in text else column == text
