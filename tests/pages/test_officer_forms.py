"""An officer records a village's road on the pages, from the login to its title."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page
from support.databases import TestDatabases
from support.officer import issuer_beside, log_in
from support.stack import TestStack
from support.system import System, system_on

pytestmark = [pytest.mark.stack, pytest.mark.timeout(170)]

WONOPRINGGO = "33.26.12.2008"
HEAD, SECRETARY = "9926104506850001", "9926104506850002"
POSTS = {"Kepala Desa": HEAD, "Sekretaris Desa": SECRETARY}
SIZES = {"phone": (360, 800), "desktop": (1280, 900)}
FORMS = ("", "/susunan", "/pejabat", "/kepesertaan", "/sosialisasi", "/tindakan")


@pytest.fixture(scope="module")
async def system(
    stack: TestStack, databases: TestDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """The services, and the issuer beside them on a port of its own."""
    home = tmp_path_factory.mktemp("officer")
    with pytest.MonkeyPatch.context() as variables:
        async with issuer_beside(home / "secrets") as discovery:
            variables.setenv("ELIGIBILITY_OIDC_DISCOVERY", discovery)
            async with system_on(
                home, kafka=await stack.kafka(), databases=databases, villages=[WONOPRINGGO]
            ) as started:
                yield started


async def fill(page: Page, form: str, typed: dict[str, str]) -> None:
    """Open a form from the village's page, type, and go on to its effect."""
    await page.get_by_role("link", name="Catat", exact=True).click()
    await page.get_by_role("link", name=form).click()
    for label, value in typed.items():
        await page.get_by_label(label, exact=True).fill(value)


async def save(page: Page, nik: str = "") -> None:
    if nik:
        await page.get_by_label("NIK").fill(nik)
    await page.get_by_role("button", name="Simpan").click()


async def test_a_village_gets_its_title_on_the_pages_without_scripts(
    system: System, browser: Browser
) -> None:
    """Login, posts, memberships, officials, an act: each shown before it is saved, and after."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    village = f"{system.address('eligibility')}/desa/{WONOPRINGGO}"

    await log_in(page, village, "Petugas Kantor Cabang Pekalongan")
    assert village == page.url

    await fill(page, "Catat susunan jabatan", {"Berlaku mulai": "2026-11-01"})
    for post in POSTS:
        await page.locator(f"label:has-text('Jumlah {post}') ~ input").fill("1")
    await page.get_by_role("button", name="Lanjut").click()
    assert "memiliki 2 jabatan: 1 Kepala Desa, 1 Sekretaris Desa" in await page.inner_text("main")
    await save(page)

    for post, nik in POSTS.items():
        await fill(
            page,
            "Catat kepesertaan",
            {"Terdaftar mulai": "2026-11-02", "Iuran pertama dibayar": "2026-11-03"},
        )
        await page.get_by_label("Penerima upah (PU)", exact=True).check()
        await page.get_by_role("button", name="Lanjut").click()
        await save(page, nik)
        await fill(page, "Catat pejabat", {"Berlaku mulai": "2026-11-04"})
        await page.get_by_label("Jabatan").select_option(label=f"{post} (kosong)")
        await page.get_by_role("button", name="Lanjut").click()
        assert f"jabatan {post} dipegang" in await page.inner_text("main")
        await save(page, nik)
        assert f"{village}?tersimpan=pejabat" == page.url
        assert "Tersimpan: pejabat." == await page.inner_text("[role=status]")
    assert "Memenuhi syarat" in await page.inner_text(".fields")

    await fill(page, "Catat tindakan", {"Nomor surat": "560/1/2026", "Tanggal": "2026-11-10"})
    await page.get_by_label("Penetapan", exact=True).check()
    await page.get_by_label("Pejabat yang menandatangani").fill("Bupati Pekalongan")
    await page.get_by_role("button", name="Lanjut").click()
    row = await page.locator("tr", has_text="Gelar").inner_text()
    assert ["Belum bergelar", "Ditetapkan"] == re.findall("Belum bergelar|Ditetapkan", row)
    await save(page)
    assert "Ditetapkan" in await page.inner_text(".fields")

    shown = await page.content()
    assert not any(nik in shown for nik in POSTS.values())
    await page.get_by_role("button", name="Keluar").click()
    assert "Anda sudah keluar" == await page.inner_text("h1")
    await context.close()


async def test_nothing_of_a_nik_stays_in_eligibility(system: System) -> None:
    """Neither a log nor a table of the service that showed the form has the number."""
    logs = (system.home / "log" / "eligibility.log").read_text()
    names = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace"
    for (table,) in await system.rows("eligibility", names, "public"):
        rows = await system.rows("eligibility", f'SELECT t::text FROM "{table}" t')  # noqa: S608
        assert not any(nik in row[0] for row in rows for nik in POSTS.values()), table
    assert not any(nik in logs for nik in POSTS.values())


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
async def test_forms_are_accessible_and_fit(
    system: System, browser: Browser, size: str, scheme: str, tmp_path: Path
) -> None:
    """WCAG AA by axe, nothing scrolls sideways, no error of the browser, on each form."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()
    complaints: list[str] = []
    await be_titled(system)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    village = f"{system.address('eligibility')}/desa/{WONOPRINGGO}"
    await page.goto(f"{village}/catat")
    await look(page, tmp_path / f"{size}-{scheme}-masuk.png")
    await log_in(page, f"{village}/catat", "Petugas Kantor Cabang Pekalongan")
    for form in FORMS:
        await page.goto(f"{village}/catat{form}")
        await look(page, tmp_path / f"{size}-{scheme}-{form[1:] or 'catat'}.png")
    await page.goto(f"{village}/catat/tindakan")
    await page.get_by_role("button", name="Lanjut").click()
    assert await page.title() == "Salah: Catat tindakan · Desa Sadar"
    await look(page, tmp_path / f"{size}-{scheme}-salah.png")
    await page.get_by_label("Pencabutan", exact=True).check()
    await page.get_by_label("Nomor surat").fill("1")
    await page.get_by_label("Pejabat yang menandatangani").fill("Bupati Pekalongan")
    await page.get_by_role("button", name="Lanjut").click()
    await look(page, tmp_path / f"{size}-{scheme}-akibat.png")
    await context.close()

    assert ["422"] == re.findall(r"status of (\d+)", " ".join(complaints))
    assert 1 == len(complaints)


async def be_titled(system: System) -> None:
    """So that there is a title to revoke, whether or not another test has given one."""
    letter = {"act": "PENETAPAN", "number": "1", "effective_on": "2026-11-10", "reason": "uji"}
    async with system.client("eligibility") as client:
        given = await client.post(
            f"/villages/{WONOPRINGGO}/acts",
            json={**letter, "signing_office": "Bupati Pekalongan"},
            headers={"Idempotency-Key": "titled"},
        )
    assert given.status_code in {201, 409}


async def look(page: Page, picture: Path) -> None:
    """Keep a picture, and find nothing that a reader could not see, reach or understand."""
    await page.screenshot(path=picture, full_page=True)
    found = await Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    )
    assert 0 == found.violations_count, f"{picture.name}: {found.generate_report()}"
    wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, f"{picture.name} is {wider} px wider than its window"
