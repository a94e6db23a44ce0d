"""The page after leaving."""

from __future__ import annotations

from common.web import Farewell
from fastapi import Request, Response

from eligibility.web.rendering import Pages


def farewell(pages: Pages) -> Farewell:
    """Says that the session has ended, and where the issuer's own can be ended too."""

    def page(request: Request, end_session_url: str | None) -> Response:
        return pages.render(request, None, "farewell.html", end_session_url=end_session_url)

    return page
