"""Each page as people meet it: on a phone and a desk, light and dark, with and without scripts."""

from __future__ import annotations

from itertools import product

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser
from support.browsing import DESKTOP, HEIGHT, PHONE, Site, weigh

KILOBYTES = 100_000
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
REGENCY, COUNTRY = ("33.26",), ("*",)
PAGES = [
    ("/", COUNTRY),
    ("/", REGENCY),
    ("/wilayah/33", COUNTRY),
    ("/wilayah/33.26.10", REGENCY),
    ("/daftar?keadaan=terancam", COUNTRY),
    ("/langsung", REGENCY),
    ("/", ("99",)),
]
REFUSED = [("/wilayah/12", REGENCY), ("/daftar?keadaan=apa", REGENCY), ("/tidak-ada", REGENCY)]
IDS = [f"{path}@{areas[0]}" for path, areas in PAGES]


@pytest.mark.parametrize(("path", "areas"), PAGES, ids=IDS)
async def test_a_page_can_be_read_by_everybody(
    site: Site, browser: Browser, path: str, areas: tuple[str, ...]
):
    """No breach of WCAG 2.2 AA that axe finds, in light and dark, on a phone and on a desk; nothing
    scrolls sideways; at most 100 kB, nothing from another host, no complaint under the CSP.
    """
    found = {}
    async with site.look(browser, path, areas=areas) as (page, noted):
        size = await weigh(page)
        for width, scheme in product((PHONE, DESKTOP), ("light", "dark")):
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await page.emulate_media(color_scheme=scheme)
            results = await Axe().run(page, options=WCAG)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            found[width, scheme] = [one["id"] for one in results.response["violations"]], wide

    assert {view: ([], view[0]) for view in product((PHONE, DESKTOP), ("light", "dark"))} == found
    assert 0 < size <= KILOBYTES
    assert ({site.url.removeprefix("http://")}, []) == (noted.hosts, noted.complaints)


@pytest.mark.parametrize(("path", "areas"), REFUSED, ids=[path for path, _ in REFUSED])
async def test_a_refusal_is_a_page_too(
    site: Site, browser: Browser, path: str, areas: tuple[str, ...]
):
    """A browser gets a page that says what was wrong, as readable as any other."""
    async with site.look(browser, path, areas=areas, width=PHONE, dark=True) as (page, _):
        results = await Axe().run(page, options=WCAG)

        assert [] == results.response["violations"]
        assert await page.locator("h1").inner_text() in {
            "Desa tidak ditemukan",
            "Keadaan tidak dikenal",
            "Tidak ditemukan",
        }
        assert await page.get_by_role("link", name="Ke papan").is_visible()


@pytest.mark.parametrize(("path", "areas"), PAGES, ids=IDS)
async def test_a_page_says_the_same_without_scripts(
    site: Site, browser: Browser, path: str, areas: tuple[str, ...]
):
    """What is read does not depend on scripts."""
    said = []
    for scripts in (True, False):
        async with site.look(browser, path, areas=areas, scripts=scripts) as (page, _):
            said.append(await page.locator("main").inner_text())

    assert said[0] == said[1]


async def test_the_focus_can_be_seen(site: Site, browser: Browser):
    """Whoever walks by keyboard sees where they are, and can pass over the header."""
    async with site.look(browser, "/", areas=REGENCY) as (page, _):
        walked = []
        for _step in range(6):
            await page.keyboard.press("Tab")
            walked.append(
                await page.evaluate(
                    """() => {
                        const style = getComputedStyle(document.activeElement);
                        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                    }"""
                )
            )
            if _step == 0:
                assert "Langsung ke isi" == await page.locator(":focus").inner_text()

    assert [True] * 6 == walked
