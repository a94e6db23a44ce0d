"""One scope on every route, checked by the route's own dependency and listed for the tests."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of a callable object
# without its module's names.
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import iter_route_contexts
from fastapi.security.base import SecurityBase

from common.problems import Problem
from common.security.jwks import IssuerUnreachable
from common.security.tokens import Authenticator, Caller, Rejected

SCHEME = "bearer"
PUBLIC = frozenset(
    {
        *("/live", "/ready", "/metrics", "/openapi.json", "/docs", "/static/{file}"),
        *("/masuk", "/masuk/kembali", "/keluar"),
    }
)
"""The only paths that anybody may read, or begin and end a session at."""


async def authenticated(request: Request) -> Caller:
    """The caller of this request, whatever it may do; a 401 or 503 problem otherwise."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    authenticator: Authenticator = request.app.state.authenticator
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Bearer", "Permintaan ini memerlukan token: Authorization: Bearer ….")
    try:
        caller = await authenticator.authenticate(token.strip())
    except Rejected as error:
        raise _unauthorized(
            'Bearer error="invalid_token"',
            f"Token ditolak ({error}). Mintalah token baru kepada penerbitnya.",
        ) from None
    except IssuerUnreachable:
        raise Problem(
            503,
            "Penerbit token tidak terjangkau",
            "Kunci penerbit token belum dapat dibaca. Coba lagi sebentar lagi.",
            code="issuer-unreachable",
            headers={"Retry-After": "30"},
        ) from None
    request.state.caller = caller
    return caller


def _unauthorized(challenge: str, detail: str) -> Problem:
    return Problem(
        401,
        "Token tidak sah",
        detail,
        code="unauthorized",
        headers={"WWW-Authenticate": challenge},
    )


class Scoped(SecurityBase):
    """A dependency that asks for a scope; a route that has one is listed with it."""

    def __init__(self, scope: str) -> None:
        self.scope = scope


class Requires(Scoped):
    """A dependency that lets a caller with `scope` in and gives the route its Caller."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request) -> Caller:
        caller = await authenticated(request)
        if self.scope not in caller.scopes:
            raise Problem(
                403,
                "Tidak berwenang",
                f"Token ini tidak memuat cakupan (scope) {self.scope}.",
                code="forbidden",
                headers={
                    "WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'
                },
            )
        return caller


def requires(scope: str) -> Requires:
    """The dependency of a route: `caller: Annotated[Caller, Security(requires("a:b"))]`."""
    return Requires(scope)


@dataclass(frozen=True, slots=True)
class ScopedRoute:
    """A way into the service and the scope that it asks for (None: none)."""

    method: str
    path: str
    scope: str | None


def scoped_routes(app: FastAPI) -> list[ScopedRoute]:
    """Every route of the application, those of included routers and mounts too."""
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        scope = next(_scopes(dependant), None) if dependant is not None else None
        path = str(context.path or getattr(context.original_route, "path", ""))
        methods = context.methods or {"*"}
        found += [ScopedRoute(method, path, scope) for method in sorted(methods)]
    return found


def unscoped_routes(app: FastAPI, public: frozenset[str] = PUBLIC) -> list[ScopedRoute]:
    """Routes that anybody could call though they are not public; a service's test wants []."""
    return [
        route for route in scoped_routes(app) if route.scope is None and route.path not in public
    ]


def _scopes(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Scoped):
        yield dependant.call.scope
    for inner in dependant.dependencies:
        yield from _scopes(inner)


def install_security(app: FastAPI, authenticator: Authenticator) -> None:
    """Give the routes their authenticator and write each route's scope into the OpenAPI."""
    if app.docs_url or app.redoc_url:
        raise ValueError(
            "FastAPI's documentation pages load scripts from a foreign host: "
            "create the application with docs_url=None, redoc_url=None"
        )
    app.state.authenticator = authenticator
    app.openapi = _with_scopes(app, app.openapi)  # type: ignore[method-assign]


def _with_scopes(
    app: FastAPI, openapi: Callable[[], dict[str, Any]]
) -> Callable[[], dict[str, Any]]:
    def described() -> dict[str, Any]:
        document = openapi()
        for route in scoped_routes(app):
            operation = document.get("paths", {}).get(route.path, {}).get(route.method.lower())
            if operation is not None and route.scope is not None:
                operation["security"] = [{SCHEME: [route.scope]}]
        return document

    return described
