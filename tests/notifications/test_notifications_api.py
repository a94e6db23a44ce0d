"""The HTTP interface: who may, what is answered, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from common.health import Health
from common.security import Authenticator, JwksFile, unscoped_routes
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, ensure_demo_secrets
from fastapi import FastAPI
from faulty_smtp import Fault
from notifications.api.callers import SCOPES
from notifications.main import create_app
from notifications_rig import AT_RISK, CAMAT_SRAGI, DESIGNATED, Service, decided, known
from prometheus_client import CollectorRegistry

NOBODY = "00000000-0000-4000-8000-000000000000"
CAMAT = "/offices/CAMAT/33.26.12"
Ask = Callable[..., Any]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    ensure_demo_secrets(tmp_path)
    return tmp_path


@pytest.fixture
def api(service: Service, secrets: Path) -> FastAPI:
    return create_app(
        directory=service.directory,
        desk=service.desk,
        authenticator=Authenticator(
            issuer=DEMO_ISSUER, audience="notifications", jwks=JwksFile(secrets / JWKS)
        ),
        health=Health(CollectorRegistry()),
    )


@pytest.fixture
async def ask(api: FastAPI, secrets: Path) -> AsyncIterator[Ask]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(api), base_url="http://notifications"
    ) as client:

        async def asked(
            method: str,
            path: str,
            *,
            scopes: tuple[str, ...] = SCOPES,
            areas: tuple[str, ...] = ("33.26",),
            key: str | None = "",
            **options: Any,
        ) -> httpx2.Response:
            token = demo_token(secrets, audience="notifications", scopes=scopes, areas=areas)
            headers = {"Authorization": f"Bearer {token}"}
            if key is not None:
                headers["Idempotency-Key"] = key or str(uuid4())
            return await client.request(method, path, headers=headers, **options)

        yield asked


HOLDER = {"name": "Budi", "begins": "2025-02-20", "email": "camat@sragi.example"}


async def at_risk(service: Service, fault: Fault) -> str:
    """One delivery that ended as `fault` makes it end; its id."""
    await service.appoint_both()
    service.post.fault = fault
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    service.post.fault = Fault.NONE
    [row] = await service.desk.deliveries("33.26")
    return str(row["delivery_id"])


def test_every_route_asks_for_a_scope(api: FastAPI):
    """Only liveness, readiness and metrics are open."""
    assert [] == unscoped_routes(api)


async def test_an_office_is_filled_and_shown(ask: Ask):
    """Appointed, listed with today's holder, shown with its addresses."""
    appointed = await ask("POST", f"{CAMAT}/holders", json=HOLDER)
    listed = (await ask("GET", "/offices", params={"area": "33.26"})).json()
    shown = (await ask("GET", CAMAT)).json()

    assert 201 == appointed.status_code
    [office] = listed["offices"]
    assert ("CAMAT", "33.26.12", "Budi", 0) == (
        office["kind"],
        office["area"],
        office["holder"]["name"],
        office["waiting"],
    )
    assert [{"since": "2025-02-20", "email": "camat@sragi.example"}] == shown["holders"][0][
        "addresses"
    ]
    assert appointed.json()["holder_id"] == shown["holders"][0]["holder_id"]


async def test_an_appointment_repeated_is_one(ask: Ask):
    """The same Idempotency-Key is answered the same and does nothing more."""
    first = await ask("POST", f"{CAMAT}/holders", json=HOLDER, key="sekali")
    second = await ask("POST", f"{CAMAT}/holders", json=HOLDER, key="sekali")

    assert (201, first.json()) == (second.status_code, second.json())


async def test_a_term_ends_and_an_address_changes(ask: Ask):
    """Both are the holder's, and answered without a body."""
    holder = (await ask("POST", f"{CAMAT}/holders", json=HOLDER)).json()["holder_id"]
    changed = await ask(
        "PUT",
        f"{CAMAT}/holders/{holder}/address",
        json={"email": "baru@sragi.example", "since": "2026-01-01"},
    )
    ended = await ask("PUT", f"{CAMAT}/holders/{holder}/end", json={"ends": "2026-02-01"})
    listed = (await ask("GET", "/offices", params={"area": "33.26.12"})).json()

    assert (204, 204) == (changed.status_code, ended.status_code)
    assert [None] == [office["holder"] for office in listed["offices"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/offices/BUPATI/33.26.12/holders", HOLDER, 422, "impossible-office"),
        ("POST", f"{CAMAT}/holders", HOLDER | {"email": "bukan"}, 422, "invalid"),
        ("POST", f"{CAMAT}/holders", HOLDER | {"name": "a\nb"}, 422, "invalid"),
        ("POST", f"{CAMAT}/holders", HOLDER | {"ends": "2025-02-20"}, 422, "invalid"),
        ("POST", "/offices/CAMAT/33.27.01/holders", HOLDER, 403, "outside-areas"),
        ("PUT", f"{CAMAT}/holders/{NOBODY}/end", {"ends": "2026-01-01"}, 404, "holder-not-found"),
        ("POST", f"/deliveries/{NOBODY}/retry", {"note": "x"}, 404, "delivery-not-found"),
        ("GET", f"/deliveries/{NOBODY}", None, 404, "delivery-not-found"),
        ("GET", "/offices?area=35.05", None, 403, "outside-areas"),
        ("GET", "/deliveries?area=33", None, 403, "outside-areas"),
        ("GET", "/deliveries?area=33.26&before=kemarin", None, 422, "invalid"),
        (
            "GET",
            f"/deliveries?area=33.26&before=2026-13-45T99:99:99.9Z/{NOBODY}",
            None,
            400,
            "malformed",
        ),
    ],
)
async def test_refusals(ask: Ask, method: str, path: str, body: Any, status: int, code: str):
    """Each says what was wrong, under a code of its own."""
    answer = await ask(method, path, json=body)

    assert (status, f"/problems/{code}") == (answer.status_code, answer.json()["type"])


async def test_a_second_holder_on_one_day_is_a_conflict(ask: Ask):
    """409 with the office and the day."""
    await ask("POST", f"{CAMAT}/holders", json=HOLDER)
    again = await ask("POST", f"{CAMAT}/holders", json=HOLDER)

    assert (409, "/problems/terms-overlap") == (again.status_code, again.json()["type"])
    assert "CAMAT 33.26.12 mulai 2025-02-20" in again.json()["detail"]


async def test_a_post_without_a_key_is_refused(ask: Ask):
    """Every POST may be repeated safely, so every POST brings its key."""
    answer = await ask("POST", f"{CAMAT}/holders", json=HOLDER, key=None)

    assert (400, "/problems/idempotency-key-missing") == (
        answer.status_code,
        answer.json()["type"],
    )


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/offices?area=33.26", "notifications:write"),
        ("POST", f"{CAMAT}/holders", "notifications:read"),
        ("POST", f"/deliveries/{NOBODY}/retry", "notifications:write"),
    ],
)
async def test_a_scope_for_each_kind_of_deed(ask: Ask, method: str, path: str, scope: str):
    """Reading names, changing the directory and deciding on messages are three things."""
    assert 403 == (await ask(method, path, json=HOLDER, scopes=(scope,))).status_code


async def test_an_unknown_delivery_is_sent_again_by_a_person(service: Service, ask: Ask):
    """The decision is kept with its actor and note, and the message goes out once more."""
    delivery = await at_risk(service, Fault.DROPS_AFTER_DOT)
    answer = await ask(
        "POST", f"/deliveries/{delivery}/retry", json={"note": "sudah ditanyakan, belum sampai"}
    )
    await service.bring_all()
    shown = (await ask("GET", f"/deliveries/{delivery}")).json()

    assert (200, "waiting") == (answer.status_code, answer.json()["state"])
    assert ("sent", 2) == (shown["delivery"]["state"], shown["delivery"]["attempts"])
    assert ["unknown", "sent"] == [attempt["outcome"] for attempt in shown["attempts"]]
    [act] = shown["acts"]
    assert ("RETRY", f"{DEMO_ISSUER} petugas", "sudah ditanyakan, belum sampai") == (
        act["act"],
        act["actor"],
        act["note"],
    )
    assert [("CAMAT", "unknown"), ("CAMAT", "sent")] == await service.settled()


async def test_giving_up_is_told(service: Service, ask: Ask):
    """An unknown delivery given up has failed, and the event says so."""
    delivery = await at_risk(service, Fault.DROPS_AFTER_DOT)
    answer = await ask("POST", f"/deliveries/{delivery}/give-up", json={"note": "ditelepon"})

    assert "failed" == answer.json()["state"]
    assert answer.headers["Event-Position"].startswith("notifications.deliveries/33.26.12.2008/")
    assert {"CAMAT": "failed(GIVEN_UP)"} == await service.states()
    assert [("CAMAT", "unknown"), ("CAMAT", "failed")] == await service.settled()


async def test_a_waiting_delivery_can_be_given_up(service: Service, ask: Ask):
    """A message to a vacant office need not wait for ever."""
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    [row] = await service.desk.deliveries("33.26")
    await ask("POST", f"/deliveries/{row['delivery_id']}/give-up", json={"note": "tidak perlu"})

    assert {"CAMAT": "suppressed(GIVEN_UP)"} == await service.states()


@pytest.mark.parametrize("act", ["retry", "give-up"])
async def test_what_was_sent_is_not_decided_on(service: Service, ask: Ask, act: str):
    """A sent message is neither sent again nor given up."""
    delivery = await at_risk(service, Fault.NONE)
    answer = await ask("POST", f"/deliveries/{delivery}/{act}", json={"note": "x"})

    assert (409, "/problems/not-in-state") == (answer.status_code, answer.json()["type"])
    assert 1 == len(service.post.taken)


async def test_a_neighbours_delivery_is_not_found(service: Service, ask: Ask):
    """Neither read nor decided on from another regency."""
    delivery = await at_risk(service, Fault.DROPS_AFTER_DOT)
    answers = [
        await ask("GET", f"/deliveries/{delivery}", areas=("35.05",)),
        await ask("POST", f"/deliveries/{delivery}/retry", json={"note": "x"}, areas=("35.05",)),
    ]

    assert [404, 404] == [answer.status_code for answer in answers]


async def test_deliveries_by_state_and_page(service: Service, ask: Ask):
    """Filtered by state, and page after page without a gap or a repeat."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    for number in range(2001, 2008):
        village = f"33.26.12.{number}"
        await service.tell(
            known(village), decided(DESIGNATED, AT_RISK, village=village), village=village
        )
    await service.bring_all()
    seen: list[str] = []
    path: str | None = ""
    while path is not None:
        params = {"area": "33.26", "state": "sent", "limit": "3"} | (
            {"before": path} if path else {}
        )
        page = (await ask("GET", "/deliveries", params=params)).json()
        seen += [delivery["village_code"] for delivery in page["deliveries"]]
        path = page["next"]

    assert [f"33.26.12.{number}" for number in range(2001, 2008)] == sorted(seen)
    empty = (await ask("GET", "/deliveries", params={"area": "33.26", "state": "failed"})).json()
    assert [] == empty["deliveries"]
