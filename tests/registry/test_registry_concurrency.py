"""Many at once: repeats are done once, two writers leave one order, nothing waits for ever."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from httpx2 import Response
from registry_api import KEDUNGJARAN, KETANON, SUKOSEWU, WONOPRINGGO, Api, a_nik, done


async def statuses(*calls: asyncio.Future[Response]) -> list[int]:
    return sorted([answer.status_code for answer in await asyncio.gather(*calls)])


async def test_a_hundred_repeats_are_done_once(api: Api) -> None:
    """The same request a hundred times at once: one row, one event, one answer for all."""
    body = {
        "nik": a_nik(),
        "segment": "BPU",
        "programmes": ["JKK", "JKM"],
        "effective_on": "2019-08-01",
    }
    path, token = f"/villages/{KETANON}/enrollments", api.token()

    answers = await asyncio.gather(
        *(api.post(path, body, key="one", token=token) for _ in range(100))
    )

    assert {201} == {answer.status_code for answer in answers}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["Event-Position"] for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert (await api.count("enrollments"), len(await api.events())) == (1, 1)


async def test_a_key_is_not_used_for_another_request(api: Api) -> None:
    body = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE"}
    done(await api.post(f"/villages/{KETANON}/sosialisasi", body, key="one"))

    changed = await api.post(
        f"/villages/{KETANON}/sosialisasi", body | {"attendance": 7}, key="one"
    )
    others = await api.post(
        f"/villages/{KETANON}/sosialisasi", body, key="one", token=api.token(subject="lain")
    )

    assert (changed.status_code, others.status_code) == (409, 201)
    assert await api.count("sosialisasi") == 2


async def test_one_person_enrolled_twice_at_once_is_one_person(api: Api) -> None:
    """Twenty requests for one NIK: one participant, one open membership, nineteen conflicts."""
    got = await statuses(
        *(
            api.enroll(a_nik(), village=village)
            for village in (KETANON, SUKOSEWU, WONOPRINGGO, KEDUNGJARAN) * 5
        )
    )

    assert got == [201] + [409] * 19
    assert (await api.count("participants"), await api.count("enrollments")) == (1, 1)


async def test_two_appointments_to_one_post(api: Api) -> None:
    """Of two holders at once one is refused, twenty times out of twenty."""
    posts = await api.decree(*["RT_HEAD"] * 20)

    for number, post in enumerate(posts):
        got = await statuses(
            api.appoint(post["post_id"], a_nik(2 * number + 1)),
            api.appoint(post["post_id"], a_nik(2 * number + 2)),
        )
        assert got == [201, 409]

    assert await api.count("terms") == 20


async def test_ending_and_moving_at_once(api: Api) -> None:
    """Either the end comes first and the move is refused, or the village it moved to hears the end.

    Whatever the order, no village keeps the person and the versions have no gap.
    """
    for serial in range(1, 16):
        enrollment_id = await api.active(a_nik(serial))

        got = await statuses(
            api.end(enrollment_id, "2020-01-01"),
            api.move(enrollment_id, WONOPRINGGO, "2020-01-01"),
        )

        assert got in ([201, 201], [201, 409])

    events = await api.events(topic="registry.enrollment")
    persons: dict[str, int] = {}
    versions: dict[str, list[int]] = {}
    for event in events:
        versions.setdefault(event["data"]["enrollment_id"], []).append(event["data"]["version"])
        for effect in event["data"]["effect"]:
            village = event["subject"]
            persons[village] = persons.get(village, 0) + effect["deltas"]["persons"]
    assert {0} == set(persons.values())
    for of_one in versions.values():
        assert all(later - earlier in (0, 1) for earlier, later in pairwise(of_one))


async def test_coverage_is_never_missed_between_two_villages(api: Api) -> None:
    """Appointed in one village while activated in another: the post always hears the coverage."""
    posts = await api.decree(*["RT_HEAD"] * 15)
    for serial, post in enumerate(posts, start=1):
        enrollment_id = await api.enrolled(a_nik(serial), village=SUKOSEWU)

        got = await statuses(
            api.appoint(post["post_id"], a_nik(serial)), api.activate(enrollment_id)
        )

        assert got == [201, 201]

    told = {
        event["data"]["post_id"]: event["data"]["coverage"][-1]["status"]
        for event in await api.events(KETANON, "registry.official")
    }
    assert {post["post_id"]: "AKTIF" for post in posts} == told


async def test_moves_across_each_other_do_not_deadlock(api: Api) -> None:
    """From A to B and from B to A at once: locks are taken in one order."""
    there = [await api.active(a_nik(serial), village=KETANON) for serial in range(1, 11)]
    back = [await api.active(a_nik(serial), village=SUKOSEWU) for serial in range(11, 21)]

    got = await statuses(
        *(api.move(one, SUKOSEWU, "2020-01-01") for one in there),
        *(api.move(one, KETANON, "2020-01-01") for one in back),
    )

    assert got == [201] * 20


async def test_sequences_of_a_village_have_no_gap_and_follow_time(api: Api) -> None:
    """Fifty writers to one village: sequences 1 to 50, times rising with them, ids too."""
    body = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE"}
    token = api.token()

    got = await statuses(
        *(api.post(f"/villages/{KETANON}/sosialisasi", body, token=token) for _ in range(50))
    )

    events = await api.events()
    assert got == [201] * 50
    assert [f"{number:010d}" for number in range(1, 51)] == [event["sequence"] for event in events]
    assert sorted({event["time"] for event in events}) == [event["time"] for event in events]
