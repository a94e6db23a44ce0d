"""Who looks at a page: a person with a session, or a client with a bearer token."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of a callable object
# without its module's names.
import hmac
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn
from pydantic import SecretStr

from common.problems import Problem
from common.security import Caller, Scoped, authenticated

SCHEME = "session"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_RETURN = 2_000


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what to call them, what they may do and see, and what their forms carry."""

    label: str
    caller: Caller
    csrf_token: str
    """To be sent by every form, in the field `csrf_token`; empty for a bearer token."""
    access_token: SecretStr
    """For calls to other services in the viewer's name; never shown, stored or logged."""


class LoginNeeded(Exception):
    """Nobody is logged in: the browser is sent to the issuer and comes back."""


class Sessions(Protocol):
    """Whose session a request belongs to; `app.state.sessions` of a service with pages."""

    async def viewer(self, request: Request) -> Viewer | None:
        """The viewer, or None without a session that is still good."""


class Viewing(Scoped):
    """A dependency that lets a viewer with `scope` in, and a form only with its CSRF token."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.model = APIKey.model_validate({"in": APIKeyIn.cookie, "name": SCHEME})
        self.scheme_name = SCHEME

    async def __call__(self, request: Request) -> Viewer:
        viewer = await _viewer(request)
        request.state.viewer = viewer  # an error's page says too who is logged in
        if self.scope not in viewer.caller.scopes:
            raise Problem(
                403,
                "Tidak berwenang",
                "Anda tidak berwenang membuka halaman ini. Mintalah wewenangnya kepada "
                f"pengelola ({self.scope}).",
                code="forbidden",
            )
        if request.method not in SAFE and viewer.csrf_token:
            await check_csrf(request, viewer.csrf_token)
        return viewer


def viewing(scope: str) -> Viewing:
    """The dependency of a page: `viewer: Annotated[Viewer, Security(viewing("a:read"))]`."""
    return Viewing(scope)


async def _viewer(request: Request) -> Viewer:
    if request.headers.get("Authorization"):
        # A token that the browser does not send by itself needs no CSRF token.
        caller = await authenticated(request)
        token = request.headers["Authorization"].partition(" ")[2].strip()
        return Viewer(caller.subject, caller, "", SecretStr(token))
    sessions: Sessions | None = getattr(request.app.state, "sessions", None)
    viewer = await sessions.viewer(request) if sessions is not None else None
    if viewer is None:
        raise LoginNeeded
    return viewer


async def check_csrf(request: Request, expected: str) -> None:
    """Raise a 403 problem unless the form (or htmx, by header) carries the session's token."""
    in_form = (await request.form()).get(CSRF_FIELD)
    given = request.headers.get(CSRF_HEADER, in_form)
    if isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode()):
        return
    raise Problem(
        403,
        "Formulir tidak berlaku lagi",
        "Formulir ini berasal dari sesi lain. Muat ulang halamannya, lalu isi sekali lagi.",
        code="csrf",
    )


def same_site(path: str | None) -> str:
    """The path to come back to, or `/` for anything that could lead to another host."""
    path = path or ""
    harmless = path.startswith("/") and not path.startswith(("//", "/\\"))
    if harmless and len(path) <= MAX_RETURN and path.isprintable() and "\\" not in path:
        return path
    return "/"
