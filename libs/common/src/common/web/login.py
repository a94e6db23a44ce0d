"""Logging in, being known by a session, and leaving."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from common.database import Database
from common.sealing import Sealer
from common.security import Authenticator, IssuerUnreachable, Rejected
from common.web.addresses import LOGOUT
from common.web.oidc import Attempt, LoginRefused, OidcClient, Tokens
from common.web.sessions import Found, SessionStore, real_now
from common.web.viewer import Viewer, same_site

ATTEMPT_SECONDS = 600
"""How long a login may take, from the page that asked for it to the way back."""
REFRESH_BEFORE = 60.0
"""Seconds before its end at which an access token is replaced."""
WAIT_FOR_REFRESH = 6.0
LOOK_AGAIN = 0.1
_ATTEMPT = b"login attempt"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the sealed cookie that it brings back."""

    url: str
    cookie: str


class Login:
    """One method a deed; each opens its transactions here."""

    def __init__(
        self,
        database: Database,
        oidc: OidcClient,
        authenticator: Authenticator,
        *,
        key: bytes,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        sealer = Sealer(hmac.digest(key, b"sessions", "sha256"))
        self._database = database
        self._oidc = oidc
        self._authenticator = authenticator
        self._sealer = sealer
        self._sessions = SessionStore(sealer, now=now)
        self._now = now

    @property
    def pages_url(self) -> str:
        """How browsers know the pages."""
        return self._oidc.client.pages_url

    async def begin(self, come_back: str, *, again: bool = False) -> Begun:
        """A login that begins, with nothing stored here; raises IssuerUnreachable."""
        attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
        kept = {"attempt": asdict(attempt), "to": same_site(come_back), "at": self._seconds()}
        sealed = self._sealer.seal(json.dumps(kept).encode(), context=_ATTEMPT)
        url = await self._oidc.authorization_url(attempt, again=again)
        return Begun(url, urlsafe_b64encode(sealed).decode())

    async def finish(
        self, cookie: str, *, state: str, code: str, former: str | None
    ) -> tuple[str, str]:
        """The new session's id and the path to go to; the browser's former session ends.

        Raises LoginRefused and IssuerUnreachable.
        """
        attempt, come_back = self._begun(cookie)
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise LoginRefused("the answer belongs to another login (state)")
        tokens = await self._oidc.exchange(code, attempt)
        async with self._database.transaction() as connection:
            if former is not None:
                await self._sessions.end(connection, former)
            return await self._sessions.begin(connection, tokens), come_back

    def _begun(self, cookie: str) -> tuple[Attempt, str]:
        try:
            opened = self._sealer.open(urlsafe_b64decode(cookie), context=_ATTEMPT)
        except (InvalidTag, ValueError):
            raise LoginRefused("this browser began no login") from None
        kept = json.loads(opened)
        if self._seconds() - kept["at"] > ATTEMPT_SECONDS:
            raise LoginRefused("the login took longer than ten minutes")
        return Attempt(**kept["attempt"]), kept["to"]

    async def viewer(self, session_id: str) -> Viewer | None:
        """Whose session it is, with the rights of its token now; None if it is no longer good.

        Raises IssuerUnreachable when nobody can say.
        """
        async with self._database.transaction() as connection:
            found = await self._sessions.find(connection, session_id)
            if found is not None and found.due:
                await self._sessions.seen(connection, session_id)
        if found is None:
            return None
        tokens: Tokens | None = found.tokens
        if found.tokens.expires_at - self._seconds() < REFRESH_BEFORE:
            tokens = await self._refreshed(session_id, found)
        if tokens is None:
            return None
        try:
            caller = await self._authenticator.authenticate(tokens.access_token)
        except Rejected as error:
            logger.info("session_ended", reason=str(error))
            await self.leave(session_id)
            return None
        return Viewer(tokens.label, caller, csrf_of(session_id), SecretStr(tokens.access_token))

    async def _refreshed(self, session_id: str, stored: Found) -> Tokens | None:
        """The tokens after one request fetched new ones; the old ones while they are good."""
        tokens = stored.tokens
        if tokens.refresh_token is None:
            return tokens
        async with self._database.transaction() as connection:
            mine = await self._sessions.claim_refresh(connection, session_id, stored)
        if not mine:
            return await self._waited(session_id, tokens)
        try:
            fresh = await self._oidc.refresh(tokens)
        except LoginRefused as error:
            logger.info("session_ended", reason=str(error))
            await self.leave(session_id)
            return None
        except IssuerUnreachable:
            if tokens.expires_at <= self._seconds():
                raise
            return tokens
        async with self._database.transaction() as connection:
            await self._sessions.replace(connection, session_id, fresh)
        return fresh

    async def _waited(self, session_id: str, tokens: Tokens) -> Tokens | None:
        deadline = time.monotonic() + WAIT_FOR_REFRESH
        while tokens.expires_at <= self._seconds() and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_AGAIN)
            async with self._database.transaction() as connection:
                found = await self._sessions.find(connection, session_id)
            if found is None:
                return None
            tokens = found.tokens
        if tokens.expires_at <= self._seconds():
            # Its session must not end with it: the next request tries again.
            raise IssuerUnreachable("the request that fetches new tokens has none yet")
        return tokens

    def _seconds(self) -> float:
        return self._now().timestamp()

    async def leave(self, session_id: str) -> None:
        """End a session; the browser's cookie is worth nothing from then on."""
        async with self._database.transaction() as connection:
            await self._sessions.end(connection, session_id)

    async def end_session_url(self) -> str | None:
        """Where the person ends the issuer's own session; None if nobody can say."""
        try:
            return await self._oidc.end_session_url(self.pages_url + LOGOUT)
        except IssuerUnreachable:
            return None


def csrf_of(session_id: str) -> str:
    """The token of the session's forms; it changes with the session and tells nothing of its id."""
    digest = hmac.digest(session_id.encode(), b"csrf", hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
