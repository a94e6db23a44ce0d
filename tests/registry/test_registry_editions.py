"""A newer edition of the area data: what it changes is found, shown and published once."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from common.clock import Clock
from common.database import Database
from common.events import EVENT_TYPES
from common.ids import Ids
from common.outbox import Outbox
from edition_files import NEWER, Files
from registry.area_commands import table_of
from registry.areas import publish
from registry.areas.changes import Country, Plan, plan_of
from registry.areas.decrees import Said, read_changes
from registry.areas.edition import Edition
from registry.areas.files import EditionRefused, read_folder
from registry.areas.publish import Publisher, known_country
from registry_api import KEDUNGJARAN, KETANON, WONOPRINGGO, Api, a_nik
from rich.console import Console
from support.waiting import eventually

GONE = "33.26.12.2001"
CHILD = "33.26.12.2901"
TWIN = "33.26.10.2902"
CHANGES = f"""old,new,what
{KETANON},33.26.10.1901,recoded
{WONOPRINGGO},{CHILD},split
{GONE},{WONOPRINGGO},merged
"""
SAID = read_changes(CHANGES)


@pytest.fixture
def files(known_areas: Edition) -> Files:
    """A desa becomes a kelurahan, one is split, one merged, one renamed, one re-coded silently."""
    made = Files.of(known_areas)
    made.kecamatan["33.26.08"] = "Kajen Baru"
    made.villages["33.26.10.1901"] = made.villages.pop(KETANON)
    made.villages[TWIN] = made.villages.pop(KEDUNGJARAN)
    made.villages[CHILD] = "Wonopringgo Lor"
    made.villages["33.26.10.2903"] = "Desa Uji"
    made.villages["33.26.10.2002"] = "Purworejo Baru"
    del made.villages[GONE]
    return made


def an_outbox() -> Outbox:
    return Outbox(clock=Clock(), ids=Ids())


async def planned(work: Database, edition: Edition, said: list[Said] = SAID) -> Plan:
    return plan_of(await known_country(work), edition, said)


async def events(owner: Database, kind: str = "") -> dict[str, dict[str, Any]]:
    """The last event of each village that is no first one."""
    async with owner.transaction() as connection:
        rows = await connection.fetch(
            "SELECT value FROM events WHERE topic = 'registry.villages' ORDER BY event_id"
        )
    told = [json.loads(row["value"]) for row in rows]
    for event in told:
        EVENT_TYPES[event["type"]].model_validate(event["data"])
    return {event["subject"]: event for event in told if kind in event["type"]}


async def test_what_changed_is_found(work: Database, files: Files, tmp_path: Path):
    """By code, by name where one vanished and one came, and by what decrees say."""
    edition = read_folder(files.write(tmp_path))

    plan = await planned(work, edition)

    kelurahan = sum(code.startswith("33.26.08.") for code in files.villages)
    kinds = {change.before.village_key: (change.kinds, change.guessed) for change in plan.changed}
    assert {
        KETANON: (("re-coded", "re-typed"), False),
        KEDUNGJARAN: (("re-coded",), True),
        "33.26.10.2002": (("renamed",), False),
    } == {key: said for key, said in kinds.items() if not key.startswith("33.26.08.")}
    assert kelurahan == sum(said == (("area renamed",), False) for said in kinds.values())
    assert {CHILD, "33.26.10.2903"} == {village.village_code for village in plan.new}
    assert {CHILD: WONOPRINGGO} == plan.split_from
    assert [(GONE, WONOPRINGGO)] == [(one.village.village_key, one.into) for one in plan.merged]
    assert not plan.gone


async def test_it_is_published_once(api: Api, work: Database, owner: Database, files, tmp_path):
    """Keys stay, old codes lead to their villages, a merged one is closed; again: nothing."""
    edition = read_folder(files.write(tmp_path))
    await Publisher(work, an_outbox(), edition).publish(await planned(work, edition))

    changed = await events(owner, "attributes_changed")
    merged, split = await events(owner, "merged"), await events(owner, "split")
    before = await owner_counts(owner)
    again = await planned(work, edition)
    await Publisher(work, an_outbox(), edition).publish(again)

    assert again.empty
    assert before == await owner_counts(owner)
    assert ("33.26.10.1901", KETANON, "KELURAHAN", NEWER["effective_on"], "IMPORT") == (
        changed[KETANON]["data"]["village_code"],
        changed[KETANON]["data"]["previous_code"],
        changed[KETANON]["data"]["kind"],
        changed[KETANON]["data"]["effective_on"],
        changed[KETANON]["origin"],
    )
    assert TWIN == changed[KEDUNGJARAN]["data"]["village_code"]
    assert {GONE: WONOPRINGGO} == {k: one["data"]["merged_into"] for k, one in merged.items()}
    assert {CHILD: WONOPRINGGO} == {k: one["data"]["split_from"] for k, one in split.items()}
    for code in (KETANON, "33.26.10.1901"):
        assert KETANON == (await api.get(f"/villages/{code}")).json()["village_key"]
    about = (await api.get("/areas")).json()
    assert (NEWER["name"], NEWER["effective_on"], len(files.villages)) == (
        about["edition"],
        about["effective_on"],
        about["villages"],
    )


async def owner_counts(owner: Database) -> tuple[int, ...]:
    async with owner.transaction() as connection:
        return tuple(
            await connection.fetchrow(
                "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM villages), "
                "(SELECT count(*) FROM former_codes), (SELECT count(*) FROM editions)"
            )
        )


async def test_nothing_new_is_recorded_of_a_merged_village(api: Api, work, files, tmp_path):
    """A deed there is refused with the village that it is part of; it can still be looked at."""
    edition = read_folder(files.write(tmp_path))
    await Publisher(work, an_outbox(), edition).publish(await planned(work, edition))

    refused = await api.post(
        f"/villages/{GONE}/sosialisasi",
        {"effective_on": "2026-01-05", "organiser": "BRANCH_OFFICE"},
    )

    assert (409, "/problems/village-closed") == (refused.status_code, refused.json()["type"])
    assert WONOPRINGGO in refused.json()["detail"]
    assert 200 == (await api.get(f"/villages/{GONE}")).status_code


WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


async def waiting_for_a_lock(owner: Database) -> int:
    """Asked in a transaction of its own, which sees who waits now."""
    async with owner.transaction() as connection:
        return int(await connection.fetchval(WAITING))


@pytest.mark.parametrize("field", ["path.village_code", "body.to_village_code"])
async def test_a_deed_that_waited_for_a_merger_is_refused(
    api: Api, owner: Database, field: str
) -> None:
    """It found the village open and got its lock after the merger: nothing is told of it there."""
    enrollment_id = await api.active(a_nik(), village=WONOPRINGGO)
    before = await api.events()

    async with owner.transaction() as merger:
        await merger.execute(
            "UPDATE villages SET merged_into = $2, closed_on = '2026-01-01' WHERE village_key = $1",
            GONE,
            WONOPRINGGO,
        )
        deed = asyncio.ensure_future(
            api.move(enrollment_id, GONE, "2026-01-05")
            if field == "body.to_village_code"
            else api.enroll(a_nik(2), village=GONE)
        )
        await eventually(lambda: waiting_for_a_lock(owner), 1)
    refused = await deed

    assert (409, "/problems/village-closed") == (refused.status_code, refused.json()["type"])
    assert WONOPRINGGO in refused.json()["detail"]
    assert [field] == [error["field"] for error in refused.json()["errors"]]
    assert before == await api.events()


class Cut(Exception):
    """The process ends here."""


@pytest.mark.parametrize("pages", [1, 2, 3, 4])
async def test_one_that_was_cut_goes_on(
    work: Database, owner: Database, files, tmp_path, monkeypatch, pages: int
):
    """Whatever had committed is not told again, what had not is told then."""
    monkeypatch.setattr(publish, "PAGE", 1)
    edition = read_folder(files.write(tmp_path))
    first = await planned(work, edition)
    told: list[int] = []

    def cut(count: int) -> None:
        told.append(count)
        if len(told) == pages:
            raise Cut

    with pytest.raises(Cut):
        await Publisher(work, an_outbox(), edition).publish(first, cut)
    await Publisher(work, an_outbox(), edition).publish(await planned(work, edition))

    async with owner.transaction() as connection:
        rows = await connection.fetch("SELECT value FROM events ORDER BY event_id")
    batches = [json.loads(row["value"]) for row in rows]
    newer = [one for one in batches if one["data"]["effective_on"] == NEWER["effective_on"]]
    expected = len(first.changed) + len(first.new) + len(first.split_from) + len(first.merged)
    assert expected == len(newer) == len({(one["subject"], one["type"]) for one in newer})
    assert 1 == len({one["batchid"] for one in newer})
    assert (await planned(work, edition)).empty


async def test_two_may_take_each_others_codes(work: Database, files, tmp_path, owner: Database):
    """Codes that change hands in one edition, as the decree says."""
    files.villages[KEDUNGJARAN] = files.villages.pop(TWIN)
    files.villages[KETANON] = files.villages.pop("33.26.10.1901")
    files.villages[KEDUNGJARAN], files.villages[KETANON] = (
        files.villages[KETANON],
        files.villages[KEDUNGJARAN],
    )
    files.villages[GONE] = "Kembali"
    edition = read_folder(files.write(tmp_path))
    said = read_changes(
        f"old,new,what\n{KETANON},{KEDUNGJARAN},recoded\n{KEDUNGJARAN},{KETANON},recoded\n"
    )

    await Publisher(work, an_outbox(), edition).publish(await planned(work, edition, said))

    changed = await events(owner, "attributes_changed")
    assert [KEDUNGJARAN, KETANON] == [
        changed[key]["data"]["village_code"] for key in (KETANON, KEDUNGJARAN)
    ]
    assert "Ketanonageng" == changed[KETANON]["data"]["name"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("33.26.10.2999,33.26.10.2903,recoded", "33.26.10.2999 is not known"),
        (f"{GONE},33.26.10.2998,merged", "33.26.10.2998 is not in the edition"),
        (f"{GONE},33.26.10.2003,recoded", "33.26.10.2003 is another village's"),
        (f"33.26.10.2003,{WONOPRINGGO},merged", "33.26.10.2003 is still in the edition"),
        (f"{GONE},{WONOPRINGGO},merged\n{GONE},{CHILD},recoded", "something else is said"),
        (f"{GONE},{WONOPRINGGO},swallowed", "one of recoded, split, merged"),
    ],
)
async def test_what_a_decree_cannot_mean_is_refused(work, files, tmp_path, line, reason):
    """With the line and what is wrong with it."""
    edition = read_folder(files.write(tmp_path))

    with pytest.raises(EditionRefused) as refused:
        await planned(work, edition, read_changes(f"old,new,what\n{line}\n"))

    assert reason in "\n".join(refused.value.wrong)


def test_files_that_cannot_be_an_edition_are_refused(files: Files, tmp_path: Path):
    """Every fault with its file and line: at most twenty of them."""
    files.villages |= {"33.26.99.2001": "Yatim", "33.26.10.4001": "Jenis", "33.26.10.2004": ""}
    files.kecamatan["33.99.01"] = "Tanpa Kabupaten"
    written = files.write(tmp_path)
    villages = written / "villages.csv"
    villages.write_text(villages.read_text("utf-8") + f"{KEDUNGJARAN},33.26.10,A\n" * 2, "utf-8")

    with pytest.raises(EditionRefused) as refused:
        read_folder(written)

    said = "\n".join(refused.value.wrong)
    for fault in (
        "33.99.01 lies in 33.99, which is in no file",
        "33.26.99.2001 lies in 33.26.99, which is in no file",
        "'33.26.10.4001' is no code of this level",
        "33.26.10.2004 has no name",
        f"{KEDUNGJARAN} stands here a second time",
    ):
        assert fault in said
    (written / "edition.json").write_text("{}")
    with pytest.raises(EditionRefused, match="1 faults"):
        read_folder(written)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"code,district_code,name\n33.26.10.2001,33.26.10," + b"x" * 140_000, "field limit"),
        ("code,district_code,name\n33.26.10.2\u0660\u0660\u0661,33.26.10,A".encode(), "no code"),
        (b"\xff\xfe\x00", "not UTF-8 at byte 0"),
    ],
)
def test_a_file_that_is_no_csv_is_refused(files: Files, tmp_path: Path, content: bytes, reason):
    """Cells without end, digits of another script, a spreadsheet by mistake: no stack trace."""
    written = files.write(tmp_path)
    (written / "villages.csv").write_bytes(content)

    with pytest.raises(EditionRefused) as refused:
        read_folder(written)

    assert reason in "\n".join(refused.value.wrong)


def test_a_file_that_lost_villages_is_suspicious(known_areas: Edition):
    """Many that vanish without a word are a broken file; a few are shown and stay."""
    country = Country(known_areas.villages, {})
    few = Edition({}, {}, {}, known_areas.villages[3:], "few", date(2026, 6, 1))
    many = Edition({}, {}, {}, known_areas.villages[40:], "many", date(2026, 6, 1))

    plans = [plan_of(country, edition, []) for edition in (few, many)]

    assert [(3, False), (40, True)] == [(len(plan.gone), plan.suspicious) for plan in plans]
    assert all(plan.empty for plan in plans)


async def test_the_table_names_what_changes(work: Database, files: Files, tmp_path: Path):
    """By kind, with codes and names of both sides, and which were found by their name alone."""
    edition = read_folder(files.write(tmp_path))
    console = Console(width=100, record=True)

    console.print(table_of(edition, await planned(work, edition)))

    shown = console.export_text()
    for said in (
        f"{KETANON} -> 33.26.10.1901",
        "re-coded (by its name)",
        "Wonopringgo Lor",
        f"{GONE} ",
        "area renamed",
        NEWER["name"],
    ):
        assert said in shown
