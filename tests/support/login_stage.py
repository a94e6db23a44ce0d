"""A service with two pages, the demo issuer beside it, and browsers that go between them."""

from __future__ import annotations

import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Annotated, Any, Self

import httpx2
from common.database import Database
from common.problems import install_problems
from common.security import Authenticator, JwksFile, install_security
from common.security.demo import DEMO_ISSUER, JWKS
from common.web import Login, OidcClient, Viewer, install_login, viewing
from common.web.issuer import Client, Issuer
from common.web.settings import DEMO_CLIENT, SCOPES
from demo.issuer import create_app as issuer_app
from demo.issuer_grants import DemoIssuer
from fastapi import FastAPI, Form, Request, Response, Security
from fastapi.responses import PlainTextResponse

PAGES = "https://desa.example"
ISSUER = "https://issuer.example"
SESSION, ATTEMPT = "__Host-sesi", "__Host-masuk"
OFFICER, STAFF, CAMAT = "petugas.pekalongan", "staf.bupati.pekalongan", "camat.wonopringgo"


def client_at(
    discovery: str = f"{ISSUER}/.well-known/openid-configuration", **changes: Any
) -> Client:
    given = {
        "issuer": DEMO_ISSUER,
        "discovery": discovery,
        "client_id": DEMO_CLIENT,
        "pages_url": PAGES,
        "scopes": SCOPES,
    }
    return Client(**given | changes)


class Wire(httpx2.AsyncBaseTransport):
    """The way to the issuer: counted by path, and cut at will."""

    def __init__(self, app: FastAPI) -> None:
        self._to = httpx2.ASGITransport(app)
        self.asked: list[str] = []
        self.cut = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        if self.cut:
            raise httpx2.ConnectError("cut")
        return await self._to.handle_async_request(request)


def pages() -> FastAPI:
    """Two pages: one that shows who looks, one that takes a form."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/{path:path}", response_class=PlainTextResponse)
    async def show(
        path: str, viewer: Annotated[Viewer, Security(viewing("eligibility:read"))]
    ) -> str:
        return f"{viewer.label}|{' '.join(sorted(viewer.caller.areas))}|{viewer.csrf_token}|{path}"

    @app.post("/catat", response_class=PlainTextResponse)
    async def note(
        viewer: Annotated[Viewer, Security(viewing("eligibility:act"))],
        text: Annotated[str, Form()] = "",
    ) -> str:
        return f"{viewer.caller.subject} {text}"

    return app


@dataclass
class Stage:
    """Everything of one test; `later` moves the time of the sessions, `aged` ages the tokens."""

    database: Database
    directory: Path
    issuer: DemoIssuer = field(init=False)
    wire: Wire = field(init=False)
    app: FastAPI = field(init=False)
    login: Login = field(init=False)
    moved: timedelta = timedelta(0)
    aged: timedelta = timedelta(0)
    _browsers: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.issuer = DemoIssuer(self.directory)
        self.wire = Wire(issuer_app(self.issuer, url=ISSUER, pages_url=PAGES))
        tokens = Authenticator(
            issuer=DEMO_ISSUER,
            audience="eligibility",
            jwks=JwksFile(self.directory / JWKS),
            now=lambda: time.time() + self.aged.total_seconds(),
        )
        client = client_at()
        self.oidc = OidcClient(client, tokens, Issuer(client, transport=self.wire))
        self.login = Login(self.database, self.oidc, tokens, key=bytes(32), now=self.now)
        # The login's own addresses come before the page that takes any path.
        shown = pages()
        self.app = FastAPI(docs_url=None, redoc_url=None)
        install_problems(self.app)
        install_security(self.app, tokens)
        install_login(self.app, self.login, _farewell)
        self.app.router.routes += shown.router.routes

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def later(self, by: timedelta) -> None:
        self.moved += by

    async def browser(self) -> httpx2.AsyncClient:
        """Keeps cookies, goes where it is sent, and knows the two hosts only."""
        return await self._browsers.enter_async_context(
            httpx2.AsyncClient(
                base_url=PAGES,
                mounts={PAGES: httpx2.ASGITransport(self.app), ISSUER: self.wire},
                follow_redirects=True,
                headers={"Accept": "text/html"},
            )
        )

    async def logged_in(self, subject: str = OFFICER, to: str = "/") -> httpx2.AsyncClient:
        browser = await self.browser()
        await self.choose(browser, subject, to)
        return browser

    async def choose(
        self, browser: httpx2.AsyncClient, subject: str, to: str = "/"
    ) -> httpx2.Response:
        """Open a page without a session, and choose who one is on the issuer's."""
        asked = await browser.get(to)
        found = re.search(rf"href='(/authorize\?[^']*person={subject})'", asked.text)
        assert found is not None, asked.text[:500]
        return await browser.get(ISSUER + unescape(found[1]))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._browsers.aclose()


def _farewell(_: Request, end: str | None) -> Response:
    return PlainTextResponse(f"keluar {end}")


async def shown(browser: httpx2.AsyncClient, path: str = "/") -> list[str]:
    """Label, areas, CSRF token and path of the page that a browser sees."""
    return (await browser.get(path)).text.split("|")
