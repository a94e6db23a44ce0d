"""A database of its own for every test, copied from one migrated template per service."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from common.bootstrap import bootstrap_service, service_urls
from common.migrations import migrate

PACKAGES = {
    "registry": "registry.storage",
    "eligibility": "eligibility.storage",
    "notifications": "notifications.storage",
    "common": "common",
}


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """The three logins of one service's database."""

    owner: str
    app: str
    work: str


def on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


class TestDatabases:
    """Copies of migrated templates on one Postgres; `postgres` is a superuser's URL."""

    __test__ = False

    def __init__(self, postgres: str) -> None:
        self.postgres = postgres
        self.run = secrets.token_hex(4)
        self._templates: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def _template(self, service: str) -> str:
        async with self._lock:
            if service not in self._templates:
                name = f"t_{self.run}_{service}"
                await bootstrap_service(self.postgres, service, database=name, password="test")
                await migrate(
                    service_urls(self.postgres, service, database=name, password="test").owner,
                    PACKAGES[service],
                )
                self._templates[service] = name
            return self._templates[service]

    @contextlib.asynccontextmanager
    async def fresh(self, service: str) -> AsyncIterator[ServiceUrls]:
        """A migrated, empty database for `service`, dropped afterwards."""
        template = await self._template(service)
        name = f"{template}_{secrets.token_hex(4)}"
        await self._execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{service}_owner"'
        )
        try:
            urls = service_urls(self.postgres, service, database=name, password="test")
            yield ServiceUrls(urls.owner, urls.app, urls.work)
        finally:
            await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def drop_templates(self) -> None:
        for name in self._templates.values():
            await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.postgres, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
