"""The demo's token issuer: a small OpenID provider for `make run`, compose and the tests.

Discovery, authorization code with PKCE (S256), rotating refresh tokens, key set. It asks for no
password, so MODE=production neither starts it nor believes it.
"""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from common.process import api_part, run_parts
from common.security.demo import DEMO_ISSUER, JWKS
from common.web import CALLBACK
from common.web.settings import DEMO_CLIENT
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from demo.issuer_grants import DemoIssuer, Refused
from demo.issuer_page import HEADERS, PERSONS, choice, refusal

PORT = 18004
MAX_FORM = 16 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_BY_SUBJECT = {person.subject: person for person in PERSONS}


def create_app(issuer: DemoIssuer, *, url: str, pages_url: str = "") -> FastAPI:
    """The provider's addresses; `url` is where browsers find it, `pages_url` where they return."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    async def description(request: Request) -> dict[str, Any]:
        # A service in a container reaches us by another name than a browser does.
        here = str(request.base_url).rstrip("/")
        return {
            "issuer": DEMO_ISSUER,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }

    @app.get("/jwks")
    async def keys() -> Any:
        return json.loads((issuer.directory / JWKS).read_bytes())

    @app.get("/authorize")
    async def authorize(request: Request) -> Response:
        query = dict(request.query_params)
        if why := _unknown(query, pages_url):
            return HTMLResponse(refusal(why), 400, headers=HEADERS)
        person = _BY_SUBJECT.get(query.pop("person", ""))
        if person is None:
            return HTMLResponse(choice(query), headers=HEADERS)
        answer = {"code": issuer.code(person, query), "state": query.get("state", "")}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", 303)

    @app.post("/token")
    async def token(request: Request) -> Response:
        body = await request.body()
        no_store = {"Cache-Control": "no-store"}
        try:
            form = dict(parse_qsl(body[:MAX_FORM].decode(errors="replace")))
            return JSONResponse(issuer.tokens(form), headers=no_store)
        except Refused as refused:
            return JSONResponse({"error": refused.error}, 400, headers=no_store)

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def _unknown(query: Mapping[str, str], pages_url: str) -> str | None:
    """Why nothing is granted and the browser is sent nowhere."""
    back = urlsplit(query.get("redirect_uri", ""))
    ours = {urlsplit(pages_url).hostname} if pages_url else set()
    if query.get("client_id") != DEMO_CLIENT:
        return f"Aplikasi yang meminta bukan {DEMO_CLIENT}."
    if back.hostname not in LOOPBACK | ours or back.path != CALLBACK or back.query:
        return "Alamat untuk kembali bukan alamat halaman peragaan ini."
    if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
        return "Hanya alur kode (response_type=code) dengan scope openid yang dilayani."
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        return "PKCE dengan S256 wajib."
    return None


class Serving:
    """The issuer as a part of this process; whoever waits for it to end hears why it could not."""

    def __init__(self, secrets: Path, *, port: int, pages_url: str) -> None:
        app = create_app(DemoIssuer(secrets), url=f"http://127.0.0.1:{port}", pages_url=pages_url)
        self._part = api_part(app, "127.0.0.1", port, setting="ISSUER_PORT")
        self._stopping = asyncio.Event()
        self._task: asyncio.Future[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._part.run(self._stopping))

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await self._task


def main() -> None:
    """Serve until SIGTERM, as the environment says (docs/deployment.md)."""
    if os.environ.get("MODE") not in {"demo", "test"}:
        sys.exit("the demo issuer asks for no password: MODE must be demo or test")
    port = int(os.environ.get("DEMO_ISSUER_PORT") or PORT)
    url = os.environ.get("DEMO_ISSUER_URL") or f"http://127.0.0.1:{port}"
    app = create_app(
        DemoIssuer(Path(os.environ.get("SECRETS_DIR") or "var/secrets")),
        url=url,
        pages_url=os.environ.get("ELIGIBILITY_PAGES_URL", ""),
    )
    host = os.environ.get("DEMO_ISSUER_HOST") or "127.0.0.1"
    sys.exit(asyncio.run(run_parts([api_part(app, host, port, setting="DEMO_ISSUER_PORT")])))


if __name__ == "__main__":
    main()
