"""What a session of the Postgres in memory sees, holds and writes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from support.simulated.postgres import Server

Key: TypeAlias = tuple[Any, ...]
Place: TypeAlias = tuple[str, str, Key]
"""Table, unique index, key: what a lock is held on."""
Fields: TypeAlias = dict[str, Any]

DEADLOCK = "two sessions wait for each other"


@dataclass(frozen=True)
class Table:
    """What a migration says of a table, as far as statements depend on it."""

    name: str
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    serial: str | None = None
    defaults: Fields = field(default_factory=dict)


class Record(Mapping[str, Any]):
    """A row as asyncpg gives it: by name, by place, and its values one by one."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def __getitem__(self, key: str | int | slice) -> Any:
        return self._fields[key] if isinstance(key, str) else list(self._fields.values())[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def keys(self) -> Any:
        return self._fields.keys()

    def items(self) -> Any:
        return self._fields.items()


class MustWait(Exception):
    """The statement needs what another session holds."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


@dataclass
class Lock:
    owner: Session
    queue: deque[tuple[Session, asyncio.Future[None]]] = field(default_factory=deque)


class Session:
    """A connection as the server sees it, with the transaction that it has open."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.lost = False
        self.failed = False
        self.open = False
        self.asynchronous = False
        self.xid: int | None = None
        self.written: dict[str, dict[Key, Fields | None]] = {}
        self.locks: dict[Place, Lock] = {}
        self.waits_for: Lock | None = None

    # What statements are written with.

    def get(self, table: str, *key: Any) -> Fields | None:
        """The row as this transaction sees it."""
        mine = self.written.get(table)
        if mine is not None and key in mine:
            return mine[key]
        return self.server.rows[table].get(key)

    def all(self, table: str) -> list[Fields]:
        """The rows as this transaction sees them, in the order of their keys."""
        rows: dict[Key, Fields | None] = {**self.server.rows[table], **self.written.get(table, {})}
        return [row for key in sorted(rows) if (row := rows[key]) is not None]

    def lock(self, table: str, *key: Any) -> None:
        self._take((table, "", key))

    def try_lock(self, table: str, *key: Any) -> bool:
        """SKIP LOCKED."""
        lock = self.server.locks.get((table, "", key))
        if lock is not None and lock.owner is not self:
            return False
        self.lock(table, *key)
        return True

    def insert(self, table: str, fields: Fields, *, or_nothing: bool = False) -> Fields | None:
        """The new row; None if it is there already and `or_nothing`, else UniqueViolationError."""
        shape = self.server.shapes[table]
        row = {**shape.defaults, **fields}
        if shape.serial is not None:
            row = {shape.serial: self.nextval(f"{table}.{shape.serial}"), **row}
        key = tuple(row[name] for name in shape.key)
        taken = self._is_taken(table, "", key, key)
        for columns in shape.unique:
            entry = tuple(row[name] for name in columns)
            taken = taken or self._is_taken(table, ",".join(columns), entry, key)
        if taken:
            if or_nothing:
                return None
            raise asyncpg.UniqueViolationError(f"duplicate key in {table}: {key}")
        self.written.setdefault(table, {})[key] = row
        return row

    def update(self, table: str, key: Key, **changes: Any) -> None:
        """Change a row that this statement has found."""
        self.lock(table, *key)
        row = self.get(table, *key)
        if row is None:
            raise AssertionError(f"no row {key} of {table} to update")
        self.written.setdefault(table, {})[key] = {**row, **changes}

    def delete(self, table: str, *key: Any) -> bool:
        """Whether there was such a row."""
        self.lock(table, *key)
        if self.get(table, *key) is None:
            return False
        self.written.setdefault(table, {})[key] = None
        return True

    def nextval(self, name: str) -> int:
        number = self.server.sequences[name] = self.server.sequences.get(name, 0) + 1
        return number

    def transaction_id(self) -> int:
        """`pg_current_xact_id()`: drawn at first use."""
        if self.xid is None:
            self.server.last_xid += 1
            self.xid = self.server.last_xid
        return self.xid

    def real_time(self) -> datetime:
        """`statement_timestamp()`."""
        return self.server.now()

    # Locks.

    def _is_taken(self, table: str, index: str, entry: Key, key: Key) -> bool:
        """Whether a unique entry is there; waits for who is writing the same one."""
        self._take((table, index, entry))
        if not index:
            return self.get(table, *key) is not None
        columns = index.split(",")
        return any(tuple(row[name] for name in columns) == entry for row in self.all(table))

    def _take(self, place: Place) -> None:
        lock = self.server.locks.get(place)
        if lock is None:
            lock = self.server.locks[place] = Lock(self)
        elif lock.owner is not self:
            raise MustWait(place)
        self.locks[place] = lock

    async def wait(self, place: Place) -> None:
        """Queue for a lock; raises DeadlockDetectedError when the holder waits for this session."""
        lock = self.server.locks.get(place)
        if lock is None:
            return
        self._refuse_deadlock(lock)
        turn = asyncio.get_running_loop().create_future()
        lock.queue.append((self, turn))
        self.waits_for = lock
        try:
            await turn
        finally:
            self.waits_for = None

    def _refuse_deadlock(self, lock: Lock) -> None:
        seen: Lock | None = lock
        while seen is not None:
            if seen.owner is self:
                raise asyncpg.DeadlockDetectedError(DEADLOCK)
            seen = seen.owner.waits_for

    # The end of a transaction.

    def commit(self) -> None:
        if self.asynchronous:
            self.server.note_unsafe(self.written)
        for table, rows in self.written.items():
            committed = self.server.rows[table]
            for key, row in rows.items():
                if row is None:
                    committed.pop(key, None)
                else:
                    committed[key] = row
        self.end()

    def end(self) -> None:
        """Forget what was written and let those who wait go on, the first of each queue."""
        self.open = self.failed = False
        self.xid = None
        self.written = {}
        locks, self.locks = self.locks, {}
        for place, lock in locks.items():
            self.server.hand_on(place, lock)
