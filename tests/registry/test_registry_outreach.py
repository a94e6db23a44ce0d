"""Outreach, counts of workers and launches: what is stored, published, answered and refused."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from registry_api import KELURAHAN, KETANON, WONOPRINGGO, Api, done

ON = "2019-09-03"
LAUNCH: dict[str, object] = {
    "effective_on": ON,
    "level": "REGENCY",
    "host_office": "BUPATI",
    "represented_by": "SEKDA",
    "venue": "PENDOPO",
}
WORKERS: dict[str, object] = {
    "effective_on": ON,
    "total": 2632,
    "pu": 600,
    "bpu": 2032,
    "source": "VILLAGE_DATA",
}

DEEDS: list[tuple[str, dict[str, object], str, str]] = [
    (
        f"/villages/{WONOPRINGGO}/potentials",
        {"effective_on": ON, "sector": "CULINARY", "businesses": 400},
        f"registry.outreach/{WONOPRINGGO}/1",
        "registry.potential.noted.v1",
    ),
    (
        f"/villages/{KETANON}/aid",
        {"effective_on": ON, "kind": "TRACTOR", "amount_rupiah": 30_000_000},
        f"registry.outreach/{KETANON}/1",
        "registry.aid.granted.v1",
    ),
    (
        f"/villages/{KELURAHAN}/perisai-agents",
        {"effective_on": ON},
        f"registry.outreach/{KELURAHAN}/1",
        "registry.perisai.assigned.v1",
    ),
    (
        f"/villages/{KETANON}/worker-counts",
        WORKERS,
        f"registry.villages/{KETANON}/2",
        "registry.village.workers_counted.v1",
    ),
    (
        f"/villages/{KETANON}/sosialisasi",
        {"effective_on": ON, "organiser": "BABINSA", "attendance": 40, "occasion": "FESTIVAL"},
        f"registry.outreach/{KETANON}/2",
        "registry.sosialisasi.held.v1",
    ),
    ("/areas/33.26/launches", LAUNCH, "registry.notices/33.26/1", "registry.launch.held.v1"),
    (
        "/areas/33/launches",
        LAUNCH | {"level": "PROVINCE", "host_office": "GUBERNUR", "represented_by": None},
        "registry.notices/33/1",
        "registry.launch.held.v1",
    ),
]


async def test_each_deed_is_stored_published_and_listed(api: Api) -> None:
    """One event at the next place of its stream, an act, the same answer again, and the list."""
    for number, (path, body, position, kind) in enumerate(DEEDS, start=1):
        answer = await api.post(path, body, key=path)
        again = await api.post(path, body, key=path)

        said = done(answer)
        assert position == answer.headers["Event-Position"]
        assert (answer.json(), position) == (again.json(), again.headers["Event-Position"])
        event = (await api.events())[-1]
        assert (kind, position.split("/")[1]) == (event["type"], event["subject"])
        assert event["data"] | {"warnings": []} == said
        assert body == {name: event["data"][name] for name in body}
        [listed] = (await api.get(answer.headers["Location"])).json()
        same = listed.keys() & event["data"].keys()
        assert {name: listed[name] for name in same} == {n: event["data"][n] for n in same}
        assert ON in listed.values()
        assert (number, number) == (await api.count("acts"), len(await api.events()))


async def test_an_agent_stops_once(api: Api) -> None:
    """The first day without the agent is told; a second one, or an earlier one, is refused."""
    agents = f"/villages/{KETANON}/perisai-agents"
    agent_id = done(await api.post(agents, {"effective_on": ON}))["agent_id"]
    path = f"/perisai-agents/{agent_id}/inactive"

    early = await api.post(path, {"effective_on": "2019-09-02"})
    stopped = await api.post(path, {"effective_on": "2020-02-01"})
    second = await api.post(path, {"effective_on": "2020-03-01"})
    stranger = await api.post(f"/perisai-agents/{uuid4()}/inactive", {"effective_on": ON})

    assert done(stopped)["agent_id"] == agent_id
    assert ["agent-inactive", "before-last-change", "agent-unknown"] == [
        refused.json()["errors"][0]["code"] for refused in (second, early, stranger)
    ]
    assert [409, 409, 404] == [r.status_code for r in (second, early, stranger)]
    assert ["assigned", "inactive"] == [e["type"].split(".")[2] for e in await api.events()]
    assert [{"agent_id": agent_id, "assigned_on": ON, "inactive_from": "2020-02-01"}] == (
        await api.get(agents)
    ).json()


async def test_two_stop_an_agent_at_once(api: Api) -> None:
    """Under the village's lock one is told and the other refused."""
    agents = f"/villages/{KETANON}/perisai-agents"
    agent_id = done(await api.post(agents, {"effective_on": ON}))["agent_id"]
    path = f"/perisai-agents/{agent_id}/inactive"

    answers = await asyncio.gather(
        *(api.post(path, {"effective_on": f"2020-02-0{day}"}) for day in range(1, 6))
    )

    assert [201, 409, 409, 409, 409] == sorted(answer.status_code for answer in answers)
    assert len(await api.events()) == 2


async def test_a_later_count_for_the_same_day_comes_first(api: Api) -> None:
    """A count entered again corrects the one before; both stay on record."""
    path = f"/villages/{KETANON}/worker-counts"
    done(await api.post(path, WORKERS))
    done(await api.post(path, WORKERS | {"total": 2700}))
    done(await api.post(path, WORKERS | {"effective_on": "2018-03-25", "total": 9999}))

    assert [2700, 2632, 9999] == [one["total"] for one in (await api.get(path)).json()]


REFUSED: list[tuple[str, dict[str, object], str, str]] = [
    (
        f"/villages/{KETANON}/worker-counts",
        WORKERS | {"pu": 601},
        "workers-impossible",
        "total",
    ),
    (
        f"/villages/{KETANON}/worker-counts",
        WORKERS | {"effective_on": "2099-01-01"},
        "date-outside-limits",
        "effective_on",
    ),
    ("/areas/33/launches", LAUNCH, "launch-impossible", "level"),
    ("/areas/33.26/launches", LAUNCH | {"level": "PROVINCE"}, "launch-impossible", "level"),
    (
        "/areas/33.75/launches",
        LAUNCH,
        "launch-impossible",
        "host_office",
    ),
    (
        "/areas/33/launches",
        LAUNCH | {"level": "NATIONAL"},
        "launch-impossible",
        "host_office",
    ),
    ("/areas/33.26.10/launches", LAUNCH, "area-code-impossible", "area_code"),
    ("/areas/33.99/launches", LAUNCH, "area-unknown", "area_code"),
    (
        "/areas/33.26/launches",
        LAUNCH | {"effective_on": "2099-01-01"},
        "date-outside-limits",
        "effective_on",
    ),
]


async def test_what_cannot_be_is_refused(api: Api) -> None:
    """Named with its field; nothing is published."""
    found = []
    for path, body, _, _ in REFUSED:
        [error] = (await api.post(path, body)).json()["errors"]
        found.append((path, body, error["code"], error["field"].split(".")[-1]))

    assert found == REFUSED
    assert await api.events() == []


async def test_who_may_record_a_launch(api: Api) -> None:
    """Whose areas contain the whole area; a part of it is not enough."""
    province = LAUNCH | {"level": "PROVINCE", "host_office": "GUBERNUR"}
    callers = [("33.26", LAUNCH, 201), ("33", LAUNCH, 201), ("*", LAUNCH, 201)]
    callers += [("33.26.10", LAUNCH, 403), ("33.10", LAUNCH, 403), ("33.26", province, 403)]

    for areas, body, expected in callers:
        area = "33.26" if body is LAUNCH else "33"
        answer = await api.post(f"/areas/{area}/launches", body, token=api.token(areas=[areas]))
        assert (areas, expected) == (areas, answer.status_code)


async def test_launches_at_once_have_no_gap(api: Api) -> None:
    """The area's row is the lock of its streams, as a village's row is of the village's."""
    answers = await asyncio.gather(
        *(api.post("/areas/33.26/launches", LAUNCH) for _ in range(8)),
        *(
            api.post(
                "/areas/33/launches", LAUNCH | {"level": "PROVINCE", "host_office": "GUBERNUR"}
            )
            for _ in range(4)
        ),
    )

    assert {201} == {answer.status_code for answer in answers}
    sequences: dict[str, list[str]] = {}
    times: dict[str, list[str]] = {}
    for event in await api.events():
        sequences.setdefault(event["subject"], []).append(event["sequence"])
        times.setdefault(event["subject"], []).append(event["time"])
    assert {"33.26": 8, "33": 4} == {area: len(found) for area, found in sequences.items()}
    for area, found in sequences.items():
        assert [f"{n:010d}" for n in range(1, len(found) + 1)] == found
        assert sorted(set(times[area])) == times[area]
