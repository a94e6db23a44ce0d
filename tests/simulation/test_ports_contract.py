"""The ports in memory answer as the real ones do: the same scripts, told to both."""

from __future__ import annotations

import pytest
from support.databases import TestDatabases
from support.simulated.contract import NAMES, TABLES, in_memory, in_postgres, same_chance
from support.simulated.scripts import SCRIPTS

WITHOUT_ROWS = {"holders", "contacts"}
"""Prepared by hand, a range being two dates in memory."""
SEALED = {"value", "sealing"}
"""Sealed with a nonce of its own in each."""
AT_TIMES = {"inbox.stopped", "outbox.running"}
"""How often they are asked depends on real time, and on who else works in the cluster."""
REAL_TIME = {"claimed_until", "retry_at"}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("script", SCRIPTS)
async def test_both_give_the_same_answers(script: str, databases: TestDatabases) -> None:
    """Every statement of the services' own deeds answers the same rows, and leaves the same."""
    service, tell = SCRIPTS[script]
    async with in_memory(service) as memory, in_postgres(service, databases) as real:
        for port in (real, memory):
            with same_chance():
                await tell(port)

        for port in (real, memory):
            port.log[:] = [entry for entry in port.log if entry[0] not in AT_TIMES]
        assert [name for name, _ in real.log] == [name for name, _ in memory.log]
        for expected, found in zip(real.log, memory.log, strict=True):
            assert without_sealed(expected) == without_sealed(found)
        for table in {table.name for table in TABLES[service]} - WITHOUT_ROWS:
            found = await memory.rows(table)
            names = set(found[0]) - SEALED - REAL_TIME if found else set()
            assert picked(await real.rows(table), names) == picked(found, names), table


def without_sealed(entry):
    name, rows = entry
    if isinstance(rows, list) and rows and "sealing" in rows[0]:
        rows = [{n: v for n, v in row.items() if n not in SEALED} for row in rows]
    if name == "notifications.known_of_due":
        rows = [{**row, "address": row["address"] is not None} for row in rows]
    return name, rows


def picked(rows, names):
    return sorted(repr(sorted((n, row[n]) for n in names)) for row in rows)


async def test_every_statement_stands_in_a_script() -> None:
    """What is simulated is compared: none of the statements in memory is without its script."""
    used = set()
    for service, tell in SCRIPTS.values():
        async with in_memory(service) as port:
            await tell(port)
        used |= port.used

    assert set(NAMES.values()) == used
