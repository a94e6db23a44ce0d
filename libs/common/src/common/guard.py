"""A process serves only with logins that can do no more than their part, and on honest time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from common.database import Queries, connect, is_transient
from common.process import Backoff, Part
from common.settings import Mode, ServiceSettings

QUERIES = Queries.of("common", "guard.sql")
FREE = frozenset({"api", "topics"})
"""Parts that do not wait: the API says why it is not ready, and can do nothing without Postgres."""
OTHER = {"app_url": "desa_work", "work_url": "desa_app"}
"""The group that a login must not be of: row security lets `desa_work` see the country."""
NO_ENTRY = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
"""A wrong login, password or database: waiting would not help."""

log = logging.getLogger(__name__)


class Guard:
    """Looks once, before the first event is consumed, carried or sent, at what all relies on.

    The API does not wait: it says why it is not ready, and ends with the process when refused.
    Settings are judged when they are read (`ServiceSettings`); this is what only the database
    knows: what its logins may do, and whether its business time was ever moved.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._passed = asyncio.Event()

    def before(self, parts: Sequence[Part]) -> list[Part]:
        """The parts, begun when the guard has passed; a refusal ends the process with 1."""
        guarded = [part if part.name in FREE else self._waiting(part) for part in parts]
        return [Part("guard", self.run), *guarded]

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the database has answered; returns early when it must not be served."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                refusals = await self.refusals()
            except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
                log.warning("guard waits for the migrations: run `migrate`")
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("guard waits for the database: %s", type(error).__name__)
            else:
                for refusal in refusals:
                    log.error("refused to serve: %s", refusal)
                if refusals:
                    return
                self._passed.set()
                await stop.wait()
                return
            await backoff.wait(stop)

    async def refusals(self) -> list[str]:
        """What must not be, each with the variable and what to do."""
        found = []
        for field in ("app_url", "work_url"):
            url, variable = getattr(self._settings, field), self._settings.variable(field)
            try:
                connection = await connect(url.get_secret_value(), name="guard")
            except NO_ENTRY as error:
                found.append(f"{variable}: Postgres lets us not in ({type(error).__name__})")
                continue
            except Exception as error:
                if found and is_transient(error):
                    return found  # what is refused is refused, whoever is away
                raise
            try:
                found += await self._of_login(connection, variable, OTHER[field])
                if field == "work_url" and self._settings.mode is Mode.PRODUCTION:
                    found += await self._of_clock(connection)
            finally:
                await connection.close(timeout=5)
        return found

    async def _of_login(
        self, connection: asyncpg.Connection[Any], variable: str, other: str
    ) -> list[str]:
        (role,) = await connection.fetch(QUERIES["role"], other)
        too_much = [
            what
            for what, has in (
                ("is a superuser", role["superuser"]),
                ("passes by row security", role["sees_all_rows"]),
                ("owns the tables", role["owner"] and not role["superuser"]),
                (f"has what only {other} may", role["other"] and not role["superuser"]),
            )
            if has
        ]
        if not too_much:
            return []
        return [
            (
                f"{variable}: the login {role['name']} {' and '.join(too_much)}; "
                "give the service's own login role"
            )
        ]

    async def _of_clock(self, connection: asyncpg.Connection[Any]) -> list[str]:
        moved: timedelta = await connection.fetchval(QUERIES["moved_by"])
        if not moved:
            return []
        return [
            (
                f"the business time of this database was moved by {moved}: "
                "it is a demo's or a test's; production begins on a database of its own"
            )
        ]

    def _waiting(self, part: Part) -> Part:
        async def run(stop: asyncio.Event) -> None:
            passed = asyncio.create_task(self._passed.wait())
            stopped = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({passed, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                passed.cancel()
                stopped.cancel()
            if not stop.is_set():
                await part.run(stop)

        return Part(part.name, run)
