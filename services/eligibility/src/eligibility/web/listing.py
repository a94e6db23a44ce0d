"""The list behind every number: villages by area and standing, as a page and as CSV."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from urllib.parse import urlencode

import asyncpg
from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Security
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from eligibility.reading import Reading
from eligibility.storage.board import FIRST, LEVELS, Level, Standing
from eligibility.storage.villages import UnknownVillage
from eligibility.web import words
from eligibility.web.asking import (
    After,
    OfArea,
    OfStanding,
    known_area,
    place_of,
    standing_asked,
    text_of,
)
from eligibility.web.board_words import AS_FAR_AS_SEEN, reaches_beyond
from eligibility.web.formats import regency_name
from eligibility.web.rendering import Pages
from eligibility.web.sheets import sheet

Reader = Annotated[Viewer, Security(viewing("eligibility:read"))]
PAGE = 50
SHEET_PAGE = 2_000
STANDINGS = {
    Standing.TITLED: "Desa Sadar",
    Standing.AT_RISK: "Terancam",
    Standing.HALTED: "Ditangguhkan atau dicabut",
    Standing.ELIGIBLE: "Siap ditetapkan",
    Standing.NEARLY: "Hampir memenuhi",
    Standing.UNDER_WAY: "Dalam proses",
}
HEAD = (
    *("kode_desa", "jenis", "nama", "kecamatan", "kabupaten_kota", "provinsi", "syarat", "tahap"),
    *("gelar", "kedudukan", "sejak", "pulih_sebelum", "kurang", "peserta"),
    *("pekerja", "pekerja_per"),
)


def listing_pages(reading: Reading, pages: Pages) -> APIRouter:
    """The list as a page, and all of it for a spreadsheet."""
    router = APIRouter()

    @router.get("/daftar", response_class=HTMLResponse)
    async def listing(
        request: Request,
        viewer: Reader,
        area: OfArea = "",
        standing: OfStanding = "",
        after: After = "",
    ) -> Response:
        """A page of villages, the worst standing first, then the nearest to the title."""
        narrowed = standing_asked(standing)
        code = known_area(area) if area else None
        found = await reading.overview.villages(
            viewer.caller.areas, area=code, standing=narrowed, after=place_of(after), limit=PAGE
        )
        if code and not found.rows and narrowed is None and not after:
            raise UnknownVillage(code)
        return pages.render(
            request,
            viewer,
            "listing.html",
            data_time=found.settled_at,
            rows=found.rows,
            places=places_of(code, found.rows),
            title=title_of(code, narrowed, found.rows),
            limit=AS_FAR_AS_SEEN if reaches_beyond(code, viewer.caller.areas) else None,
            narrowed=narrowed,
            area=code,
            standings=STANDINGS,
            next=found.next and list_url(code, narrowed, text_of(found.next)),
            first=list_url(code, narrowed) if after else None,
            list_url=list_url,
            sheet_url=list_url(code, narrowed, path="/daftar.csv"),
        )

    @router.get("/daftar.csv")
    async def as_csv(viewer: Reader, area: OfArea = "", standing: OfStanding = "") -> Response:
        """Every village of the list, for a spreadsheet."""
        narrowed = standing_asked(standing)
        code = known_area(area) if area else None

        async def rows() -> AsyncIterator[list[object]]:
            after = FIRST
            while True:
                found = await reading.overview.villages(
                    viewer.caller.areas, area=code, standing=narrowed, after=after, limit=SHEET_PAGE
                )
                for row in found.rows:
                    yield cells(row)
                if found.next is None:
                    return
                after = found.next

        name = "-".join(["desa", *([code] if code else []), *([narrowed] if narrowed else [])])
        return StreamingResponse(
            sheet(HEAD, rows()),
            media_type="text/csv; charset=utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="{name}.csv"',
            },
        )

    return router


def list_url(
    area: str | None = None,
    standing: Standing | None = None,
    after: str | None = None,
    *,
    path: str = "/daftar",
) -> str:
    """The address of a list, the same for everybody who may see it."""
    asked = {"wilayah": area, "keadaan": standing, "setelah": after}
    query = urlencode({name: value for name, value in asked.items() if value}, safe="~")
    return f"{path}?{query}" if query else path


def title_of(area: str | None, standing: Standing | None, rows: Sequence[asyncpg.Record]) -> str:
    """The area's name, with what the list is narrowed to."""
    where = places_of(area, rows)[-1][1] if area else "Wilayah Anda"
    return f"{where}: {STANDINGS[standing].lower()}" if standing else where


def places_of(area: str | None, rows: Sequence[asyncpg.Record]) -> list[tuple[str | None, str]]:
    """The way from the board to the area listed; its names are those of its villages."""
    ways: list[tuple[str | None, str]] = [("/", "Papan")]
    if area is None:
        return [*ways, (None, "Daftar desa")]
    if not rows:
        return [*ways, (None, f"Wilayah {area}")]
    row, level = rows[0], LEVELS[len(area)]
    names = {
        Level.PROVINCE: str(row["province_name"]),
        Level.REGENCY: regency_name(row["regency_kind"], row["regency_name"]),
        Level.KECAMATAN: f"Kecamatan {row['kecamatan_name']}",
    }
    for one, name in names.items():
        if one is level:
            return [*ways, (None, name)]
        ways.append((f"/wilayah/{row[f'{one}_code']}", name))
    return ways


def cells(row: asyncpg.Record) -> list[object]:
    """One village as it stands in a spreadsheet."""
    return [
        *(row["village_code"], row["kind"], row["name"], row["kecamatan_name"]),
        regency_name(row["regency_kind"], row["regency_name"]),
        row["province_name"],
        words.ELIGIBILITY[row["eligibility"]].text,
        words.STAGE[row["stage"]].text,
        words.TITLE[row["title"]].text,
        words.STANDING[row["standing"]].text,
        *(row["since"], row["grace_ends"], row["lacking"], row["persons"]),
        *(row["workers"], row["workers_on"]),
    ]
