"""A real browser that looks at the pages as one person, and notes what goes wrong on the way."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from common.security.demo import demo_token
from playwright.async_api import Browser, ConsoleMessage, Page, Response, async_playwright

PHONE, DESKTOP = 360, 1280
HEIGHT = 900
READ = ("eligibility:read",)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's Chromium, else the one that playwright has installed; without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Noted:
    """What a page made the browser do: complaints, hosts asked, and decoded bytes received."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A service with pages, and whom it believes."""

    url: str
    secrets: Path

    def token(self, areas: Sequence[str], scopes: Sequence[str] = READ) -> str:
        return demo_token(
            self.secrets, audience="eligibility", scopes=scopes, areas=areas, subject="Staf Bupati"
        )

    @asynccontextmanager
    async def look(
        self,
        browser: Browser,
        path: str,
        *,
        areas: Sequence[str] = ("*",),
        width: int = DESKTOP,
        dark: bool = False,
        scripts: bool = True,
    ) -> AsyncIterator[tuple[Page, Noted]]:
        """The page as somebody with these areas sees it, and what was noted while it loaded."""
        context = await browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="id-ID",
            reduced_motion="reduce",
            extra_http_headers={"Authorization": f"Bearer {self.token(areas)}"},
        )
        noted = Noted()
        try:
            page = await context.new_page()
            page.on("console", lambda message: _complain(noted, message))
            page.on("pageerror", lambda error: noted.complaints.append(str(error)))
            page.on("response", lambda response: _received(noted, response))
            await page.goto(f"{self.url}{path}", wait_until="load")
            yield page, noted
        finally:
            await context.close()


def _complain(noted: Noted, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        noted.complaints.append(message.text)


async def weigh(page: Page) -> int:
    """Bytes of the page and all that it loaded, decoded; a stream that stays open is left out."""
    size: int = await page.evaluate(
        """() => [...performance.getEntriesByType("navigation"),
                  ...performance.getEntriesByType("resource")]
            .filter(entry => !entry.name.includes("/aliran"))
            .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
    )
    return size


def _received(noted: Noted, response: Response) -> None:
    noted.hosts.add(urlsplit(response.url).netloc)
