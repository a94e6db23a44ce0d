"""One seed told from beginning to end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from common.events import topics

from support.simulated import registry
from support.simulated.mail import Post
from support.simulated.programme import VILLAGES, government, residents
from support.simulated.reckoning import (
    behind,
    check_deeds,
    check_effects,
    check_outbox,
    waiting_rows,
)
from support.simulated.registry import Deed, run_registry
from support.simulated.services import (
    run_eligibility,
    run_notifications,
    serve_eligibility,
    serve_notifications,
)
from support.simulated.storm import Told, at_rest, insisting, weather
from support.simulated.told import check_decisions, check_deliveries, undelivered
from support.simulated.world import World

HEARD = {
    "eligibility": dict.fromkeys(
        (
            topics.REGISTRY_VILLAGES,
            topics.REGISTRY_ENROLLMENTS,
            topics.REGISTRY_OFFICIALS,
            topics.REGISTRY_OUTREACH,
            topics.REGISTRY_NOTICES,
        ),
        "registry",
    ),
    "notifications": {
        topics.REGISTRY_VILLAGES: "registry",
        topics.ELIGIBILITY_CERTIFICATIONS: "eligibility",
        topics.REGISTRY_OFFICIALS: "registry",
    },
}
"""What each service consumes, in the order of its marks, and whose stream it is."""


class Run:
    """The three services in two processes each, their clients and their storm."""

    def __init__(self, seed: int, *, kept: bool = False) -> None:
        self.world = World(seed, kept=kept)
        self.post = Post()

    def tell(self) -> str:
        """Run the seed and hold it to the invariants; the hash of every step and of the end."""
        self.world.run(self._story)
        end = hashlib.blake2b(self.world.trace.digest.encode(), digest_size=16)
        for name, server in sorted(self.world.servers.items()):
            for table, rows in sorted(server.rows.items()):
                end.update(f"{name}.{table} {[rows[key] for key in sorted(rows)]}".encode())
        return end.hexdigest()

    def _found(self) -> None:
        """The servers, empty but for what stands there before the first deed, and the processes."""
        world = self.world
        server = world.serve("registry", registry.TABLES, registry.STATEMENTS)
        server.rows["villages"] = {(key,): {"village_key": key} for key in VILLAGES}
        serve_eligibility(world)
        serve_notifications(world)
        for n in (1, 2):
            world.define(f"registry-{n}", lambda process: run_registry(world, process))
            world.define(f"eligibility-{n}", lambda process: run_eligibility(world, process))
            world.define(
                f"notifications-{n}", lambda process: run_notifications(world, process, self.post)
            )

    async def _story(self) -> None:
        self._found()
        world, answered = self.world, Told()
        for name in world.defined:
            world.start(name)
        clients = [list(government(world.chance, village)) for village in VILLAGES]
        clients += [list(residents(world.chance, f"residents-{n}", VILLAGES)) for n in (1, 2)]
        await asyncio.gather(
            weather(world), *(insisting(world, deeds, answered) for deeds in clients)
        )
        await at_rest(self._unrest)
        self.check([deed for deeds in clients for deed in deeds], answered)

    def _unrest(self) -> list[str]:
        world = self.world
        if faults := world.faults():
            raise AssertionError(f"a part ended by itself: {faults}")
        moving = waiting_rows(world)
        for service, told in HEARD.items():
            moving += behind(world, service, told)
        return moving + undelivered(world)

    def check(self, deeds: Sequence[Deed], answered: Told) -> None:
        check_deeds(self.world, deeds, answered)
        for producer in self.world.servers:
            check_outbox(self.world, producer)
        for service, told in HEARD.items():
            check_effects(self.world, service, told)
        check_decisions(self.world)
        check_deliveries(self.world, self.post)
