"""The page of a village and its history in a real browser: on a phone and a desk, by anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from itertools import product

import pytest
from axe_playwright_python.async_playwright import Axe
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.domain.facts import ActKind
from eligibility.messages import Messages
from playwright.async_api import Browser
from support.browsing import DESKTOP, HEIGHT, PHONE, Site, weigh
from support.databases import ServiceUrls, TestDatabases
from support.filled_village import JUNE, MAY, NAMED, Filled
from support.programme import Registry, SteadyClock, known
from support.site import site_on
from support.stack import TestStack

KILOBYTES = 100_000
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
AT_RISK, LONGEST = "33.26.10.2002", "16.09.10.2002"
REVOKED, EMPTY = "33.26.10.2004", "33.26.10.2005"
LONG = {
    "name": "Kampuang Tanjuang Koto Mambang Sungai Durian",
    "kecamatan_name": "Buay Pematang Ribu Ranau Tengah",
    "regency_name": "Ogan Komering Ulu Selatan",
    "province_name": "Sumatera Selatan",
}
PAGES = [
    f"/desa/{AT_RISK}",
    f"/desa/{LONGEST}",
    f"/desa/{REVOKED}",
    f"/desa/{EMPTY}",
    f"/desa/{AT_RISK}/riwayat?pada=2026-05-02&diketahui=2026-05-03",
    f"/desa/{EMPTY}/riwayat?pada=kemarin&diketahui=2999-01-01",
]


@pytest.fixture(scope="module")
async def villages(
    tmp_path_factory: pytest.TempPathFactory, stack: TestStack, databases: TestDatabases
) -> AsyncIterator[Site]:
    """The service over four villages: at risk, with the longest names, revoked, and empty."""
    async with databases.fresh("eligibility") as urls:
        await tell_stories(urls)
        home, kafka = tmp_path_factory.mktemp("villages"), await stack.kafka()
        async with site_on(home, kafka=kafka, urls=urls) as started:
            yield started


async def tell_stories(urls: ServiceUrls) -> None:
    work = await Database.open(urls.work, name="tests-work", size=2)
    app = await Database.open(urls.app, name="tests-app", size=2)
    clock, registry, sealer = SteadyClock(), Registry(), Sealer(bytes(32))
    deeds = Certification(work, clock=clock, ids=Ids())
    await deeds.install_default_rules()
    inbox = Inbox(work, inputs=INPUTS, effect=deeds, clock=clock, sealer=sealer)
    messages = Messages(work, clock=clock, sealer=sealer)
    acting = Certification(app, clock=clock, ids=Ids())

    def village(key: str) -> Filled:
        return Filled(deeds, acting, inbox, messages, clock, registry, work, village=key)

    longest, revoked, empty = village(LONGEST), village(REVOKED), village(EMPTY)
    await longest.founded(14, **LONG)
    await longest.last_post_held()
    await longest.act(ActKind.PENETAPAN, NAMED)
    await revoked.founded(name="Turirejo")
    await empty.tell(known(EMPTY, name="Gatak"))
    await village(AT_RISK).comes_at_risk()
    await longest.secretary_lapses(MAY.date())
    await longest.head_leaves(date(2026, 5, 2))
    await revoked.last_post_held(date(2026, 6, 1))
    await revoked.act(ActKind.PENETAPAN, JUNE.date())
    await revoked.act(ActKind.PENCABUTAN, JUNE.date())
    await app.close()
    await work.close()


@pytest.mark.parametrize("path", PAGES)
async def test_a_village_can_be_read_by_everybody(villages: Site, browser: Browser, path: str):
    """No breach of WCAG 2.2 AA that axe finds, in light and dark, on a phone and on a desk; nothing
    scrolls sideways; at most 100 kB, nothing from another host, no complaint under the CSP.
    """
    found = {}
    async with villages.look(browser, path) as (page, noted):
        size = await weigh(page)
        for width, scheme in product((PHONE, DESKTOP), ("light", "dark")):
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await page.emulate_media(color_scheme=scheme)
            results = await Axe().run(page, options=WCAG)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            found[width, scheme] = [one["id"] for one in results.response["violations"]], wide

    ours = [text for text in noted.complaints if "422" not in text]
    assert {view: ([], view[0]) for view in product((PHONE, DESKTOP), ("light", "dark"))} == found
    assert 0 < size <= KILOBYTES
    assert ({villages.url.removeprefix("http://")}, []) == (noted.hosts, ours)


async def test_from_the_village_into_its_past_without_scripts(villages: Site, browser: Browser):
    """By links and a plain form: why it is at risk, and that nobody could know it on 3 May."""
    async with villages.look(browser, f"/desa/{AT_RISK}", scripts=False) as (page, _):
        now = await page.locator(".lead").inner_text()
        why = await page.locator("#sebab ~ table .missing").inner_text()
        await page.get_by_role("link", name="Riwayat desa").click()
        await page.get_by_label("Keadaan pada").fill("2026-05-02")
        await page.get_by_label("Seperti diketahui pada").fill("2026-05-03")
        await page.get_by_role("button", name="Tampilkan").click()
        then = await page.locator(".lead").inner_text()
        kept = await page.get_by_label("Seperti diketahui pada").input_value()

    assert "terancam sejak 8 Mei 2026" in now
    assert "Sekretaris Desa: belum terlindungi JKK dan JKM sejak 1 Mei 2026" in why
    assert "sampai 3 Mei 2026 pukul 23.59 WIB" in then
    assert "kedudukannya baik" in then
    assert "2026-05-03" == kept
