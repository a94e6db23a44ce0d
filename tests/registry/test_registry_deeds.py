"""Deeds through the API: what is stored, what is published, what is answered."""

from __future__ import annotations

from registry_api import (
    GATAK,
    KELURAHAN,
    KETANON,
    SUKOSEWU,
    WONOPRINGGO,
    Api,
    a_nik,
    done,
    kinds,
)


async def test_recording_an_enrollment_stores_and_announces_it(api: Api) -> None:
    """A recorded enrollment is one row, one event without effect, and says where it stands."""
    answer = await api.enroll(a_nik(), programmes=["JKM", "JKK", "JHT"])

    body = done(answer)
    assert answer.headers["Location"] == f"/enrollments/{body['enrollment_id']}"
    assert answer.headers["Event-Position"] == f"registry.enrollments/{KETANON}/1"
    [event] = await api.events()
    assert event["type"] == "registry.enrollment.recorded.v1"
    assert event["data"] == {
        "effective_on": "2019-08-01",
        "village_code": KETANON,
        "enrollment_id": body["enrollment_id"],
        "participant_id": body["participant_id"],
        "previous_status": None,
        "status": "PENDING_PAYMENT",
        "version": 1,
        "segment": "BPU",
        "programmes": ["JHT", "JKK", "JKM"],
        "effect": [],
    }


async def test_activation_carries_its_effect(api: Api) -> None:
    """The event of an activation says by how much each count of the village changes, and when."""
    enrollment_id = await api.enrolled(a_nik())

    done(await api.activate(enrollment_id, "2019-08-05"))

    event = (await api.events())[-1]
    assert event["data"]["previous_status"] == "PENDING_PAYMENT"
    assert event["data"]["status"] == "AKTIF"
    [effect] = event["data"]["effect"]
    assert effect["effective_on"] == "2019-08-05"
    assert {name: by for name, by in effect["deltas"].items() if by} == {
        "persons": 1,
        "bpu": 1,
        "jkk": 1,
        "jkm": 1,
    }


async def test_a_second_segment_counts_the_person_once(api: Api) -> None:
    """Somebody with PU and BPU is one person, and leaving one of them changes no persons."""
    bpu = await api.active(a_nik())
    await api.active(a_nik(), segment="PU", programmes=["JKK", "JKM", "JP"])

    done(await api.end(bpu, "2020-01-01"))

    effects = [event["data"]["effect"] for event in await api.events()]
    assert [effect[0]["deltas"]["persons"] for effect in effects if effect] == [1, 0, 0]
    assert [effect[0]["deltas"]["pu"] for effect in effects if effect] == [0, 1, 0]
    assert [effect[0]["deltas"]["bpu"] for effect in effects if effect] == [1, 0, -1]


async def test_a_move_is_two_events_of_one_transaction(api: Api) -> None:
    """Each village hears its own half with the same move_id, and the position of both is given."""
    enrollment_id = await api.active(a_nik())

    answer = await api.move(enrollment_id, WONOPRINGGO, "2019-10-01")

    body = done(answer)
    assert answer.headers["Event-Position"] == (
        f"registry.enrollments/{KETANON}/3, registry.enrollments/{WONOPRINGGO}/1"
    )
    out, into = (await api.events())[-2:]
    assert kinds([out, into]) == ["enrollment.moved_out", "enrollment.moved_in"]
    assert body["move_id"] == out["data"]["move_id"] == into["data"]["move_id"]
    assert out["data"]["effect"][0]["deltas"]["persons"] == -1
    assert into["data"]["effect"][0]["deltas"]["persons"] == 1
    assert (await api.get(f"/enrollments/{enrollment_id}")).json()["village_code"] == WONOPRINGGO


async def test_an_enrollment_of_a_holder_changes_the_coverage_of_the_post(api: Api) -> None:
    """Coverage is told where the post is, though the enrollment is in another village."""
    [post] = await api.decree("KEPALA_DESA", village=KETANON)
    term = done(await api.appoint(post["post_id"], a_nik(), village=KETANON))
    enrollment_id = await api.active(a_nik(), village=SUKOSEWU, activated_on="2019-09-01")

    done(await api.end(enrollment_id, "2020-02-01"))

    begun, ended = await api.events(KETANON, "registry.official.coverage_changed")
    none = {"status": "NONE", "active": [], "in_grace": []}
    active = {"status": "AKTIF", "active": ["JKK", "JKM"], "in_grace": []}
    assert begun["data"] == {
        "effective_on": "2019-09-01",
        "village_code": KETANON,
        "term_id": term["term_id"],
        "post_id": post["post_id"],
        "post_kind": "KEPALA_DESA",
        "coverage": [{"effective_on": "2019-09-01"} | active],
    }
    assert ended["data"]["coverage"] == [{"effective_on": "2020-02-01"} | none]
    assert term["coverage"] == [{"effective_on": "2019-01-02"} | none]


async def test_an_appointment_carries_the_coverage_from_its_day_on(api: Api) -> None:
    """A holder enrolled before and after the appointment has both spans in `coverage`."""
    [post] = await api.decree("KEPALA_DESA")
    first = await api.active(a_nik(), activated_on="2019-08-05")
    done(await api.end(first, "2020-03-01"))
    await api.active(a_nik(), on="2020-05-01", activated_on="2020-05-10")

    term = done(await api.appoint(post["post_id"], a_nik(), on="2020-01-01"))

    days = [(entry["effective_on"], entry["status"]) for entry in term["coverage"]]
    assert days == [("2020-01-01", "AKTIF"), ("2020-03-01", "NONE"), ("2020-05-10", "AKTIF")]


async def test_a_move_leaves_the_coverage_of_a_post_alone(api: Api) -> None:
    """Who moves stays covered: no coverage event."""
    [post] = await api.decree("KEPALA_DESA")
    done(await api.appoint(post["post_id"], a_nik()))
    enrollment_id = await api.active(a_nik())

    done(await api.move(enrollment_id, SUKOSEWU, "2019-10-01"))

    assert len(await api.events(topic="registry.official.coverage_changed")) == 1


async def test_a_term_that_ended_before_hears_no_more(api: Api) -> None:
    """Coverage that changes after a term ended is no news of that post."""
    [post] = await api.decree("KEPALA_DESA")
    term = done(await api.appoint(post["post_id"], a_nik()))
    done(await api.dismiss(term["term_id"], "2019-06-01"))

    await api.active(a_nik(), activated_on="2019-08-05")

    events = await api.events(topic="registry.official")
    assert kinds(events) == ["official.appointed", "official.left"]


async def test_posts_keep_their_ids_from_decree_to_decree(api: Api) -> None:
    """A later list names the same posts by the same ids, so terms go on."""
    first = await api.decree("KEPALA_DESA", "KAUR", "KAUR", on="2019-01-02")

    second = await api.decree("KEPALA_DESA", "KAUR", "KAUR", "KAUR", on="2020-01-02")

    ids = {(post["kind"], post["ordinal"]): post["post_id"] for post in second}
    assert {(post["kind"], post["ordinal"]): post["post_id"] for post in first}.items() <= (
        ids.items()
    )


async def test_posts_are_shown_with_holders_and_coverage_but_no_person(api: Api) -> None:
    """The list of a day, vacant posts too; neither name, NIK nor participant."""
    posts = await api.decree("KEPALA_DESA", "SEKRETARIS_DESA")
    done(await api.appoint(posts[0]["post_id"], a_nik()))
    await api.active(a_nik())

    answer = await api.get(f"/villages/{KETANON}/posts", on="2019-08-04")

    assert answer.status_code == 200, answer.text
    head, secretary = answer.json()["posts"]
    assert head["holder"]["coverage"]["status"] == "NONE"
    assert secretary["holder"] is None
    assert "participant" not in answer.text
    later = (await api.get(f"/villages/{KETANON}/posts")).json()
    assert later["posts"][0]["holder"]["coverage"]["active"] == ["JKK", "JKM"]


async def test_a_village_without_decree_has_an_unknown_list(api: Api) -> None:
    answer = await api.get(f"/villages/{GATAK}/posts")

    assert (
        answer.status_code,
        answer.json()["decree_id"],
        answer.json()["posts"],
    ) == (200, None, [])


async def test_an_unusual_number_of_posts_is_warned_of(api: Api) -> None:
    """Real villages break the rule of two or three Kaur: stored, with a coded warning."""
    body = {"effective_on": "2019-01-02", "posts": [{"kind": "BPD_MEMBER", "count": 11}]}

    answer = done(await api.post(f"/villages/{KETANON}/posts", body))

    assert [warning["code"] for warning in answer["warnings"]] == ["posts-unusual"]


IMPOSSIBLE: list[tuple[str, list[object]]] = [
    (KELURAHAN, [{"kind": "KEPALA_DESA", "count": 1}]),
    (KETANON, [{"kind": "LURAH", "count": 1}]),
    (KETANON, [{"kind": "KEPALA_DESA", "count": 2}]),
    (KETANON, [{"kind": "KAUR", "count": 1}, {"kind": "KAUR", "ordinals": [1]}]),
    (KETANON, [{"kind": "RT_HEAD", "count": 400}, {"kind": "RW_HEAD", "count": 101}]),
]


async def test_impossible_posts_are_refused(api: Api) -> None:
    """A list that such a village cannot have is a 422 that names `posts`; nothing is stored."""
    for village, posts in IMPOSSIBLE:
        answer = await api.post(
            f"/villages/{village}/posts", {"effective_on": "2019-01-02", "posts": posts}
        )

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.posts")
    assert await api.count("posts") == 0


async def test_a_sosialisasi_is_held(api: Api) -> None:
    """Stored, published without a person, and listed."""
    body = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE", "attendance": 120}

    answer = await api.post(f"/villages/{KETANON}/sosialisasi", body)

    done(answer)
    [event] = await api.events()
    assert body == {name: event["data"][name] for name in body}
    listed = await api.get(answer.headers["Location"])
    assert [held["attendance"] for held in listed.json()] == [120]


async def test_a_sosialisasi_is_not_held_in_the_future(api: Api) -> None:
    answer = await api.post(
        f"/villages/{KETANON}/sosialisasi",
        {"effective_on": "2099-01-01", "organiser": "BRANCH_OFFICE"},
    )

    assert (
        answer.status_code,
        answer.json()["errors"][0]["field"],
    ) == (422, "body.effective_on")


async def test_only_one_membership_per_segment_is_open(api: Api) -> None:
    """The refusal names the other enrollment, never the NIK."""
    first = await api.enrolled(a_nik())

    answer = await api.enroll(a_nik(), village=SUKOSEWU)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/membership-open")
    assert first in answer.text
    assert a_nik() not in answer.text


async def test_ended_memberships_of_a_segment_are_as_many_as_there_were(api: Api) -> None:
    """Only the open ones exclude each other: a third may follow two that ended."""
    for year in (2019, 2020):
        enrollment_id = await api.active(a_nik(), on=f"{year}-01-01", activated_on=f"{year}-01-02")
        done(await api.end(enrollment_id, f"{year}-12-31"))

    third = await api.enroll(a_nik(), on="2021-01-01")

    assert third.status_code == 201


async def test_memberships_of_one_segment_do_not_overlap_in_time(api: Api) -> None:
    """One that ends in the future holds until then: another begins after it."""
    first = await api.active(a_nik())
    done(await api.end(first, "2020-06-01"))
    second = await api.enrolled(a_nik(), on="2020-05-01")

    early = await api.activate(second, "2020-05-31")
    in_time = await api.activate(second, "2020-06-01")

    assert (early.status_code, in_time.status_code) == (409, 201)


async def test_an_act_does_not_reach_behind_the_last_one(api: Api) -> None:
    enrollment_id = await api.active(a_nik(), activated_on="2019-08-05")

    answer = await api.end(enrollment_id, "2019-08-04")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/before-last-change")


async def test_a_post_has_one_holder_at_a_time(api: Api) -> None:
    """A second holder is refused until the first one left, also in the past."""
    [post] = await api.decree("KEPALA_DESA")
    term = done(await api.appoint(post["post_id"], a_nik(1)))

    refused = await api.appoint(post["post_id"], a_nik(2), on="2025-01-01")
    done(await api.dismiss(term["term_id"], "2024-12-31"))
    accepted = await api.appoint(post["post_id"], a_nik(2), on="2025-01-01")

    assert (refused.status_code, accepted.status_code) == (409, 201)
    assert term["term_id"] in refused.text


async def test_a_post_of_another_village_is_refused(api: Api) -> None:
    [post] = await api.decree("KEPALA_DESA")

    answer = await api.appoint(post["post_id"], a_nik(), village=WONOPRINGGO)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/post-elsewhere")


async def test_a_dismissed_holder_is_not_dismissed_again(api: Api) -> None:
    [post] = await api.decree("KEPALA_DESA")
    term = done(await api.appoint(post["post_id"], a_nik()))
    done(await api.dismiss(term["term_id"], "2024-12-31"))

    again = await api.dismiss(term["term_id"], "2024-12-31")

    assert again.status_code == 409


async def test_enrollments_of_a_village_come_page_by_page(api: Api) -> None:
    """Pages by key: each enrollment once, the last page says so."""
    expected = {await api.enrolled(a_nik(serial)) for serial in range(1, 6)}

    seen: list[str] = []
    params: dict[str, str] = {}
    while True:
        answer = await api.get(f"/villages/{KETANON}/enrollments", limit=2, **params)
        page = answer.json()
        seen += [one["enrollment_id"] for one in page["enrollments"]]
        if page["next"] is None:
            break
        params = {"after": page["next"]}

    assert sorted(expected) == seen


async def test_a_participant_is_shown_masked(api: Api) -> None:
    body = done(await api.enroll(a_nik(8), name="Siti Kenari", kpj="12345678901"))

    answer = await api.get(f"/participants/{body['participant_id']}")

    assert answer.json()["nik"] == "992610••••••••08"
    assert answer.json()["named"]
    assert "Kenari" not in answer.text


async def test_a_stored_event_is_served_byte_for_byte(api: Api) -> None:
    """A consumer gets what the topic should have held; 404 behind the end of the stream."""
    await api.enrolled(a_nik())
    async with api.owner.transaction() as connection:
        stored = await connection.fetchval(
            "SELECT value FROM events WHERE topic = 'registry.enrollments'"
        )

    found = await api.get(f"/streams/registry.enrollments/{KETANON}/1")
    missing = await api.get(f"/streams/registry.enrollments/{KETANON}/2")

    assert stored == found.content
    assert found.headers["content-type"].startswith("application/cloudevents+json")
    assert missing.status_code == 404


async def test_stream_counters_come_page_by_page(api: Api, known_areas: object) -> None:
    """Every stream once, by village key and topic."""
    await api.enrolled(a_nik())
    seen: list[tuple[str, str]] = []
    params: dict[str, str] = {}
    while True:
        page = (await api.get("/streams", limit=50, **params)).json()
        seen += [(one["village_key"], one["topic"]) for one in page["streams"]]
        if page["next"] is None:
            break
        params = {"after": page["next"]}

    assert await api.count("streams") == len(set(seen)) == len(seen)
    assert (KETANON, "registry.enrollments") in seen
