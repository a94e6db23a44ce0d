"""A village's history: what held on a day as known on another, and the log of what was told."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from common.events.words import WithdrawnBecause
from common.problems import Problem
from common.web import Viewer, viewing
from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.responses import HTMLResponse

from eligibility.api.asking import FIRST_MOMENT, before_of, cursor_of
from eligibility.domain.status import Face
from eligibility.dossier import LOG_PAGE, NotPast, Past
from eligibility.reading import Reading
from eligibility.storage.village_page import Entry
from eligibility.web import messages, sentences, words
from eligibility.web.asking import VillageCode, crumbs, known
from eligibility.web.formats import village_name
from eligibility.web.rendering import Pages
from eligibility.web.timeline import line_of, runs_of

RUNS = 60
"""Rows of the table; the line shows all."""

WITHDRAWN = {
    WithdrawnBecause.RECOVERED: "syaratnya terpenuhi lagi",
    WithdrawnBecause.GRACE_RUNNING: "masa perbaikannya ternyata belum berakhir",
    WithdrawnBecause.UNDECIDABLE: "keadaannya belum dapat diputuskan",
    WithdrawnBecause.SUSPENDED: "gelar sudah ditangguhkan",
    WithdrawnBecause.REVOKED: "gelar sudah dicabut",
    WithdrawnBecause.CLOSED: "desanya sudah bergabung dengan desa lain",
}

Told: TypeAlias = tuple[Entry, Sequence[tuple[str, words.Word, words.Word]], Sequence[Any]]
"""An entry of the log, what it changed, and the messages about it."""
Given = Annotated[str, Query(max_length=40)]


@dataclass(slots=True)
class Asked:
    """The two days as they were typed, and what is wrong with them."""

    pada: str
    diketahui: str
    errors: dict[str, str] = field(default_factory=dict)

    def day(self, name: str) -> date | None:
        """The day in a field; None when it is empty or wrong, which is noted."""
        text = getattr(self, name).strip()
        if not text:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            self.errors[name] = "Tulislah tanggal seperti 2026-01-31."
            return None
        if found < FIRST_MOMENT.date():
            self.errors[name] = f"Pilih tanggal sejak {FIRST_MOMENT.year}."
            return None
        return found


def history_pages(reading: Reading, pages: Pages) -> APIRouter:
    router = APIRouter()

    @router.get("/{code}/riwayat", response_class=HTMLResponse)
    async def history(  # noqa: PLR0917  # FastAPI's way to name what a query may have
        code: VillageCode,
        request: Request,
        viewer: Annotated[Viewer, Security(viewing("eligibility:read"))],
        pada: Given = "",
        diketahui: Given = "",
        sebelum: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        """What held on `pada` as known on `diketahui`; both empty: today."""
        asked = Asked(pada, diketahui)
        past = await _past(reading, known(code), viewer, asked, sebelum)
        return pages.render(
            request,
            viewer,
            "village/history.html",
            status=422 if asked.errors else 200,
            data_time=past.view.data_time,
            settled=past.view.is_settled(past.known_at),
            **_shown(past, asked),
        )

    return router


async def _past(
    reading: Reading, code: str, viewer: Viewer, asked: Asked, cursor: str | None
) -> Past:
    """The past that is asked for; with a wrong date today's, and what is wrong noted."""
    on, known_on = asked.day("pada"), asked.day("diketahui")
    areas, before = viewer.caller.areas, _place_in_log(cursor)
    if not asked.errors:
        try:
            return await reading.dossiers.past(code, areas, on=on, known_on=known_on, before=before)
        except NotPast:
            pass
    past = await reading.dossiers.past(code, areas, on=None, known_on=None, before=before)
    for name, found in (("pada", on), ("diketahui", known_on)):
        if found is not None and found > past.until:
            asked.errors[name] = "Tanggal ini belum tiba; pilih hari ini atau sebelumnya."
    return past


def _place_in_log(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Where the page of the log begins; at the top for an address that was cut short."""
    try:
        return before_of(cursor)
    except Problem:
        return None


def _shown(past: Past, asked: Asked) -> dict[str, Any]:
    place = past.view.place
    name = village_name(place["kind"], place["name"])
    runs = runs_of(past.history, past.until)
    last = past.log[-1] if len(past.log) == LOG_PAGE else None
    return {
        "name": name,
        "place": place,
        "places": crumbs(place, "Riwayat"),
        "past": past,
        "asked": asked,
        "status_then": past.history.on(past.day),
        "line": line_of(runs, past.day),
        "runs": list(reversed(runs))[:RUNS],
        "more_runs": max(0, len(runs) - RUNS),
        "told": folded(
            [
                (entry, changes_of(entry), past.messages.get(entry.decision_id, ()))
                for entry in past.log
            ]
        ),
        "withdrawn": WITHDRAWN,
        "older": cursor_of(*last.cursor) if last else None,
        "messages": messages,
        "sentences": sentences,
    }


def folded(told: Sequence[Told]) -> list[list[Told]]:
    """Each entry alone, but neighbours that say nothing new: no field, count or message.

    The newest first; whether the oldest of a page says anything new is on the next page.
    """

    def quiet(place: int) -> bool:
        entry, changes, sent = told[place]
        if changes or sent or entry.entry != "STATUS" or place + 1 == len(told):
            return False
        return _counts(entry) == _counts(told[place + 1][0])

    places = groupby(range(len(told)), lambda place: -1 if quiet(place) else place)
    return [[told[place] for place in group] for _, group in places]


def _counts(entry: Entry) -> list[tuple[str, bool | None, int, int | None]]:
    return [(one.criterion, one.met, one.required, one.actual) for one in entry.reasons]


def changes_of(entry: Entry) -> list[tuple[str, words.Word, words.Word]]:
    """The fields that an entry changed: label, before and after; none when only reasons did."""
    return [
        (label, values[getattr(entry.previous, name)], values[getattr(entry.current, name)])
        for name, (label, values) in words.FIELDS.items()
        if _differs(entry.previous, entry.current, name)
    ]


def _differs(previous: Face, current: Face, name: str) -> bool:
    return bool(getattr(previous, name) != getattr(current, name))
