"""A new holder takes office: the term before ends and the new one begins in one deed."""

from __future__ import annotations

import asyncio

from registry_api import KETANON, SUKOSEWU, Api, a_nik, done, kinds

OFFICIALS = "registry.official"


async def test_a_new_holder_replaces_the_one_in_office(api: Api) -> None:
    """Left and appointed stand next to each other in one stream, of one day and one transaction."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1), on="2019-01-02"))

    answer = await api.succeed(post["post_id"], a_nik(2), on="2025-01-06")

    term = done(answer)
    assert term["replaced_term_id"] == first["term_id"]
    assert answer.headers["Event-Position"] == f"registry.officials/{KETANON}/3"
    _, left, begun = await api.events(topic=OFFICIALS)
    assert kinds([left, begun]) == ["official.left", "official.appointed"]
    assert ("0000000002", "0000000003") == (left["sequence"], begun["sequence"])
    assert (first["term_id"], term["term_id"]) == (
        left["data"]["term_id"],
        begun["data"]["term_id"],
    )
    assert {left["data"]["effective_on"], begun["data"]["effective_on"]} == {"2025-01-06"}
    async with api.owner.transaction() as connection:
        transactions = await connection.fetch(
            "SELECT DISTINCT xmin::text FROM events "
            "WHERE topic = 'registry.officials' AND sequence > 1"
        )
    assert len(transactions) == 1
    posts = await api.get(f"/villages/{KETANON}/posts", on="2025-01-06")
    assert posts.json()["posts"][0]["holder"]["term_id"] == term["term_id"]


async def test_both_ends_of_a_succession_are_written_down(api: Api) -> None:
    """Who ended the old term is known, as who began the new one."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1)))

    term = done(await api.succeed(post["post_id"], a_nik(2), on="2025-01-06"))

    async with api.owner.transaction() as connection:
        rows = await connection.fetch("SELECT deed, subject_id, actor FROM acts ORDER BY act_no")
    assert [(row["deed"], str(row["subject_id"]), row["actor"]) for row in rows[-2:]] == [
        ("REPLACE", first["term_id"], "petugas"),
        ("APPOINT", term["term_id"], "petugas"),
    ]


async def test_a_succession_without_a_holder_is_an_appointment(api: Api) -> None:
    """A caller need not know whether the post is vacant."""
    [post] = await api.decree("KEPALA_DESA")

    term = done(await api.succeed(post["post_id"], a_nik(1), on="2019-01-02"))

    assert term["replaced_term_id"] is None
    assert kinds(await api.events(topic=OFFICIALS)) == ["official.appointed"]


async def test_an_acting_holder_is_replaced_even_by_the_same_person(api: Api) -> None:
    """A Pj. who becomes head for good ends the acting term and begins another."""
    [post] = await api.decree("KEPALA_DESA")
    acting = done(await api.succeed(post["post_id"], a_nik(1), on="2024-06-01", acting=True))

    head = done(await api.succeed(post["post_id"], a_nik(1), on="2025-01-06"))

    assert head["replaced_term_id"] == acting["term_id"]
    assert (head["acting"], head["participant_id"]) == (False, acting["participant_id"])


async def test_a_term_whose_end_is_known_ends_earlier_by_succession(api: Api) -> None:
    """Who was to leave in June and is replaced in January leaves in January."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1)))
    done(await api.dismiss(first["term_id"], "2025-06-01"))

    done(await api.succeed(post["post_id"], a_nik(2), on="2025-01-06"))

    left = await api.events(topic="registry.official.left")
    assert [event["data"]["effective_on"] for event in left] == ["2025-06-01", "2025-01-06"]
    assert {event["data"]["term_id"] for event in left} == {first["term_id"]}


async def test_without_the_word_a_held_post_is_refused(api: Api) -> None:
    """The refusal names the term, and the field that would replace its holder."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1)))

    answer = await api.appoint(post["post_id"], a_nik(2), on="2025-01-06")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/post-held")
    assert first["term_id"] in answer.text
    assert "replaces_holder: true" in answer.text


async def test_a_term_that_begins_that_day_or_later_is_not_replaced(api: Api) -> None:
    """Nobody is ended before a first day in office; nothing is stored, the term stays open."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1), on="2025-01-06"))

    same_day = await api.succeed(post["post_id"], a_nik(2), on="2025-01-06")
    earlier = await api.succeed(post["post_id"], a_nik(2), on="2025-01-05")
    next_day = await api.succeed(post["post_id"], a_nik(2), on="2025-01-07")

    assert (same_day.status_code, earlier.status_code, next_day.status_code) == (409, 409, 201)
    assert first["term_id"] in same_day.text
    assert "replaces_holder hanya mengakhiri" in earlier.text
    assert len(await api.events(topic=OFFICIALS)) == 3


async def test_a_holder_in_office_and_a_later_term_are_both_left_alone(api: Api) -> None:
    """A succession that a later term forbids ends nobody."""
    [post] = await api.decree("KEPALA_DESA")
    first = done(await api.appoint(post["post_id"], a_nik(1), on="2019-01-02"))
    done(await api.dismiss(first["term_id"], "2025-01-06"))
    done(await api.appoint(post["post_id"], a_nik(2), on="2025-01-06"))

    answer = await api.succeed(post["post_id"], a_nik(3), on="2022-01-01")

    assert answer.status_code == 409
    assert len(await api.events(topic=OFFICIALS)) == 3


async def test_two_successions_at_once_leave_one_chain(api: Api) -> None:
    """Of two new holders of one day one is refused, and no term ends twice."""
    posts = await api.decree(*["RT_HEAD"] * 10)
    for number, post in enumerate(posts):
        first = done(await api.appoint(post["post_id"], a_nik(3 * number + 1)))

        answers = await asyncio.gather(
            api.succeed(post["post_id"], a_nik(3 * number + 2), on="2025-01-06"),
            api.succeed(post["post_id"], a_nik(3 * number + 3), on="2025-01-06"),
            api.dismiss(first["term_id"], "2025-01-06"),
        )

        assert sorted(answer.status_code for answer in answers) in (
            [201, 201, 409],
            [201, 409, 409],
        )

    left = [event["data"]["term_id"] for event in await api.events(topic="registry.official.left")]
    assert len(left) == len(set(left)) == 10


async def test_a_replaced_holder_hears_no_more_of_the_post(api: Api) -> None:
    """Activated in another village while being replaced: no coverage after the term has ended."""
    posts = await api.decree(*["RT_HEAD"] * 15)
    for serial, post in enumerate(posts, start=1):
        done(await api.appoint(post["post_id"], a_nik(serial)))
        enrollment_id = await api.enrolled(a_nik(serial), village=SUKOSEWU)

        answers = await asyncio.gather(
            api.activate(enrollment_id, "2020-03-01"),
            api.succeed(post["post_id"], a_nik(100 + serial), on="2020-02-01"),
        )

        assert [answer.status_code for answer in answers] == [201, 201]

    ended: set[str] = set()
    for event in await api.events(KETANON, OFFICIALS):
        assert event["data"]["term_id"] not in ended
        if event["type"].startswith("registry.official.left"):
            ended.add(event["data"]["term_id"])
    assert len(ended) == 15
