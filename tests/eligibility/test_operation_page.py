"""The operators' page: well only when it was measured so."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import asyncpg
import httpx2
from common.web.settings import SCOPES
from demo.issuer_page import PERSONS
from eligibility.application import Certification
from support.databases import ServiceUrls
from support.programme import SteadyClock

Clients = Callable[..., Awaitable[httpx2.AsyncClient]]
OPERATE = "eligibility:operate"


async def test_the_page_is_well_only_when_nothing_waits(
    api: Clients,
    certification: Certification,
    clock: SteadyClock,
    eligibility_urls: ServiceUrls,
):
    """Not before the registry was followed; then it is; with one parked event no longer.

    It is measured at each look, and looked at anew every half a minute.
    """
    operator = await api("eligibility:operate")
    said = []

    async def look() -> None:
        answer = await operator.get("/operasi")
        assert (200, "30") == (answer.status_code, answer.headers["Refresh"])
        said.append(("Tidak ada yang tertahan." in answer.text, "Perlu diperiksa" in answer.text))

    await look()
    await certification.settle(clock.now())
    await look()
    owner = await asyncpg.connect(eligibility_urls.owner)
    await owner.execute(
        "INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, reason, detail, "
        "parked_at) VALUES ('33.26.10.2002', 'x', 0, 1, 'x', 'x', now())"
    )
    await owner.close()
    await look()

    assert [(False, True), (True, False), (False, True)] == said


async def test_only_operators_see_it(api: Clients):
    """Another scope does not do, and sees no link."""
    reader, operator = await api("eligibility:read"), await api("eligibility:operate")

    refused, shown = await reader.get("/operasi"), await operator.get("/operasi")

    assert 403 == refused.status_code
    assert ["/", "/langsung", "/operasi"] == links_of(shown)
    assert ["/", "/langsung"] == links_of(await reader.get("/"))


def test_an_operator_can_log_in():
    """The scope is asked for at a login, and a person of the demo has it."""
    assert OPERATE in SCOPES.split()
    assert any(OPERATE in person.scopes for person in PERSONS)


def links_of(page: httpx2.Response) -> list[str]:
    menu = page.text.split('aria-label="Menu utama"')[1].split("</nav>")[0]
    return re.findall(r'href="([^"]*)"', menu)
