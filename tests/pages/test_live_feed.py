"""The live feed in a browser: it grows by itself, in the viewer's own area."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
from playwright.async_api import Browser, Page, Route
from support.browsing import Site
from support.country import decision_id
from support.databases import ServiceUrls
from support.waiting import eventually

TOLD = """
INSERT INTO decisions (decision_id, village_key, decided_at, effective_on, previous_decision_id,
    previous, current, reasons, flagged, inputs, newest_input_time, origin)
SELECT $2, $1, $3, '2026-11-01', gen_random_uuid(),
    '{"eligibility":"NOT_ELIGIBLE","stage":"SOSIALISASI","title":"NONE","standing":"NONE"}',
    '{"eligibility":"ELIGIBLE","stage":"MEMENUHI_SYARAT","title":"NONE","standing":"NONE"}',
    '[]', false, '{}', $3, 'LIVE'
"""
OURS, OTHERS = "33.26.10.2002", "33.10.01.2001"


async def tell(urls: ServiceUrls, village_key: str) -> str:
    """Enter a decision as the consumer does; the id of its entry on the page."""
    now = datetime.now(UTC)
    id_ = decision_id(now, int(village_key[3:5]))
    owner = await asyncpg.connect(urls.owner)
    await owner.execute(TOLD, village_key, id_, now)
    await owner.close()
    return f"p-{id_}"


async def ids(page: Page) -> list[str]:
    return await page.locator("#aliran > li").evaluate_all("all => all.map(one => one.id)")


async def test_what_happens_appears_by_itself(
    site: Site, browser: Browser, country_urls: ServiceUrls
):
    """A decision of the viewer's area appears on the open page, once and on top; one of another
    area does not; the page without scripts has it after it was asked again.
    """
    async with site.look(browser, "/langsung", areas=("33.26",)) as (page, noted):
        before = await ids(page)
        await tell(country_urls, OTHERS)
        told = await tell(country_urls, OURS)

        async def newest() -> str | None:
            return next(iter(await ids(page)), None)

        await eventually(newest, told, within=10)
        assert [told, *before] == await ids(page)
        assert [] == noted.complaints

    async with site.look(browser, "/langsung", areas=("33.26",), scripts=False) as (page, _):
        assert told == (await ids(page))[0]
        assert "memenuhi semua syarat" in await page.locator(f"#{told}").inner_text()


async def test_the_stream_opens_however_late_a_script_comes(site: Site, browser: Browser) -> None:
    """The extension that opens it is a file of its own, and files come in any order."""

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await asyncio.sleep(0.5)
        await route.fulfill(response=answer)

    async with site.look(browser, "/daftar", areas=("33.26",)) as (page, _):
        await page.route("**/static/hx-sse-*", late)
        async with page.expect_request("**/langsung/aliran*", timeout=10_000):
            await page.goto(f"{site.url}/langsung")


async def test_a_page_whose_session_ended_asks_for_the_login(site: Site, browser: Browser) -> None:
    """A stream that is refused would be tried for ever, on a page that looks alive."""
    answers = iter([(200, ": siap\n\n"), (401, "")])

    async def stream(route: Route) -> None:
        status, body = next(answers, (0, ""))
        if status:
            await route.fulfill(status=status, body=body, content_type="text/event-stream")
        else:
            await route.continue_()

    async with site.look(browser, "/langsung", areas=("33.26",)) as (page, _):
        await page.route("**/langsung/aliran*", stream)
        await page.reload()
        async with page.expect_navigation(timeout=8_000):
            pass

        assert (None, "/langsung") == (next(answers, None), page.url.removeprefix(site.url))
