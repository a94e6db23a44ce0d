"""Cuts work off at a statement that the seed names, so that a failing cut is found again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from common.database import Connection, Database


async def cut_off_after(
    database: Database, statements: int, work: Coroutine[Any, Any, Any]
) -> bool:
    """Cancel `work` once its `statements`-th statement was answered; whether it came to that."""
    task = asyncio.create_task(work)
    answered = 0

    def count(_: object) -> None:
        nonlocal answered
        answered += 1
        if answered == statements:
            task.cancel()

    plain = database.transaction

    @contextlib.asynccontextmanager
    async def counted() -> AsyncIterator[Connection]:
        async with plain() as connection:
            connection.add_query_logger(count)
            try:
                yield connection
            finally:
                connection.remove_query_logger(count)

    database.transaction = counted  # type: ignore[method-assign]
    try:
        await task
    except asyncio.CancelledError:
        return True
    finally:
        del database.transaction
    return False
