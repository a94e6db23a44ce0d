"""A browser in the hands of a demo person: log in, fill in a form, read the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx2
from common.security.demo import demo_token

OFFICER = ("eligibility:read", "eligibility:act", "registry:read", "registry:write")
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def token(secrets: Path, *scopes: str, areas: tuple[str, ...] = ("*",)) -> str:
    """An access token as the demo's issuer gives it: for both services."""
    return demo_token(
        secrets, audience=("eligibility", "registry"), scopes=scopes or OFFICER, areas=areas
    )


@dataclass
class Officer:
    """Sends forms without a browser, as a page without scripts does."""

    http: httpx2.AsyncClient
    code: str

    async def check(self, form: str, typed: Mapping[str, object]) -> httpx2.Response:
        """The first step: what is recorded."""
        return await self.http.post(f"/desa/{self.code}/catat/{form}", data=dict(typed))

    async def save(
        self, form: str, checked: httpx2.Response, *, nik: str = "", step: str = "simpan"
    ) -> httpx2.Response:
        """The second step: what the checked page carries, and the NIK."""
        carried: dict[str, list[str]] = {}
        for name, value in HIDDEN.findall(checked.text):
            carried.setdefault(name, []).append(unescape(value))
        sent = {**carried, "nik": nik, "langkah": step}
        return await self.http.post(f"/desa/{self.code}/catat/{form}", data=sent)
