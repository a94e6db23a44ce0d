"""An officer's forms: the effect before it is saved, errors at their fields, nothing done twice."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from common.database import Database
from common.health import Health
from common.ids import Ids
from common.inbox import Inbox
from common.security import Authenticator, JwksFile
from common.security.demo import DEMO_ISSUER, JWKS, ensure_demo_secrets
from common.stream_counters import StreamCounters
from eligibility.application import Certification
from eligibility.main import create_app, reading_of
from eligibility.web.registry_api import RegistryApi
from prometheus_client import CollectorRegistry
from support.officer import Officer, token
from support.programme import Registry, SteadyClock, activated, staffed
from support.streams import KETANON

NIK = "9926104506850001"
ACT = {
    "act": "PENETAPAN",
    "number": "560/123/2026",
    "effective_on": "2026-03-02",
    "signing_office": "Bupati Pekalongan",
}
SOSIALISASI = {"effective_on": "2026-03-01", "organiser": "BABINSA", "attendance": "120"}
MEMBERSHIP = {
    "segment": "PU",
    "programmes": ["JKK", "JKM"],
    "effective_on": "2026-02-01",
    "activated_on": "2026-02-10",
}
POST = str(uuid4())
ODD = "nik-prefix-differs"


class Answers(httpx2.AsyncBaseTransport):
    """The registry's edge as it answers: by path what was set, and everything asked is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.answers: dict[str, tuple[int, Any]] = {"posts": (200, {"posts": [_post(POST)]})}
        self.cut = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        last = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            body = json.loads(await request.aread())
            self.asked.append((last, body, request.headers["Idempotency-Key"]))
        if self.cut:
            raise httpx2.ReadTimeout("cut")
        status, body = self.answers.get(last, (201, {"enrollment_id": str(uuid4())}))
        return httpx2.Response(status, json=body)


def _post(post_id: str) -> dict[str, Any]:
    return {"post_id": post_id, "kind": "SEKRETARIS_DESA", "ordinal": 1, "holder": None}


def _problem(field: str, reason: str) -> dict[str, Any]:
    return {"detail": reason, "errors": [{"field": field, "reason": reason, "code": "x"}]}


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def demo() -> bool:
    return False


@pytest.fixture
async def http(
    *,
    app: Database,
    inbox: Inbox,
    registry: Registry,
    clock: SteadyClock,
    answers: Answers,
    tmp_path: Path,
    demo: bool,
) -> AsyncIterator[httpx2.AsyncClient]:
    posts = [uuid4() for _ in range(9)]
    terms = [uuid4() for _ in posts]
    await inbox.receive([*staffed(registry, posts, terms), *registry.tell(activated())])
    ensure_demo_secrets(tmp_path)
    service = create_app(
        reading=reading_of(app, clock),
        certification=Certification(app, clock=clock, ids=Ids()),
        counters=StreamCounters(app),
        authenticator=Authenticator(
            issuer=DEMO_ISSUER, audience="eligibility", jwks=JwksFile(tmp_path / JWKS)
        ),
        health=Health(CollectorRegistry()),
        clock=clock,
        registry=RegistryApi("http://registry", transport=answers),
        demo=demo,
    )
    headers = {"Authorization": f"Bearer {token(tmp_path)}", "Accept": "text/html"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(service), base_url="http://e", headers=headers
    ) as client:
        yield client


@pytest.fixture
def officer(http: httpx2.AsyncClient) -> Officer:
    return Officer(http, KETANON)


async def test_an_act_shows_its_effect_and_is_recorded_once(officer: Officer) -> None:
    """Nothing is recorded by looking; saved twice, even by two windows, it is one act."""
    checked = await officer.check("tindakan", ACT)
    before = await officer.http.get(f"/villages/{KETANON}")

    saved = [await officer.save("tindakan", checked) for _ in range(2)]

    after = (await officer.http.get(f"/villages/{KETANON}")).json()["status"]
    log = (await officer.http.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    assert ("NONE", "DITETAPKAN") == (before.json()["status"]["title"], after["title"])
    assert "Desa akan menjadi" in checked.text
    assert "Penetapan Desa Ketanonageng akan dicatat." in checked.text
    assert [303, 303] == [answer.status_code for answer in saved]
    assert {f"/desa/{KETANON}?tersimpan=tindakan"} == {
        answer.headers["Location"] for answer in saved
    }
    assert 1 == sum(entry["current"]["title"] == "DITETAPKAN" for entry in log)


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"act": "PERESMIAN"}, "act", "Peresmian hanya untuk desa berstatus ditetapkan"),
        ({"effective_on": "2026-03-03"}, "effective_on", "Tanggal 3 Maret 2026 belum tiba"),
        ({"effective_on": "1945-08-17"}, "effective_on", "Tanggal 17 Agustus 1945 mendahului"),
        ({"effective_on": "2026-02-30"}, "effective_on", "Tanggal ini tidak ada"),
        ({"number": ""}, "number", "Wajib diisi"),
        ({"signing_office": "x" * 201}, "signing_office", "Paling banyak 200 huruf"),
        ({"act": "NO_ACT"}, "act", "Pilih dari yang tersedia"),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    officer: Officer, changed: dict[str, str], field: str, why: str
) -> None:
    """422, a summary that leads to the field, the reason at it, and what was typed."""
    page = await officer.check("tindakan", ACT | changed)

    assert 422 == page.status_code
    assert re.search(f'<li><a href="#{field}">[^:<]+: {why}', page.text)
    assert f'<p class="error" id="{field}-error">' in page.text
    if "number" not in changed:
        assert 'value="560/123/2026"' in page.text


async def test_a_nik_is_passed_on_and_never_shown(officer: Officer, answers: Answers) -> None:
    """The registry has it once a deed; the pages, the errors and the way back do not."""
    checked = await officer.check("kepesertaan", MEMBERSHIP)
    short = await officer.save("kepesertaan", checked, nik=NIK[:15])
    answers.answers["enrollments"] = 422, _problem("body.nik", "Tidak dikenal.")
    unknown = await officer.save("kepesertaan", short, nik=NIK)
    del answers.answers["enrollments"]
    saved = await officer.save("kepesertaan", unknown, nik=f" {NIK[:6]} {NIK[6:]} ")

    pages = [checked, short, unknown, saved]
    assert [200, 422, 422, 303] == [page.status_code for page in pages]
    assert all(NIK not in page.text and NIK[:15] not in page.text for page in pages)
    assert ["NIK: Isi 16 angka.", "NIK: Tidak dikenal."] == [
        page.text.split('<a href="#nik">')[1].split("<")[0] for page in (short, unknown)
    ]
    assert [("enrollments", NIK), ("enrollments", NIK), ("activation", None)] == [
        (path, body.get("nik")) for path, body, _ in answers.asked
    ]


async def test_a_first_contribution_that_is_refused_is_sent_again_alone(
    officer: Officer, answers: Answers
) -> None:
    """The membership keeps its key: the registry answers as before and enters nobody twice."""
    checked = await officer.check("kepesertaan", MEMBERSHIP)
    answers.answers["activation"] = 422, _problem("body.effective_on", "Terlalu awal.")
    refused = await officer.save("kepesertaan", checked, nik=NIK)
    del answers.answers["activation"]
    mended = await officer.check(
        "kepesertaan", MEMBERSHIP | {"activated_on": "2026-02-20", "kunci": _key(refused)}
    )
    saved = await officer.save("kepesertaan", mended, nik=NIK)

    first, second = (asked for asked in answers.asked if asked[0] == "enrollments")
    assert (422, 303) == (refused.status_code, saved.status_code)
    assert '<a href="#activated_on">Iuran pertama dibayar: Terlalu awal.' in refused.text
    assert first == second


async def test_the_registry_away_loses_nothing(officer: Officer, answers: Answers) -> None:
    """503 in words, what was typed and the key are kept; the same again is the same deed."""
    checked = await officer.check("sosialisasi", SOSIALISASI)
    answers.cut = True
    away = await officer.save("sosialisasi", checked)
    answers.cut = False
    saved = await officer.save("sosialisasi", away)

    assert (503, 303) == (away.status_code, saved.status_code)
    assert "tidak ada yang tercatat dua kali" in away.text
    assert answers.asked[0] == answers.asked[1]
    assert ("BABINSA", 120) == (answers.asked[0][1]["organiser"], answers.asked[0][1]["attendance"])


async def test_a_form_that_needs_the_registry_waits_for_it(
    officer: Officer, answers: Answers
) -> None:
    """Posts cannot be shown while it is away: a page says so, and that nothing is lost."""
    answers.cut = True

    page = await officer.http.get(f"/desa/{KETANON}/catat/pejabat")

    assert 503 == page.status_code
    assert "Registri tidak menjawab" in page.text


async def test_posts_that_stay_keep_their_numbers(officer: Officer, answers: Answers) -> None:
    """RT 1, 2 and 4 do not become 1, 2 and 3 because the list is entered anew."""
    heads = [{**_post(str(uuid4())), "kind": "RT_HEAD", "ordinal": n} for n in (1, 2, 4)]
    answers.answers["posts"] = 200, {"posts": [_post(POST), *heads]}
    form = await officer.http.get(f"/desa/{KETANON}/catat/susunan")
    typed = {"effective_on": "2026-03-01", "RT_HEAD": "3", "SEKRETARIS_DESA": "1", "KAUR": "2"}
    checked = await officer.check("susunan", typed)

    answers.answers["posts"] = 200, {"posts": [_post(POST), *heads], "decree_id": str(uuid4())}
    await officer.save("susunan", checked)

    assert 'name="RT_HEAD" type="text" inputmode="numeric" class="short" value="3"' in form.text
    assert "memiliki 6 jabatan" in checked.text
    assert [
        {"kind": "SEKRETARIS_DESA", "ordinals": [1]},
        {"kind": "KAUR", "ordinals": [1, 2]},
        {"kind": "RT_HEAD", "ordinals": [1, 2, 4]},
    ] == answers.asked[0][1]["posts"]


async def test_a_list_without_posts_is_refused(officer: Officer, answers: Answers) -> None:
    """Nothing is offered for saving or sent; the registry takes no empty list either."""
    typed = {"effective_on": "2026-03-01"}
    none = await officer.check("susunan", typed)
    checked = await officer.check("susunan", {**typed, "RT_HEAD": "1"})
    saved = await officer.save("susunan", checked, without=("RT_HEAD",))

    assert [422, 200, 422] == [page.status_code for page in (none, checked, saved)]
    assert "Isi jumlah sedikitnya satu jabatan" in none.text
    assert "Isi jumlah sedikitnya satu jabatan" in saved.text
    assert [] == answers.asked


async def test_a_list_of_posts_that_was_recorded_already_is_asked_for_the_same_way(
    officer: Officer, answers: Answers
) -> None:
    """A second click, or a lost answer: the registry knows its key only with the same words."""
    typed = {"effective_on": "2026-03-01", "RT_HEAD": "2"}
    checked = await officer.check("susunan", typed)
    await officer.save("susunan", checked)
    heads = [{**_post(str(uuid4())), "kind": "RT_HEAD", "ordinal": n} for n in (1, 2)]
    answers.answers["posts"] = 200, {"posts": heads}

    await officer.save("susunan", checked)

    first, again = answers.asked
    assert first == again


@pytest.mark.parametrize("form", ["", "/susunan", "/pejabat", "/kepesertaan", "/tindakan"])
async def test_who_may_only_look_records_nothing(
    http: httpx2.AsyncClient, answers: Answers, tmp_path: Path, form: str
) -> None:
    """403 for the list and every form, and no link to them; another area is unknown."""
    staff = {"Authorization": f"Bearer {token(tmp_path, 'eligibility:read')}"}
    far = {"Authorization": f"Bearer {token(tmp_path, areas=('35.05',))}"}
    path = f"/desa/{KETANON}/catat{form}"

    looks = await http.get(f"/desa/{KETANON}", headers=staff)
    refused = await http.get(path, headers=staff)
    posted = await http.post(path, headers=staff, data=ACT) if form else refused
    unknown = await http.get(path, headers=far)

    assert [200, 403, 403, 404] == [one.status_code for one in (looks, refused, posted, unknown)]
    assert "/catat" not in looks.text
    assert [] == answers.asked


@pytest.mark.parametrize("demo", [False, True])
async def test_invented_nik_are_named_only_in_the_demo(officer: Officer, *, demo: bool) -> None:
    """The hint at the NIK is on no page of production."""
    checked = await officer.check("kepesertaan", MEMBERSHIP)

    assert demo == ("Peragaan: pakai NIK rekaan berawalan 99." in checked.text)


async def test_the_village_says_what_was_saved_and_what_is_odd(
    officer: Officer, answers: Answers, tmp_path: Path
) -> None:
    """One notice in words of ours after saving; none at the plain address or for a reader."""
    warned = [{"code": code, "field": "nik", "message": "x"} for code in ("nik-new", ODD, ODD)]
    enrolled = {"enrollment_id": str(uuid4()), "warnings": warned}
    answers.answers["enrollments"] = 201, enrolled
    checked = await officer.check("kepesertaan", MEMBERSHIP)

    saved = await officer.save("kepesertaan", checked, nik=NIK)
    address = saved.headers["Location"]
    told = await officer.http.get(address)
    others = [
        await officer.http.get(f"/desa/{KETANON}"),
        await officer.http.get(f"/desa/{KETANON}?tersimpan=apa&periksa={ODD}"),
        await officer.http.get(
            address,
            headers={"Authorization": f"Bearer {token(tmp_path, 'eligibility:read')}"},
        ),
    ]

    assert f"/desa/{KETANON}?tersimpan=kepesertaan&periksa={ODD}" == address
    notice = told.text.split('<div role="status">')[1].split("</div>")[0]
    assert "Tersimpan: kepesertaan dan iuran pertamanya." in notice
    assert "Perlu diperiksa: NIK diterbitkan di kecamatan lain." in notice
    assert [200] * 3 == [page.status_code for page in others]
    assert not any("Tersimpan" in page.text or "periksa:" in page.text for page in others)


def _key(page: httpx2.Response) -> str:
    return page.text.split('name="kunci" value="')[1].split('"')[0]
