"""The page of one village: its status, why it is so, what is missing, and what was done there."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from common.events.words import Standing
from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import HTMLResponse

from eligibility.api.explanations import Explained
from eligibility.domain.explain import CriterionExplained, Explanation
from eligibility.dossier import Dossier
from eligibility.reading import Reading
from eligibility.told import field_since
from eligibility.web import messages, notes, sentences
from eligibility.web.asking import VillageCode, crumbs, known
from eligibility.web.formats import village_name
from eligibility.web.history import history_pages
from eligibility.web.posts import kinds_of, needs_something, post_word, posts_csv
from eligibility.web.rendering import Pages
from eligibility.web.saved import saved_of
from eligibility.web.words import Tone, Word

READ = "eligibility:read"
MAY_RECORD = frozenset({"eligibility:act", "registry:write"})
LISTED = 60
"""Posts of which each has its row on the page; of more, only those that lack something."""
Reader = Annotated[Viewer, Security(viewing(READ))]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion with its rule and what it found, as a row."""

    text: str
    word: Word
    explained: CriterionExplained
    source: str


def village_pages(reading: Reading, pages: Pages) -> APIRouter:
    """The page, its data as JSON and CSV, and the village's history."""
    router = APIRouter(prefix="/desa")

    @router.get("/{code}", response_class=HTMLResponse)
    async def village(code: VillageCode, request: Request, viewer: Reader) -> Response:
        """One village today."""
        dossier = await reading.dossiers.of(known(code), viewer.caller.areas)
        may_record = bool(MAY_RECORD & viewer.caller.scopes)
        return pages.render(
            request,
            viewer,
            "village/page.html",
            data_time=dossier.view.data_time,
            settled=dossier.view.is_settled(),
            **shown(dossier),
            may_record=may_record,
            saved=saved_of(request.query_params) if may_record else None,
        )

    @router.get("/{code}/data.json")
    async def as_json(code: VillageCode, viewer: Reader) -> Response:
        """The explanation as the API gives it."""
        dossier = await reading.dossiers.of(known(code), viewer.caller.areas)
        body = Explained.of(dossier.view, dossier.explanation).model_dump_json(indent=1)
        return Response(body, media_type="application/json", headers=PRIVATE)

    @router.get("/{code}/jabatan.csv")
    async def as_csv(code: VillageCode, viewer: Reader) -> Response:
        """Every post, for a spreadsheet."""
        dossier = await reading.dossiers.of(known(code), viewer.caller.areas)
        name = f"jabatan-{dossier.view.place['village_code']}.csv"
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(posts_csv(dossier), media_type="text/csv; charset=utf-8", headers=headers)

    router.include_router(history_pages(reading, pages))
    return router


PRIVATE = {"Cache-Control": "no-store"}


def shown(dossier: Dossier) -> dict[str, Any]:
    """What the template needs of a village."""
    view, explained = dossier.view, dossier.explanation
    place, status = view.place, explained.status
    name = village_name(place["kind"], place["name"])
    lacking = [post for post in dossier.posts if needs_something(post)]
    return {
        "name": name,
        "view": view,
        "place": place,
        "places": crumbs(place),
        "today": status,
        "standing": sentences.standing_of(name, status.face, since_of(explained)),
        "next_step": sentences.next_of(status, explained.cheapest, explained.day),
        "steps": [sentences.step_of(step) for step in explained.cheapest],
        "criteria": criteria_of(dossier),
        "rules": explained.rules,
        "posts": dossier.posts if len(dossier.posts) <= LISTED else lacking,
        "kinds": kinds_of(dossier.posts),
        "all_posts": len(dossier.posts),
        "dossier": dossier,
        "post_word": post_word,
        "sentences": sentences,
        "messages": messages,
        "notes": notes,
    }


def since_of(explained: Explanation) -> date | None:
    """Since when the field that the first sentence names is so."""
    if not explained.history.intervals:
        return None
    titled = explained.status.face.standing is not Standing.NONE
    return field_since(explained.history, explained.day, "standing" if titled else "eligibility")


def criteria_of(dossier: Dossier) -> list[Criterion]:
    """The rows of the explanation, in the order of the rule."""
    explained = dossier.explanation
    rules = explained.rules
    if rules is None:
        return []
    return [
        Criterion(
            sentences.criterion_of(rule, keep=explained.keep),
            MET[found.reason.met],
            found,
            sentences.source_of(found.reason.because, dossier.facts),
        )
        for rule, found in zip(rules.criteria, explained.criteria, strict=True)
    ]


MET = {
    True: Word("Terpenuhi", Tone.GOOD),
    False: Word("Belum terpenuhi", Tone.WARN),
    None: Word("Belum dapat dinilai", Tone.UNKNOWN),
}
