"""All pages of the service in one router."""

from __future__ import annotations

from fastapi import APIRouter

from eligibility.web.assets import assets_router
from eligibility.web.rendering import Pages


def site(pages: Pages) -> APIRouter:
    """Every page and what they are made of; none stands in the API's contract."""
    router = APIRouter(include_in_schema=False)
    router.include_router(assets_router(pages.assets))
    return router
