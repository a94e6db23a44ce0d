"""Only the issuer's tokens let anybody in, and only where their scope reaches."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import httpx2
import pytest
from common.health import Health
from common.problems import install_problems
from common.security import (
    Authenticator,
    Caller,
    IssuerUnreachable,
    JwksFile,
    JwksUrl,
    Rejected,
    ScopedRoute,
    install_security,
    requires,
    scoped_routes,
    unscoped_routes,
)
from common.security.demo import (
    DEMO_ISSUER,
    KEYS,
    command,
    demo_key,
    demo_token,
    ensure_demo_secrets,
)
from fastapi import APIRouter, FastAPI, Security
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

ISSUER = "https://issuer.example"
NOW = 1_800_000_000
KEYPAIRS = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rs", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "es", "use": "sig"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"}),
}
PUBLIC_KEYS = {"keys": [key.as_dict(private=False) for key in KEYPAIRS.values()]}


class Issuer:
    """A key set served over a transport of its own, counted."""

    def __init__(self) -> None:
        self.document: object = PUBLIC_KEYS
        self.asked = 0
        self.down = False

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise httpx2.ConnectError("down")
        return httpx2.Response(200, json=self.document)


class Time:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def monotonic() -> Time:
    return Time()


@pytest.fixture
def jwks(issuer: Issuer, monotonic: Time) -> JwksUrl:
    return JwksUrl(
        "https://issuer.example/jwks",
        transport=httpx2.MockTransport(issuer),
        monotonic=monotonic,
    )


@pytest.fixture
def authenticator(jwks: JwksUrl) -> Authenticator:
    return Authenticator(issuer=ISSUER, audience="registry", jwks=jwks, now=lambda: NOW)


def a_token(algorithm: str = "ES256", **changes: object) -> str:
    claims = {
        "iss": ISSUER,
        "aud": "registry",
        "sub": "petugas-1",
        "exp": NOW + 60,
        "scope": "registry:write registry:read",
    } | changes
    key = KEYPAIRS[algorithm]
    said = {name: claim for name, claim in claims.items() if claim is not None}
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        return jwt.encode({"alg": algorithm, "kid": key.kid}, said, key, algorithms=[algorithm])


def an_app(authenticator: Authenticator) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    install_problems(app)
    install_security(app, authenticator)

    @app.post("/villages/{code}")
    async def write(
        code: str, caller: Annotated[Caller, Security(requires("registry:write"))]
    ) -> dict[str, str]:
        return {"subject": caller.subject}

    return app


async def call(app: FastAPI, token: str | None) -> httpx2.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test"
    ) as client:
        return await client.post("/villages/33.26.12.2008", headers=headers)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_of_the_issuer_gives_the_caller(
    authenticator: Authenticator, algorithm: str
) -> None:
    """All three algorithms are accepted; the caller is issuer and subject."""
    caller = await authenticator.authenticate(a_token(algorithm, areas=["33.26"]))

    assert (
        Caller(
            ISSUER,
            "petugas-1",
            frozenset({"registry:read", "registry:write"}),
            frozenset({"33.26"}),
        )
        == caller
    )
    assert caller.identity == "https://issuer.example petugas-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "eligibility"},
        {"aud": None},
        {"aud": ["eligibility", "notifications"]},
        {"exp": None},
        {"exp": NOW - 31},
        {"exp": "tomorrow"},
        {"nbf": NOW + 31},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_a_wrong_claim_is_rejected(
    authenticator: Authenticator, changes: dict[str, object]
) -> None:
    """Issuer, audience, expiry and subject are required and must be right."""
    with pytest.raises(Rejected):
        await authenticator.authenticate(a_token(**changes))


@pytest.mark.parametrize("changes", [{"exp": NOW - 29}, {"nbf": NOW + 29}], ids=str)
async def test_clocks_may_differ_by_30_seconds(
    authenticator: Authenticator, changes: dict[str, object]
) -> None:
    """Leeway is 30 s on both sides."""
    caller = await authenticator.authenticate(a_token(**changes))

    assert caller.subject == "petugas-1"


async def test_forged_tokens_are_rejected(authenticator: Authenticator) -> None:
    """No signature, a shared-secret signature with the public key, another key, a changed body."""
    public = json.dumps(KEYPAIRS["ES256"].as_dict(private=False)).encode()
    claims = {"iss": ISSUER, "aud": "registry", "sub": "x", "exp": NOW + 60}
    head, body, signature = a_token().split(".")
    other = a_token(scope="registry:admin").split(".")[1]
    stranger = ECKey.generate_key("P-256", {"kid": "es"})
    forged = [
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"eyJhbGciOiJub25lIiwia2lkIjoiZXMifQ.{body}.",
        jwt.encode({"alg": "HS256", "kid": "es"}, claims, OctKey.import_key(public)),
        jwt.encode({"alg": "ES256", "kid": "es"}, claims, stranger),
        jwt.encode({"alg": "ES256", "kid": "rs"}, claims, KEYPAIRS["ES256"]),
        jwt.encode({"alg": "ES256"}, claims, KEYPAIRS["ES256"]),
        "not a token",
        "a.b.c",
        "",
        "[" * 9000,
    ]
    for token in forged:
        with pytest.raises(Rejected):
            await authenticator.authenticate(token)


async def test_keys_are_fetched_once_for_many_callers(
    authenticator: Authenticator, issuer: Issuer
) -> None:
    """A cold start asks the issuer once and refuses nobody meanwhile."""
    callers = await asyncio.gather(*(authenticator.authenticate(a_token()) for _ in range(50)))

    assert (len(callers), issuer.asked) == (50, 1)


async def test_keys_are_fetched_again_after_ten_minutes(
    authenticator: Authenticator, issuer: Issuer, monotonic: Time
) -> None:
    """Cached for 10 min, then asked again; a withdrawn key stops working."""
    await authenticator.authenticate(a_token())
    monotonic.seconds += 599
    await authenticator.authenticate(a_token())
    assert issuer.asked == 1

    monotonic.seconds += 1
    issuer.document = {"keys": [KEYPAIRS["RS256"].as_dict(private=False)]}
    with pytest.raises(Rejected):
        await authenticator.authenticate(a_token())
    assert issuer.asked == 2


async def test_an_unknown_key_id_asks_at_most_every_30_seconds(
    authenticator: Authenticator, issuer: Issuer, monotonic: Time
) -> None:
    """A new key is found; a flood of invented key ids is not passed on to the issuer."""
    issuer.document = {"keys": [KEYPAIRS["RS256"].as_dict(private=False)]}
    await authenticator.authenticate(a_token("RS256"))
    for _ in range(10):
        with pytest.raises(Rejected):
            await authenticator.authenticate(a_token("ES256"))
    assert issuer.asked == 1

    issuer.document = PUBLIC_KEYS
    monotonic.seconds += 30
    await authenticator.authenticate(a_token("ES256"))

    assert issuer.asked == 2


async def test_an_unreachable_issuer_is_503_and_never_401(
    jwks: JwksUrl, authenticator: Authenticator, issuer: Issuer, monotonic: Time
) -> None:
    """Nothing cached: 503; stale keys still serve; an unknown key while it is down: 503."""
    app = an_app(authenticator)
    issuer.down = True
    refused = await call(app, a_token())
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert refused.json()["type"] == "/problems/issuer-unreachable"

    issuer.down = False
    issuer.document = {"keys": [KEYPAIRS["ES256"].as_dict(private=False)]}
    monotonic.seconds += 5
    assert (await call(app, a_token())).status_code == 200

    issuer.down = True
    monotonic.seconds += 700
    assert (await call(app, a_token())).status_code == 200
    assert (await call(app, a_token("RS256"))).status_code == 503


async def test_a_key_set_that_is_none_counts_as_unreachable(
    authenticator: Authenticator, issuer: Issuer
) -> None:
    """Rubbish or an endless body from the issuer is not a refusal of the caller."""
    for document in ({}, {"keys": []}, {"keys": ["x"]}, [1], {"keys": ["x" * 300_000]}):
        issuer.document = document
        with pytest.raises(IssuerUnreachable):
            await Authenticator(
                issuer=ISSUER,
                audience="registry",
                jwks=JwksUrl("https://x.example", transport=httpx2.MockTransport(issuer)),
            ).authenticate(a_token())


async def test_production_does_not_take_a_demo_key_from_any_issuer(
    tmp_path: Path, issuer: Issuer
) -> None:
    """The demo's key is refused even where an https address serves it."""
    ensure_demo_secrets(tmp_path)
    issuer.document = json.loads((tmp_path / "jwks.json").read_text())
    token = demo_token(tmp_path, audience="registry", scopes=["a"])

    def strict(*, allow_demo: bool) -> Authenticator:
        return Authenticator(
            issuer=DEMO_ISSUER,
            audience="registry",
            jwks=JwksUrl(
                "https://x.example",
                allow_demo=allow_demo,
                transport=httpx2.MockTransport(issuer),
            ),
        )

    assert (await strict(allow_demo=True).authenticate(token)).subject == "petugas"
    with pytest.raises(Rejected):
        await strict(allow_demo=False).authenticate(token)


async def test_no_or_a_bad_token_is_401_with_a_challenge(authenticator: Authenticator) -> None:
    """RFC 6750: the challenge says Bearer; the token itself is nowhere in the answer."""
    app = an_app(authenticator)
    missing = await call(app, None)
    bad = await call(app, a_token(exp=NOW - 100))

    assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (
        bad.status_code,
        bad.headers["WWW-Authenticate"],
    ) == (401, 'Bearer error="invalid_token"')
    assert "expired_token" in bad.json()["detail"]
    assert a_token(exp=NOW - 100) not in bad.text


async def test_a_missing_scope_is_403_and_is_named(authenticator: Authenticator) -> None:
    """The refusal says which scope the route asks for."""
    refused = await call(an_app(authenticator), a_token(scope="registry:read"))

    assert refused.status_code == 403
    assert "registry:write" in refused.json()["detail"]
    assert 'scope="registry:write"' in refused.headers["WWW-Authenticate"]


async def test_the_caller_reaches_the_route(authenticator: Authenticator) -> None:
    """With the scope, the route runs and knows its caller."""
    answer = await call(an_app(authenticator), a_token(scp=["registry:write"], scope=None))

    assert (answer.status_code, answer.json()) == (200, {"subject": "petugas-1"})


async def test_openapi_names_the_bearer_token_and_each_scope(
    authenticator: Authenticator,
) -> None:
    """Integrators read in the OpenAPI which scope a route asks for."""
    document = an_app(authenticator).openapi()

    operation = document["paths"]["/villages/{code}"]["post"]
    assert operation["security"] == [{"bearer": ["registry:write"]}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_route_is_listed_with_its_scope(authenticator: Authenticator) -> None:
    """Included routers, router-wide scopes and plain routes: none is forgotten."""
    app = an_app(authenticator)
    inner = APIRouter(dependencies=[Security(requires("registry:read"))])

    @inner.get("/inside")
    async def inside() -> None: ...

    outer = APIRouter(prefix="/outer")
    outer.include_router(inner)
    app.include_router(outer)
    app.include_router(Health(CollectorRegistry()).router())
    assert unscoped_routes(app) == []

    @outer.get("/forgotten")
    async def forgotten() -> None: ...

    async def plain(request: object) -> None: ...

    app.add_route("/plain", plain)
    app.mount("/static", FastAPI(docs_url=None))

    listed = scoped_routes(app)
    assert ScopedRoute("GET", "/outer/inside", "registry:read") in listed
    assert ScopedRoute("POST", "/villages/{code}", "registry:write") in listed
    assert {"/outer/forgotten", "/plain", "/static"} == {r.path for r in unscoped_routes(app)}


def test_the_framework_s_own_documentation_page_is_refused(authenticator: Authenticator) -> None:
    """It would load scripts from a foreign host."""
    with pytest.raises(ValueError, match="docs_url=None"):
        install_security(FastAPI(), authenticator)


async def test_demo_tokens_are_accepted_for_their_service_only(tmp_path: Path) -> None:
    """`make token` gives a token that one service accepts, for 8 hours."""
    printed = CliRunner().invoke(
        command,
        [
            *("token", "--service", "registry", "--scope", "a:b", "--scope", "c:d"),
            *("--subject", "siti", "--area", "33.26", "--secrets-dir", str(tmp_path)),
        ],
    )
    keys = JwksFile(tmp_path / "jwks.json")
    caller = await Authenticator(issuer=DEMO_ISSUER, audience="registry", jwks=keys).authenticate(
        printed.stdout.strip()
    )

    assert Caller(DEMO_ISSUER, "siti", frozenset({"a:b", "c:d"}), frozenset({"33.26"})) == caller
    with pytest.raises(Rejected):
        await Authenticator(issuer=DEMO_ISSUER, audience="eligibility", jwks=keys).authenticate(
            printed.stdout.strip()
        )
    late = demo_token(tmp_path, audience="registry", scopes=[], lifetime=timedelta(seconds=-60))
    with pytest.raises(Rejected):
        await Authenticator(issuer=DEMO_ISSUER, audience="registry", jwks=keys).authenticate(late)


def test_demo_secrets_are_made_once_by_however_many_start_at_once(tmp_path: Path) -> None:
    """Everybody sees the same whole keys, readable by the owner alone; nothing is left over."""
    directory = tmp_path / "var" / "secrets"
    gate = threading.Barrier(16)
    seen: list[tuple[bytes, ...]] = []

    def start() -> None:
        gate.wait()
        ensure_demo_secrets(directory)
        seen.append(
            (
                *(demo_key(directory, name) for name in KEYS),
                (directory / "signing.jwk").read_bytes(),
                (directory / "jwks.json").read_bytes(),
            )
        )

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(seen), len(set(seen))) == (16, 1)
    assert {32} == {len(demo_key(directory, name)) for name in KEYS}
    assert len({demo_key(directory, name) for name in KEYS}) == 3
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {*KEYS, "signing.jwk", "jwks.json"} == {file.name for file in directory.iterdir()}
    public = json.loads((directory / "jwks.json").read_text())["keys"][0]
    assert "d" not in public
