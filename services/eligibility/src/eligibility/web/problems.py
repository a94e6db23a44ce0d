"""A browser is answered with a page where an API client is answered with a problem (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from common.refusals import MEDIA_TYPE
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eligibility.web.rendering import Pages

API_ONLY = ("/villages", "/rule-sets", "/marks", "/streams")


class ProblemPages:
    """Renders `error.html` from each problem that answers a browser; others pass as they are."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        begun: Message | None = None
        body = b""

        async def answered(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start" and _is_problem(message):
                begun = message
            elif begun is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._show(scope, receive, send, begun, json.loads(body))

        await self._app(scope, receive, answered)

    async def _show(
        self, scope: Scope, receive: Receive, send: Send, begun: Message, problem: dict[str, Any]
    ) -> None:
        request = Request(scope)
        viewer = getattr(request.state, "viewer", None)
        page = self._pages.render(
            request, viewer, "error.html", status=begun["status"], problem=problem
        )
        for name, value in MutableHeaders(raw=list(begun["headers"])).items():
            if name not in {"content-type", "content-length"}:
                page.headers[name] = value
        await page(scope, receive, send)


def _wants_page(scope: Scope) -> bool:
    if scope["path"].startswith(API_ONLY):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _is_problem(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith(MEDIA_TYPE)
