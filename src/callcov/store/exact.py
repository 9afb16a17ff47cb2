"""Comparing with text that a client sent."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def equal(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """That the column is exactly that text. No row holds a NUL, and PostgreSQL refuses to compare one."""
    return sa.false() if "\0" in text else column == text


class Containing(FunctionElement[bool]):
    """`Containing(column, text)`: that the column has exactly that text somewhere.

    Not by LIKE, in which SQLite takes U+FFFE and U+FFFF for U+FFFD.
    """

    inherit_cache = True
    type = sa.Boolean()


@compiles(Containing)
def _in_postgresql(element: Containing, compiler: SQLCompiler, **given: object) -> str:
    return f"strpos({compiler.process(element.clauses, **given)}) > 0"


@compiles(Containing, "sqlite")
def _in_sqlite(element: Containing, compiler: SQLCompiler, **given: object) -> str:
    return f"instr({compiler.process(element.clauses, **given)}) > 0"
