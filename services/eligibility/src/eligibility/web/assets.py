"""Styles and scripts: read once, named by their content, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

PATH = "/static/{file}"
MEDIA_TYPES = MappingProxyType(
    {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
)
FOREVER = "public, max-age=31536000, immutable"
COMMENT = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)
"""In a style sheet: for who reads the source, not for every phone."""
DIGEST = 12
"""Hexadecimal digits of a file's checksum in its address."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent, plain and compressed."""

    body: bytes
    zipped: bytes
    media_type: str


class Assets:
    """The files of `static/` by the address under which they are served."""

    def __init__(self) -> None:
        urls: dict[str, str] = {}
        files: dict[str, Asset] = {}
        for source in _files(resources.files("eligibility.web") / "static"):
            body = source.read_bytes()
            if source.name.endswith(".css"):
                body = COMMENT.sub(b"", body)
            stem, _, kind = source.name.rpartition(".")
            file = f"{stem}.{hashlib.sha256(body).hexdigest()[:DIGEST]}.{kind}"
            urls[source.name] = f"/static/{file}"
            files[file] = Asset(body, gzip.compress(body, 9, mtime=0), MEDIA_TYPES[kind])
        self._urls: Mapping[str, str] = urls
        self._files: Mapping[str, Asset] = files

    def url(self, name: str) -> str:
        """The address of a file of `static/`; raises KeyError for one that is not there."""
        return self._urls[name]

    def answer(self, file: str, *, zipped: bool) -> Response:
        """The file of an address; raises a 404."""
        asset = self._files.get(file)
        if asset is None:
            raise HTTPException(404)
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
        body = asset.zipped if zipped else asset.body
        return Response(body, media_type=asset.media_type, headers=headers)


def assets_router(assets: Assets) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def asset(file: str, request: Request) -> Response:
        """Styles and scripts are for anybody: they say nothing of a village."""
        encodings = request.headers.get("Accept-Encoding", "")
        return assets.answer(file, zipped="gzip" in encodings)

    return router


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            found += _files(entry)
        elif entry.name.rpartition(".")[2] in MEDIA_TYPES:
            found.append(entry)
    return found
