"""An isolation tester in the manner of PostgreSQL's: real deeds, every order of their steps.

Each session is a task with one connection of its own. It stops before the statements that its
specification names, before COMMIT, and where a deed calls `Stage.at` itself; the tester lets one
session go one step at a time. A step that waits for a lock of another session is left waiting, as
PostgreSQL says it (`pg_blocking_pids`), and goes on as soon as it can. A session that waits has no
turn, so that no two orders played are the same one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from common.database import connect

from support.isolation_stage import COMMIT, Deed, Stage

__all__ = ["COMMIT", "IsolationTester", "Play", "Stage"]

TOLD_AGAIN = "PERMUTATION"
"""Environment variable: the one order to play, as a failure prints it."""

STEP_SECONDS = 10.0
"""A step that neither ends nor waits for another session's lock by then is a failure."""
LOOK_SECONDS = 0.002


@dataclass
class Told:
    """One order of steps, as it went: what each deed answered or was refused with."""

    steps: list[str] = field(default_factory=list)
    waits: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)

    @property
    def done(self) -> set[str]:
        """The sessions that were not refused."""
        return set(self.answers)


@dataclass
class Seen:
    """What all orders together have shown, so that a specification cannot pass by missing it."""

    orders: int = 0
    waits: int = 0
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[frozenset[str]] = field(default_factory=Counter)
    """How often which sessions were not refused."""


class Orders:
    """Every order in which sessions can take their steps, one after the other; or the one given.

    A search in depth: the first choice that has an alternative left is made otherwise next time.
    """

    def __init__(self, only: str | None = None) -> None:
        self._only = only.split() if only else None
        self._choices: list[tuple[list[str], int]] = []
        self.chosen: list[str] = []

    def choose(self, ready: list[str]) -> str:
        """Whose turn it is, of those that can take a step."""
        depth = len(self.chosen)
        if self._only is not None:
            name = self._only[depth] if depth < len(self._only) else ready[0]
            assert name in ready, f"{name} cannot take a step: ended or waiting"
        else:
            if depth == len(self._choices):
                self._choices.append((ready, 0))
            names, index = self._choices[depth]
            assert names == ready, f"a choice between {names} came again as {ready}"
            name = names[index]
        self.chosen.append(name)
        return name

    def next(self) -> bool:
        """Go to the next order; whether there is one."""
        del self._choices[len(self.chosen) :]
        self.chosen = []
        while self._choices:
            names, index = self._choices.pop()
            if index + 1 < len(names):
                self._choices.append((names, index + 1))
                return True
        return False


class Play:
    """One order of the sessions' steps, to be played on rows of its own."""

    def __init__(
        self, tester: IsolationTester, stops: Mapping[str, Sequence[str]], orders: Orders
    ) -> None:
        self._tester = tester
        self._stops = stops
        self._orders = orders
        self.told = Told()

    async def __call__(self, *, refusals: tuple[type[Exception], ...] = (), **deeds: Deed) -> Told:
        """Play the deeds in this order; any error but the named refusals is a failure."""
        stages = [
            Stage(name, await self._tester.connection(name), stops, self._tester.names)
            for name, stops in self._stops.items()
        ]
        for stage in stages:
            stage.begin(deeds[stage.name])
        by_name = {stage.name: stage for stage in stages}
        try:
            while ready := await self._settle(stages):
                self.told.steps.append(by_name[self._orders.choose(ready)].go())
        finally:
            for stage in stages:
                stage.task.cancel()
            await asyncio.gather(*(stage.task for stage in stages), return_exceptions=True)
        for stage in stages:
            self._answer(stage, refusals)
        return self.told

    async def _settle(self, stages: Sequence[Stage]) -> list[str]:
        """Wait until each session rests or waits for another's lock; who can take a step."""
        deadline = time.monotonic() + STEP_SECONDS
        pids = [stage.pid for stage in stages]
        while running := [stage for stage in stages if not stage.quiet]:
            for stage in running:
                if await stage.rest(LOOK_SECONDS) or not await self._tester.waits(stage.pid, pids):
                    break
            else:
                if ready := [stage.name for stage in stages if stage.ready]:
                    for stage in running:
                        self._note_wait(stage)
                    return ready
            if time.monotonic() > deadline:
                names = ", ".join(stage.name for stage in running)
                raise AssertionError(f"{names} neither goes on nor waits for a lock of a session")
        return [stage.name for stage in stages if stage.ready]

    def _note_wait(self, stage: Stage) -> None:
        line = f"{stage.name}: <waiting ...>"
        if not self.told.steps or self.told.steps[-1] != line:
            self.told.steps.append(line)
            self.told.waits += 1

    def _answer(self, stage: Stage, refusals: tuple[type[Exception], ...]) -> None:
        seen = self._tester.seen
        seen.reached.update((stage.name, place) for place in stage.reached)
        error = stage.task.exception()
        if error is None:
            self.told.answers[stage.name] = stage.task.result()
        elif isinstance(error, refusals):
            assert isinstance(error, Exception)
            self.told.refusals[stage.name] = error
        else:
            raise AssertionError(f"{stage.name} failed: {error!r}") from error


class IsolationTester:
    """Plays scenarios in every order of their steps, on one database.

    `logins` are the URLs of sessions, by name, that do not come as `url`.
    """

    def __init__(
        self, url: str, *statements: Mapping[str, str], logins: Mapping[str, str] | None = None
    ) -> None:
        self._url = url
        self._logins = logins or {}
        self._connections: dict[str, asyncpg.Connection[Any]] = {}
        self.names = {sql: name for some in statements for name, sql in some.items()}
        self.seen = Seen()

    async def connection(self, name: str) -> asyncpg.Connection[Any]:
        if name not in self._connections:
            url = self._logins.get(name, self._url)
            self._connections[name] = await connect(url, name=f"isolation-{name}")
        return self._connections[name]

    async def close(self) -> None:
        for connection in self._connections.values():
            connection.terminate()

    async def waits(self, pid: int, pids: Sequence[int]) -> bool:
        """Whether a backend waits for a lock that one of the others holds."""
        observer = await self.connection("observer")
        blocked: bool = await observer.fetchval(
            "SELECT pg_blocking_pids($1) && $2::int[]", pid, [p for p in pids if p != pid]
        )
        return blocked

    async def every(
        self, scenario: Callable[[Play], Awaitable[None]], **stops: Sequence[str]
    ) -> Seen:
        """Play a scenario once in each order in which its sessions can take their steps."""
        places = {place for some in stops.values() for place in some}
        unknown = {place for place in places if place.islower()} - set(self.names.values())
        assert not unknown, f"no statement has the name {unknown}"
        self.seen = Seen()
        orders = Orders(os.environ.get(TOLD_AGAIN))
        more = True
        while more:
            play = Play(self, stops, orders)
            try:
                await scenario(play)
            except Exception as error:
                told = "\n  ".join(play.told.steps)
                raise AssertionError(
                    f"{error}\nin this order:\n  {told}\n"
                    f"again alone: {TOLD_AGAIN}='{' '.join(orders.chosen)}' pytest ..."
                ) from error
            self.seen.orders += 1
            self.seen.waits += play.told.waits
            self.seen.outcomes[frozenset(play.told.done)] += 1
            more = orders.next()
        missed = {(name, place) for name, some in stops.items() for place in some}
        missed -= self.seen.reached.keys()
        assert not missed, f"never reached: {missed}"
        return self.seen
