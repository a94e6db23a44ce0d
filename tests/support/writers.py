"""Seeded writers: what a branch office records, each deed repeated until it is acknowledged.

They keep their own account of what was acknowledged, so that the services can be held to it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2

from support.system import System

UNAVAILABLE = 503
CREATED = 201
PATIENCE_SECONDS = 60.0
GOVERNMENT_PAUSE = 0.25
RESIDENT_PAUSE = 0.1
RESIDENTS = 4
BEGINS = 180
"""Days before today on which the first deed has its effect."""
LAPSED_LEAST = 100
"""Officials lose their membership so many days ago that the village is at risk at once."""


class Refused(AssertionError):
    """A service refused what it should have taken."""


@dataclass
class Account:
    """What was acknowledged, by kind of deed, and the counts that it makes of each village."""

    deeds: Counter[str] = field(default_factory=Counter)
    persons: Counter[str] = field(default_factory=Counter)
    bpu: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    """Attempts that were not acknowledged and were repeated under their key, by what came."""


class Branch:
    """The office that writes: one client per service, shared by all writers.

    `pace` makes all pauses so many times longer.
    """

    def __init__(self, system: System, seed: int, *, pace: float = 1.0) -> None:
        self.account = Account()
        self.enough = asyncio.Event()
        self.today = date.today() - timedelta(days=1)  # noqa: DTZ011  # has come in every zone
        self.seed = seed
        self.pace = pace
        self._clients = {
            service: system.client(service, seconds=8) for service in ("registry", "eligibility")
        }
        self._people = 0

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    def chance(self, *names: object) -> random.Random:
        """Choices of one writer, the same for the same seed."""
        return random.Random(f"{self.seed}/{names}")

    def new_nik(self) -> str:
        """A NIK of the invented province 99, born on 1 January 1985."""
        self._people += 1
        return f"9901{1 + self._people // 9000:02}010185{1 + self._people % 9000:04}"

    async def post(
        self, kind: str, key: UUID, path: str, body: dict[str, Any], *, service: str = "registry"
    ) -> dict[str, Any]:
        """A deed, repeated under its key until it is acknowledged; raises Refused."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                answer = await self._clients[service].post(
                    path, json=body, headers={"Idempotency-Key": str(key)}
                )
            except httpx2.TransportError as error:
                self.account.unanswered[type(error).__name__] += 1
            else:
                if answer.status_code == CREATED:
                    self.account.deeds[kind] += 1
                    acknowledged: dict[str, Any] = answer.json()
                    return acknowledged
                if answer.status_code != UNAVAILABLE:
                    raise Refused(f"{path} {body}: {answer.status_code} {answer.text}")
                self.account.unanswered["503"] += 1
            await asyncio.sleep(0.2)
        raise Refused(f"{path}: not acknowledged within {PATIENCE_SECONDS:.0f} s")


class Writer:
    """One writer: its own choices, its own keys."""

    def __init__(self, branch: Branch, *names: object) -> None:
        self.branch = branch
        self.chance = branch.chance(*names)

    async def post(
        self, kind: str, path: str, body: dict[str, Any], *, service: str = "registry"
    ) -> dict[str, Any]:
        key = UUID(int=self.chance.getrandbits(128), version=4)
        return await self.branch.post(kind, key, path, body, service=service)

    async def enroll(self, village: str, nik: str, day: date, *, segment: str) -> str:
        """An active membership; its id."""
        recorded = await self.post(
            "RECORD_ENROLLMENT",
            f"/villages/{village}/enrollments",
            {
                "nik": nik,
                "segment": segment,
                "programmes": ["JKK", "JKM"],
                "effective_on": day.isoformat(),
            },
        )
        enrollment = str(recorded["enrollment_id"])
        path = f"/enrollments/{enrollment}/activation"
        await self.post("ACTIVATE_ENROLLMENT", path, {"effective_on": day.isoformat()})
        self._count(village, 1, segment)
        return enrollment

    async def end(self, village: str, enrollment: str, day: date, *, segment: str) -> None:
        path = f"/enrollments/{enrollment}/ending"
        await self.post("END_ENROLLMENT", path, {"effective_on": day.isoformat()})
        self._count(village, -1, segment)

    async def move(self, source: str, target: str, enrollment: str, day: date) -> None:
        body = {"effective_on": day.isoformat(), "to_village_code": target}
        await self.post("MOVE_ENROLLMENT", f"/enrollments/{enrollment}/move", body)
        self._count(source, -1, "BPU")
        self._count(target, 1, "BPU")

    def _count(self, village: str, by: int, segment: str) -> None:
        self.branch.account.persons[village] += by
        if segment == "BPU":
            self.branch.account.bpu[village] += by

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(self.chance.uniform(0.5, 1.5) * seconds * self.branch.pace)


class Residents(Writer):
    """Own-account workers who enrol, move between villages and leave."""

    async def write(self, villages: Sequence[str]) -> None:
        members: list[tuple[str, str, date]] = []
        while not self.branch.enough.is_set():
            await self.pause(RESIDENT_PAUSE)
            if not members or self.chance.random() < 0.5:
                village = self.chance.choice(villages)
                day = self.branch.today - timedelta(days=self.chance.randint(90, 170))
                nik = self.branch.new_nik()
                enrollment = await self.enroll(village, nik, day, segment="BPU")
                members.append((village, enrollment, day))
                continue
            village, enrollment, day = members.pop(self.chance.randrange(len(members)))
            day += timedelta(days=self.chance.randint(0, 15))
            if self.chance.random() < 0.6 and day < self.branch.today:
                target = self.chance.choice([other for other in villages if other != village])
                await self.move(village, target, enrollment, day)
                members.append((target, enrollment, day))
            else:
                await self.end(village, enrollment, min(day, self.branch.today), segment="BPU")


@dataclass
class Post:
    """A post of the village government and who holds it, as the office believes."""

    post_id: str
    nik: str
    term: str
    enrollment: str | None


class Government(Writer):
    """One village's government: posts, holders and their memberships, sosialisasi, its title."""

    def __init__(self, branch: Branch, village: str) -> None:
        super().__init__(branch, village)
        self.village = village
        self.day = branch.today - timedelta(days=BEGINS)
        self.posts: list[Post] = []
        self.acts: defaultdict[str, int] = defaultdict(int)
        self.suspended = False

    async def write(self) -> None:
        await self._decree(kaur=2)
        await self._act("PENETAPAN")
        deeds = [self._lapse, self._cover, self._cover, self._replace, self._inform, self._suspend]
        while not self.branch.enough.is_set():
            await self.pause(GOVERNMENT_PAUSE)
            if self.day < self.branch.today - timedelta(days=LAPSED_LEAST):
                self.day += timedelta(days=self.chance.choice((0, 0, 0, 1)))
            if self.chance.random() < 0.05:
                await self._decree(kaur=self.chance.randint(2, 4))
            else:
                await self.chance.choice(deeds)()

    async def _decree(self, *, kaur: int) -> None:
        listed = [("KEPALA_DESA", 1), ("SEKRETARIS_DESA", 1), ("KAUR", kaur)]
        decree = await self.post(
            "DECREE_POSTS",
            f"/villages/{self.village}/posts",
            {
                "effective_on": self.day.isoformat(),
                "posts": [{"kind": kind, "count": count} for kind, count in listed],
            },
        )
        held = {post.post_id for post in self.posts}
        for post in decree["posts"]:
            if post["post_id"] not in held:
                self.posts.append(await self._appoint(post["post_id"], covered=True))

    async def _appoint(self, post_id: str, *, covered: bool) -> Post:
        nik = self.branch.new_nik()
        term = await self.post(
            "APPOINT",
            f"/villages/{self.village}/officials",
            {"post_id": post_id, "nik": nik, "effective_on": self.day.isoformat()},
        )
        enrollment = None
        if covered:
            enrollment = await self.enroll(self.village, nik, self.day, segment="PU")
        return Post(post_id, nik, term["term_id"], enrollment)

    async def _lapse(self) -> None:
        """One official's membership ends: the title may be at risk."""
        covered = [post for post in self.posts if post.enrollment]
        if covered:
            post = self.chance.choice(covered)
            assert post.enrollment is not None
            await self.end(self.village, post.enrollment, self.day, segment="PU")
            post.enrollment = None

    async def _cover(self) -> None:
        for post in self.posts:
            if post.enrollment is None:
                post.enrollment = await self.enroll(self.village, post.nik, self.day, segment="PU")

    async def _replace(self) -> None:
        """A holder leaves with the membership; the next one may have none."""
        place = self.chance.randrange(len(self.posts))
        post = self.posts[place]
        body = {"effective_on": self.day.isoformat()}
        await self.post("DISMISS", f"/officials/{post.term}/dismissal", body)
        if post.enrollment:
            await self.end(self.village, post.enrollment, self.day, segment="PU")
        self.posts[place] = await self._appoint(post.post_id, covered=self.chance.random() < 0.7)

    async def _inform(self) -> None:
        body = {"effective_on": self.day.isoformat(), "organiser": "BRANCH_OFFICE"}
        await self.post("HOLD_SOSIALISASI", f"/villages/{self.village}/sosialisasi", body)

    async def _suspend(self) -> None:
        """The title is suspended, or restored when it was."""
        await self._act("PEMULIHAN" if self.suspended else "PENANGGUHAN")
        self.suspended = not self.suspended

    async def _act(self, act: str) -> None:
        number = sum(self.acts.values()) + 1
        self.acts[act] += 1
        await self.post(
            act,
            f"/villages/{self.village}/acts",
            {
                "act": act,
                "number": f"B/{number}/2026",
                "effective_on": self.day.isoformat(),
                "signing_office": "Kantor Cabang",
                "reason": "badai",
            },
            service="eligibility",
        )
        self.branch.account.acts[self.village] += 1


async def write_during(
    branch: Branch, villages: Sequence[str], weather: Coroutine[Any, Any, None]
) -> None:
    """Write until the weather is over, and let each writer come to an end."""
    writers = [Government(branch, village).write() for village in villages]
    writers += [Residents(branch, "residents", n).write(villages) for n in range(RESIDENTS)]
    try:
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer)
            await weather
            branch.enough.set()
    finally:
        await branch.close()
