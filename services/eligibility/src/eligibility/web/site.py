"""All pages of the service in one router."""

from __future__ import annotations

from collections.abc import Sequence

from common.clock import Clock
from fastapi import APIRouter, Depends

from eligibility.reading import Reading
from eligibility.web.assets import assets_router
from eligibility.web.board import board_pages
from eligibility.web.editions import PresentEdition
from eligibility.web.feed import feed_pages
from eligibility.web.forms import form_pages
from eligibility.web.forms_recording import Recorder
from eligibility.web.operation import operation_pages
from eligibility.web.rendering import Pages
from eligibility.web.village import village_pages


def site(
    pages: Pages, reading: Reading, clock: Clock, recorders: Sequence[Recorder] = ()
) -> APIRouter:
    """Every page and what they are made of; none stands in the API's contract."""
    router = APIRouter(include_in_schema=False)
    router.include_router(assets_router(pages.assets))
    named = [Depends(PresentEdition(reading, pages).refresh)]
    for some in (
        board_pages(reading, pages),
        feed_pages(reading, pages),
        operation_pages(reading, pages),
        village_pages(reading, pages),
        form_pages(reading, clock, pages, recorders),
    ):
        router.include_router(some, dependencies=named)
    return router
