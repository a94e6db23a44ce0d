"""Groups in memory: members that come and go, and the loop that stands in for FastStream's.

A group redelivers from the committed offset after each rebalance; a member that was thought dead
goes on with what it has in hand, and its commit is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from aiokafka.errors import CommitFailedError, KafkaTimeoutError

from support.simulated.kafka import PARTITIONS, Broker, Place, Record
from support.simulated.processes import Process
from support.simulated.weather import TIMEOUT

SESSION = 3.0
"""Seconds after which a member that says nothing is thought dead."""


class Group:
    """Members that share partitions by range, so that a village's topics land on one of them."""

    def __init__(self, broker: Broker, name: str, topics: tuple[str, ...]) -> None:
        self.broker = broker
        self.name = name
        self.topics = topics
        self.members: list[Member] = []
        self.committed: dict[Place, int] = {}

    def join(self, member: Member) -> None:
        self.members.append(member)
        self._rebalance(f"{member.name} joins")

    def expel(self, member: Member) -> None:
        """It has said nothing for too long, or has left."""
        if member in self.members:
            self.members.remove(member)
            self._rebalance(f"{member.name} is out")

    def _rebalance(self, why: str) -> None:
        self.broker.weather.trace(self.name, f"rebalance: {why}")
        for member in self.members:
            member.positions = {}
        for partition in range(PARTITIONS) if self.members else ():
            member = self.members[partition * len(self.members) // PARTITIONS]
            for topic in self.topics:
                member.positions[topic, partition] = self.committed.get((topic, partition), 0)


class Member:
    """One consumer of a group, as FastStream drives it: poll, handle, acknowledge or go back."""

    def __init__(self, group: Group, name: str, process: Process) -> None:
        self.group = group
        self.name = name
        self.process = process
        self.positions: dict[Place, int] = {}
        self._weather = group.broker.weather
        process.ends.append(self._end)

    async def poll(self, most: int) -> list[Record]:
        """Some records of some of its partitions; it joins again when it was thought dead."""
        group, weather = self.group, self._weather
        await weather.pass_by(self.process)
        if not group.broker.reaches(self.process):
            await asyncio.sleep(TIMEOUT)
            self.process.check()
            if not group.broker.up:
                return []
            group.expel(self)
            return []
        if self not in group.members:
            group.join(self)
        polled: list[Record] = []
        places = sorted(self.positions)
        weather.chance.shuffle(places)
        for place in places:
            log, position = group.broker.log(place), self.positions[place]
            if position < len(log) and len(polled) < most:
                page = log[position : position + weather.chance.randint(1, most - len(polled))]
                self.positions[place] += len(page)
                polled += page
        if polled:
            weather.trace(self.process.name, f"{group.name} polls {len(polled)}")
        return polled

    async def acknowledge(self) -> None:
        """Commit the positions; raises KafkaError when it is no member any more or Kafka away."""
        await self._weather.pass_by(self.process)
        if not self.group.broker.reaches(self.process):
            await asyncio.sleep(TIMEOUT)
            self.process.check()
            raise KafkaTimeoutError
        if self not in self.group.members:
            raise CommitFailedError("it is not a member any more")
        self.group.committed.update(self.positions)
        self._weather.trace(self.process.name, f"{self.group.name} commits")
        await self._weather.pass_by(self.process)

    def go_back(self, records: Sequence[Record]) -> None:
        """NACK_ON_ERROR: fetch a failed batch again, as far as its partitions are still ours."""
        for record in reversed(records):
            if (place := (record.topic, record.partition)) in self.positions:
                self.positions[place] = min(self.positions[place], record.offset)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(SESSION, self.group.expel, self)


Receive: TypeAlias = Callable[[Sequence[Record]], Any]


async def consume(member: Member, receive: Receive, *, most: int, idle: float) -> None:
    """The loop that stands in for FastStream's batch subscriber with NACK_ON_ERROR.

    FastStream polls, calls the handler, and commits the positions if it returned; on an error it
    seeks back to the batch. A commit that fails is logged, and the records come again.
    """
    while True:
        records = await member.poll(most)
        if not records:
            await asyncio.sleep(idle)
            continue
        try:
            await receive(records)
        except Exception as error:  # noqa: BLE001  # FastStream catches all as well
            member.go_back(records)
            why = f"{type(error).__name__}: {error}"
            member._weather.trace(member.process.name, f"{member.group.name} goes back: {why}")
            continue
        try:
            await member.acknowledge()
        except (KafkaTimeoutError, CommitFailedError):
            member._weather.trace(member.process.name, f"{member.group.name} commit refused")
