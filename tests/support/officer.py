"""A browser in the hands of a demo person: log in, fill in a form, read the page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx2
from common.security.demo import demo_token
from demo.issuer import Serving
from playwright.async_api import Page

from support.proxy import free_ports

OFFICER = ("eligibility:read", "eligibility:act", "registry:read", "registry:write")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def token(secrets: Path, *scopes: str, areas: tuple[str, ...] = ("*",)) -> str:
    """An access token as the demo's issuer gives it: for both services."""
    return demo_token(
        secrets, audience=("eligibility", "registry"), scopes=scopes or OFFICER, areas=areas
    )


@asynccontextmanager
async def issuer_beside(secrets: Path) -> AsyncIterator[str]:
    """The demo's issuer on a port of its own; yields where it describes itself."""
    (port,) = free_ports(1)
    issuer = Serving(secrets, port=port, pages_url="http://127.0.0.1")
    issuer.start()
    try:
        yield f"http://127.0.0.1:{port}/.well-known/openid-configuration"
    finally:
        await issuer.stop()


async def log_in(page: Page, address: str, person: str) -> None:
    """Open a page that asks for the login, and choose who one is."""
    await page.goto(address)
    await page.get_by_role("link", name=person).click()


@dataclass
class Officer:
    """Sends forms without a browser, as a page without scripts does."""

    http: httpx2.AsyncClient
    code: str

    async def check(self, form: str, typed: Mapping[str, object]) -> httpx2.Response:
        """The first step: what is recorded."""
        return await self.http.post(f"/desa/{self.code}/catat/{form}", data=dict(typed))

    async def save(
        self,
        form: str,
        checked: httpx2.Response,
        *,
        nik: str = "",
        step: str = "simpan",
        without: tuple[str, ...] = (),
    ) -> httpx2.Response:
        """The second step: what the checked page carries (but for some fields), and the NIK."""
        carried: dict[str, list[str]] = {}
        for name, value in HIDDEN.findall(checked.text):
            if name not in without:
                carried.setdefault(name, []).append(unescape(value))
        sent = {**carried, "nik": nik, "langkah": step}
        return await self.http.post(f"/desa/{self.code}/catat/{form}", data=sent)
