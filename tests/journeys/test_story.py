"""The story of the five articles, told to a fresh system over the public APIs alone."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import Any

import pytest
from common.events import topics
from eligibility.web.feed import LISTED
from inline_snapshot import external_file, snapshot
from registry.areas.edition import read_edition
from support.system import System
from support.telling import SCENARIO, Telling
from support.waiting import eventually
from support.watching import entries

pytestmark = [pytest.mark.stack, pytest.mark.timeout(170)]

TITLES = {office.email: title for title, office in SCENARIO.offices.items()}
PROGRAMMES = "BPJS Ketenagakerjaan, bukan BPJS Kesehatan, melindungi pekerja"
REFERENCE = re.compile(r"(?<=Nomor rujukan: )[0-9a-f-]{36}")


def test_the_scenario_names_real_villages() -> None:
    """Each village of the scenario is in the area data, under its code and where it says."""
    known = {village.village_code: village for village in read_edition().villages}
    expected, found = {}, {}
    for name, village in SCENARIO.villages.items():
        place = known[village.code]
        expected[name] = (village.kind, village.kecamatan, village.regency)
        regency = f"{place.regency_kind.capitalize()} {place.regency_name}"
        found[place.name] = (place.kind.capitalize(), place.kecamatan_name, regency)
    assert expected == found


async def test_every_chapter_leaves_its_villages_so(telling: Telling) -> None:
    """At the end of each chapter every village of it has these four fields."""
    fields = ("eligibility", "stage", "title", "standing")
    found = {
        told.chapter: {
            name: " ".join(village["status"][field] for field in fields)
            for name, village in told.villages.items()
        }
        for told in telling.told
    }
    assert (
        snapshot(
            {
                "blitar": {
                    "Sukosewu": "ELIGIBLE MEMENUHI_SYARAT DIRESMIKAN BAIK",
                    "Ampelgading": "ELIGIBLE MEMENUHI_SYARAT DIRESMIKAN BAIK",
                },
                "demak": {"Turirejo": "ELIGIBLE MEMENUHI_SYARAT DITETAPKAN BAIK"},
                "wilayah": {
                    "Ketanonageng": "CANNOT_DECIDE TERDAFTAR NONE NONE",
                    "Kedungjaran": "CANNOT_DECIDE TERDAFTAR NONE NONE",
                },
                "wonopringgo": {
                    "Ketanonageng": "NOT_ELIGIBLE TERDAFTAR DICANANGKAN NONE",
                    "Wonopringgo": "ELIGIBLE MEMENUHI_SYARAT DICANANGKAN NONE",
                    "Kedungjaran": "CANNOT_DECIDE TERDAFTAR DICANANGKAN NONE",
                },
                "pendopo": {},
                "klaten": {
                    "Jombor": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Pesu": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Jimbung": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Gemblegan": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Sumyang": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Kemudo": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Wunut": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Paseban": "CANNOT_DECIDE SOSIALISASI NONE NONE",
                    "Gatak": "ELIGIBLE MEMENUHI_SYARAT NONE NONE",
                },
                "kota": {"Bendan Kergon": "ELIGIBLE MEMENUHI_SYARAT NONE NONE"},
                "kepala_baru": {
                    "Sukosewu": "NOT_ELIGIBLE SOSIALISASI DIRESMIKAN TERANCAM",
                    "Ampelgading": "NOT_ELIGIBLE SOSIALISASI DIRESMIKAN TERANCAM",
                },
                "pulih": {"Sukosewu": "ELIGIBLE MEMENUHI_SYARAT DIRESMIKAN BAIK"},
                "rencana": {"Wonopringgo": "ELIGIBLE MEMENUHI_SYARAT DICANANGKAN NONE"},
            }
        )
        == found
    )


async def test_every_office_has_its_mails(telling: Telling) -> None:
    """Each chapter causes these mails and no others, one to each office."""
    found: dict[str, dict[str, list[str]]] = {}
    for told in telling.told:
        offices: dict[str, list[str]] = {}
        for mail in told.mails:
            offices.setdefault(mail.subject, []).extend(TITLES[to] for to in mail.recipients)
        found[told.chapter] = {s: sorted(to) for s, to in sorted(offices.items())}
    assert (
        snapshot(
            {
                "blitar": {
                    "Desa Ampelgading memenuhi syarat Desa Sadar": [
                        "Bupati Blitar",
                        "Camat Selorejo",
                    ],
                    "Desa Ampelgading menjadi Desa Sadar": ["Bupati Blitar", "Camat Selorejo"],
                    "Desa Sukosewu memenuhi syarat Desa Sadar": [
                        "Bupati Blitar",
                        "Camat Gandusari",
                    ],
                    "Desa Sukosewu menjadi Desa Sadar": ["Bupati Blitar", "Camat Gandusari"],
                },
                "demak": {
                    "Desa Turirejo memenuhi syarat Desa Sadar": ["Bupati Demak", "Camat Demak"],
                    "Desa Turirejo menjadi Desa Sadar": ["Bupati Demak", "Camat Demak"],
                },
                "wilayah": {},
                "wonopringgo": {
                    "Desa Ketanonageng: jabatan belum terlindungi": ["Camat Sragi"],
                    "Desa Wonopringgo memenuhi syarat Desa Sadar": [
                        "Bupati Pekalongan",
                        "Camat Wonopringgo",
                    ],
                },
                "pendopo": {},
                "klaten": {
                    "Desa Gatak memenuhi syarat Desa Sadar": ["Bupati Klaten", "Camat Delanggu"]
                },
                "kota": {
                    "Kelurahan Bendan Kergon memenuhi syarat Desa Sadar": [
                        "Camat Pekalongan Barat",
                        "Wali Kota Pekalongan",
                    ]
                },
                "kepala_baru": {
                    "Desa Ampelgading: Kepala Desa baru": ["Camat Selorejo"],
                    "Desa Ampelgading: status Desa Sadar terancam": ["Camat Selorejo"],
                    "Desa Sukosewu: Kepala Desa baru": ["Camat Gandusari"],
                    "Desa Sukosewu: status Desa Sadar terancam": ["Camat Gandusari"],
                },
                "pulih": {"Desa Sukosewu: status Desa Sadar pulih": ["Camat Gandusari"]},
                "rencana": {
                    "Desa Wonopringgo: rencana penetapan": ["Bupati Pekalongan"],
                    "Desa Wonopringgo: undangan penetapan": ["Camat Wonopringgo"],
                },
            }
        )
        == found
    )


async def test_every_mail_reads_so(telling: Telling) -> None:
    """The whole text of every mail; each office's first one of the year names the programmes."""
    first = Counter[str]()
    letters = []
    for told in telling.told:
        for mail in sorted(told.mails, key=lambda mail: (mail.subject, mail.recipients)):
            [office] = [TITLES[to] for to in mail.recipients]
            parts = REFERENCE.sub("…", mail.text).strip().split("\n\n")
            # Of two mails at the same moment either may be the first one.
            first[office] += sum(part.startswith(PROGRAMMES) for part in parts)
            # Nor is the address of the page the same in every run.
            left = [part for part in parts if not part.startswith((PROGRAMMES, "Selengkapnya:"))]
            text = "\n\n".join(left)
            letters.append(f"=== {told.chapter}: {office}: {mail.subject}\n\n{text}\n")
    assert {1} == set(first.values())
    assert external_file("story_mails.txt") == "\n".join(letters)


async def test_the_pages_show_every_chapter(telling: Telling) -> None:
    """Who opens a village's page at the end of a chapter reads its four fields, in words."""
    pages = [
        f"=== {chapter}\n" + "".join(f"{name}: {fields}\n" for name, fields in shown.items())
        for chapter, shown in telling.watcher.shown.items()
    ]
    assert external_file("story_pages.txt") == "\n".join(pages)
    assert [] == telling.watcher.differing


async def test_the_open_page_has_followed_the_story(telling: Telling) -> None:
    """The feed that was open from before the first chapter has all that one opened now shows.

    What was decided at the same moment stands there as it came.
    """
    watcher = telling.watcher
    await watcher.plain.goto(f"{watcher.address}/langsung")
    newest = await entries(watcher.plain)

    async def missing() -> set[str]:
        return set(newest) - set(await entries(watcher.live))

    assert len(newest) == LISTED
    await eventually(missing, set())
    followed = await entries(watcher.live)
    assert len(followed) == len(set(followed))


async def test_told_again_it_changes_nothing(telling: Telling) -> None:
    """A second run sums up; with its journal lost, the services know that all of it was done."""
    everything = await standing(telling.system)

    told, said = await telling.tell()
    assert ([], True) == (told, "tidak ada yang diulang" in said)
    assert everything == await standing(telling.system)

    telling.places.journal.unlink()
    told, _ = await telling.tell()
    assert [one.chapter for one in telling.told] == [one.chapter for one in told]
    assert [] == [mail for one in told for mail in one.mails]
    assert everything == await standing(telling.system)


async def test_time_alone_proposes_the_suspension(telling: Telling) -> None:
    """Advanced from one due moment to the next: the village that was not restored is proposed."""
    said = ["\n".join(await telling.advance()) for _ in range(2)]
    assert (
        snapshot(
            [
                """\
Selasa, 25 Februari 2031, pukul 00.00 WIB
▲ Desa Ampelgading: belum memenuhi syarat · Diresmikan · TERANCAM · pulihkan sebelum 25
Februari 2031 · penangguhan diusulkan\
""",
                """\
Minggu, 7 November 2032, pukul 00.00 WIB
○ Kelurahan Bendan Kergon: belum memenuhi syarat · tahap Sosialisasi\
""",
            ]
        )
        == said
    )

    async with telling.system.client("eligibility") as client:
        listed = (await client.get("/villages", params={"proposal": "open"})).json()["villages"]
    assert ["Ampelgading"] == [village["name"] for village in listed]

    for page in (telling.watcher.scripted, telling.watcher.plain):
        await page.goto(telling.watcher.address)
        task = page.locator(".tasks li", has_text="Desa Ampelgading")
        found = [wrapped(await task.inner_text())]
        await task.get_by_role("link", name="Desa Ampelgading").click()
        found += [wrapped(await page.locator(".notice.warn").inner_text())]
        assert (
            snapshot(
                [
                    """\
■ Penangguhan diusulkan Desa Ampelgading Kecamatan Selorejo, Kabupaten Blitar. Syarat
tidak terpenuhi sejak 27 November 2030; masa perbaikan (sebelum 25 Februari 2031) telah
lewat. Penangguhan diusulkan 25 Februari 2031; keputusannya ada pada pejabat yang
berwenang.\
""",
                    """\
Penangguhan gelar diusulkan sejak 25 Februari 2031: syarat tidak terpenuhi sejak 27
November 2030, masa perbaikan (sebelum 25 Februari 2031) telah lewat, dan keadaan
terancam sudah diberitahukan sejak 6 Januari 2031. Yang memutuskan adalah pejabat yang
berwenang.\
""",
                ]
            )
            == found
        )
    proposed = telling.watcher.live.locator("#aliran li", has_text="diusulkan untuk ditangguhkan")
    await eventually(proposed.count, 1)


def wrapped(text: str) -> str:
    """What a page says, as lines that fit here."""
    return textwrap.fill(text, 88)


COUNTED = {
    "registry": ("acts", "participants", "enrollments", "terms", "decrees", "events"),
    "eligibility": ("facts", "acts", "decisions", "events"),
    "notifications": ("holders", "alerts", "deliveries", "attempts", "events"),
}
PUBLISHED = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
    topics.ELIGIBILITY_CERTIFICATIONS,
    topics.NOTIFICATIONS_DELIVERIES,
)


async def standing(system: System) -> dict[str, Any]:
    """How much there is of everything that a repeat could double."""
    found: dict[str, Any] = {
        service: {
            table: (await system.rows(service, f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608
            for table in tables
        }
        for service, tables in COUNTED.items()
    }
    records = await system.records(*PUBLISHED)
    found["published"] = Counter(record.topic for record in records)
    found["ledger"] = await system.rows(
        "eligibility", "SELECT village_key, sum(persons) FROM ledger GROUP BY 1 ORDER BY 1"
    )
    return found
