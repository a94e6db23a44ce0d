"""The page of one village, over HTTP: what it says first, why, and what it never says."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from common.database import Database
from common.events.registry import (
    AidGranted,
    PerisaiAssigned,
    PotentialNoted,
    SosialisasiHeld,
    WorkersCounted,
)
from common.events.words import AlertKind, PostKind, Programme
from eligibility.domain.assess import Verdict
from eligibility.domain.facts import ActKind, Post
from eligibility.domain.roll import PostOnDay
from eligibility.web.posts import kinds_of
from support.filled_village import JUNE, NAMED, Filled
from support.programme import fetch, known, sosialisasi
from support.streams import KETANON
from test_effect import counted_statements

READ, ACT = "eligibility:read", "eligibility:act"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def at_risk(filled: Filled) -> Filled:
    await filled.comes_at_risk()
    return filled


def words_of(page: str) -> str:
    """What a person reads, in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def lead_of(page: str) -> str:
    found = re.search(r'<p class="lead">(.*?)</p>', page, re.DOTALL)
    return words_of(found[1]) if found else ""


def row_of(page: str, first: str) -> list[str]:
    """The cells of the table row that begins with some words."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = ([words_of(c) for c in re.findall(r"<t[hd].*?</t[hd]>", r, re.DOTALL)] for r in rows)
    return next((row for row in cells if row and row[0].startswith(first)), [])


async def test_the_first_sentence_says_status_and_nearest_step(api, filled: Filled):
    """Each state in one sentence: what, since when, and the nearest step by its post."""
    client = await api(READ)
    said, pages = [], []

    async def look() -> None:
        pages.append((await client.get(f"/desa/{KETANON}", headers=HTML)).text)
        said.append(lead_of(pages[-1]))

    await filled.tell(known())
    await look()
    await filled.founded(3)
    await look()
    await filled.last_post_held()
    await look()
    await filled.act(ActKind.PENETAPAN, NAMED)
    await look()
    await filled.come(datetime(2026, 5, 4, 2, tzinfo=UTC))
    await filled.secretary_lapses(date(2026, 5, 1))
    await filled.come(JUNE)
    await look()
    await filled.act(ActKind.PENANGGUHAN, date(2026, 6, 10))
    await look()
    await filled.act(ActKind.PENCABUTAN, date(2026, 6, 10))
    await look()

    suspended, unlisted = pages[5], pages[0]
    assert "Syarat untuk memulihkan gelar, dinilai per" in suspended
    none = "\N{EN DASH}"
    asked = row_of(unlisted, "Kepala Desa, Sekretaris")[2:4]
    assert [none, f"{none} susunan belum tercatat"] == asked
    secretary = "Langkah terdekat: Sekretaris Desa terlindungi JKK dan JKM"
    assert [
        (
            "Desa Ketanonageng belum mengikuti program Desa Sadar. Langkah terdekat: susunan "
            "jabatan desa tercatat."
        ),
        (
            "Desa Ketanonageng belum memenuhi syarat sejak 24 Juli 2025. Langkah terdekat: jabatan "
            "Kepala Urusan (Kaur) 1 terisi dan terlindungi JKK dan JKM."
        ),
        (
            "Desa Ketanonageng memenuhi syarat sejak 2 Februari 2026 dan dapat ditetapkan. Semua "
            "syarat terpenuhi."
        ),
        (
            "Desa Ketanonageng ditetapkan sebagai Desa Sadar; kedudukannya baik sejak 2 Maret "
            "2026. Semua syarat terpenuhi."
        ),
        (
            f"Gelar Desa Ketanonageng (ditetapkan) terancam sejak 8 Mei 2026. {secretary} sebelum "
            "30 Juli 2026."
        ),
        f"Gelar Desa Ketanonageng ditangguhkan sejak 10 Juni 2026. {secretary}.",
        f"Gelar Desa Ketanonageng dicabut sejak 10 Juni 2026. {secretary}.",
    ] == said


async def test_every_criterion_is_explained(api, at_risk: Filled):
    """Asked, there, missing by post, since when, by which fact, and by exactly which rule."""
    page = (await (await api(READ)).get(f"/desa/{KETANON}", headers=HTML)).text
    rules = await fetch(at_risk.work, "SELECT checksum FROM rule_sets WHERE village_kind = 'DESA'")

    assert [
        (
            "Kepala Desa, Sekretaris Desa, Kepala Urusan (Kaur), Kepala Seksi (Kasi), dan Kepala "
            "Dusun terlindungi JKK dan JKM Sekretaris Desa: belum terlindungi JKK dan JKM sejak "
            "1 Mei 2026 (Perubahan perlindungan, 1 Mei 2026)"
        ),
        "▲ Belum terpenuhi",
        "9",
        "8",
        "1 Mei 2026",
        "Perubahan perlindungan, 1 Mei 2026",
    ] == row_of(page, "Kepala Desa, Sekretaris")
    secretary = row_of(page[page.index("Setiap jabatan") :], "Sekretaris Desa")
    assert ("▲ Belum terlindungi", "1 Mei 2026") == (secretary[1], secretary[3])
    assert "default_desa versi 1" in page
    assert rules[0]["checksum"] in page


def test_posts_that_no_rule_asks_for_are_counted_by_jkk_and_jkm():
    """Seven covered of whom nobody asks are seven, and that nobody asks is known."""
    both, day = (Programme.JKK, Programme.JKM), date(2026, 6, 1)
    covered = [
        PostOnDay(Post(uuid4(), PostKind.BPD_MEMBER, n), None, False, both, (), day)
        for n in range(1, 8)
    ]
    half = PostOnDay(Post(uuid4(), PostKind.BPD_MEMBER, 8), None, False, both[:1], (), day)
    head = PostOnDay(Post(uuid4(), PostKind.KEPALA_DESA, 1), Verdict.OPEN, True, (), (), day)

    assert [("Kepala Desa", 1, 0, 0, True), ("Anggota BPD", 8, 8, 7, False)] == kinds_of(
        [head, *covered, half]
    )


async def test_counts_acts_and_messages_are_shown(api, at_risk: Filled):
    """Members as counts, acts by their letters, messages by office with how each ended."""
    page = (await (await api(READ)).get(f"/desa/{KETANON}", headers=HTML)).text

    text = words_of(page)
    assert "Peserta 3 orang" in text
    assert "Sosialisasi bagi pekerja: pada 1 hari, terakhir 5 Januari 2026." in text
    assert ["Penetapan", "2 Maret 2026", "560/123/2026", "Bupati Pekalongan"] == row_of(
        page, "Penetapan"
    )
    assert ["Camat Sragi", "Gelar desa terancam", "■ Gagal terkirim"] == row_of(page, "Camat")[:3]
    assert ["Bupati Pekalongan", "Gelar desa terancam", "● Terkirim"] == row_of(page, "Bupati")[:3]


async def test_what_was_done_there_is_told(api, filled: Filled):
    """Sosialisasi, potential, aid, agents and the share of workers, each with its day and parts."""
    on = {"effective_on": date(2026, 2, 14), "village_code": KETANON}
    await filled.founded()
    await filled.members_join(3)
    await filled.tell(
        SosialisasiHeld(
            **on, sosialisasi_id=uuid4(), organiser="BABINSA", attendance=120, occasion="FESTIVAL"
        ),
        PotentialNoted(**on, potential_id=uuid4(), sector="CULINARY", businesses=40),
        AidGranted(**on, aid_id=uuid4(), kind="TRACTOR", amount_rupiah=85_000_000),
        PerisaiAssigned(**on, agent_id=uuid4()),
        WorkersCounted(**on, count_id=uuid4(), total=1200, pu=200, bpu=900, source="VILLAGE_DATA"),
    )

    page = (await (await api(READ)).get(f"/desa/{KETANON}", headers=HTML)).text

    day = "14 Februari 2026"
    assert ["Potensi ekonomi", day, "kuliner, 40 usaha"] == row_of(page, "Potensi")
    assert ["Bantuan", day, "traktor senilai Rp85.000.000"] == row_of(page, "Bantuan")
    assert ["Agen Perisai", day, "bertugas di desa"] == row_of(page, "Agen")
    assert ["Sosialisasi", day, "oleh Babinsa pada festival, dihadiri 120 orang"] == row_of(
        page, "Sosialisasi"
    )
    share = "<1% (3 dari 1.200 pekerja, data 14 Februari 2026); sumber: data desa"
    assert f"Cakupan {share}" in words_of(page)


async def test_a_long_history_takes_no_more_statements(
    *, api, app: Database, filled: Filled, monkeypatch: pytest.MonkeyPatch
):
    """A page is as many statements for a village of many facts as for one of few."""
    await filled.founded(3)
    client, seen = await api(READ), counted_statements(app, monkeypatch)
    asked = []

    async def ask() -> None:
        seen.clear()
        for path in ("", "/riwayat"):
            await client.get(f"/desa/{KETANON}{path}", headers=HTML)
        asked.append(len(seen))

    await ask()  # the driver asks for types once
    await ask()
    await filled.last_post_held()
    await filled.act(ActKind.PENETAPAN, NAMED)
    for day in range(1, 20):
        await filled.tell(sosialisasi(KETANON, on=date(2026, 1, day)))
        await filled.told(AlertKind.VILLAGE_DESIGNATED)
    await ask()

    assert asked[1] == asked[2] > 0


async def test_whoever_may_not_record_sees_no_way_to(api, at_risk: Filled):
    """The link to the forms is there only with the scope."""
    link = f'href="/desa/{KETANON}/catat"'

    reader = await (await api(READ)).get(f"/desa/{KETANON}", headers=HTML)
    officer = await (await api(READ, ACT)).get(f"/desa/{KETANON}", headers=HTML)

    assert (False, True) == (link in reader.text, link in officer.text)


async def test_what_waits_is_said(api, at_risk: Filled):
    """Not settled and stale are said in words, above the status."""
    client = await api(READ)
    before = words_of((await client.get(f"/desa/{KETANON}", headers=HTML)).text)
    async with at_risk.work.transaction() as connection:
        await connection.execute("INSERT INTO settled (settled_at) VALUES ('2027-01-01')")
    settled = words_of((await client.get(f"/desa/{KETANON}", headers=HTML)).text)
    async with at_risk.work.transaction() as connection:
        await connection.execute(
            """INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, reason,
            detail, parked_at) VALUES ($1, 'x', 0, 0, 'IMPOSSIBLE', '', $2)""",
            KETANON,
            JUNE,
        )
        await connection.execute("UPDATE marks SET parked = 1")
    stale = words_of((await client.get(f"/desa/{KETANON}", headers=HTML)).text)

    waiting = "Sebagian data masih diproses"
    assert (True, False) == (waiting in before, waiting in settled)
    assert "menunggu pemeriksaan petugas sejak 10 Juni 2026 pukul 09.00 WIB" in stale


@pytest.mark.parametrize("path", [KETANON, f"{KETANON}/riwayat", f"{KETANON}/data.json"])
async def test_a_village_elsewhere_is_not_there(api, at_risk: Filled, path: str):
    """Outside the viewer's area a village is not found, as one that does not exist."""
    near = await (await api(READ, areas=["33.26.10"])).get(f"/desa/{path}", headers=HTML)
    far = await (await api(READ, areas=["33.26.12"])).get(f"/desa/{path}", headers=HTML)
    none = await (await api(READ)).get(f"/desa/{path.replace(KETANON, 'x')}", headers=HTML)

    assert (200, 404, 404) == (near.status_code, far.status_code, none.status_code)
    assert "Desa tidak ditemukan" in far.text
    assert "Ketanonageng" not in far.text


async def test_no_person_on_any_page(api, at_risk: Filled):
    """No participant, term, caller, reason or NIK: on pages, their data, and their errors."""
    client = await api(READ, ACT)
    base = f"/desa/{KETANON}"
    answers = [
        await client.get(base + path, headers=HTML)
        for path in ("", "/riwayat", "/riwayat?pada=x", "/data.json", "/jabatan.csv")
    ]
    text = "\n".join(answer.text for answer in answers)

    persons = [*at_risk.terms, *(m.participant_id for m in at_risk.members)]
    persons += [member.enrollment_id for member in at_risk.members]
    words = [*map(str, persons), "officer", "issuer.example", "sesuai hasil verifikasi"]
    assert [200, 200, 422, 200, 200] == [answer.status_code for answer in answers]
    assert [] == [word for word in words if word in text]
    assert [] == re.findall(r"(?<![0-9a-f])[0-9]{16}(?![0-9a-f])", text)
