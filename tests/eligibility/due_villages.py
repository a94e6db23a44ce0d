"""Villages that all fall due at one midnight: one made by its events, the others its copies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.consumers import INPUTS
from eligibility.domain.facts import ActKind
from support.databases import ServiceUrls
from support.programme import Registry, SteadyClock, coverage_changed, staffed
from support.streams import KETANON

POSTS = 11
"""With a head, a secretary and nine more, as a desa has them."""
CONFIRMED_AFTER = timedelta(days=7)
OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
TABLES = ("villages", "marks", "facts", "streams", "decisions", "foreseen")
"""What a village is made of, each with its village_key."""
OTHERS = {
    "village_key": "k",
    "village_code": "k",
    "decision_id": "md5(k || t.decision_id)::uuid",
    "previous_decision_id": "md5(k || t.previous_decision_id)::uuid",
    "last_decision_id": "md5(k || t.last_decision_id)::uuid",
}
"""What a copy has of its own."""


def keys_of(count: int) -> list[str]:
    """Keys of villages in Jawa Tengah, in their order."""
    return [f"33.{27 + n // 89_910}.{1 + n // 999 % 90:02}.2{n % 999:03}" for n in range(count)]


async def villages_due(
    urls: ServiceUrls, keys: Sequence[str], due_on: date, *, foreseen: bool = False
) -> None:
    """Named villages of eleven posts that become TERANCAM on `due_on`, by time alone."""
    fails_on = due_on - CONFIRMED_AFTER
    clock = SteadyClock(datetime.combine(fails_on, datetime.min.time(), UTC))
    work = await Database.open(urls.work, name="due-work", size=2)
    app = await Database.open(urls.app, name="due-app", size=2)
    try:
        certification = Certification(work, clock=clock, ids=Ids())
        await certification.install_default_rules()
        sealer = Sealer(bytes(32))
        inbox = Inbox(work, inputs=INPUTS, effect=certification, clock=clock, sealer=sealer)
        registry = Registry(clock.at - timedelta(days=30))
        posts, terms = ([uuid4() for _ in range(POSTS)] for _ in range(2))
        await inbox.receive(staffed(registry, posts, terms))
        named = Act(ActKind.PENETAPAN, "560/1", fails_on - timedelta(days=30), "Bupati")
        await Certification(app, clock=clock, ids=Ids()).record_act(KETANON, named, OFFICER)
        await inbox.receive(registry.tell(coverage_changed(posts[2], terms[2], fails_on)))
        if foreseen:
            clock.go_to(clock.at + CONFIRMED_AFTER - timedelta(days=1))
            await certification.foresee()
    finally:
        await work.close()
        await app.close()
    await _copy(urls, keys)


async def _copy(urls: ServiceUrls, keys: Sequence[str]) -> None:
    owner = await asyncpg.connect(urls.owner)
    try:
        for table in TABLES:
            rows = await owner.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                table,
            )
            names = [row["attname"] for row in rows]
            taken = ", ".join(OTHERS.get(name, f"t.{name}") for name in names)
            await owner.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {taken}"  # noqa: S608
                f" FROM {table} t, unnest($1::text[]) AS k WHERE t.village_key = $2",
                list(keys),
                KETANON,
            )
            delete = f"DELETE FROM {table} WHERE village_key = $1"  # noqa: S608
            await owner.execute(delete, KETANON)
        await owner.execute("DELETE FROM unpublished")
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()
