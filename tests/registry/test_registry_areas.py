"""Loading the country once, going on where a load was cut, and finding villages by name."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from common.clock import Clock
from common.database import Database
from common.events import EVENT_TYPES
from common.ids import Ids
from common.outbox import Outbox
from registry.areas import load
from registry.areas.edition import Edition
from registry.areas.load import load_areas
from registry_api import GATAK, KETANON, OTHER_GATAK, WONOPRINGGO, Api


def an_outbox() -> Outbox:
    return Outbox(clock=Clock(), ids=Ids())


async def test_the_whole_country_is_loaded_once(
    work: Database, owner: Database, edition: Edition
) -> None:
    """Every village becomes one event of an import; loading again does nothing at all."""
    seen: list[int] = []

    added = await load_areas(work, an_outbox(), edition, seen.append)
    again = await load_areas(work, an_outbox(), edition)

    async with owner.transaction() as connection:
        counts = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM provinces), (SELECT count(*) FROM regencies), "
            "(SELECT count(*) FROM kecamatan), (SELECT count(*) FROM villages), "
            "(SELECT count(DISTINCT village_key) FROM events), "
            "(SELECT count(*) FROM events), (SELECT count(*) FROM unpublished)"
        )
        value = await connection.fetchval(
            "SELECT value FROM events WHERE village_key = $1", KETANON
        )
    assert (added, again, sum(seen)) == (83762, 0, 83762)
    assert tuple(counts) == (38, 514, 7285, 83762, 83762, 83762, 83762)
    event = json.loads(value)
    assert event["origin"] == "IMPORT"
    known: Any = EVENT_TYPES[event["type"]].model_validate(event["data"])
    assert (
        known.name,
        known.kecamatan_name,
        known.regency_name,
        known.regency_kind,
        known.time_zone,
        str(known.effective_on),
    ) == ("Ketanonageng", "Sragi", "Pekalongan", "KABUPATEN", "WIB", "2025-04-25")


class Cut(Exception):
    """The process ends here."""


async def test_a_cut_load_goes_on(
    work: Database, owner: Database, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What committed stays, what did not leaves nothing; the next load adds the rest, once."""
    monkeypatch.setattr(load, "CHUNK", 100)
    some = replace(edition, villages=edition.villages[:1000])
    parts: list[int] = []

    def cut(count: int) -> None:
        parts.append(count)
        if len(parts) == 4:
            raise Cut

    with pytest.raises(Cut):
        await load_areas(work, an_outbox(), some, cut)
    added = await load_areas(work, an_outbox(), some)

    async with owner.transaction() as connection:
        rows = await connection.fetch("SELECT village_key, sequence FROM events")
    assert added == 600
    assert {(one.village_key, 1) for one in some.villages} == {tuple(row) for row in rows}
    assert len(rows) == 1000


async def found(api: Api, **named: str) -> tuple[bool, list[str]]:
    answer = await api.get("/areas/villages", **named)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["ambiguous"], [village["village_code"] for village in body["villages"]]


async def test_villages_are_found_by_name(api: Api) -> None:
    """Within regency and kecamatan, named or coded; an ambiguous name is reported, not guessed."""
    for named, expected in (
        ({"name": "Ketanon Ageng"}, [KETANON]),
        ({"name": "KETANONAGENG", "regency": "Kab. Pekalongan"}, [KETANON]),
        ({"name": "Ketanon-Ageng", "regency": "33.26", "kecamatan": "33.26.10"}, [KETANON]),
        ({"name": "Desa Ketanonageng", "regency": "3326", "kecamatan": "Kec. Sragi"}, [KETANON]),
        ({"name": "Ketanonageng", "regency": "Kota Pekalongan"}, []),
        ({"name": "Ketanonageng", "regency": "Pekalongan", "kecamatan": "Wonopringgo"}, []),
        ({"name": "wonopringgo", "kecamatan": "WONOPRINGGO"}, [WONOPRINGGO]),
        ({"name": "Gatak", "regency": "Kabupaten Klaten"}, [GATAK, OTHER_GATAK]),
        ({"name": "Gatak", "regency": "Klaten", "kecamatan": "Delanggu"}, [GATAK]),
        ({"name": "Gambir", "regency": "Kota Jakarta Pusat"}, ["31.71.01.1001"]),
        ({"name": "Gambir", "regency": "Kota Administrasi Jakarta Pusat"}, ["31.71.01.1001"]),
        ({"name": "Tidak Ada"}, []),
        ({"name": "'; DROP TABLE villages --"}, []),
        ({"name": "%00\x00"}, []),
    ):
        assert (len(expected) > 1, expected) == await found(api, **named), named


async def test_a_village_is_found_by_its_code(api: Api) -> None:
    for code in (KETANON, KETANON.replace(".", "")):
        answer = await api.get(f"/villages/{code}")

        assert answer.json()["name"] == "Ketanonageng"
        assert answer.json()["village_key"] == KETANON
    assert (await api.get("/villages/33.26.10.2999")).status_code == 404


async def test_the_edition_is_named_with_its_licence(api: Api) -> None:
    answer = (await api.get("/areas")).json()

    assert (
        answer["edition"],
        answer["licence"],
        answer["kecamatan"],
    ) == ("Kepmendagri 300.2.2-2138 Tahun 2025, idn-area-data 4.0.1", "ODbL-1.0", 7285)


def test_names_are_ambiguous_in_one_kecamatan_too(edition: Edition) -> None:
    """Sixteen pairs share a name inside one kecamatan: a name is never an identifier."""
    names = Counter((village.kecamatan_code, village.name) for village in edition.villages)

    assert sum(times > 1 for times in names.values()) == 16
