"""What an issuer says is believed only when it is ours, meant for us, and for this login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from common.database import Database
from common.security import Authenticator, IssuerUnreachable, JwksFile
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, sign
from common.web import OidcClient
from common.web.issuer import MAX_BYTES, Issuer
from common.web.oidc import Attempt, LoginRefused
from common.web.sessions import REFRESH_LEASE
from common.web.settings import DEMO_CLIENT
from demo.issuer import create_app
from demo.issuer_grants import DemoIssuer, Refused, challenge_of
from demo.issuer_page import PERSONS
from pydantic import SecretStr
from support.databases import ServiceUrls
from support.login_stage import ISSUER, PAGES, Stage, client_at, shown

ATTEMPT = Attempt("state", "nonce", "verifier")
WHO = {"aud": DEMO_CLIENT, "sub": "petugas", "name": "Petugas", "nonce": ATTEMPT.nonce}
DESCRIPTION = {
    "issuer": DEMO_ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
}
HOUR = timedelta(hours=1)


@pytest.fixture
async def stage(eligibility_urls: ServiceUrls, tmp_path: Path) -> AsyncIterator[Stage]:
    database = await Database.open(eligibility_urls.app, name="test-login", size=4)
    async with Stage(database, tmp_path) as made:
        yield made
    await database.close()


class Answers(httpx2.AsyncBaseTransport):
    """An issuer that answers as it is told, and remembers what it was asked."""

    def __init__(
        self, token: Any = None, description: Any = DESCRIPTION, status: int = 200
    ) -> None:
        self.token, self.description, self.status = token, description, status
        self.asked: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.asked.append(request)
        if request.url.path == "/token":
            return httpx2.Response(self.status, json=self.token)
        if isinstance(self.description, bytes):
            return httpx2.Response(200, content=self.description)
        return httpx2.Response(200, json=self.description)


def oidc(directory: Path, answers: Answers, **changes: Any) -> OidcClient:
    client = client_at(**changes)
    tokens = Authenticator(
        issuer=DEMO_ISSUER, audience="eligibility", jwks=JwksFile(directory / JWKS)
    )
    return OidcClient(client, tokens, Issuer(client, transport=answers))


def answer(directory: Path, person: Mapping[str, Any] = WHO, **changes: Any) -> dict[str, Any]:
    access = demo_token(directory, audience="eligibility", scopes=["eligibility:read"])
    return {"access_token": access, "id_token": sign(directory, person, HOUR), **changes}


async def test_a_good_answer_names_the_person(tmp_path: Path) -> None:
    """The label of the ID token, the rights of the access token; the code with its verifier."""
    answers = Answers(answer(tmp_path))

    tokens = await oidc(tmp_path, answers).exchange("a code", ATTEMPT)

    sent = dict(httpx2.QueryParams(answers.asked[-1].content.decode()))
    assert ("Petugas", "petugas") == (tokens.label, tokens.subject)
    assert {
        "grant_type": "authorization_code",
        "code": "a code",
        "redirect_uri": f"{PAGES}/masuk/kembali",
        "code_verifier": "verifier",
        "client_id": DEMO_CLIENT,
    } == sent


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"azp": "another-client"}, "azp"),
        ({"sub": "somebody"}, "same person"),
        ({"sub": ""}, "sub"),
    ],
)
async def test_an_id_token_of_another_login_is_refused(
    tmp_path: Path, changed: dict[str, Any], why: str
) -> None:
    """Another login, another client, another person: nobody is logged in."""
    client = oidc(tmp_path, Answers(answer(tmp_path, WHO | changed)))

    with pytest.raises(LoginRefused, match=why):
        await client.exchange("a code", ATTEMPT)


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (lambda d: answer(d, id_token=None), "no id_token"),
        (lambda d: answer(d, access_token=7), "no access_token"),
        (lambda d: answer(d, id_token=sign(d, WHO, -HOUR)), "ID token: expired"),
        (lambda d: answer(d, id_token="eyJhbGciOiJub25lIn0.e30."), "not signed with one of"),
        (lambda d: answer(d / "other"), "does not publish"),
        (
            lambda d: answer(d, access_token=demo_token(d, audience="registry", scopes=["a"])),
            "access token: invalid_claim: aud",
        ),
    ],
    ids=["no-id-token", "no-access-token", "expired", "alg-none", "another-key", "audience"],
)
async def test_tokens_that_our_api_would_not_take_are_refused(
    tmp_path: Path, spoilt: Callable[[Path], dict[str, Any]], why: str
) -> None:
    """The algorithms, keys, issuer, audience and expiry are those of every other request."""
    answer(tmp_path)

    with pytest.raises(LoginRefused, match=why):
        await oidc(tmp_path, Answers(spoilt(tmp_path))).exchange("a code", ATTEMPT)


@pytest.mark.parametrize(
    "description",
    [
        DESCRIPTION | {"issuer": "https://another.example"},
        DESCRIPTION | {"token_endpoint": "http://issuer.example/token"},
        {"issuer": DEMO_ISSUER},
        ["no object"],
        b"<html>",
        b'"' + b"x" * MAX_BYTES + b'"',
    ],
    ids=["another", "http", "incomplete", "a list", "no JSON", "too large"],
)
async def test_a_description_that_is_not_the_issuer_s_counts_as_away(
    tmp_path: Path, description: Any
) -> None:
    """No secret and no person is sent to an address that we cannot trust."""
    client = oidc(tmp_path, Answers(description=description))

    with pytest.raises(IssuerUnreachable):
        await client.authorization_url(ATTEMPT)


@pytest.mark.parametrize(
    ("methods", "in_header"), [(["client_secret_basic"], 1), (["client_secret_post"], 0)]
)
async def test_a_secret_goes_the_way_that_the_issuer_takes(
    tmp_path: Path, methods: list[str], in_header: int
) -> None:
    """A confidential client shows its secret in the header, or in the form if it must."""
    described = DESCRIPTION | {"token_endpoint_auth_methods_supported": methods}
    answers = Answers(answer(tmp_path), described)
    client = oidc(tmp_path, answers, client_secret=SecretStr("s&cret"))

    await client.exchange("a code", ATTEMPT)

    sent = answers.asked[-1]
    given = ("Authorization" in sent.headers, b"client_secret=s%26cret" in sent.content)
    assert (bool(in_header), not in_header) == given


@pytest.mark.parametrize(("status", "error"), [(400, LoginRefused), (502, IssuerUnreachable)])
async def test_a_refusal_is_told_from_a_failure(
    tmp_path: Path, status: int, error: type[Exception]
) -> None:
    """A refused code is a new login; an issuer that fails is a 503."""
    client = oidc(tmp_path, Answers({"error": "invalid_grant"}, status=status))

    with pytest.raises(error):
        await client.exchange("a code", ATTEMPT)


async def test_the_issuer_away_is_a_calm_503(stage: Stage) -> None:
    """Nobody new can log in; who is logged in goes on as long as the token is good."""
    browser, newcomer = await stage.logged_in(), await stage.browser()
    stage.oidc._issuer._described = None
    stage.wire.cut = True

    answers = [await newcomer.get("/"), await newcomer.get("/masuk/kembali?code=a&state=b")]

    assert [503, 400] == [answer.status_code for answer in answers]
    assert "Cobalah lagi" in answers[0].json()["detail"]
    assert "30" == answers[0].headers["Retry-After"]
    assert "Petugas Kantor Cabang Pekalongan" == (await shown(browser))[0]


async def test_a_token_near_its_end_lasts_while_the_issuer_is_away(stage: Stage) -> None:
    """New tokens can wait as long as the old one is good."""
    stage.issuer.lifetime = timedelta(seconds=50)
    browser = await stage.logged_in()
    stage.wire.cut = True

    pages = await asyncio.gather(browser.get("/"), browser.get("/"))

    assert [200, 200] == [page.status_code for page in pages]


async def test_no_session_ends_because_the_issuer_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor that of a request that waits for another one's new tokens: 503, and on afterwards."""
    monkeypatch.setattr("common.web.login.WAIT_FOR_REFRESH", 0.2)
    stage.issuer.lifetime = timedelta(seconds=50)
    browser = await stage.logged_in()
    browser.follow_redirects = False
    stage.later(timedelta(minutes=2))
    stage.aged = timedelta(minutes=2)
    stage.wire.cut = True

    answers = [await browser.get("/"), await browser.get("/")]

    stage.wire.cut, stage.aged, stage.issuer.lifetime = False, timedelta(0), HOUR
    stage.later(REFRESH_LEASE)
    assert [503, 503] == [answer.status_code for answer in answers]
    assert "Petugas Kantor Cabang Pekalongan" == (await shown(browser))[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "another"},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:9/masuk/kembali"},
        {"client_id": "another"},
        {"grant_type": "password"},
    ],
)
def test_the_demo_issuer_gives_nothing_for_a_stolen_code(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    """A code without its verifier is worth nothing, and it is used up."""
    issuer = DemoIssuer(tmp_path)
    back = f"{PAGES}/masuk/kembali"
    code = issuer.code(
        PERSONS[0],
        {"scope": "openid", "redirect_uri": back, "code_challenge": challenge_of("right")},
    )
    form = {
        "grant_type": "authorization_code",
        "client_id": DEMO_CLIENT,
        "code": code,
        "redirect_uri": back,
        "code_verifier": "right",
    }

    with pytest.raises(Refused):
        issuer.tokens(form | changed)


async def test_the_demo_issuer_sends_nobody_elsewhere(tmp_path: Path) -> None:
    """An address that is not a page of the demo gets neither a code nor a redirect."""
    app = create_app(DemoIssuer(tmp_path), url=ISSUER, pages_url=PAGES)
    query = {
        "client_id": DEMO_CLIENT,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "x",
        "code_challenge_method": "S256",
        "person": PERSONS[0].subject,
    }
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ISSUER) as http:
        for to in ("https://evil.example/masuk/kembali", f"{PAGES}/else", ""):
            given = await http.get("/authorize", params=query | {"redirect_uri": to})
            assert 400 == given.status_code
