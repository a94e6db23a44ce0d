"""Sessions are kept on the server; the browser has a random id, and the table only its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag

from common.database import Connection, Queries
from common.sealing import Sealer
from common.web.oidc import Tokens

ID_BYTES = 32
IDLE = timedelta(hours=1)
"""A session that nobody used for so long has ended."""
WHOLE = timedelta(hours=10)
"""A session ends so long after it began, used or not: a working day."""
SEEN_EVERY = timedelta(minutes=1)
"""A session that is used is written down so often, not at every request."""
REFRESH_LEASE = timedelta(seconds=30)
"""Whoever fetches new tokens has the turn so long: longer than its three calls of 5 s each."""
PURGE_BATCH = 1_000

_SQL = Queries.of("common.web", "sessions.sql")


def real_now() -> datetime:
    """Sessions and tokens live in real time, not in business time."""
    return datetime.now(UTC)


def hash_of(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()


@dataclass(frozen=True, slots=True)
class Found:
    """A session that is still good."""

    tokens: Tokens
    sealed: bytes
    """The tokens as they stand in the table."""
    due: bool
    """It was last written down so long ago that it should be again."""


class SessionStore:
    """The table `sessions`; tokens are sealed, and bound to the row that they stand in."""

    def __init__(self, sealer: Sealer, *, now: Callable[[], datetime] = real_now) -> None:
        self._sealer = sealer
        self._now = now

    async def begin(self, connection: Connection, tokens: Tokens) -> str:
        """A new session and its id, 256 random bits."""
        session_id = secrets.token_urlsafe(ID_BYTES)
        now, row = self._now(), hash_of(session_id)
        await connection.execute(_SQL["add"], row, self._seal(row, tokens), now, now + WHOLE)
        return session_id

    async def find(self, connection: Connection, session_id: str) -> Found | None:
        now, row = self._now(), hash_of(session_id)
        found = await connection.fetchrow(_SQL["find"], row, now - IDLE, now)
        if found is None:
            return None
        tokens = self._open(row, found["sealed"])
        if tokens is None:
            return None
        return Found(tokens, found["sealed"], now - found["seen_at"] >= SEEN_EVERY)

    async def seen(self, connection: Connection, session_id: str) -> None:
        await connection.execute(_SQL["seen"], hash_of(session_id), self._now())

    async def claim_refresh(self, connection: Connection, session_id: str, found: Found) -> bool:
        """Whether this request is the one that fetches new tokens in place of those found.

        Not if they were replaced since: an issuer that sees a refresh token again ends the login.
        """
        now, row = self._now(), hash_of(session_id)
        until = now + REFRESH_LEASE
        return bool(await connection.fetchval(_SQL["claim_refresh"], row, now, until, found.sealed))

    async def replace(self, connection: Connection, session_id: str, tokens: Tokens) -> None:
        row = hash_of(session_id)
        await connection.execute(_SQL["replace"], row, self._seal(row, tokens))

    async def end(self, connection: Connection, session_id: str) -> None:
        await connection.execute(_SQL["remove"], hash_of(session_id))

    def _seal(self, row: bytes, tokens: Tokens) -> bytes:
        return self._sealer.seal(json.dumps(asdict(tokens)).encode(), context=row)

    def _open(self, row: bytes, sealed: bytes) -> Tokens | None:
        """The tokens; None when they were sealed with a key that we no longer have."""
        try:
            return Tokens(**json.loads(self._sealer.open(sealed, context=row)))
        except InvalidTag:
            return None


async def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete one batch of sessions that have ended; call again while it returns PURGE_BATCH."""
    gone: int = await connection.fetchval(_SQL["purge"], now - IDLE, now, PURGE_BATCH)
    return gone
