"""docker compose from built images to healthy; on a machine without Docker there is no figure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from figures import Figure, Gate
from support.compose import UP_SECONDS, is_here, project


async def measure(home: Path, say: Callable[[str], None]) -> list[Figure]:
    """compose_up_s."""
    return await asyncio.to_thread(_measure, home, say)


def _measure(home: Path, say: Callable[[str], None]) -> list[Figure]:
    if not is_here():
        say("  there is no Docker with the images here: compose_up_s is not measured")
        return []
    folder = home / "compose"
    folder.mkdir()
    with project(folder) as compose:
        compose.build()
        say("  the images are built")
        seconds = compose.up()
    gate = Gate(UP_SECONDS, at_most=True, of="value")
    return [Figure("compose_up_s", seconds, "s", "gate", UP_SECONDS, gate)]
