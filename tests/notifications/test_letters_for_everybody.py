"""Letters in a real browser: readable by everybody, on a phone and on a desk, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from common.events.words import AlertKind
from letters_rig import LONGEST, letter
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 640])
def test_a_letter_can_be_read_by_everybody(browser: Browser, width: int, *, dark: bool):
    """No violation that axe knows of, and nothing to scroll sideways, with the longest names."""
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    found = {}
    for kind in AlertKind:
        message = letter(kind, place=LONGEST, introduces=True, pages="https://desasadar.example")
        page.set_content(message.html)
        broken = [rule["id"] for rule in Axe().run(page).response["violations"]]
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found[kind] = (broken, max(wider, 0))
    page.close()

    assert dict.fromkeys(AlertKind, ([], 0)) == found
