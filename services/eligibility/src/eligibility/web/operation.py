"""The page of operators: what is stuck, late, parked or unknown."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Mapping
from typing import Annotated

from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Security
from fastapi.responses import HTMLResponse, Response

from eligibility.reading import Reading
from eligibility.web.rendering import Pages
from eligibility.web.words import Tone, Word

Operator = Annotated[Viewer, Security(viewing("eligibility:operate"))]
REFRESH = "30"
"""Seconds: a page that is not measured anew does not stay green."""
WELL, UNWELL = Word("Baik", Tone.GOOD), Word("Perlu diperiksa", Tone.BAD)
LABELS: Mapping[str, tuple[str, str]] = {
    "parked": ("Desa tertahan", "peristiwanya gagal berlaku; lihat `parked list`"),
    "unroutable": ("Pesan tanpa alamat", "tidak diketahui desanya"),
    "skipped": ("Jenis belum dikenal", "berlaku setelah layanan diperbarui"),
    "held": ("Datang lebih awal", "menunggu peristiwa sebelumnya"),
    "unpublished": ("Belum terkirim", "menunggu Kafka"),
    "settled": ("Data registry berlaku sampai", "semua peristiwa sebelum saat ini sudah berlaku"),
}


def operation_pages(reading: Reading, pages: Pages) -> APIRouter:
    """One page, measured when it is asked for."""
    router = APIRouter()

    @router.get("/operasi", response_class=HTMLResponse)
    async def operation(request: Request, viewer: Operator) -> Response:
        """What waits, and whether that is well."""
        measured = await reading.operation.measure()
        page = pages.render(
            request,
            viewer,
            "operation.html",
            data_time=measured.at,
            measured=measured,
            labels=LABELS,
            word=lambda well: WELL if well else UNWELL,
        )
        page.headers["Refresh"] = REFRESH
        return page

    return router
