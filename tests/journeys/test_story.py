"""The story of the five articles, told to a fresh system over the public APIs alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from common.events import topics
from inline_snapshot import snapshot
from registry.areas.edition import read_edition
from support.system import System
from support.telling import SCENARIO, Telling

pytestmark = [pytest.mark.stack, pytest.mark.timeout(170)]


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
        for told in telling.first
    }
    assert (
        snapshot(
            {
                "blitar": {
                    "Sukosewu": "ELIGIBLE MEMENUHI_SYARAT DIRESMIKAN BAIK",
                    "Ampelgading": "ELIGIBLE MEMENUHI_SYARAT DIRESMIKAN BAIK",
                },
                "demak": {"Turirejo": "ELIGIBLE MEMENUHI_SYARAT DITETAPKAN BAIK"},
                "wilayah": {},
                "wonopringgo": {
                    "Ketanonageng": "NOT_ELIGIBLE TERDAFTAR DICANANGKAN NONE",
                    "Kedungjaran": "CANNOT_DECIDE TERDAFTAR DICANANGKAN NONE",
                    "Wonopringgo": "ELIGIBLE MEMENUHI_SYARAT DICANANGKAN NONE",
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
                "rencana": {},
            }
        )
        == found
    )


async def test_every_office_has_its_mails(telling: Telling) -> None:
    """Each chapter causes these mails and no others; each is one office's."""
    titles = {office.email: title for title, office in SCENARIO.offices.items()}
    found = {
        told.chapter: sorted(
            f"{titles[address]}: {mail.subject}"
            for mail in told.mails
            for address in mail.recipients
        )
        for told in telling.first
    }
    assert (
        snapshot(
            {
                "blitar": [
                    "Bupati Blitar: Desa Ampelgading ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Bupati Blitar: Desa Ampelgading telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Bupati Blitar: Desa Sukosewu ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Bupati Blitar: Desa Sukosewu telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Gandusari: Desa Sukosewu ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Gandusari: Desa Sukosewu telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Selorejo: Desa Ampelgading ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Selorejo: Desa Ampelgading telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                ],
                "demak": [
                    "Bupati Demak: Desa Turirejo ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Bupati Demak: Desa Turirejo telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Demak: Desa Turirejo ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Demak: Desa Turirejo telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                ],
                "wilayah": [],
                "wonopringgo": [
                    "Bupati Pekalongan: Desa Wonopringgo telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Wonopringgo: Desa Wonopringgo telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                ],
                "pendopo": [],
                "klaten": [
                    "Bupati Klaten: Desa Gatak telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Camat Delanggu: Desa Gatak telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                ],
                "kota": [
                    "Camat Pekalongan Barat: Kelurahan Bendan Kergon telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                    "Wali Kota Pekalongan: Kelurahan Bendan Kergon telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan",
                ],
                "kepala_baru": [
                    "Camat Gandusari: PERHATIAN: status Desa Sadar Desa Sukosewu terancam",
                    "Camat Selorejo: PERHATIAN: status Desa Sadar Desa Ampelgading terancam",
                ],
                "pulih": [],
                "rencana": [],
            }
        )
        == found
    )


async def test_told_again_it_changes_nothing(telling: Telling) -> None:
    """A second run sums up; with its journal lost, the services know that all of it was done."""
    everything = await standing(telling.system)

    told, said = await telling.tell()
    assert ([], True) == (told, "tidak ada yang diulang" in said)
    assert everything == await standing(telling.system)

    telling.places.journal.unlink()
    told, _ = await telling.tell()
    assert [one.chapter for one in telling.first] == [one.chapter for one in told]
    assert [] == [mail for one in told for mail in one.mails]
    assert everything == await standing(telling.system)


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
