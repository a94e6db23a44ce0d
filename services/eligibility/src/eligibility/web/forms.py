"""What an officer records of a village: `/desa/{code}/catat` and the forms below it."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Sequence
from typing import Annotated

from common.clock import Clock
from common.problems import Problem
from common.web import Viewer, viewing
from fastapi import APIRouter, Request, Response, Security

from eligibility.application import Certification
from eligibility.reading import Reading
from eligibility.web.asking import VillageCode
from eligibility.web.forms_act import ActForm
from eligibility.web.forms_government import AppointForm, DecreeForm
from eligibility.web.forms_people import RegisterForm, SosialisasiForm
from eligibility.web.forms_recording import Recorder
from eligibility.web.forms_steps import Forms
from eligibility.web.registry_api import RegistryApi
from eligibility.web.rendering import Pages

Reader = Annotated[Viewer, Security(viewing("eligibility:read"))]


def form_pages(
    reading: Reading, clock: Clock, pages: Pages, recorders: Sequence[Recorder]
) -> APIRouter:
    """`/desa/{code}/catat` and the forms below it."""
    router = APIRouter(prefix="/desa/{code}/catat")
    forms = Forms(reading, clock, pages)

    @router.get("")
    async def listed(code: VillageCode, request: Request, viewer: Reader) -> Response:
        """What this viewer may record."""
        mine = [one for one in recorders if one.scope in viewer.caller.scopes]
        if not mine:
            raise Problem(
                403,
                "Tidak berwenang",
                "Anda berwenang melihat, tetapi tidak mencatat. Yang mencatat adalah petugas "
                "kantor cabang.",
                code="forbidden",
            )
        at = await forms.at(code, viewer)
        return forms.page(request, "index", at, status=200, recorders=mine)

    for recorder in recorders:
        _routes(router, forms, recorder)
    return router


def _routes(router: APIRouter, forms: Forms, recorder: Recorder) -> None:
    officer = Annotated[Viewer, Security(viewing(recorder.scope))]

    @router.get(f"/{recorder.path}")
    async def ask(code: VillageCode, request: Request, viewer: officer) -> Response:
        return await forms.ask(request, recorder, await forms.at(code, viewer))

    @router.post(f"/{recorder.path}")
    async def submit(code: VillageCode, request: Request, viewer: officer) -> Response:
        return await forms.submit(request, recorder, await forms.at(code, viewer))


def recorders_of(
    reading: Reading, certification: Certification, registry: RegistryApi
) -> tuple[Recorder, ...]:
    """Everything that an officer records, in the order of a village's road."""
    return (
        DecreeForm(registry),
        AppointForm(registry),
        RegisterForm(registry),
        SosialisasiForm(registry),
        ActForm(reading, certification),
    )
