"""The story of the demo, told to a fresh system over the public APIs alone."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from typing import Any

import pytest
from common.events import topics
from demo.client import Client
from demo.journal import Journal
from demo.mailboxes import embedded_catcher
from demo.places import Places
from demo.scenario import AMPELGADING, SUKOSEWU, VILLAGES
from demo.story import Story
from rich.console import Console
from support.system import SERVICES, System

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

BUPATI = "bupati@blitarkab.example"
GANDUSARI = "camat.gandusari@blitarkab.example"
SELOREJO = "camat.selorejo@blitarkab.example"

FACES = {
    SUKOSEWU.code: {
        "eligibility": "ELIGIBLE",
        "stage": "MEMENUHI_SYARAT",
        "title": "DITETAPKAN",
        "standing": "BAIK",
    },
    AMPELGADING.code: {
        "eligibility": "NOT_ELIGIBLE",
        "stage": "SOSIALISASI",
        "title": "DITETAPKAN",
        "standing": "TERANCAM",
    },
}
ELIGIBLE = "Desa {} telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan"
DESIGNATED = "Desa {} ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan"
AT_RISK = "PERHATIAN: status Desa Sadar Desa {} terancam"
MAILS = Counter(
    [
        (GANDUSARI, ELIGIBLE.format("Sukosewu")),
        (BUPATI, ELIGIBLE.format("Sukosewu")),
        (SELOREJO, ELIGIBLE.format("Ampelgading")),
        (BUPATI, ELIGIBLE.format("Ampelgading")),
        (GANDUSARI, DESIGNATED.format("Sukosewu")),
        (BUPATI, DESIGNATED.format("Sukosewu")),
        (SELOREJO, DESIGNATED.format("Ampelgading")),
        (BUPATI, DESIGNATED.format("Ampelgading")),
        (SELOREJO, AT_RISK.format("Ampelgading")),
    ]
)
PUBLISHED = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
    topics.ELIGIBILITY_CERTIFICATIONS,
    topics.NOTIFICATIONS_DELIVERIES,
)


async def test_the_story_told_and_told_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each village ends with its four fields, each office has its mails, and a repeat adds none.

    It is told a second time with its journal, and a third time with the journal lost: then only
    the services know, by the keys of the deeds, that all of it was done.
    """
    for service in SERVICES:
        monkeypatch.setenv(f"{service.upper()}_PORT", str(system.ports[service]))
    places = Places(system.home)

    await tell(system, places)

    assert FACES == await faces(system)
    assert MAILS == mails(system)
    everything = await standing(system)
    assert 9 == everything["notifications"]["deliveries"]

    await tell(system, places)
    assert everything == await standing(system)

    places.journal.unlink()
    await tell(system, places)
    assert everything == await standing(system)
    assert FACES == await faces(system)
    assert MAILS == mails(system)


async def tell(system: System, places: Places) -> None:
    silent = Console(file=io.StringIO())
    async with Client(places) as client:
        journal = Journal(places.journal)
        await Story(
            client, journal, mailbox=embedded_catcher(system.footing.mail.page), console=silent
        ).tell()


async def faces(system: System) -> dict[str, dict[str, str]]:
    """The four fields of each village, as the API says; checked to be settled in what it says."""
    found = {}
    async with system.client("eligibility") as client:
        for village in VILLAGES:
            answer = (await client.get(f"/villages/{village.code}")).json()
            assert (12, 12, 0) == tuple(answer["counts"][name] for name in ("persons", "pu", "bpu"))
            assert (answer["grace_ends"] is None) == (answer["status"]["standing"] == "BAIK")
            assert answer["stale_since"] is None
            found[village.code] = answer["status"]
        explained = (await client.get(f"/villages/{AMPELGADING.code}/explain")).json()
    [criterion] = [one for one in explained["criteria"] if not one["met"]]
    assert ["KEPALA_DESA"] == [post["post"]["kind"] for post in criterion["posts"]]
    assert date.today().isoformat() > criterion["since"]  # noqa: DTZ011  # 40 days apart
    return found


def mails(system: System) -> Counter[tuple[str, str]]:
    """Recipient and subject of every mail that arrived; a folded header begins with a space."""
    return Counter(
        (recipient, mail.subject.strip())
        for mail in system.footing.mail.mails
        for recipient in mail.recipients
    )


COUNTED = {
    "registry": ("acts", "participants", "enrollments", "terms", "decrees", "events"),
    "eligibility": ("facts", "acts", "decisions", "events"),
    "notifications": ("holders", "alerts", "deliveries", "attempts", "events"),
}


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
