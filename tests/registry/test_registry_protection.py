"""What callers may do and see, what the login role may do, and what never leaves."""

from __future__ import annotations

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from common.security import scoped_routes, unscoped_routes
from common.telemetry import configure_logging
from registry.api.callers import PEOPLE, READ, SCOPES, STREAMS, WRITE
from registry_api import GATAK, KETANON, SUKOSEWU, Api, a_nik, done
from structlog.testing import capture_logs
from support.databases import ServiceUrls

CANARY_NIK = a_nik(8531)
CANARY_NAME = "Kenari Kuningsari"
CANARY_KPJ = "98765432109"


async def test_every_route_asks_for_a_scope(api: Api) -> None:
    """No way in without a scope, and every POST is a deed, save that which moves a demo's clock."""
    routes = scoped_routes(api.service.app)

    assert unscoped_routes(api.service.app) == []
    assert {*SCOPES, CLOCK} == {route.scope for route in routes if route.scope}
    deeds = [route for route in routes if route.method == "POST" and route.path != "/clock"]
    assert {WRITE} == {route.scope for route in deeds}


CLOCK = "registry:clock"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/areas", READ),
        ("/areas/villages?name=Gatak", READ),
        (f"/villages/{KETANON}", READ),
        (f"/villages/{KETANON}/posts", READ),
        (f"/villages/{KETANON}/sosialisasi", READ),
        (f"/villages/{KETANON}/worker-counts", READ),
        ("/areas/33.26/launches", READ),
        (f"/villages/{KETANON}/enrollments", PEOPLE),
        ("/streams", STREAMS),
    ],
)
async def test_a_caller_without_the_scope_is_refused(api: Api, path: str, scope: str) -> None:
    others = api.token(scopes=set(SCOPES) - {scope})

    refused = await api.get(path, token=others)
    allowed = await api.get(path, token=api.token(scopes={scope}))
    nobody = await api.client.get(path)

    assert (refused.status_code, allowed.status_code, nobody.status_code) == (403, 200, 401)


async def test_a_caller_acts_in_its_areas_only(api: Api) -> None:
    """An officer of Klaten records nothing in Pekalongan and sees nobody who is enrolled there."""
    enrollment_id = await api.active(a_nik())
    participant_id = (await api.get(f"/enrollments/{enrollment_id}")).json()["participant_id"]
    klaten = api.token(areas=["33.10"])
    body = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE"}

    assert (
        await api.post(f"/villages/{KETANON}/sosialisasi", body, token=klaten)
    ).status_code == 403
    done(await api.post(f"/villages/{GATAK}/sosialisasi", body, token=klaten))
    listed = await api.get(f"/villages/{KETANON}/enrollments", token=klaten)
    assert listed.json()["enrollments"] == []
    for path in (f"/enrollments/{enrollment_id}", f"/participants/{participant_id}"):
        assert (await api.get(path, token=klaten)).status_code == 404
        assert (await api.get(path, token=api.token(areas=["33.26"]))).status_code == 200
    for act in ("activation", "ending"):
        answer = await api.post(
            f"/enrollments/{enrollment_id}/{act}", {"effective_on": "2020-01-01"}, token=klaten
        )
        assert answer.status_code == 404


async def test_a_repeat_from_other_areas_is_refused(api: Api) -> None:
    """A stored answer is told only to who may still act in its village: refused as a first one."""
    before, shrunk = api.token(areas=["33.26"]), api.token(areas=["33.10"])
    enrollment_id = await api.enrolled(a_nik())
    [post] = await api.decree("KEPALA_DESA")
    term_id = done(await api.appoint(post["post_id"], a_nik(2)))["term_id"]
    held = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE"}
    deeds = [
        (f"/villages/{KETANON}/sosialisasi", held, 403),
        (f"/enrollments/{enrollment_id}/activation", {"effective_on": "2019-08-05"}, 404),
        (
            f"/enrollments/{enrollment_id}/move",
            {"effective_on": "2019-09-05", "to_village_code": GATAK},
            404,
        ),
        (f"/officials/{term_id}/dismissal", {"effective_on": "2019-09-05"}, 404),
    ]

    for path, body, refused in deeds:
        first = await api.post(path, body, key=path, token=before)
        repeat = await api.post(path, body, key=path, token=shrunk)
        again = await api.post(path, body, key=path, token=before)

        assert (201, refused) == (first.status_code, repeat.status_code), path
        assert first.json() == again.json(), path
        if not path.endswith("/move"):  # it went to a village that the other may act in
            fresh = await api.post(path, body, token=shrunk)
            assert fresh.json()["detail"] == repeat.json()["detail"], path


async def test_holders_outside_the_areas_are_not_shown(api: Api) -> None:
    [post] = await api.decree("KEPALA_DESA")
    done(await api.appoint(post["post_id"], a_nik()))

    answer = await api.get(f"/villages/{KETANON}/posts", token=api.token(areas=["33.10"]))

    assert [shown["holder"] for shown in answer.json()["posts"]] == [None]


async def test_a_token_without_areas_sees_nobody(api: Api) -> None:
    await api.active(a_nik())

    answer = await api.get(f"/villages/{KETANON}/enrollments", token=api.token(areas=[]))

    assert answer.json()["enrollments"] == []


PEOPLE_TABLES = ("participants", "enrollments", "enrollment_spans", "terms")


async def test_rows_about_people_need_a_caller(api: Api, registry_urls: ServiceUrls) -> None:
    """The application's role sees no row in a transaction that did not say for whom it asks."""
    [post] = await api.decree("KEPALA_DESA")
    done(await api.appoint(post["post_id"], a_nik()))
    await api.active(a_nik())
    connection = await asyncpg.connect(registry_urls.app)
    try:
        unset = [await connection.fetchval(f"SELECT count(*) FROM {t}") for t in PEOPLE_TABLES]  # noqa: S608
        await connection.execute("SET desa.areas = '*'")
        everywhere = [
            await connection.fetchval(f"SELECT count(*) FROM {t}")  # noqa: S608
            for t in PEOPLE_TABLES
        ]
    finally:
        await connection.close()

    assert (unset, everywhere) == ([0] * 4, [1] * 4)


FORBIDDEN = [
    "UPDATE events SET value = ''",
    "DELETE FROM events",
    "TRUNCATE events",
    "UPDATE events_00 SET value = ''",
    "DELETE FROM unpublished",
    "DELETE FROM streams",
    "UPDATE acts SET actor = 'x'",
    "DELETE FROM acts",
    "DELETE FROM enrollments",
    "UPDATE enrollments SET segment = 'PU'",
    "DELETE FROM enrollment_spans",
    "UPDATE enrollment_spans SET starts_on = '2000-01-01'",
    "DELETE FROM terms",
    "UPDATE terms SET starts_on = '2000-01-01'",
    "UPDATE terms SET participant_id = gen_random_uuid()",
    "DELETE FROM decrees",
    "UPDATE decrees SET effective_on = '2000-01-01'",
    "DELETE FROM sosialisasi",
    "DELETE FROM worker_counts",
    "UPDATE worker_counts SET total = 9",
    "UPDATE perisai_agents SET assigned_on = '2000-01-01'",
    "DELETE FROM launches",
    "UPDATE regencies SET name = 'x'",
    "DELETE FROM participants",
    "UPDATE participants SET nik_hash = ''",
    "DELETE FROM villages",
    "UPDATE villages SET name = 'x'",
    "INSERT INTO villages (village_key) VALUES ('x')",
    "UPDATE segment_rules SET max_age = 99",
    "ALTER TABLE enrollments DISABLE ROW LEVEL SECURITY",
]


async def test_the_application_cannot_alter_facts(registry_urls: ServiceUrls) -> None:
    """Not by a mistake and not by an injection: Postgres refuses the application's role."""
    connection = await asyncpg.connect(registry_urls.app)
    try:
        await connection.execute("SET desa.areas = '*'")
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_village_can_be_locked_but_not_changed(
    registry_urls: ServiceUrls, known_areas: object
) -> None:
    connection = await asyncpg.connect(registry_urls.app)
    try:
        async with connection.transaction():
            locked = await connection.fetchval(
                "SELECT village_key FROM villages WHERE village_key = $1 FOR NO KEY UPDATE", KETANON
            )
        with pytest.raises(asyncpg.GeneratedAlwaysError):
            await connection.execute("UPDATE villages SET lockable = false")
    finally:
        await connection.close()

    assert locked == KETANON


async def test_overlaps_are_refused_by_the_database_too(api: Api) -> None:
    """Were the rules wrong, the constraints hold: one holder a post, one membership a segment."""
    [post] = await api.decree("KEPALA_DESA")
    done(await api.appoint(post["post_id"], a_nik()))
    await api.active(a_nik())
    copies = {
        "one_holder_per_post": "INSERT INTO terms SELECT gen_random_uuid(), post_no, "
        "participant_id, acting, starts_on + 9, NULL, recorded_at FROM terms",
        "one_active_membership_bpu": "INSERT INTO enrollment_spans SELECT enrollment_id, number + 1"
        ", participant_no, village_key, segment, status, programmes, starts_on + 9, NULL "
        "FROM enrollment_spans",
        "one_open_membership_per_segment": "INSERT INTO enrollments SELECT gen_random_uuid(), "
        "participant_id, village_key, segment, programmes, status, 1, last_change_on, NULL, "
        "recorded_at FROM enrollments",
    }
    for constraint, statement in copies.items():
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
            async with api.owner.transaction() as connection:
                await connection.execute(statement)


async def everything_stored(api: Api) -> str:
    """Every table's text but for the bytes that are sealed; events and answers as they are."""
    async with api.owner.transaction() as connection:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace"
        )
        found: list[Any] = []
        for table in tables:
            found += await connection.fetch(f'SELECT * FROM "{table["relname"]}"')  # noqa: S608
    values = [value for row in found for value in row.values()]
    return "\n".join(
        value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values
    )


async def test_canaries_stay_sealed(api: Api) -> None:
    """NIK, name and KPJ are in the clear in no table, event, answer, problem or log."""
    log = StringIO()
    before = logging.getLogger().handlers[:]
    configure_logging("registry", level="DEBUG", stream=log)
    said: list[str] = []
    try:
        [post] = await api.decree("KEPALA_DESA")
        person = {"name": CANARY_NAME, "kpj": CANARY_KPJ}
        first = await api.enroll(CANARY_NIK, **person)
        enrollment_id = first.json()["enrollment_id"]
        participant = first.json()["participant_id"]
        said += [
            first.text,
            (await api.enroll(CANARY_NIK, **person)).text,
            (await api.enroll(CANARY_NIK + "1", **person)).text,
            (await api.enroll(CANARY_NIK, segment="XX", **person)).text,
            (await api.enroll(CANARY_NIK, **person, extra=CANARY_NIK)).text,
            (await api.enroll(CANARY_NIK, **person | {"kpj": CANARY_KPJ + "0"})).text,
            (await api.enroll(CANARY_NIK, birth_date=CANARY_NIK, name=CANARY_NAME)).text,
            (await api.enroll(CANARY_NIK, village=CANARY_NIK)).text,
            (await api.appoint(post["post_id"], CANARY_NIK)).text,
            (await api.appoint(CANARY_NIK, CANARY_NAME)).text,
            (await api.activate(enrollment_id)).text,
            (await api.get(f"/participants/{participant}")).text,
            (await api.get(f"/villages/{KETANON}/posts")).text,
            (await api.get(f"/villages/{KETANON}/enrollments", after=CANARY_NIK)).text,
            (await api.get(f"/areas/villages?name={CANARY_NIK}")).text,
        ]
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()

    whole = "\n".join(said) + log.getvalue() + await everything_stored(api)
    assert log.getvalue().count('"request"') > 10
    for canary in (CANARY_NIK, CANARY_NAME, CANARY_NAME.split(maxsplit=1)[0], CANARY_KPJ):
        assert canary not in whole


async def test_a_sealed_nik_opens_in_its_own_row_only(api: Api) -> None:
    """Moved to another row, or without the master key, sealed bytes are noise."""
    one = done(await api.enroll(a_nik(1)))["participant_id"]
    other = done(await api.enroll(a_nik(2), village=SUKOSEWU))["participant_id"]
    async with api.owner.transaction() as connection:
        await connection.execute(
            "UPDATE participants SET (wrapped_key, nik_sealed) = "
            "(SELECT wrapped_key, nik_sealed FROM participants WHERE participant_id = $1) "
            "WHERE participant_id = $2",
            one,
            other,
        )

    answer = await api.get(f"/participants/{other}")

    assert answer.status_code == 500
    assert a_nik(1)[-4:] not in answer.text


GOOD: dict[str, Any] = {
    "nik": a_nik(),
    "segment": "BPU",
    "programmes": ["JKK", "JKM"],
    "effective_on": "2019-08-01",
}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"nik": "123"}, "body.nik"),
    ({"nik": 9926104506850001}, "body.nik"),
    ({"nik": "9" * 50}, "body.nik"),
    ({"nik": None}, "body.nik"),
    ({"segment": "PMI"}, "body.segment"),
    ({"programmes": []}, "body.programmes"),
    ({"programmes": ["JKK"]}, "body.programmes"),
    ({"programmes": ["JKK", "JKM", "JP"]}, "body.programmes"),
    ({"programmes": ["JKK", "JKM", "XX"]}, "body.programmes.2"),
    ({"programmes": "JKK"}, "body.programmes"),
    ({"effective_on": "1-8-2019"}, "body.effective_on"),
    ({"effective_on": 0}, "body.effective_on"),
    ({"effective_on": "2019-08-01T00:00:00"}, "body.effective_on"),
    ({"effective_on": "2019-02-29"}, "body.effective_on"),
    ({"effective_on": "1976-12-31"}, "body.effective_on"),
    ({"effective_on": "2999-01-01"}, "body.effective_on"),
    ({"birth_date": "2015-01-01"}, "body.birth_date"),
    ({"birth_date": "besok"}, "body.birth_date"),
    ({"name": ""}, "body.name"),
    ({"name": "a" * 101}, "body.name"),
    ({"name": "a\u0000b"}, "body.name"),
    ({"kpj": "1234567890"}, "body.kpj"),
    ({"kpj": 12345678901}, "body.kpj"),
    ({"umur": 40}, "body.umur"),
]


async def test_a_bad_enrollment_names_field_and_reason(api: Api) -> None:
    """422 with the field and a sentence for each; nothing is stored."""
    for change, field in BAD:
        answer = await api.post(f"/villages/{KETANON}/enrollments", GOOD | change)

        assert (422, [field]) == (
            answer.status_code,
            [error["field"] for error in answer.json()["errors"]],
        ), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert all(error["reason"] for error in answer.json()["errors"])
    for table in ("participants", "enrollments", "acts", "idempotency"):
        assert await api.count(table) == 0


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/villages/33.26.10.4001/enrollments", 422, "path.village_code"),
        ("/villages/33.26.10.2999/enrollments", 404, "path.village_code"),
        ("/villages/%00/enrollments", 422, "path.village_code"),
        ("/enrollments/0/activation", 422, "path.enrollment_id"),
    ],
)
async def test_a_bad_address_is_named(api: Api, path: str, status: int, field: str) -> None:
    body = {"effective_on": "2019-08-01"} if "activation" in path else GOOD

    answer = await api.post(path, body)

    assert (status, field) == (answer.status_code, answer.json()["errors"][0]["field"])


async def test_a_deed_needs_an_idempotency_key(api: Api) -> None:
    answer = await api.client.post(
        f"/villages/{KETANON}/enrollments",
        json=GOOD,
        headers={"Authorization": f"Bearer {api.token()}"},
    )

    assert (
        answer.status_code,
        answer.json()["type"],
    ) == (400, "/problems/idempotency-key-missing")


async def test_acts_say_who(api: Api) -> None:
    """Every deed is written down with its issuer and subject."""
    enrollment_id = await api.enrolled(a_nik())
    path = f"/enrollments/{enrollment_id}/activation"
    done(await api.post(path, {"effective_on": "2019-08-05"}, token=api.token(subject="sari")))

    async with api.owner.transaction() as connection:
        acts = await connection.fetch("SELECT deed, issuer, actor FROM acts ORDER BY act_no")

    assert [tuple(act) for act in acts] == [
        ("RECORD_ENROLLMENT", "urn:desa-sadar:demo", "petugas"),
        ("ACTIVATE_ENROLLMENT", "urn:desa-sadar:demo", "sari"),
    ]


async def test_reading_a_participant_is_logged(api: Api) -> None:
    """Who read whom: the log names the caller and the participant's random id."""
    participant = done(await api.enroll(a_nik()))["participant_id"]

    with capture_logs() as logs:
        await api.get(f"/participants/{participant}", token=api.token(subject="sari"))

    [read] = [entry for entry in logs if entry["event"] == "participant_read"]
    assert ("urn:desa-sadar:demo sari", participant) == (
        read["caller"],
        str(read["participant_id"]),
    )


async def test_areas_that_are_no_codes_open_nothing(api: Api) -> None:
    """Claims such as an empty text or two codes in one are no areas."""
    enrollment_id = await api.active(a_nik())
    participant = (await api.get(f"/enrollments/{enrollment_id}")).json()["participant_id"]

    for areas in ([""], ["", "33"], ["33 *"], ["33.2"], ["%"]):
        token = api.token(areas=areas)
        listed = await api.get(f"/villages/{KETANON}/enrollments", token=token)
        read = await api.get(f"/participants/{participant}", token=token)
        held = {"effective_on": "2019-09-03", "organiser": "BRANCH_OFFICE"}
        wrote = await api.post(f"/villages/{KETANON}/sosialisasi", held, token=token)
        expected = (1, 200, 201) if "33" in areas else (0, 404, 403)
        found = (len(listed.json()["enrollments"]), read.status_code, wrote.status_code)
        assert expected == found, areas


async def test_openapi_has_examples_scopes_and_problems(api: Api) -> None:
    """The document of the interface says for every deed: body example, scope, headers, problem."""
    document = api.service.app.openapi()

    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["security"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            if method == "post":
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                assert document["components"]["schemas"][name.rsplit("/", 1)[1]]["examples"], path
                assert {"Location", "Event-Position"} == set(
                    operation["responses"]["201"]["headers"]
                )
    assert "SecretStr" not in json.dumps(document)


async def test_the_package_carries_the_licence_of_its_area_data() -> None:
    from registry import areas  # noqa: PLC0415 - the package's own folder is looked at

    data = Path(areas.__path__[0]) / "data"

    assert "Open Database License" in (data / "LICENSE.md").read_text()
    assert "Kepmendagri 300.2.2-2138 Tahun 2025" in (data / "NOTICE").read_text()
