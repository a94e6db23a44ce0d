"""A repeated POST is done once and answered the same.

The key is claimed by the first statement of the deed's transaction and the answer is stored by
its last. Whoever repeats meanwhile waits in Postgres: the holder commits, and the repeat gets the
stored answer; it rolls back, and the repeat does the deed.
"""

# Not `from __future__ import annotations`: FastAPI reads the dependency's annotations.
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import Depends, Header, Request

from common.database import Connection, Queries
from common.problems import Problem
from common.security import Caller, authenticated

KEPT = timedelta(days=7)
PURGE_BATCH = 5000
MAX_KEY = 200
_ATTEMPTS = 3

_SQL = Queries.of("common", "idempotency.sql")


class KeyReused(Problem):
    """The Idempotency-Key came before with another request."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "Kunci idempotensi sudah dipakai",
            "Idempotency-Key ini sudah dipakai untuk permintaan lain. "
            "Pakailah kunci baru untuk permintaan baru.",
            code="idempotency-key-reused",
        )


@dataclass(frozen=True, slots=True)
class Once:
    """A request that may be repeated: whose, under which key, and what it said."""

    caller: str
    key: str
    fingerprint: bytes
    """SHA-256 of method, path (with its query) and body."""

    @property
    def request(self) -> bytes:
        """What the row is found by: 16 bytes for whose key it is, a fifth of the two texts."""
        return hashlib.sha256(f"{self.caller}\n{self.key}".encode()).digest()[:16]

    @classmethod
    def of(
        cls, caller: Caller, request_method: str, path: str, body_bytes: bytes, key: str
    ) -> Self:
        digest = hashlib.sha256()
        for part in (request_method.upper().encode(), path.encode(), body_bytes):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return cls(caller.identity, key, digest.digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a 2xx status, the body and the positions of the events written."""

    status: int
    body: dict[str, Any]
    positions: tuple[str, ...]


async def claim(connection: Connection, once: Once, now: datetime) -> Answer | None:
    """Take the key for this transaction, or give the stored answer; raises KeyReused.

    The first statement of the deed's transaction; waits while another one holds the key.
    """
    for _ in range(_ATTEMPTS):
        taken = await connection.fetchval(_SQL["claim"], once.request, once.fingerprint, now)
        if taken:
            return None
        row = await connection.fetchrow(_SQL["stored"], once.request)
        if row is not None:
            return _replay(row, once)
        # The purge took the row between the two statements: claim again.
    raise TimeoutError("the idempotency key was purged and taken again several times")


def _replay(row: Any, once: Once) -> Answer:
    if row["fingerprint"] != once.fingerprint:
        raise KeyReused
    if row["status"] is None:
        raise RuntimeError("a deed committed its idempotency key without calling store()")
    return Answer(row["status"], json.loads(row["body"]), tuple(row["positions"]))


async def store(connection: Connection, once: Once, answer: Answer, now: datetime) -> None:
    """Keep the answer for repeats; the last statement of the transaction that claimed the key."""
    if not 200 <= answer.status <= 299:  # noqa: PLR2004 - the 2xx range
        raise ValueError(f"only a 2xx answer is stored, not {answer.status}")
    kept = await connection.fetchval(
        _SQL["store"],
        once.request,
        answer.status,
        json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")),
        list(answer.positions),
        once.fingerprint,
        now,
    )
    if not kept:
        raise RuntimeError("store() without claim() in the same transaction")


async def purge(connection: Connection, now: datetime) -> int:
    """Delete one batch of keys older than 7 days; call again while it returns PURGE_BATCH."""
    deleted: int = await connection.fetchval(_SQL["purge"], now - KEPT, PURGE_BATCH)
    return deleted


async def once(
    request: Request,
    caller: Annotated[Caller, Depends(authenticated)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=MAX_KEY,
            pattern=r"^[\x20-\x7e]+$",
            description="A key of your own per request, kept 7 days: a repeat with the same key "
            "and body is answered like the first one and done only once.",
        ),
    ] = None,
) -> Once | None:
    """The dependency of a POST route; None when the caller sent no Idempotency-Key."""
    if idempotency_key is None:
        return None
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Once.of(caller, request.method, path, await request.body(), idempotency_key)
