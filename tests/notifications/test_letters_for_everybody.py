"""Letters in a real browser: readable by everybody, on a phone and on a desk, light and dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from common.events.words import AlertKind
from letters_rig import LONGEST, letter
from support.browsing import chromium

WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


@pytest.mark.parametrize("width", [360, 640])
async def test_a_letter_can_be_read_by_everybody(width: int):
    """No breach of WCAG 2.2 AA that axe finds, nothing to scroll sideways, the longest names."""
    found = {}
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": 800})
        for kind in AlertKind:
            message = letter(
                kind, place=LONGEST, introduces=True, pages="https://desasadar.example"
            )
            await page.set_content(message.html)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                results = await Axe().run(page, options=WCAG)
                broken = [rule["id"] for rule in results.response["violations"]]
                wide = await page.evaluate("document.documentElement.scrollWidth")
                found[kind, scheme] = broken, wide

    assert {(kind, s): ([], width) for kind in AlertKind for s in ("light", "dark")} == found
