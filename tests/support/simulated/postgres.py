"""A Postgres in memory: named statements over dictionaries, with locks, sessions and crashes.

READ COMMITTED. A statement sees what is committed when it runs and what its own transaction wrote.
One that needs a locked row waits in the row's queue and is then run again from its beginning, so it
sees the row as the holder left it. Writes are seen by others at the commit. All row locks are
exclusive; sequences do not roll back. What it cannot do (savepoints, snapshots older than the
statement, foreign keys, checks of values) no statement of the road needs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import asyncpg

from support.simulated.sessions import Fields, Key, Lock, MustWait, Place, Session, Table

WRITTEN_WITHIN = timedelta(seconds=0.6)
"""After which an asynchronous commit is on the disk: three times `wal_writer_delay`."""


class UnknownStatement(BaseException):
    """A statement that nobody has written for the simulation: it stops here, not in a back-off."""


Statement: TypeAlias = Callable[..., Sequence[Fields] | int | None]
"""A statement in Python: the session and its arguments to rows, or how many were changed."""


class Server:
    """What is committed, and who is connected."""

    def __init__(
        self,
        tables: Sequence[Table],
        statements: Mapping[str, tuple[str, Statement]],
        *,
        now: Callable[[], datetime],
    ) -> None:
        """`statements` by their text, each with its name."""
        self.shapes = {table.name: table for table in tables}
        self.rows: dict[str, dict[Key, Fields]] = {table.name: {} for table in tables}
        self.statements = statements
        self.sequences: dict[str, int] = {}
        self.last_xid = 0
        self._unsafe: deque[tuple[datetime, str, Key, Fields]] = deque()
        self.locks: dict[Place, Lock] = {}
        self.advisory: dict[int, Session] = {}
        self.sessions: dict[Session, None] = {}
        self.now = now
        self.up = True
        self.used: set[str] = set()

    def connect(self, name: str) -> Session:
        if not self.up:
            raise ConnectionRefusedError("the database is down")
        session = Session(self, name)
        self.sessions[session] = None
        return session

    def hand_on(self, place: Place, lock: Lock) -> None:
        """Give a lock to the first who waits for it and still lives."""
        while lock.queue:
            session, turn = lock.queue.popleft()
            if not session.lost and not turn.done():
                lock.owner = session
                session.locks[place] = lock
                session.waits_for = None
                turn.set_result(None)
                return
        self.locks.pop(place, None)

    def drop(self, session: Session) -> None:
        """The session is over: rolled back, its locks free."""
        if session.lost:
            return
        session.lost = True
        self.sessions.pop(session, None)
        if session.waits_for is not None:
            for other, turn in session.waits_for.queue:
                if other is session and not turn.done():
                    turn.set_exception(lost())
        session.end()
        for key in [key for key, holder in self.advisory.items() if holder is session]:
            del self.advisory[key]

    def crash(self) -> None:
        """All sessions are lost; what was committed stays, but for the last asynchronous ones."""
        self.up = False
        for session in list(self.sessions):
            self.drop(session)
        self._forget_old()
        for _, table, key, row in reversed(self._unsafe):
            self.rows[table][key] = row
        self._unsafe.clear()

    def note_unsafe(self, written: Mapping[str, Mapping[Key, Fields | None]]) -> None:
        """What a crash would bring back: the deletions of a session without synchronous_commit."""
        self._forget_old()
        for table, rows in written.items():
            for key, row in rows.items():
                before = self.rows[table].get(key)
                if row is not None or before is None:
                    raise AssertionError("only deletions may be asynchronous here")
                self._unsafe.append((self.now(), table, key, before))

    def _forget_old(self) -> None:
        while self._unsafe and self._unsafe[0][0] < self.now() - WRITTEN_WITHIN:
            self._unsafe.popleft()

    def named(self, text: str) -> tuple[str, Statement]:
        try:
            return self.statements[text]
        except KeyError:
            raise UnknownStatement(f"no simulation of this statement:\n{text}") from None

    async def run(self, session: Session, text: str, arguments: Sequence[Any]) -> Any:
        """Run a statement in the session's transaction, waiting for locks as long as it takes."""
        name, statement = self.named(text)
        if session.failed:
            raise asyncpg.InFailedSQLTransactionError("current transaction is aborted")
        self.used.add(name)
        while True:
            before = {table: dict(rows) for table, rows in session.written.items()}
            try:
                return statement(session, *arguments)
            except MustWait as wait:
                session.written = before
                place = wait.place
            except asyncpg.PostgresError:
                session.written = before
                session.failed = session.open
                raise
            await self._wait(session, place)
            if session.lost:
                raise lost()

    async def _wait(self, session: Session, place: Place) -> None:
        try:
            await session.wait(place)
        except asyncpg.PostgresError:
            session.failed = session.open
            raise


def lost() -> asyncpg.ConnectionDoesNotExistError:
    return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
