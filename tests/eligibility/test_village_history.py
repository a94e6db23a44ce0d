"""A village's history, over HTTP: what held on a day as known on another, and what was told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from urllib.parse import unquote
from uuid import uuid4

import pytest
from common.events.words import Eligibility, Stage, Standing, Title
from eligibility.domain.assess import Outcome
from eligibility.domain.facts import ActKind
from eligibility.domain.status import Face
from eligibility.storage.village_page import Entry
from eligibility.web.history import folded
from eligibility.web.words import STAGE
from support.filled_village import JUNE, Filled
from support.streams import KETANON
from test_village_page import ACT, HTML, READ, lead_of, row_of, words_of

AT = f"/desa/{KETANON}/riwayat"


@pytest.fixture
async def at_risk(filled: Filled) -> Filled:
    await filled.comes_at_risk()
    return filled


async def test_what_held_as_known_then_and_as_known_now(api, at_risk: Filled):
    """In May nobody knew yet that the cover had ended on the first; now the same day reads so."""
    client = await api(READ)

    then = await client.get(f"{AT}?pada=2026-05-02&diketahui=2026-05-03", headers=HTML)
    now = await client.get(f"{AT}?pada=2026-05-02", headers=HTML)

    assert (
        "Pada 2 Mei 2026, menurut data yang tercatat sampai 3 Mei 2026 pukul 23.59 WIB: "
        "Desa Ketanonageng ditetapkan sebagai Desa Sadar; kedudukannya baik."
    ) == lead_of(then.text)
    assert row_of(now.text, "1 Mei 2026")[4] == row_of(then.text, "2 Maret 2026")[4] == "● Baik"
    assert [] == row_of(then.text, "1 Mei 2026")
    assert (200, 200) == (then.status_code, now.status_code)


async def test_the_line_says_what_the_table_says(api, at_risk: Filled):
    """As many bars as rows, each with its days; the line has a text instead of itself."""
    page = (await (await api(READ)).get(AT, headers=HTML)).text

    bars = re.findall(r'<rect class="run-(\w+)"', page)
    assert ["▲ Belum memenuhi syarat", "○ Sosialisasi", "● Ditetapkan", "▲ Terancam"] == row_of(
        page, "8 Mei 2026"
    )[1:]
    assert len(bars) == len(re.findall(r'<tr><th scope="row"><span class="day">', page))
    assert ["warn", "good"] == [bars[-1], bars[-2]]
    assert 'role="img" aria-label="Garis waktu dari 25 April 2025 sampai 10 Juni 2026' in page


async def test_the_log_says_what_was_told_why_and_to_whom(api, at_risk: Filled):
    """Each entry with its change and reasons, and the offices that were written to about it."""
    page = (await (await api(READ)).get(AT, headers=HTML)).text

    first = words_of(re.findall(r"<li>\s*<h3>.*?(?=<li>\s*<h3>|</ol>)", page, re.DOTALL)[0])
    assert first.startswith("10 Juni 2026 pukul 09.00 WIB Kedudukan: Baik → ▲ Terancam")
    assert "terlindungi JKK dan JKM: 8 dari 9 (kurang)" in first
    assert "Camat Sragi: gelar desa terancam, gagal terkirim 10 Juni 2026" in first
    assert "Bupati Pekalongan: gelar desa terancam, terkirim 10 Juni 2026" in first


async def test_a_proposal_stands_in_the_log(api, at_risk: Filled):
    """When grace has ended the page says what is proposed, and the log when it fell."""
    client = await api(READ)

    await at_risk.come(datetime(2026, 9, 1, 2, tzinfo=UTC))
    page = (await client.get(f"/desa/{KETANON}", headers=HTML)).text
    officer = (await (await api(READ, ACT)).get(f"/desa/{KETANON}", headers=HTML)).text
    village = words_of(page)
    await at_risk.act(ActKind.PENANGGUHAN, date(2026, 9, 1))
    log = words_of((await client.get(AT, headers=HTML)).text)

    assert "Penangguhan gelar diusulkan sejak" in village
    decides = f'href="/desa/{KETANON}/catat/tindakan">Catat keputusannya</a>'
    assert (False, True) == (decides in page, decides in officer)
    assert (
        "terlindungi JKK dan JKM. Masa perbaikannya (sebelum 30 Juli 2026) telah lewat." in village
    )
    assert (
        "syarat tidak terpenuhi sejak 1 Mei 2026, masa perbaikan (sebelum 30 Juli 2026)" in village
    )
    assert "Penangguhan gelar diusulkan; yang memutuskan adalah pejabat" in log
    assert "Usul penangguhan gugur: gelar sudah ditangguhkan." in log


def test_neighbours_that_say_nothing_new_are_folded():
    """Entries without a change, of the same counts and told to nobody, stand together."""
    face = Face(Eligibility.NOT_ELIGIBLE, Stage.CALON, Title.NONE, Standing.NONE)

    def entry(actual: int, kind: str = "STATUS") -> Entry:
        counts = (Outcome("staff", met=False, required=9, actual=actual),)
        return Entry(uuid4(), JUNE, JUNE.date(), face, face, counts, kind, None)

    change = ("Tahap", STAGE[Stage.NONE], STAGE[Stage.CALON])
    quiet = [(entry(4), [], ()) for _ in range(3)]
    loud = [
        (entry(5), [], ()),
        (entry(5), [change], ()),
        (entry(5), [], ("letter",)),
        (entry(5, "PROPOSED"), [], ()),
        (entry(5, "PROPOSED"), [], ()),
    ]

    # The oldest of the three brought the count from five to four.
    assert [quiet[:2], [quiet[2]], *([one] for one in loud)] == folded([*quiet, *loud])


@pytest.mark.parametrize(
    ("asked", "field", "message"),
    [
        ("pada=kemarin", "pada", "Tulislah tanggal seperti 2026-01-31."),
        ("diketahui=2026-02-30", "diketahui", "Tulislah tanggal seperti 2026-01-31."),
        ("pada=2026-06-11", "pada", "Tanggal ini belum tiba; pilih hari ini atau sebelumnya."),
        ("diketahui=9999-12-31", "diketahui", "Tanggal ini belum tiba; pilih hari ini"),
        ("pada=0001-01-01", "pada", "Pilih tanggal sejak 1977."),
    ],
)
async def test_a_wrong_date_is_said_at_its_field(
    *, api, at_risk: Filled, asked: str, field: str, message: str
):
    """The page comes all the same, with today's state, and keeps what was typed."""
    answer = await (await api(READ)).get(f"{AT}?{asked}", headers=HTML)

    found = re.search(rf'id="{field}-salah">(.*?)</p>', answer.text)
    typed = unquote(asked.partition("=")[2])
    assert 422 == answer.status_code
    assert found is not None
    assert found[1].startswith(message)
    assert re.search(rf'name="{field}" value="{typed}"[^>]*aria-invalid="true"', answer.text)
    assert "Tanggalnya perlu diperbaiki" in lead_of(answer.text)


async def test_the_log_is_paged(api, filled: Filled):
    """Twenty entries a page; the link leads to the older ones, each of which stands once."""
    await filled.founded()
    await filled.last_post_held()
    for number in range(12):
        await filled.act(ActKind.PENETAPAN, date(2026, 3, 2), f"a/{number}")
        await filled.act(ActKind.PENCABUTAN, date(2026, 3, 2), f"b/{number}")
    client = await api(READ)

    page = (await client.get(AT, headers=HTML)).text
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    rest = (await client.get(AT + older[1].replace("&amp;", "&"), headers=HTML)).text

    assert (20, 6) == (page.count("<h3>"), rest.count("<h3>"))
    assert 'rel="next"' not in rest
    assert 200 == (await client.get(f"{AT}?sebelum=kapan", headers=HTML)).status_code
