"""What a request without a session is answered: the browser is sent to log in and comes back."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from common.web.addresses import LOGIN
from common.web.viewer import SAFE, LoginNeeded, same_site

EVENTS = "text/event-stream"


def install_login_redirect(app: FastAPI) -> None:
    """Answer `LoginNeeded` with 303 to the login, or 401 where no page would be shown."""
    app.add_exception_handler(LoginNeeded, _ask)


async def _ask(request: Request, _: Exception) -> Response:
    headers = {"Cache-Control": "no-store"}
    if request.headers.get("HX-Request") or EVENTS in request.headers.get("Accept", ""):
        # htmx would put the login page into a part of this one; an event source would retry it.
        return Response(
            status_code=401, headers=headers | {"HX-Redirect": login_url(_shown(request))}
        )
    return RedirectResponse(login_url(_here(request)), status_code=303, headers=headers)


def login_url(come_back: str) -> str:
    return f"{LOGIN}?{urlencode({'kembali': same_site(come_back)})}"


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query and request.method in SAFE else ""
    return request.url.path + query


def _shown(request: Request) -> str:
    """The page that htmx says is shown; its own request may be only a part of it."""
    shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{shown.path}?{shown.query}" if shown.query else shown.path
