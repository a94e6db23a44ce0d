"""The board as a page: what it says of areas, of what needs somebody, and of the country."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from eligibility.domain.facts import ActKind
from eligibility.web.board_words import reaches_beyond
from support.filled_village import Filled
from support.streams import KETANON
from test_village_page import HTML, READ, lead_of, words_of

LIMIT = "sejauh wilayah Anda"


@pytest.fixture
async def at_risk(filled: Filled) -> Filled:
    await filled.comes_at_risk()
    return filled


@pytest.mark.parametrize(
    ("area", "areas", "beyond"),
    [
        ("33", {"33.26.09"}, True),
        ("33", {"33.26", "33.27"}, True),
        ("33.26.09", {"33.26.09.2001"}, True),
        ("33.26", {"33.26"}, False),
        ("33.26.09", {"33.26", "34"}, False),
        ("33", {"*"}, False),
        (None, {"33.26.09"}, False),
    ],
)
def test_an_area_reaches_beyond_what_lies_in_it(area, areas, beyond):
    """Unless one of the viewer's areas is it or holds it."""
    assert beyond is reaches_beyond(area, areas)


async def test_counts_of_a_wider_area_say_that_they_are_of_ones_own(api, at_risk: Filled):
    """In the sentence, above the table and beside the targets; in one's own area nowhere."""
    client = await api(READ, areas=["33.26"])
    wide, own, whole = [
        (await client.get(path, headers=HTML)).text
        for path in ("/wilayah/33", "/wilayah/33.26", "/")
    ]
    listed, own_list = [
        (await client.get(f"/daftar?wilayah={area}", headers=HTML)).text for area in ("33", "33.26")
    ]

    assert f"1 Desa Sadar dari 1 desa ({LIMIT})" in lead_of(wide)
    assert f"sekali di tiap desa), {LIMIT}." in words_of(wide)
    assert f"Sekarang di Provinsi Jawa Tengah ({LIMIT}):" in words_of(wide)
    assert f"yang paling dekat dengan gelar Desa Sadar ({LIMIT})." in lead_of(listed)
    assert f"Jawa Tengah ({LIMIT})" in words_of(listed)
    assert [] == [page for page in (own, whole, own_list) if LIMIT in page]


async def test_the_last_good_day_is_the_one_before_grace_ends(api, at_risk: Filled):
    """A suspension is proposed at 00.00 of that day: what is said is `sebelum`, never `sampai`."""
    client = await api(READ)
    board, village, listed = [
        words_of((await client.get(path, headers=HTML)).text)
        for path in ("/", f"/desa/{KETANON}", "/daftar")
    ]
    sheet = (await client.get("/daftar.csv")).text

    assert "sejak 1 Mei 2026; perlu dipulihkan sebelum 30 Juli 2026" in board
    assert "Masa perbaikan sebelum 30 Juli 2026" in village
    assert "▲ Terancam sebelum 30 Juli 2026" in listed
    assert "pulih_sebelum" in sheet
    assert [] == [page for page in (board, village, listed) if "sampai 30 Juli" in page]

    await at_risk.come(datetime(2026, 9, 1, 2, tzinfo=UTC))
    proposed = words_of((await client.get("/", headers=HTML)).text)
    assert "masa perbaikan (sebelum 30 Juli 2026) telah lewat." in proposed


async def test_what_was_reached_is_no_target(api, at_risk: Filled):
    """276 villages of 2017 are a result; what was aimed at says so."""
    board = words_of((await (await api(READ)).get("/", headers=HTML)).text)

    assert "Capaian dan sasaran nasional 2017 276 desa telah terdaftar (capaian)" in board
    assert "2018 200 desa ditargetkan" in board


async def test_a_suspended_village_still_needs_somebody(api, at_risk: Filled):
    """Since when, and whose decision it is; once revoked it waits for nobody."""
    client = await api(READ)

    async def needs() -> str:
        page = (await client.get("/", headers=HTML)).text
        return words_of(page[page.index("Yang perlu perhatian") : page.index("Per provinsi")])

    await at_risk.act(ActKind.PENANGGUHAN, date(2026, 6, 10))
    suspended = await needs()
    await at_risk.come(datetime(2026, 9, 1, 2, tzinfo=UTC))
    await at_risk.act(ActKind.PENCABUTAN, date(2026, 9, 1))
    revoked = await needs()

    assert "■ Ditangguhkan Desa Ketanonageng Kecamatan Sragi" in suspended
    assert (
        "Ditangguhkan sejak 10 Juni 2026; pemulihan atau pencabutan diputuskan oleh "
        "pejabat yang berwenang." in suspended
    )
    assert "Tidak ada desa" not in suspended
    assert "Tidak ada desa yang terancam atau ditangguhkan" in revoked


@pytest.mark.parametrize("letter", [date(2026, 6, 13), date(2026, 6, 5)], ids=str)
async def test_a_ceremony_that_has_passed_waits_for_its_act(api, at_risk: Filled, letter: date):
    """On the board until its act is recorded, of whatever day its letter is; on the village's page
    too.
    """
    client = await api(READ, "eligibility:act")
    plan = {"kind": "PERESMIAN", "planned_for": "2026-06-12", "venue": "PENDOPO", "host": "BUPATI"}
    path = f"/villages/{KETANON}/ceremonies"
    planned = await client.post(path, json=plan, headers={"Idempotency-Key": "one"})
    past = "12 Juni 2026: sudah lewat, hasilnya belum dicatat."
    seen = []

    async def look() -> None:
        board, village = [
            words_of((await client.get(path, headers=HTML)).text)
            for path in ("/", f"/desa/{KETANON}")
        ]
        seen.append((past in board, "Peresmian, 12 Juni 2026, di pendopo (sudah lewat)" in village))

    await look()
    await at_risk.come(datetime(2026, 6, 13, 2, tzinfo=UTC))
    await look()
    await at_risk.act(ActKind.PERESMIAN, letter)
    await look()

    assert 201 == planned.status_code
    assert [(False, False), (True, True), (False, True)] == seen
