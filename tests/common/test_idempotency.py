"""A repeated POST is done once and answered the same, whoever repeats it and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx2
import pytest
from common.database import Database
from common.idempotency import PURGE_BATCH, Answer, KeyReused, Once, claim, once, purge, store
from common.problems import Problem, install_problems
from common.security import Authenticator, Caller, JwksFile, install_security, requires
from common.security.demo import DEMO_ISSUER, demo_token
from fastapi import Depends, FastAPI, Response, Security
from support.databases import ServiceUrls
from support.waiting import eventually

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
SITI = Caller("https://issuer.example", "siti", frozenset())
BUDI = Caller("https://issuer.example", "budi", frozenset())
PATH = "/villages/33.26.12.2008/enrollments"


def a_request(body: bytes = b"{}", caller: Caller = SITI, key: str = "k-1") -> Once:
    return Once.of(caller, "POST", PATH, body, key)


@dataclass
class Deeds:
    """A deed with an effect that can be counted."""

    database: Database
    owner: asyncpg.Connection

    async def enroll(self, request: Once, *, fail: bool = False) -> Answer:
        async with self.database.transaction() as connection:
            replay = await claim(connection, request, NOW)
            if replay is not None:
                return replay
            number = await connection.fetchval("INSERT INTO effects DEFAULT VALUES RETURNING n")
            if fail:
                raise Problem(409, "Bertentangan", "Tidak jadi.", code="conflict")
            answer = Answer(
                201,
                {"z": number, "a": {"ö": [1, 2.50]}},
                (f"registry.enrollments/33.26.12.2008/{number}",),
            )
            await store(connection, request, answer, NOW)
            return answer

    async def effects(self) -> int:
        return int(await self.owner.fetchval("SELECT count(*) FROM effects"))

    async def waiting(self) -> int:
        return int(
            await self.owner.fetchval(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
        )

    async def keys(self) -> int:
        return int(await self.owner.fetchval("SELECT count(*) FROM idempotency"))


@pytest.fixture
async def deeds(common_urls: ServiceUrls) -> AsyncIterator[Deeds]:
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(
        "CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY);"
        "GRANT SELECT, INSERT ON effects TO desa_app"
    )
    database = await Database.open(common_urls.app, name="test", size=20)
    yield Deeds(database, owner)
    await database.close()
    await owner.close()


async def test_a_hundred_concurrent_repeats_do_it_once(deeds: Deeds) -> None:
    """One row, one effect, and everybody gets the same answer."""
    answers = await asyncio.gather(*(deeds.enroll(a_request()) for _ in range(100)))

    assert (await deeds.effects(), await deeds.keys()) == (1, 1)
    assert len({repr(answer) for answer in answers}) == 1
    assert list(answers[0].body) == ["z", "a"]


async def test_the_same_key_with_another_request_is_409(deeds: Deeds) -> None:
    """Another body, path, query or method under the same key is refused; nothing is done."""
    await deeds.enroll(a_request())
    for other in (
        a_request(b'{"x": 1}'),
        Once.of(SITI, "PUT", PATH, b"{}", "k-1"),
        Once.of(SITI, "POST", PATH + "?dry_run=true", b"{}", "k-1"),
        Once.of(SITI, "POST", PATH[:-1], b"s{}", "k-1"),
    ):
        with pytest.raises(KeyReused) as refused:
            await deeds.enroll(other)
        assert (refused.value.status, refused.value.code) == (409, "idempotency-key-reused")

    assert await deeds.effects() == 1


async def test_callers_do_not_share_keys(deeds: Deeds) -> None:
    """A key belongs to issuer and subject; another caller's answer is never replayed."""
    first = await deeds.enroll(a_request())
    second = await deeds.enroll(a_request(caller=BUDI))

    assert first.body != second.body
    assert await deeds.effects() == 2


async def test_a_refused_deed_leaves_the_key_free(deeds: Deeds) -> None:
    """Only 2xx is stored: after a refusal the same request may succeed."""
    with pytest.raises(Problem):
        await deeds.enroll(a_request(), fail=True)
    assert (await deeds.effects(), await deeds.keys()) == (0, 0)

    assert (await deeds.enroll(a_request())).status == 201


async def test_a_waiter_takes_over_when_the_holder_rolls_back(
    deeds: Deeds, common_urls: ServiceUrls
) -> None:
    """The repeat waits in Postgres for the holder; its roll-back lets exactly one repeat go on."""
    holder = await asyncpg.connect(common_urls.app)
    transaction = holder.transaction()
    await transaction.start()
    assert await claim(holder, a_request(), NOW) is None
    waiters = [asyncio.create_task(deeds.enroll(a_request())) for _ in range(5)]
    await eventually(deeds.waiting, 5)
    assert await deeds.effects() == 0

    await transaction.rollback()
    await holder.close()
    answers = await asyncio.gather(*waiters)

    assert (await deeds.effects(), await deeds.keys()) == (1, 1)
    assert len({repr(answer) for answer in answers}) == 1


async def test_only_a_success_can_be_stored(deeds: Deeds) -> None:
    """A refusal must be able to turn into a success later."""
    async with deeds.database.transaction() as connection:
        await claim(connection, a_request(), NOW)
        for status in (199, 300, 409, 500):
            with pytest.raises(ValueError, match=str(status)):
                await store(connection, a_request(), Answer(status, {}, ()), NOW)
        await store(connection, a_request(), Answer(204, {}, ()), NOW)


async def test_a_key_is_taken_once_whoever_forgot_to_claim_it(deeds: Deeds) -> None:
    """A deed that stores without a claim fails loudly rather than being done twice."""
    await deeds.enroll(a_request())

    async def unclaimed() -> None:
        async with deeds.database.transaction() as connection:
            await connection.execute("INSERT INTO effects DEFAULT VALUES")
            await store(connection, a_request(), Answer(201, {}, ()), NOW)

    with pytest.raises(asyncpg.UniqueViolationError):
        await unclaimed()

    assert (await deeds.effects(), await deeds.keys()) == (1, 1)


async def test_a_key_is_one_row_written_once(deeds: Deeds) -> None:
    """The claim writes nothing, the answer is small: half the WAL of a claim and its change."""
    await deeds.enroll(a_request())

    row = await deeds.owner.fetchrow(
        "SELECT ctid::text, octet_length(answer) AS n FROM idempotency"
    )
    assert row["ctid"] == "(0,1)"
    assert row["n"] < 80


async def test_what_was_asked_cannot_be_guessed_from_the_fingerprint(deeds: Deeds) -> None:
    """The same request under another secret has another fingerprint: a NIK cannot be tried out."""
    body = b'{"nik": "9901011501850001"}'
    kept = Once.of(SITI, "POST", PATH, body, "k", secret=b"s" * 32)
    async with deeds.database.transaction() as connection:
        await claim(connection, kept, NOW)
        await store(connection, kept, Answer(201, {}, ()), NOW)

    [row] = await deeds.owner.fetch("SELECT fingerprint FROM idempotency")
    guesses = {
        Once.of(SITI, "POST", PATH, body, "k").fingerprint,
        kept.formerly,
        kept.formerly[:16],
    }
    assert row["fingerprint"] == kept.fingerprint
    assert row["fingerprint"] not in guesses


async def test_answers_of_the_release_before_are_still_given(deeds: Deeds) -> None:
    """A key kept with a plain hash and a body of its own replays; another body is refused."""
    request = Once.of(SITI, "POST", PATH, b"{}", "k-1", secret=b"s" * 32)
    await deeds.owner.execute(
        """INSERT INTO idempotency (request, fingerprint, status, body, positions, created_at)
        VALUES ($1, $2, 201, '{"z": 1, "a": 2}', '{registry.outreach/33.26.12.2008/1}', $3)""",
        request.request,
        request.formerly,
        NOW,
    )

    answer = await deeds.enroll(request)

    assert answer == Answer(201, {"z": 1, "a": 2}, ("registry.outreach/33.26.12.2008/1",))
    assert list(answer.body) == ["z", "a"]
    with pytest.raises(KeyReused):
        await deeds.enroll(Once.of(SITI, "POST", PATH, b"[]", "k-1", secret=b"s" * 32))


async def test_keys_are_kept_seven_days(deeds: Deeds, common_urls: ServiceUrls) -> None:
    """Older ones go in batches, by the work role; the table does not grow for ever."""
    await deeds.enroll(a_request())
    await deeds.owner.execute(
        "UPDATE idempotency SET created_at = $1", NOW - timedelta(days=6, hours=23)
    )
    await deeds.owner.execute(
        """INSERT INTO idempotency (request, fingerprint, status, body, positions, created_at)
        SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), '', 201, '{}', '{}', $1
        FROM generate_series(1, $2) n""",
        NOW - timedelta(days=7, seconds=1),
        PURGE_BATCH + 1,
    )
    work = await Database.open(common_urls.work, name="test")
    try:
        deleted = []
        for _ in range(3):
            async with work.transaction() as connection:
                deleted.append(await purge(connection, NOW))
    finally:
        await work.close()

    assert deleted == [PURGE_BATCH, 1, 0]
    assert await deeds.keys() == 1


class Callers:
    """One person's tokens and the address to use them at."""

    def __init__(self, http: httpx2.AsyncClient, tokens: dict[str, str]) -> None:
        self.http = http
        self.tokens = tokens

    async def post(
        self, who: str, key: str | bytes | None = "k", body: object = None, query: str = ""
    ) -> httpx2.Response:
        headers = [(b"Authorization", f"Bearer {self.tokens[who]}".encode())]
        if key is not None:
            raw = key.encode() if isinstance(key, str) else key
            headers.append((b"Idempotency-Key", raw))
        return await self.http.post(f"/enrollments{query}", headers=headers, json=body)


@pytest.fixture
async def callers(deeds: Deeds, tmp_path: Path) -> AsyncIterator[Callers]:
    tokens = {
        "siti": demo_token(tmp_path, audience="registry", scopes=["a:write"], subject="siti"),
        "siti again": demo_token(
            tmp_path, audience="registry", scopes=["a:write", "b"], subject="siti"
        ),
        "stripped": demo_token(tmp_path, audience="registry", scopes=["b"], subject="siti"),
    }
    app = FastAPI(docs_url=None, redoc_url=None)
    install_problems(app)
    install_security(
        app,
        Authenticator(
            issuer=DEMO_ISSUER, audience="registry", jwks=JwksFile(tmp_path / "jwks.json")
        ),
    )

    # `once` before `requires`: the order of the parameters must not matter.
    @app.post("/enrollments", status_code=201)
    async def enroll(
        request: Annotated[Once | None, Depends(once)],
        caller: Annotated[Caller, Security(requires("a:write"))],
        response: Response,
    ) -> dict[str, object]:
        if request is None:
            return {"key": None}
        answer = await deeds.enroll(request)
        response.headers["Event-Position"] = ", ".join(answer.positions)
        return answer.body

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test"
    ) as http:
        yield Callers(http, tokens)


async def test_a_repeat_over_http_is_the_same_to_the_byte(callers: Callers) -> None:
    """Also with a renewed token of the same caller: body and positions are the first answer's."""
    first = await callers.post("siti", body={"x": 1})
    again = await callers.post("siti again", body={"x": 1})
    other = await callers.post("siti", body={"x": 2})
    dry_run = await callers.post("siti", body={"x": 1}, query="?dry_run=true")

    assert (first.status_code, first.content, first.headers["Event-Position"]) == (
        again.status_code,
        again.content,
        again.headers["Event-Position"],
    )
    assert (first.status_code, other.status_code, dry_run.status_code) == (201, 409, 409)


async def test_a_stored_answer_is_for_the_authorised_only(callers: Callers) -> None:
    """A caller that lost the scope gets 403, not the replay."""
    await callers.post("siti")

    assert (await callers.post("stripped")).status_code == 403


@pytest.mark.parametrize(
    ("key", "status"),
    [(None, 201), ("a", 201), ("~ !", 201), ("x" * 200, 201), ("x" * 201, 422), ("", 422)],
)
async def test_the_key_has_1_to_200_printable_characters(
    callers: Callers, key: str | None, status: int
) -> None:
    """None is allowed: the deed is then not protected against repeats."""
    assert (await callers.post("siti", key)).status_code == status


async def test_a_key_outside_ascii_is_refused(callers: Callers) -> None:
    """Control characters and other scripts are no key."""
    for raw in (b"\xc3\xa9", b"a\tb"):
        response = await callers.post("siti", raw)

        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "header.idempotency-key"
