"""What every run is held to when it has come to rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from support.simulated.postgres import Server
from support.simulated.registry import Deed
from support.simulated.world import World

Stream = tuple[str, str]
"""Topic, village."""


def streams(server: Server) -> dict[Stream, int]:
    """The last sequence of each stream, as its producer counts."""
    return {
        (row["topic"], row["village_key"]): row["last_sequence"]
        for row in server.rows["streams"].values()
    }


def marks(server: Server, inputs: Sequence[str]) -> dict[Stream, int]:
    """The last sequence of each stream that had its effect."""
    return {
        (topic, row["village_key"]): sequence
        for row in server.rows["marks"].values()
        for topic, sequence in zip(inputs, row["sequences"], strict=True)
        if sequence
    }


def waiting_rows(world: World) -> list[str]:
    """What stands in a queue of some server, or has not reached its topic."""
    late = [f"{world.broker.on_the_way} batches"] if world.broker.on_the_way else []
    return late + [
        f"{len(rows)} {table} in {name}"
        for name, server in world.servers.items()
        for table in ("unpublished", "held", "parked", "consuming_stopped")
        if (rows := server.rows[table])
    ]


def behind(world: World, service: str, told: Mapping[str, str]) -> list[str]:
    """The streams of which `service` has not heard all; `told` is whose each input is."""
    heard = marks(world.servers[service], list(told))
    return [
        f"{service} at {heard.get(stream, 0)} of {last} of {stream}"
        for producer in sorted(set(told.values()))
        for stream, last in sorted(streams(world.servers[producer]).items())
        if told.get(stream[0]) == producer and heard.get(stream, 0) != last
    ]


def check_outbox(world: World, producer: str) -> None:
    """Sequences without a gap, times that rise, and on the topics nothing else, each as written."""
    server = world.servers[producer]
    found: defaultdict[Stream, list[int]] = defaultdict(list)
    times: defaultdict[str, list[tuple[object, int]]] = defaultdict(list)
    for (village, topic, sequence), row in server.rows["events"].items():
        found[topic, village].append(sequence)
        times[village].append((row["time"], row["event_id"]))
    for stream, last in streams(server).items():
        assert list(range(1, last + 1)) == sorted(found.pop(stream)), f"{stream} has a gap"
    assert not found, "events of a stream without a counter"
    for village, moments in times.items():
        ids = [event_id for _, event_id in sorted(moments)]
        assert sorted(ids) == ids, f"ids and times of {village} differ in order"
    check_topics(world, server)


def check_topics(world: World, server: Server) -> None:
    """What stands on a topic is what was recorded, byte by byte, and all of it."""
    there: set[tuple[str, str, int]] = set()
    mine = {topic for topic, _ in streams(server)}
    for (topic, _), log in world.broker.logs.items():
        for record in log if topic in mine else ():
            event = msgspec.json.decode(record.value or b"")
            place = (event["subject"], topic, int(event["sequence"]))
            assert place in server.rows["events"], f"{place} is not in the outbox"
            assert server.rows["events"][place]["value"] == record.value, f"{place} differs"
            there.add(place)
    assert there == set(server.rows["events"]), "recorded, and on no topic"


def check_deeds(world: World, deeds: Sequence[Deed], answered: Mapping[str, int]) -> None:
    """What was answered is what was recorded, once, however often it was asked for."""
    events = world.servers["registry"].rows["events"]
    assert sum(len(deed.drafts) for deed in deeds) == len(events)
    positions = {f"{topic}/{village}/{sequence}" for village, topic, sequence in events}
    assert positions == set(answered)
    assert {1} == set(answered.values()), "two deeds were answered with one event"


def check_effects(world: World, service: str, told: Mapping[str, str]) -> None:
    """Every event of every stream heard had its effect once, in its order."""
    found: defaultdict[Stream, list[int]] = defaultdict(list)
    rows = world.servers[service].rows["effects"]
    for key in sorted(rows):
        row = rows[key]
        found[row["topic"], row["village_key"]].append(row["sequence"])
    for producer in sorted(set(told.values())):
        for stream, last in streams(world.servers[producer]).items():
            if told.get(stream[0]) == producer:
                effects = found.pop(stream, [])
                assert list(range(1, last + 1)) == effects, f"{service}: {stream}"
    assert not found, f"{service} had effects of streams that nobody told"
