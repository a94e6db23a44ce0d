"""How the tests speak to a registry: short sentences in the words of the glossary."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from common.database import Database
from common.security.demo import demo_token
from common.settings import Mode
from httpx2 import AsyncClient, Response
from registry.api.callers import SCOPES
from registry.areas.edition import Edition
from registry.main import Service
from registry.settings import Settings
from support.databases import ServiceUrls

KETANON = "33.26.10.2001"
KEDUNGJARAN = "33.26.10.2013"
WONOPRINGGO = "33.26.12.2008"
GATAK = "33.10.16.2012"
OTHER_GATAK = "33.10.22.2002"
SUKOSEWU = "35.05.15.2004"
KELURAHAN = "33.26.08.1016"
"""A kelurahan of Kabupaten Pekalongan."""

STORY = ("33.26.10", "33.26.12", "33.26.08", "33.10.16", "33.10.22", "35.05.15", "31.71.01")


def some_areas(edition: Edition) -> Edition:
    """All upper levels, and the villages of the story's kecamatan."""
    villages = tuple(one for one in edition.villages if one.kecamatan_code in STORY)
    return Edition(edition.provinces, edition.regencies, edition.kecamatan, villages)


def settings_for(
    urls: ServiceUrls, secrets_dir: Path, *, kafka: str = "127.0.0.1:1", **more: Any
) -> Settings:
    return Settings(
        mode=Mode.TEST,
        owner_url=urls.owner,
        app_url=urls.app,
        work_url=urls.work,
        kafka=kafka,
        port=18101,
        secrets_dir=secrets_dir,
        **more,
    )


def a_nik(serial: int = 1, *, kecamatan: str = "992610", born: str = "450685") -> str:
    """A synthetic NIK; by default of a woman born on 5 June 1985."""
    return f"{kecamatan}{born}{serial:04d}"


@dataclass(frozen=True, slots=True)
class Api:
    client: AsyncClient
    owner: Database
    settings: Settings
    service: Service

    def token(
        self,
        scopes: Collection[str] = SCOPES,
        areas: Collection[str] = ("*",),
        subject: str = "petugas",
    ) -> str:
        return demo_token(
            self.settings.secrets_dir,
            audience=self.settings.audience,
            scopes=scopes,
            areas=areas,
            subject=subject,
        )

    async def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return await self.client.post(
            path,
            json=body,
            headers={
                "Authorization": f"Bearer {token or self.token()}",
                "Idempotency-Key": key or str(uuid4()),
                **(headers or {}),
            },
        )

    async def get(self, path: str, *, token: str | None = None, **params: Any) -> Response:
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        return await self.client.get(path, params=params or None, headers=headers)

    async def enroll(
        self,
        nik: str,
        *,
        village: str = KETANON,
        segment: str = "BPU",
        programmes: Collection[str] = ("JKK", "JKM"),
        on: str = "2019-08-01",
        **more: Any,
    ) -> Response:
        body = {
            "nik": nik,
            "segment": segment,
            "programmes": list(programmes),
            "effective_on": on,
            **more,
        }
        return await self.post(f"/villages/{village}/enrollments", body)

    async def enrolled(self, nik: str, **wish: Any) -> str:
        return str(done(await self.enroll(nik, **wish))["enrollment_id"])

    async def activate(self, enrollment_id: str, on: str = "2019-08-05") -> Response:
        path = f"/enrollments/{enrollment_id}/activation"
        return await self.post(path, {"effective_on": on})

    async def end(self, enrollment_id: str, on: str) -> Response:
        return await self.post(f"/enrollments/{enrollment_id}/ending", {"effective_on": on})

    async def move(self, enrollment_id: str, to: str, on: str) -> Response:
        body = {"effective_on": on, "to_village_code": to}
        return await self.post(f"/enrollments/{enrollment_id}/move", body)

    async def active(self, nik: str, *, activated_on: str = "2019-08-05", **wish: Any) -> str:
        enrollment_id = await self.enrolled(nik, **wish)
        done(await self.activate(enrollment_id, activated_on))
        return enrollment_id

    async def decree(self, *kinds: str, village: str = KETANON, on: str = "2019-01-02") -> Any:
        posts = [{"kind": kind, "count": kinds.count(kind)} for kind in dict.fromkeys(kinds)]
        body = {"effective_on": on, "posts": posts}
        return done(await self.post(f"/villages/{village}/posts", body))["posts"]

    async def appoint(
        self, post_id: str, nik: str, *, village: str = KETANON, on: str = "2019-01-02"
    ) -> Response:
        body = {"post_id": post_id, "nik": nik, "effective_on": on}
        return await self.post(f"/villages/{village}/officials", body)

    async def succeed(self, post_id: str, nik: str, *, on: str, **more: Any) -> Response:
        """Appoint somebody who replaces the holder, if there is one."""
        body = {"post_id": post_id, "nik": nik, "effective_on": on, "replaces_holder": True, **more}
        return await self.post(f"/villages/{KETANON}/officials", body)

    async def dismiss(self, term_id: str, on: str) -> Response:
        return await self.post(f"/officials/{term_id}/dismissal", {"effective_on": on})

    async def events(self, village: str | None = None, topic: str | None = None) -> list[Any]:
        """What was published, in the order of the outbox, without the area data."""
        async with self.owner.transaction() as connection:
            rows = await connection.fetch(
                "SELECT value FROM events WHERE topic <> 'registry.villages' "
                "OR convert_from(value, 'UTF8') NOT LIKE '%village.known%' ORDER BY event_id"
            )
        events = [json.loads(row["value"]) for row in rows]
        return [
            event
            for event in events
            if village in (None, event["subject"])
            and (topic is None or event["type"].startswith(topic))
        ]

    async def count(self, table: str) -> int:
        async with self.owner.transaction() as connection:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608


def done(response: Response) -> Any:
    """The body of a deed that was done."""
    assert response.status_code == 201, response.text
    return response.json()


def kinds(events: list[Any]) -> list[str]:
    """`enrollment.activated` and so on."""
    return [event["type"].removeprefix("registry.").removesuffix(".v1") for event in events]
