"""Every refusal is a problem that says what, where and what to do, and repeats no value."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, get_args

import asyncpg
import httpx2
import pytest
from common.problems import FieldError, Problem, install_problems
from common.reasons import reason_for
from common.telemetry import TraceMiddleware, configure_logging
from fastapi import Body, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError, core_schema

NIK = "3326120812340001"


class Participant(BaseModel):
    model_config = ConfigDict(extra="forbid")

    nik: str = Field(pattern=r"^\d{16}$")
    wage: int = Field(ge=1, le=100)
    kind: str = "PU"

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind == "custom":
            raise PydanticCustomError(
                "segment_unknown", "Segmen {given} tidak dikenal.", {"given": NIK}
            )
        if kind == "plain":
            raise ValueError(f"unknown kind {NIK}")
        return kind


def an_app() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    install_problems(app, max_body=1000, larger={"/imports": 5000})
    app.add_middleware(TraceMiddleware)

    @app.post("/participants")
    async def record(
        participants: Annotated[list[Participant], Body()],
        limit: Annotated[int, Query(le=10)] = 1,
    ) -> dict[str, int]:
        return {"recorded": len(participants)}

    @app.post("/imports/{name}")
    async def upload(request: Request, name: str) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/refused")
    async def refused() -> None:
        raise Problem(
            409,
            "Sudah ada",
            "Desa sudah ada.",
            (FieldError("body.code", "Ganti.", "taken"),),
            code="village-exists",
        )

    @app.get("/transient")
    async def transient() -> None:
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    @app.get("/pool")
    async def pool() -> None:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)

    @app.get("/bug")
    async def bug() -> None:
        raise LookupError(f"no participant {NIK}")

    return app


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("registry", stream=stream)
    yield stream
    root.handlers[:], root.level = before


@pytest.fixture
async def client(logs: io.StringIO) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=an_app()), base_url="http://test"
    ) as opened:
        yield opened


def checked(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, body["status"]) == (status, status)
    assert body["type"] == f"/problems/{code}"
    assert body["instance"] == f"/requests/{response.headers['request-id']}"
    assert body.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    return body


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/merge-patch+json; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
async def test_a_body_that_is_not_called_json_is_refused(client, content_type: str, status: int):
    """The right bytes under the wrong name: 415, and what the header should say."""
    headers = {"Content-Type": content_type}

    answer = await client.post(
        "/participants", content=b'[{"nik": "%s", "wage": 1}]' % NIK.encode(), headers=headers
    )

    assert status == answer.status_code
    assert ("Content-Type: application/json" in answer.text) == (status == 415)


async def test_a_refusal_of_ours_is_answered_as_it_was_raised(client: httpx2.AsyncClient) -> None:
    """Status, words and fields of a Problem reach the caller."""
    body = checked(await client.get("/refused"), 409, "village-exists")

    assert body["detail"] == "Desa sudah ada."
    assert body["errors"] == [{"field": "body.code", "reason": "Ganti.", "code": "taken"}]


async def test_invalid_fields_are_named_without_their_values(
    client: httpx2.AsyncClient, logs: io.StringIO
) -> None:
    """Where and why, in Indonesian; a NIK sent in any place comes back nowhere."""
    wrong = [
        {"nik": NIK + "9", "wage": 0, "kind": "custom"},
        {"nik": NIK, "wage": 101, "kind": "plain", "x" + NIK: NIK},
        {"wage": NIK + "x"},
        NIK,
    ]
    response = await client.post("/participants", json=wrong, params={"limit": NIK})
    body = checked(response, 422, "invalid")

    found = {error["field"]: (error["reason"], error["code"]) for error in body["errors"]}
    assert found["query.limit"] == ("Paling banyak 10.", "less-than-equal")
    assert found["body.0.nik"][1] == "string-pattern-mismatch"
    assert found["body.0.wage"] == ("Paling sedikit 1.", "greater-than-equal")
    assert found["body.0.kind"] == ("Segmen [nik] tidak dikenal.", "segment-unknown")
    assert found["body.1.kind"] == ("Nilai ini tidak sah.", "value-error")
    assert found["body.1.x[nik]"] == ("Tidak dikenal; hapus isian ini.", "extra-forbidden")
    assert found["body.2.nik"] == ("Wajib diisi.", "missing")
    assert found["body.2.wage"] == ("Harus berupa bilangan bulat.", "int-parsing")
    assert found["body.3"][0] == "Harus berupa objek."
    assert NIK not in response.text + logs.getvalue()


async def test_at_most_50_fields_are_listed(client: httpx2.AsyncClient) -> None:
    """A big wrong body does not get a bigger answer."""
    response = await client.post("/participants", json=[{}] * 100)

    body = checked(response, 422, "invalid")
    assert (len(body["errors"]), body["detail"]) == (50, "200 isian perlu diperbaiki.")


def test_every_error_of_pydantic_has_an_indonesian_sentence() -> None:
    """No English of pydantic reaches a caller, and nothing of an unknown limit breaks it."""
    for kind in get_args(core_schema.ErrorType):
        reason = reason_for({"type": kind, "msg": f"Input should be {NIK}", "ctx": {}})

        assert reason.endswith(".")
        assert "Input" not in reason


@pytest.mark.parametrize(
    ("kind", "expected", "says"),
    [
        ("enum", "'BABINSA', 'BHABINKAMTIBMAS' or 'PERISAI'", "'BHABINKAMTIBMAS' atau 'PERISAI'."),
        ("literal_error", "'JKK' or 'JKM'", "Harus salah satu dari 'JKK' atau 'JKM'."),
        ("enum", "'JKK'", "Harus salah satu dari 'JKK'."),
    ],
)
def test_what_is_listed_is_listed_in_indonesian(kind: str, expected: str, says: str) -> None:
    """Pydantic joins the last two of a list by an English word."""
    reason = reason_for({"type": kind, "msg": "", "ctx": {"expected": expected}})

    assert reason.endswith(says)
    assert " or " not in reason


@pytest.mark.parametrize(
    ("request_line", "content", "status", "code"),
    [
        ("POST /participants", b"[{", 400, "json-invalid"),
        ("POST /participants", b'["\xff"]', 400, "bad-request"),
        ("GET /nowhere", None, 404, "not-found"),
        ("GET /participants", None, 405, "method-not-allowed"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    client: httpx2.AsyncClient,
    request_line: str,
    content: bytes | None,
    status: int,
    code: str,
) -> None:
    """Malformed JSON 400, unknown address 404, wrong method 405 with Allow."""
    response = await client.request(
        *request_line.split(), content=content, headers={"Content-Type": "application/json"}
    )

    checked(response, status, code)
    if status == 405:
        assert response.headers["allow"] == "POST"


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


async def test_a_body_above_the_limit_is_413_with_or_without_its_length(
    client: httpx2.AsyncClient,
) -> None:
    """Counted as it comes: a chunked body cannot pass where a declared one cannot."""
    checked(await client.post("/participants", content=b"x" * 1001), 413, "too-large")
    checked(await client.post("/participants", content=chunks(1100)), 413, "too-large")
    checked(await client.post("/imports/a", content=chunks(5100)), 413, "too-large")
    lying = await client.post(
        "/participants", content=chunks(1100), headers={"Content-Length": "10"}
    )
    checked(lying, 413, "too-large")


async def test_a_body_that_says_it_is_too_large_is_not_read(client: httpx2.AsyncClient) -> None:
    """A declared length above the limit is refused before the first byte."""
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        async for chunk in chunks(1100):
            read += len(chunk)
            yield chunk

    response = await client.post(
        "/participants", content=body(), headers={"Content-Length": "1100"}
    )

    checked(response, 413, "too-large")
    assert read == 0


async def test_a_path_may_have_a_larger_limit(client: httpx2.AsyncClient) -> None:
    """Imports take more than other requests, up to a limit of their own."""
    response = await client.post("/imports/a", content=chunks(5000))

    assert response.json() == {"bytes": 5000}


@pytest.mark.parametrize("path", ["/transient", "/pool"])
async def test_a_failed_infrastructure_is_503_with_retry_after(
    client: httpx2.AsyncClient, path: str
) -> None:
    """A deadlock or an exhausted pool: the caller is told when to come again."""
    response = await client.get(path)

    checked(response, 503, "unavailable")
    assert response.headers["retry-after"] == "5"


async def test_a_bug_is_500_with_an_id_that_leads_to_the_log(
    client: httpx2.AsyncClient, logs: io.StringIO
) -> None:
    """The caller learns nothing of the inside; the log has the traceback, without identifiers."""
    response = await client.get("/bug")

    body = checked(response, 500, "unexpected")
    request_id = response.headers["request-id"]
    assert request_id in body["detail"]
    assert "participant" not in response.text
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    logged = next(line for line in lines if line["event"] == "request_failed")
    assert logged["request_id"] == request_id
    assert "LookupError: no participant [nik]" in logged["exception"].replace("'", "")
    assert NIK not in logs.getvalue()


def test_the_openapi_describes_problems() -> None:
    """Integrators find the real body of a refusal, not the framework's."""
    document = an_app().openapi()

    responses = document["paths"]["/participants"]["post"]["responses"]
    assert responses.keys() == {"200", "default"}
    assert "application/problem+json" in responses["default"]["content"]
    assert "ProblemBody" in document["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(document)
