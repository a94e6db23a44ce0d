"""An inbox on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.parking import Parking
from common.sealing import Sealer
from support.databases import ServiceUrls
from support.inbox_rig import INPUTS, Ledger, Rig


@pytest.fixture
async def rig(common_urls: ServiceUrls, clock: Clock, ids: Ids) -> AsyncIterator[Rig]:
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(
        """CREATE TABLE effects (n bigserial, village_key text, topic text, sequence bigint);
        GRANT ALL ON effects TO desa_work; GRANT ALL ON SEQUENCE effects_n_seq TO desa_work"""
    )
    await owner.close()
    database = await Database.open(common_urls.work, name="test")
    ledger, sealer = Ledger(), Sealer(b"k" * 32)
    inbox = Inbox(database, inputs=INPUTS, effect=ledger, clock=clock, sealer=sealer)
    stored: dict[tuple[str, str, int], bytes] = {}

    async def ask(topic: str, village: str, sequence: int) -> bytes | None:
        return stored.get((topic, village, sequence))

    parking = Parking(database, inbox, sealer=sealer, clock=clock, ids=ids, stored=ask)
    yield Rig(database, inbox, parking, ledger, stored)
    await database.close()
