"""What statements in Python are written with: names, columns, array literals, row locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.database import Queries

from support.simulated.postgres import Statement
from support.simulated.sessions import Fields, Session


def named(queries: Queries, prefix: str, *functions: Statement) -> dict[str, tuple[str, Statement]]:
    """Functions by the text of the statement that has their name."""
    return {
        queries[name]: (f"{prefix}.{name}", function)
        for function in functions
        if (name := function.__name__.rstrip("_"))
    }


def rows_of(names: str, *columns: Sequence[Any]) -> list[Fields]:
    """`unnest`: columns to rows."""
    return [dict(zip(names.split(), row, strict=True)) for row in zip(*columns, strict=True)]


def array(literal: str) -> list[str | None]:
    """A Postgres array literal without commas in its values."""
    inner = literal[1:-1]
    values = [value.strip('"') for value in inner.split(",")] if inner else []
    return [None if value == "NULL" else value for value in values]


def locked(tx: Session, table: str, keys: Sequence[str], names: Sequence[str]) -> list[Fields]:
    """Rows locked one by one in the order of their keys."""
    for key in sorted(keys):
        if tx.get(table, key) is not None:
            tx.lock(table, key)
    rows = [row for key in sorted(keys) if (row := tx.get(table, key)) is not None]
    return [{name: row[name] for name in names} for row in rows]
