"""The working rows of the villages and the ledger of their counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import asyncpg
import msgspec
from common.database import Connection, Queries
from common.events.registry import VillageKnown
from common.events.words import Eligibility, Stage, Standing, TimeZone, Title

from eligibility.counts import COUNTS, Counted, Place
from eligibility.domain.proposals import Proposal, Warned
from eligibility.domain.status import Face, Reason, RuleSetRef, Status
from eligibility.intake import AreaChanges
from eligibility.judging import Judged, Working
from eligibility.storage.arrays import columns, literal

UNDOTTED = 10
ZONES = {zone.value: zone for zone in TimeZone}
NO_COUNTS = [()] * (3 + len(COUNTS))


class UnknownVillage(LookupError):
    """No village has this code, or the caller may not see it."""


def dotted(code: str) -> str:
    """`3326122008` as `33.26.12.2008`; a dotted code stays."""
    if len(code) == UNDOTTED and code.isdigit():
        return f"{code[:2]}.{code[2:4]}.{code[4:6]}.{code[6:]}"
    return code


class VillageStore:
    """Rows are written by who holds the village's lock."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def places(self, connection: Connection, keys: Collection[str]) -> dict[str, Place]:
        """The places of the villages that have a row."""
        rows = await connection.fetch(self._queries["places"], list(keys))
        return {key: Place(ZONES.get(zone), since) for key, zone, since in rows}

    async def know(self, connection: Connection, known: Mapping[str, VillageKnown]) -> None:
        """Take over area data; new villages get their row."""
        rows = [
            (
                key,
                village.village_code,
                village.name,
                village.kind.value,
                village.kecamatan_code,
                village.kecamatan_name,
                village.regency_code,
                village.regency_name,
                village.regency_kind.value,
                village.province_code,
                village.province_name,
                village.time_zone.value,
            )
            for key, village in known.items()
        ]
        await connection.execute(self._queries["know_villages"], *columns(rows))

    async def note_changes(self, connection: Connection, changes: AreaChanges) -> None:
        """Take over what a newer edition changed besides names and places."""
        queries = self._queries
        if changes.former:
            await connection.execute(queries["note_former_codes"], *columns(changes.former))
        if changes.split:
            await connection.execute(queries["note_splits"], *columns(changes.split))
        if changes.merged:
            await connection.execute(queries["close_villages"], *columns(changes.merged))
        if changes.editions:
            await connection.execute(
                queries["note_editions"], *columns(sorted(changes.editions.items()))
            )

    async def expect(self, connection: Connection, keys: Collection[str]) -> None:
        """Make rows for villages whose area data is yet to come."""
        await connection.execute(self._queries["expect_villages"], list(keys))

    async def add_counts(self, connection: Connection, counted: Counted) -> None:
        """Add a batch's deltas to the ledger and, where due, to the working rows."""
        keys, effective, known, *deltas = columns(counted.ledger) or NO_COUNTS
        *sums, since, later, review = columns(counted.sums) or [()] * (4 + len(COUNTS))
        await connection.execute(
            self._queries["add_counts"],
            keys,
            *map(literal, (effective, known, *deltas)),
            sums[0],
            *map(literal, (*sums[1:], since, later)),
            review,
        )

    async def recount(self, connection: Connection, today: Mapping[str, date]) -> None:
        """Sum the ledger anew for villages on which a day began or that became known."""
        await connection.execute(self._queries["recount"], list(today), list(today.values()))

    async def working(self, connection: Connection, keys: Collection[str]) -> dict[str, Working]:
        """The working rows of the villages that are known."""
        rows = await connection.fetch(self._queries["working_rows"], list(keys))
        return {row["village_key"]: _working(row) for row in rows}

    async def write_statuses(
        self, connection: Connection, judged: Iterable[tuple[Working, Judged]]
    ) -> None:
        """Cache what was judged; `last_decision_id` is the working row's."""
        rows = [
            (
                village.village_key,
                *_face(result.status),
                result.since,
                result.status.failing_since,
                result.status.grace_ends,
                result.status.undecidable_since,
                result.status.flagged,
                *_ref(result.status),
                village.last_decision_id,
                result.next_judge_on,
                village.wakes_at(result.next_judge_on),
                *_warned(village.warned),
                result.status.lacking,
            )
            for village, result in judged
        ]
        if rows:
            await connection.execute(self._queries["write_statuses"], *columns(rows))

    async def wake(self, connection: Connection, villages: Iterable[Working]) -> None:
        """Look again on the next day that changes anything; the status is as it was."""
        wakes = [(v.village_key, v.wakes_at(v.next_judge_on)) for v in villages]
        if wakes:
            await connection.execute(self._queries["wake"], *columns(wakes))

    async def lock_due(self, connection: Connection, now: datetime, limit: int) -> list[str]:
        """Lock the oldest that are due; what a replica works on is left to it."""
        rows = await connection.fetch(self._queries["lock_due"], now, limit)
        return [row["village_key"] for row in rows]

    async def due(self, connection: Connection, now: datetime, limit: int) -> list[str]:
        """Candidates for review, oldest first; read without locks."""
        rows = await connection.fetch(self._queries["due_villages"], now, limit)
        return [row["village_key"] for row in rows]

    async def still_due(
        self, connection: Connection, keys: Collection[str], now: datetime
    ) -> dict[str, datetime]:
        """When each of the locked villages fell due, of those that still are."""
        rows = await connection.fetch(self._queries["still_due"], list(keys), now)
        return {row["village_key"]: row["next_review_at"] for row in rows}

    async def put_off(
        self, connection: Connection, key: str, now: datetime, until: datetime
    ) -> None:
        """Let a village that is due wait; one that is not due any more stays as it is."""
        await connection.execute(self._queries["put_off"], key, now, until)

    async def emit_once(
        self, connection: Connection, due: Mapping[str, datetime], now: datetime
    ) -> None:
        """Write down due moments, each once.

        That each is reviewed once is decided by the village's lock and `still_due`, read under it;
        `emitted` is the record of the due moments that were.
        """
        await connection.execute(self._queries["emit_once"], list(due), list(due.values()), now)

    async def purge_emitted(self, connection: Connection, before: datetime, limit: int) -> int:
        """Delete a batch of due moments long past; how many."""
        status = await connection.execute(self._queries["purge_emitted"], before, limit)
        return int(status.split()[-1])

    async def settle(self, connection: Connection, until: datetime) -> None:
        await connection.execute(self._queries["settle"], until)

    async def key_of(self, connection: Connection, code: str) -> str:
        """The key of the village that the caller may see under this code; raises UnknownVillage."""
        key: str | None = await connection.fetchval(self._queries["key_of"], dotted(code))
        if key is None:
            raise UnknownVillage(code)
        return key

    async def check_in_sight(self, connection: Connection, key: str) -> None:
        """Raise UnknownVillage for a key outside the caller's areas, whether it exists or not."""
        if not await connection.fetchval(self._queries["in_sight"], key):
            raise UnknownVillage(key)


def status_of(row: asyncpg.Record) -> Status:
    """The cached status of a working row, without reasons."""
    ref = row["rule_set_id"]
    return Status(
        Face(
            Eligibility(row["eligibility"]),
            Stage(row["stage"]),
            Title(row["title"]),
            Standing(row["standing"]),
        ),
        rule_set=ref and RuleSetRef(ref, row["rule_set_version"], row["rule_set_checksum"]),
        failing_since=row["failing_since"],
        grace_ends=row["grace_ends"],
        undecidable_since=row["undecidable_since"],
        flagged=row["flagged"],
    )


def _working(row: asyncpg.Record) -> Working:
    return Working(
        row["village_key"],
        row["village_code"],
        TimeZone(row["time_zone"]),
        row["next_count_on"],
        row["next_judge_on"],
        row["next_review_at"],
        replace(status_of(row), reasons=_reasons(row["reasons"])),
        row["since"],
        row["last_decision_id"],
        warned_of(row),
        row["closed_on"],
    )


def warned_of(row: asyncpg.Record) -> Warned:
    """What a working row says the log has told of a village at risk."""
    open_id = row["proposal_id"]
    proposal = open_id and Proposal(open_id, row["opened_on"])
    return Warned(row["announced_on"], proposal, row["propose_on"])


def _warned(warned: Warned) -> Sequence[object]:
    proposal = warned.proposal
    opened = (proposal.proposal_id, proposal.opened_on) if proposal else (None, None)
    return (warned.announced_on, warned.propose_on, *opened)


def _reasons(stored: str | None) -> tuple[Reason, ...]:
    return msgspec.json.decode(stored, type=tuple[Reason, ...]) if stored else ()


def _face(status: Status) -> Sequence[str]:
    face = status.face
    return (face.eligibility.value, face.stage.value, face.title.value, face.standing.value)


def _ref(status: Status) -> Sequence[object]:
    ref = status.rule_set
    return (ref.rule_set_id, ref.version, ref.checksum) if ref else (None, None, None)
