"""From a template and values to a page: the frame, the words and the formats of every page."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import metadata, resources
from typing import Any

from common.clock import Clock
from common.web import Viewer
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from eligibility.web import formats, words
from eligibility.web.assets import Assets

FILTERS = {
    "day": formats.day,
    "moment": formats.moment,
    "clock_time": formats.clock_time,
    "number": formats.number,
    "village_name": formats.village_name,
    "regency_name": formats.regency_name,
}


class Pages:
    """Renders templates of `templates/`; a name that a template lacks is an error, never a gap."""

    def __init__(self, clock: Clock, assets: Assets, *, demo: bool = False) -> None:
        self._clock = clock
        self.assets = assets
        self._areas = json.loads(
            (resources.files("eligibility.web") / "data" / "areas.json").read_text("utf-8")
        )
        self._environment = Environment(
            loader=PackageLoader("eligibility.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(
            share=formats.share,
            percent=formats.percent,
            words=words,
            asset=assets.url,
            areas=self._areas,
            demo=demo,
            version=metadata.version("desa-sadar-eligibility"),
        )

    def name_edition(self, edition: str) -> None:
        """Every page names this edition of the area data from now on."""
        self._areas["edition"] = edition

    def render(
        self,
        request: Request,
        viewer: Viewer | None,
        template: str,
        *,
        status: int = 200,
        data_time: datetime | None = None,
        settled: bool = True,
        **values: Any,
    ) -> HTMLResponse:
        """A whole page; `data_time` (default: now) and `settled` say how fresh its data are."""
        text = self.part(
            template,
            request=request,
            viewer=viewer,
            data_time=data_time or self._clock.now(),
            settled=settled,
            **values,
        )
        # What a person may see is nobody else's: no proxy and no browser keeps it.
        return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})

    def part(self, template: str, **values: Any) -> str:
        """A template without the frame's values: an entry of the feed, a part for htmx."""
        return self._environment.get_template(template).render(**values)
