"""`/masuk`, `/masuk/kembali`, `/keluar`: the login as a browser meets it."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response

from common.problems import Problem
from common.security import IssuerUnreachable
from common.web.addresses import CALLBACK, LOGIN, LOGOUT
from common.web.asking import install_login_redirect
from common.web.headers import SecurityHeaders
from common.web.login import ATTEMPT_SECONDS, Login, csrf_of
from common.web.oidc import LoginRefused
from common.web.viewer import Viewer, check_csrf, same_site

MAX_PARAMETER = 4_000
MAX_COOKIE = 4_000

logger = structlog.get_logger(__name__)

Farewell = Callable[[Request, str | None], Response]
"""Renders the page after leaving; given where the issuer's own session is ended, if anywhere."""
Parameter = Annotated[str, Query(max_length=MAX_PARAMETER)]


class Cookies:
    """The two cookies, and the viewer behind them; `__Host-` where the pages have https."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.secure = login.pages_url.startswith("https://")
        prefix = "__Host-" if self.secure else ""
        self.session, self.attempt = f"{prefix}sesi", f"{prefix}masuk"

    async def viewer(self, request: Request) -> Viewer | None:
        session_id = self.session_id(request)
        if session_id is None:
            return None
        try:
            return await self._login.viewer(session_id)
        except IssuerUnreachable as silence:
            raise away(silence) from None

    def session_id(self, request: Request) -> str | None:
        session_id = request.cookies.get(self.session)
        return session_id if session_id and len(session_id) <= MAX_COOKIE else None

    def set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """`SameSite=Lax`: it comes along from the issuer's page, and with no foreign form."""
        response.set_cookie(
            name, value, max_age=max_age, secure=self.secure, httponly=True, samesite="lax"
        )

    def forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax")


def away(error: IssuerUnreachable) -> Problem:
    """The issuer does not answer: a calm page, and the same request again soon."""
    logger.warning("issuer_unreachable", reason=str(error))
    return Problem(
        503,
        "Layanan masuk sedang tidak terjangkau",
        "Anda belum dapat masuk karena penerbit akun tidak menjawab. Data Desa Sadar tidak "
        "terganggu. Cobalah lagi dalam beberapa menit.",
        code="issuer-unreachable",
        headers={"Retry-After": "30"},
    )


def _refused() -> Problem:
    return Problem(
        400,
        "Masuk tidak selesai",
        "Proses masuk dibatalkan, terlalu lama, atau dimulai di jendela lain. "
        "Mulailah lagi dari halaman depan.",
        code="login-refused",
    )


def install_login(app: FastAPI, login: Login | None, farewell: Farewell) -> None:
    """Give a service with pages its login: the routes, the sessions, the headers.

    The last to be installed, so that its headers are on every answer. None: nobody can log in.
    """
    install_login_redirect(app)
    if login is None:
        app.include_router(_closed())
        app.add_middleware(SecurityHeaders)
        return
    cookies = Cookies(login)
    app.state.sessions = cookies
    app.include_router(login_router(LoginPages(login, cookies, farewell)))
    app.add_middleware(SecurityHeaders, https=cookies.secure)


def _closed() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    async def closed() -> None:
        raise Problem(
            503,
            "Masuk belum disiapkan",
            "Halaman ini belum dapat dipakai: pengelola belum mendaftarkannya pada penerbit akun.",
            code="login-not-configured",
        )

    return router


class LoginPages:
    """What each of the addresses answers."""

    def __init__(self, login: Login, cookies: Cookies, farewell: Farewell) -> None:
        self._login = login
        self._cookies = cookies
        self._pages_url = login.pages_url
        self._farewell = farewell

    async def begin(self, request: Request, come_back: str, *, again: bool) -> Response:
        """To the issuer, or on if a session is there."""
        cookies = self._cookies
        if not cookies.secure and request.url.netloc != urlsplit(self._pages_url).netloc:
            # `localhost` and `127.0.0.1` do not share cookies; the issuer sends back to one.
            return RedirectResponse(f"{self._pages_url}{LOGIN}?{request.url.query}", 303)
        if not again and await cookies.viewer(request) is not None:
            return RedirectResponse(same_site(come_back), 303)
        try:
            begun = await self._login.begin(come_back, again=again)
        except IssuerUnreachable as silence:
            raise away(silence) from None
        response = RedirectResponse(begun.url, 303)
        cookies.set(response, cookies.attempt, begun.cookie, ATTEMPT_SECONDS)
        return response

    async def finish(self, request: Request, state: str, code: str, error: str) -> Response:
        """With a code from the issuer: the session begins."""
        cookies = self._cookies
        cookie = request.cookies.get(cookies.attempt, "")[:MAX_COOKIE]
        if error or not code:
            logger.info("login_refused", reason=f"the issuer said {error[:80] or 'nothing'}")
            raise _refused()
        try:
            former = cookies.session_id(request)
            session_id, to = await self._login.finish(cookie, state=state, code=code, former=former)
        except LoginRefused as refusal:
            logger.info("login_refused", reason=str(refusal))
            raise _refused() from None
        except IssuerUnreachable as silence:
            raise away(silence) from None
        response = RedirectResponse(to, 303)
        cookies.set(response, cookies.session, session_id)
        cookies.forget(response, cookies.attempt)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session; a form, so that no link elsewhere can do it."""
        response = RedirectResponse(LOGOUT, 303)
        session_id = self._cookies.session_id(request)
        if session_id is not None:
            await check_csrf(request, csrf_of(session_id))
            await self._login.leave(session_id)
            self._cookies.forget(response, self._cookies.session)
        return response

    async def left(self, request: Request) -> Response:
        return self._farewell(request, await self._login.end_session_url())


def login_router(pages: LoginPages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    async def begin(request: Request, kembali: Parameter = "/", ulang: Parameter = "") -> Response:
        return await pages.begin(request, kembali, again=bool(ulang))

    @router.get(CALLBACK)
    async def finish(
        request: Request, state: Parameter = "", code: Parameter = "", error: Parameter = ""
    ) -> Response:
        return await pages.finish(request, state, code, error)

    @router.post(LOGOUT)
    async def leave(request: Request) -> Response:
        return await pages.leave(request)

    @router.get(LOGOUT)
    async def left(request: Request) -> Response:
        return await pages.left(request)

    return router
