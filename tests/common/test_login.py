"""Who logs in is who the issuer says, comes back where they were, and leaves for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from common.database import Database
from common.sealing import Sealer
from common.security.demo import demo_token
from common.web import purge_sessions, same_site
from common.web.oidc import Tokens
from common.web.sessions import SessionStore
from support.databases import ServiceUrls
from support.login_stage import (
    ATTEMPT,
    CAMAT,
    ISSUER,
    OFFICER,
    PAGES,
    SESSION,
    STAFF,
    Stage,
    shown,
)

PAGE = "/desa/33.26.12.2008?pada=2026-01-31"


@pytest.fixture
async def database(eligibility_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(eligibility_urls.app, name="test-login", size=4)
    yield opened
    await opened.close()


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(database, tmp_path) as made:
        yield made


async def test_a_person_logs_in_and_is_where_they_wanted_to_be(stage: Stage) -> None:
    """The page that asked for the login is the page after it, with the areas of the token."""
    browser = await stage.browser()

    page = await stage.choose(browser, CAMAT, PAGE)

    assert (200, PAGES + PAGE) == (page.status_code, str(page.url))
    assert ["Camat Wonopringgo", "33.26.12"] == page.text.split("|")[:2]


async def test_the_cookie_is_for_this_host_and_for_no_script(stage: Stage) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/; the attempt's cookie is gone."""
    browser = await stage.browser()

    page = await stage.choose(browser, OFFICER)

    back = next(r for r in page.history if r.url.path == "/masuk/kembali")
    session, attempt = sorted(back.headers.get_list("set-cookie"), key=lambda one: "masuk" in one)
    assert session.startswith(f"{SESSION}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} == set(session.split("; ")[1:])
    assert attempt.startswith(f'{ATTEMPT}=""; ')
    assert [SESSION] == [cookie.name for cookie in browser.cookies.jar]


async def test_the_table_knows_no_id_and_no_token(stage: Stage, database: Database) -> None:
    """Whoever reads the table can neither take over a session nor use its tokens."""
    browser = await stage.logged_in()

    async with database.transaction() as connection:
        rows = await connection.fetch("SELECT * FROM sessions")

    bytes_of = b"".join(value for value in rows[0].values() if isinstance(value, bytes))
    assert 1 == len(rows)
    for secret in (browser.cookies[SESSION][:16], "Petugas", "access_token", OFFICER):
        assert secret.encode() not in bytes_of


async def test_a_login_makes_a_new_session_and_ends_the_former(stage: Stage) -> None:
    """An id that somebody else knew before the login is worth nothing after it."""
    browser = await stage.logged_in(STAFF)
    former = browser.cookies[SESSION]

    again = await browser.get("/masuk", params={"ulang": "1"})
    asked = parse_qs(urlsplit(str(again.url)).query)
    await browser.get(f"{again.url}&person={OFFICER}")

    other = await stage.browser()
    other.cookies.set(SESSION, former, domain="desa.example")
    assert ["login"] == asked["prompt"]
    assert former != browser.cookies[SESSION]
    assert "Petugas Kantor Cabang Pekalongan" == (await shown(browser))[0]
    assert str((await other.get("/")).url).startswith(f"{ISSUER}/authorize?")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/" + "a" * 2_000,
    ],
)
async def test_a_login_never_leads_to_another_host(stage: Stage, elsewhere: str) -> None:
    """No open redirect: what could leave the site becomes the front page."""
    browser = await stage.browser()

    asked = await browser.get("/masuk", params={"kembali": elsewhere})
    page = await browser.get(f"{asked.url}&person={OFFICER}")

    assert "/" == same_site(elsewhere)
    assert f"{PAGES}/" == str(page.url)


async def test_another_s_login_is_refused(stage: Stage) -> None:
    """A link with an attacker's code logs nobody in as the attacker (login CSRF)."""
    attacker, victim, fresh = [await stage.browser() for _ in range(3)]
    asked = await attacker.get("/")
    attacker.follow_redirects = False
    trap = (await attacker.get(f"{asked.url}&person={OFFICER}")).headers["Location"]
    await victim.get("/")

    answers = [await victim.get(trap), await fresh.get(trap)]

    assert [400, 400] == [answer.status_code for answer in answers]
    assert {"/problems/login-refused"} == {answer.json()["type"] for answer in answers}
    assert [None, None] == [victim.cookies.get(SESSION), fresh.cookies.get(SESSION)]
    assert "/token" not in stage.wire.asked, "the state is looked at before the code is used"


async def test_a_code_is_used_once_and_soon(stage: Stage) -> None:
    """The way back cannot be walked twice, nor after ten minutes."""
    browser = await stage.browser()
    asked = await browser.get("/")
    browser.follow_redirects = False
    back = (await browser.get(f"{asked.url}&person={OFFICER}")).headers["Location"]
    attempt = browser.cookies[ATTEMPT]

    stage.later(timedelta(minutes=11))
    late = await browser.get(back)
    stage.later(timedelta(minutes=-11))
    first = await browser.get(back)
    browser.cookies.set(ATTEMPT, attempt, domain="desa.example")
    second = await browser.get(back)

    assert [400, 303, 400] == [late.status_code, first.status_code, second.status_code]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([timedelta(minutes=59), timedelta(minutes=59)], 1),
        ([timedelta(minutes=61)], 0),
        ([timedelta(minutes=50)] * 13, 0),
    ],
    ids=["used", "idle", "a working day"],
)
async def test_a_session_ends(
    stage: Stage, database: Database, steps: list[timedelta], left: int
) -> None:
    """An hour after the last look and ten hours after the login; then its row is purged."""
    browser = await stage.logged_in()
    for step in steps:
        stage.later(step)
        page = await browser.get("/")

    async with database.transaction() as connection:
        gone = await purge_sessions(connection, stage.now())

    assert [left, 1] == [page.text.startswith("Petugas"), left + gone]


async def test_leaving_takes_the_form_s_token_and_is_for_good(stage: Stage) -> None:
    """Nobody is logged out by a link; who left is out, whatever cookie is shown again."""
    browser = await stage.logged_in()
    session, token = browser.cookies[SESSION], (await shown(browser))[2]

    forged = await browser.post("/keluar", data={"csrf_token": "guess"})
    stayed = (await shown(browser))[0]
    left = await browser.post("/keluar", data={"csrf_token": token})

    browser.cookies.set(SESSION, session, domain="desa.example")
    assert (403, "Petugas Kantor Cabang Pekalongan") == (forged.status_code, stayed)
    assert (200, "/keluar") == (left.status_code, left.url.path)
    assert str((await browser.get("/")).url).startswith(f"{ISSUER}/authorize?")


async def test_a_form_needs_the_token_of_its_own_session(stage: Stage) -> None:
    """No token, or another person's: 403. By field or by header: done. Bearer tokens need none."""
    one, other = await stage.logged_in(), await stage.logged_in()
    mine, theirs = [(await shown(browser))[2] for browser in (one, other)]
    token = demo_token(stage.directory, audience="eligibility", scopes=["eligibility:act"])
    client = await stage.browser()

    forms = [{}, {"csrf_token": ""}, {"csrf_token": theirs}, {"csrf_token": mine}]
    by_field = [await one.post("/catat", data={"text": "x", **form}) for form in forms]
    by_header = await one.post("/catat", data={"text": "y"}, headers={"X-CSRF-Token": mine})
    by_token = await client.post(
        "/catat", data={"text": "z"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert [403, 403, 403, 200] == [answer.status_code for answer in by_field]
    assert [f"{OFFICER} x", f"{OFFICER} y", "petugas z"] == [
        answer.text for answer in (by_field[-1], by_header, by_token)
    ]


async def test_a_viewer_without_the_scope_is_told_so(stage: Stage) -> None:
    """Staff who may look may not record, with the right CSRF token too."""
    browser = await stage.logged_in(STAFF)
    token = (await shown(browser))[2]

    answer = await browser.post("/catat", data={"csrf_token": token})

    assert (403, "/problems/forbidden") == (answer.status_code, answer.json()["type"])


async def test_parts_and_streams_are_not_redirected(stage: Stage) -> None:
    """A part tells htmx where to go with the whole page; an event source gets 401, no page."""
    browser = await stage.browser()

    part = await browser.get(
        "/bagian", headers={"HX-Request": "true", "HX-Current-URL": PAGES + PAGE}
    )
    stream = await browser.get("/arus", headers={"Accept": "text/event-stream"})

    assert [401, 401] == [part.status_code, stream.status_code]
    assert (
        "/masuk?kembali=%2Fdesa%2F33.26.12.2008%3Fpada%3D2026-01-31" == part.headers["HX-Redirect"]
    )


async def test_every_answer_is_guarded(stage: Stage) -> None:
    """No inline script or style, no frame, no sniffing, nothing kept; https only."""
    browser = await stage.logged_in()
    browser.follow_redirects = False

    answers = [await browser.get("/"), await browser.post("/keluar"), await browser.get("/masuk")]

    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert ("nosniff", "no-store", "same-origin") == (
            answer.headers["X-Content-Type-Options"],
            answer.headers["Cache-Control"],
            answer.headers["Referrer-Policy"],
        )
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_many_requests_fetch_new_tokens_once(stage: Stage) -> None:
    """A token near its end is replaced by one request; the others go on meanwhile."""
    stage.issuer.lifetime = timedelta(seconds=50)
    browser = await stage.logged_in()
    stage.issuer.lifetime = timedelta(hours=1)
    stage.wire.asked.clear()

    pages = await asyncio.gather(*(browser.get("/") for _ in range(10)))

    assert {200} == {page.status_code for page in pages}
    assert ["/token"] == stage.wire.asked


async def test_old_tokens_are_not_exchanged_again(database: Database) -> None:
    """An issuer takes a refresh token that comes twice for stolen, and would end the login."""
    store = SessionStore(Sealer(bytes(32)))
    old, new = (Tokens(name, f"refresh {name}", 0.0, "s", "l") for name in ("old", "new"))
    async with database.transaction() as connection:
        session_id = await store.begin(connection, old)
        slow = await store.find(connection, session_id)
        assert slow is not None
        first = await store.claim_refresh(connection, session_id, slow)
        await store.replace(connection, session_id, new)
        second = await store.claim_refresh(connection, session_id, slow)
        now = await store.find(connection, session_id)
        assert now is not None
        third = await store.claim_refresh(connection, session_id, now)

    assert [True, False, True] == [first, second, third]


async def test_who_lost_the_account_loses_the_session(stage: Stage) -> None:
    """The issuer refuses new tokens: the session ends, and the login is asked for."""
    stage.issuer.lifetime = timedelta(seconds=50)
    browser = await stage.logged_in()
    stage.issuer.forget()

    page = await browser.get("/")

    assert str(page.url).startswith(f"{ISSUER}/authorize?")
