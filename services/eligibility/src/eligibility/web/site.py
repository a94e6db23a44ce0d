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
from eligibility.web.rendering import Pages
from eligibility.web.village import village_pages


def site(
    pages: Pages, reading: Reading, clock: Clock, recorders: Sequence[Recorder] = ()
) -> APIRouter:
    """Every page and what they are made of; none stands in the API's contract."""
    named = [Depends(PresentEdition(reading, pages).refresh)]
    router = APIRouter(include_in_schema=False, dependencies=named)
    router.include_router(assets_router(pages.assets))
    router.include_router(board_pages(reading, pages))
    router.include_router(feed_pages(reading, pages))
    router.include_router(village_pages(reading, pages))
    router.include_router(form_pages(reading, clock, pages, recorders))
    return router
