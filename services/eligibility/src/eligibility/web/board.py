"""The board: how the viewer's area stands, what needs somebody today, and its areas in a table."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Mapping, Sequence
from typing import Annotated

from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Security
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from eligibility.overview import Board
from eligibility.reading import Reading
from eligibility.storage.board import Level, Standing
from eligibility.storage.feed import Happening
from eligibility.web.asking import AreaCode, known_area
from eligibility.web.board_words import (
    AS_FAR_AS_SEEN,
    area_name,
    launched,
    own_name,
    places_of,
    reaches_beyond,
    row_name,
    said_coverage,
    sentence,
)
from eligibility.web.happenings import said
from eligibility.web.listing import list_url, listing_pages
from eligibility.web.rendering import Pages
from eligibility.web.targets import read_targets
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
        beyond = reaches_beyond(area, viewer.caller.areas)
        return pages.render(
            request,
            viewer,
            "board.html",
            data_time=found.settled_at,
            name=name,
            places=places,
            area=area,
            found=found,
            sentence=sentence(found, beyond=beyond),
            limit=AS_FAR_AS_SEEN if beyond else None,
            columns=COLUMNS,
            level=LEVELS[found.level],
            row_name=row_name,
            list_url=list_url,
            targets=targets,
            proposed=PROPOSED,
            ceremony_word=CEREMONY,
            happenings=latest,
            said=said,
            said_coverage=said_coverage,
            launched=launched,
        )

    router.include_router(listing_pages(reading, pages))
    return router
