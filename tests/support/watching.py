"""Staff of the head office who watch the story on the pages, one with scripts and one without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from demo.scenario import Scenario
from demo.story import Told
from playwright.async_api import Browser, Page

from support.officer import log_in

VILLAGES = Scenario.load().villages
HEAD_OFFICE = "Kantor Pusat"


async def entries(page: Page) -> list[str]:
    """The entries of the feed, by their ids."""
    ids: list[str] = await page.locator("#aliran > li").evaluate_all("all => all.map(e => e.id)")
    return ids


@dataclass(slots=True)
class Watcher:
    """Both are logged in before the first chapter; the live page is never loaded again."""

    address: str
    live: Page
    scripted: Page
    plain: Page
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    """What the page without scripts said of each village at the end of a chapter."""
    differing: list[str] = field(default_factory=list)
    """Villages of which the two pages did not say the same."""

    async def look(self, told: Told) -> None:
        """Open the page of every village of a chapter."""
        for name in told.villages:
            path = f"/desa/{VILLAGES[name].code}"
            fields = await self._fields(self.plain, path)
            self.shown.setdefault(told.chapter, {})[name] = fields
            if fields != await self._fields(self.scripted, path):
                self.differing.append(f"{told.chapter}: {name}")

    async def _fields(self, page: Page, path: str) -> str:
        await page.goto(f"{self.address}{path}")
        return " · ".join(await page.locator(".fields .status").all_inner_texts())


@asynccontextmanager
async def watching(browser: Browser, address: str) -> AsyncIterator[Watcher]:
    """Log both of them in, and leave the feed open."""
    async with AsyncExitStack() as windows:
        pages = []
        for scripts in (True, True, False):
            # A window each: a page in the background lets its stream rest.
            window = await browser.new_context(locale="id-ID", java_script_enabled=scripts)
            windows.push_async_callback(window.close)
            pages.append(await window.new_page())
            await log_in(pages[-1], f"{address}/langsung", HEAD_OFFICE)
            await pages[-1].wait_for_url("**/langsung")
        yield Watcher(address, *pages)
