"""The board: how the viewer's area stands, what needs somebody today, and its areas in a table."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Annotated, Any

import asyncpg
from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Security
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from eligibility.overview import Board
from eligibility.reading import Reading
from eligibility.storage.board import ALL_AREAS, Level, Standing
from eligibility.storage.feed import Happening
from eligibility.web.asking import AreaCode, known_area
from eligibility.web.formats import number, regency_name
from eligibility.web.happenings import said
from eligibility.web.listing import list_url, listing_pages
from eligibility.web.rendering import Pages
from eligibility.web.words import Tone, Word

Reader = Annotated[Viewer, Security(viewing("eligibility:read"))]
KECAMATAN = len("33.26.10")
LATEST = 8
"""Entries of the feed on the board."""

COLUMNS: Mapping[str, tuple[str, Standing | None]] = {
    "villages": ("Desa, kelurahan", None),
    "titled": ("Desa Sadar", Standing.TITLED),
    "at_risk": ("Terancam", Standing.AT_RISK),
    "halted": ("Ditangguhkan, dicabut", Standing.HALTED),
    "eligible": ("Siap ditetapkan", Standing.ELIGIBLE),
    "nearly": ("Hampir memenuhi", Standing.NEARLY),
    "under_way": ("Dalam proses", Standing.UNDER_WAY),
}
"""The counts of the table: their heads, and the list behind each."""
PROPOSED = Word("Penangguhan diusulkan", Tone.BAD)
CEREMONY = Word("Acara")
LEVELS = {Level.PROVINCE: "Provinsi", Level.REGENCY: "Kabupaten/Kota", Level.KECAMATAN: "Kecamatan"}


@dataclass(frozen=True, slots=True)
class Target:
    """What was aimed at, by whom it was said and when."""

    year: int
    figure: int | None
    of: str
    text: str
    as_of: date
    source: str


def board_pages(reading: Reading, pages: Pages) -> APIRouter:
    """The board of the viewer's areas, and of each area in them."""
    router = APIRouter()
    targets = read_targets()

    @router.get("/", response_class=HTMLResponse)
    async def board(request: Request, viewer: Reader) -> Response:
        """All that the viewer may see."""
        found = await reading.overview.board(viewer.caller.areas)
        latest = await reading.feed.newest(viewer.caller.areas, LATEST)
        name = own_name(found, viewer.caller.areas)
        return shown(request, viewer, found, name, places=[], latest=latest)

    @router.get("/wilayah/{code}", response_class=HTMLResponse)
    async def area(code: AreaCode, request: Request, viewer: Reader) -> Response:
        """One area with those in it; a kecamatan with its villages."""
        if len(known_area(code)) == KECAMATAN:
            return RedirectResponse(list_url(area=code), status_code=307)
        found = await reading.overview.board(viewer.caller.areas, code)
        return shown(request, viewer, found, area_name(found), places=places_of(found), area=code)

    def shown(
        request: Request,
        viewer: Viewer,
        found: Board,
        name: str,
        *,
        places: list[tuple[str | None, str]],
        area: str | None = None,
        latest: Sequence[Happening] | None = None,
    ) -> Response:
        return pages.render(
            request,
            viewer,
            "board.html",
            data_time=found.settled_at,
            name=name,
            places=places,
            area=area,
            found=found,
            sentence=sentence(found),
            columns=COLUMNS,
            level=LEVELS[found.level],
            row_name=row_name,
            list_url=list_url,
            targets=targets,
            proposed=PROPOSED,
            ceremony_word=CEREMONY,
            happenings=latest,
            said=said,
        )

    router.include_router(listing_pages(reading, pages))
    return router


def sentence(found: Board) -> list[str]:
    """`3 Desa Sadar dari 272 desa`, `1 terancam`, `2 hampir memenuhi`: only what there is."""
    if not found.rows:
        return ["Belum ada desa di sini"]
    kelurahan = found.total("kelurahan")
    kinds = {"desa": found.total("villages") - kelurahan, "kelurahan": kelurahan}
    of = " dan ".join(f"{number(count)} {kind}" for kind, count in kinds.items() if count)
    said = [f"{number(found.total('titled'))} Desa Sadar dari {of}"]
    for column, words in (
        ("at_risk", "terancam"),
        ("halted", "ditangguhkan atau dicabut"),
        ("eligible", "siap ditetapkan"),
        ("nearly", "hampir memenuhi"),
    ):
        if count := found.total(column):
            said.append(f"{number(count)} {words}")
    return said


def own_name(found: Board, areas: frozenset[str]) -> str:
    """What the viewer's areas are called together."""
    if ALL_AREAS in areas:
        return "Indonesia"
    if len({row["regency_code"] for row in found.rows}) == 1 and found.level is Level.KECAMATAN:
        row = found.rows[0]
        whole = row["regency_code"] in areas
        if whole or len(found.rows) > 1:
            return area_name(found)
        return f"Kecamatan {row['name']}"
    if len(areas) == 1 and found.rows:
        return area_name(found)
    return "Wilayah Anda"


def area_name(found: Board) -> str:
    """The area that holds all rows."""
    row = found.rows[0]
    if found.level is Level.KECAMATAN:
        return regency_name(row["regency_kind"], row["regency_name"])
    return f"Provinsi {row['province_name']}"


def row_name(level: Level, row: asyncpg.Record) -> str:
    """The area of a row; what the head of its column does not say of its kind in front."""
    if level is Level.REGENCY:
        return regency_name(row["regency_kind"], row["regency_name"])
    return str(row["name"])


def places_of(found: Board) -> list[tuple[str | None, str]]:
    """The way from the board to the area shown."""
    row, here = found.rows[0], (None, area_name(found))
    if found.level is Level.KECAMATAN:
        return [("/", "Papan"), (f"/wilayah/{row['province_code']}", row["province_name"]), here]
    return [("/", "Papan"), here]


def read_targets() -> tuple[Target, ...]:
    """The national targets as they were announced: dated data with their sources."""
    text = (resources.files("eligibility.web") / "data" / "targets.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return tuple(Target(**{**row, "as_of": date.fromisoformat(row["as_of"])}) for row in rows)
