"""A village's government over the registry's API: posts, their holders, and who is enrolled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from demo.client import Client
from demo.scenario import Government, Scenario
from demo.together import together

AT_ONCE = 8
"""Officials registered side by side; those of one village wait for each other in the registry."""
NEW_HEAD = 99
"""The number of the person who takes office later."""
HEADS = ("KEPALA_DESA", "LURAH")


class Governments:
    """Fills the posts of villages with invented people."""

    def __init__(self, client: Client, scenario: Scenario) -> None:
        self._client = client
        self._scenario = scenario
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def set_up(self, name: str, village: str, step: Government) -> tuple[int, int]:
        """Decree the posts, fill all and enrol those who are; how many are filled and enrolled."""
        posts = await self._decree(name, village, step)
        enrolled = _enrolled(posts, step.not_yet)
        await together(
            self._official(f"{name}/{number}", village, post, (number, number in enrolled), step)
            for number, post in enumerate(posts)
        )
        return len(posts), len(enrolled)

    async def _decree(self, name: str, village: str, step: Government) -> list[Mapping[str, Any]]:
        listed = self._scenario.posts[step.posts]
        body = {
            "effective_on": step.decreed.isoformat(),
            "posts": [{"kind": kind, "count": count} for kind, count in listed.items()],
        }
        answer = await self._client.post("registry", self._path(village, "posts"), name, body)
        posts: list[Mapping[str, Any]] = answer["posts"]
        return posts

    async def _official(
        self,
        name: str,
        village: str,
        post: Mapping[str, Any],
        person: tuple[int, bool],
        step: Government,
    ) -> None:
        """Somebody (a number, and whether enrolled) holds a post."""
        number, enrolled = person
        async with self._at_once:
            nik = self._scenario.nik(village, number)
            body = {
                "post_id": post["post_id"],
                "nik": nik,
                "effective_on": step.decreed.isoformat(),
            }
            path = self._path(village, "officials")
            await self._client.post("registry", path, f"{name}/term", body)
            if enrolled:
                await self._enrol(name, village, nik, step.enrolled, step.active)

    async def _enrol(self, name: str, village: str, nik: str, since: date, active: date) -> None:
        body = {
            "nik": nik,
            "segment": "PU",
            "programmes": ["JKK", "JKM"],
            "effective_on": since.isoformat(),
        }
        path = self._path(village, "enrollments")
        enrolled = await self._client.post("registry", path, f"{name}/enrollment", body)
        path = f"/enrollments/{enrolled['enrollment_id']}/activation"
        body = {"effective_on": active.isoformat()}
        await self._client.post("registry", path, f"{name}/activation", body)

    async def new_head(self, name: str, village: str, *, day: date) -> None:
        """Somebody takes the head's post on a day, and is not enrolled."""
        found = await self._client.get("registry", self._path(village, "posts"))
        head = next(post for post in found["posts"] if post["kind"] in HEADS)
        body = {
            "post_id": head["post_id"],
            "nik": self._scenario.nik(village, NEW_HEAD),
            "effective_on": day.isoformat(),
            "replaces_holder": True,
        }
        path = self._path(village, "officials")
        await self._client.post("registry", path, f"{name}/{village}/term", body)

    async def register_head(self, name: str, village: str, *, day: date) -> None:
        """The new head becomes a member on a day."""
        nik = self._scenario.nik(village, NEW_HEAD)
        await self._enrol(f"{name}/{village}", village, nik, day, day)

    def _path(self, village: str, route: str) -> str:
        return f"/villages/{self._scenario.villages[village].code}/{route}"


def _enrolled(posts: list[Mapping[str, Any]], not_yet: Mapping[Any, int]) -> set[int]:
    """The places of those who are enrolled: of each kind the last few are not yet."""
    left = Counter({str(kind): number for kind, number in not_yet.items()})
    enrolled = set()
    for number in reversed(range(len(posts))):
        kind = posts[number]["kind"]
        if left[kind]:
            left[kind] -= 1
        else:
            enrolled.add(number)
    return enrolled
