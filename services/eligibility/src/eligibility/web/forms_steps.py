"""The two steps of every form: what is recorded, then its effect in view and "Simpan".

What was typed is kept, but for the NIK: it goes to the registry once, and is never shown, stored
or logged here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from common.clock import Clock
from common.events.words import TimeZone
from common.problems import Problem
from common.web import Viewer
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from eligibility.api.asking import positions_of
from eligibility.reading import Reading
from eligibility.refusals import NotReached, Parked
from eligibility.web.asking import crumbs, known
from eligibility.web.forms_fields import Answers, Field
from eligibility.web.forms_recording import At, Effect, Recorder
from eligibility.web.registry_api import Recorded, Refused, RegistryAway
from eligibility.web.rendering import Pages
from eligibility.web.saved import address_of

WAIT = 5.0
"""Seconds until the village's page is shown, whether or not what was recorded had its effect."""
INVALID, AWAY = 422, 503
NIK = re.compile(r"[0-9]{16}")
NOT_KNOWN = (
    "Registri tidak menjawab, jadi belum diketahui apakah ini sudah tersimpan. Tekan Simpan sekali "
    "lagi: tidak ada yang tercatat dua kali."
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent; its key is made once and kept by every repeat."""

    recorder: Recorder
    at: At
    fields: Sequence[Field]
    answers: Answers
    key: str

    @property
    def values(self) -> dict[str, Any]:
        """What the templates ask for."""
        return {
            "recorder": self.recorder,
            "fields": self.fields,
            "answers": self.answers,
            "key": self.key,
            "labels": {**{one.name: one.label for one in self.fields}, "nik": "NIK"},
        }


class Forms:
    """The steps that all forms share."""

    def __init__(self, reading: Reading, clock: Clock, pages: Pages) -> None:
        self._reading = reading
        self._clock = clock
        self._pages = pages

    async def at(self, code: str, viewer: Viewer) -> At:
        """The village, if the viewer may see it; raises UnknownVillage."""
        view = await self._reading.village(known(code), viewer.caller.areas)
        return At(viewer, view.place, self._clock.today(TimeZone(view.place["time_zone"])))

    def page(
        self, request: Request, template: str, at: At, *, status: int, **values: Any
    ) -> Response:
        title = values["recorder"].title if "recorder" in values else "Catat"
        return self._pages.render(
            request,
            at.viewer,
            f"forms/{template}.html",
            status=status,
            at=at,
            places=crumbs(at.place, title),
            **values,
        )

    async def ask(self, request: Request, recorder: Recorder, at: At) -> Response:
        """The empty form; raises Problem while the registry is away."""
        try:
            fields, answers = await recorder.fields(at), await recorder.blank(at)
        except (RegistryAway, Refused) as error:
            raise _unavailable(error) from None
        return self._form(request, Filled(recorder, at, fields, answers, ""))

    async def submit(self, request: Request, recorder: Recorder, at: At) -> Response:
        """Check what was typed and show its effect, or save it and go to the village."""
        form = await request.form()
        try:
            fields = await recorder.fields(at)
        except (RegistryAway, Refused) as error:
            raise _unavailable(error) from None
        filled = Filled(recorder, at, fields, Answers.read(fields, form), _key(form))
        step = form.get("langkah")
        if filled.answers.errors or step == "ubah":
            return self._form(request, filled)
        if step != "simpan":
            return await self._check(request, filled, {})
        return await self._save(request, filled, form)

    async def _save(self, request: Request, filled: Filled, form: FormData) -> Response:
        recorder, at = filled.recorder, filled.at
        nik, errors = _nik(recorder, form)
        if errors:
            return await self._check(request, filled, errors)
        try:
            recorded = await recorder.save(at, filled.answers, key=filled.key, nik=nik)
        except RegistryAway:
            return await self._check(request, filled, {"": NOT_KNOWN}, status=AWAY)
        except Refused as refused:
            if set(refused.errors) == {"nik"}:
                return await self._check(request, filled, refused.errors)
            return self._refused(request, filled, refused)
        return await self._done(at, recorder, recorded)

    def _form(self, request: Request, filled: Filled) -> Response:
        status = INVALID if filled.answers.errors else 200
        return self.page(request, "form", filled.at, status=status, **filled.values)

    def _refused(self, request: Request, filled: Filled, refused: Refused) -> Response:
        known_fields = {one.name for one in filled.fields}
        errors = {name: why for name, why in refused.errors.items() if name in known_fields}
        filled.answers.errors = errors or {"": refused.detail}
        return self._form(request, filled)

    async def _check(
        self,
        request: Request,
        filled: Filled,
        errors: Mapping[str, str],
        *,
        status: int | None = None,
    ) -> Response:
        """The effect in view, and what is still wrong; nothing is recorded by it."""
        try:
            effect = await filled.recorder.effect(filled.at, filled.answers)
        except Refused as refused:
            return self._refused(request, filled, refused)
        except RegistryAway:
            effect = Effect([filled.recorder.lead])
        code = status or (INVALID if errors else 200)
        more = {"effect": effect, "errors": errors}
        return self.page(request, "check", filled.at, status=code, **filled.values, **more)

    async def _done(self, at: At, recorder: Recorder, recorded: Recorded) -> Response:
        """To the village's page, once it shows what was recorded."""
        try:
            wanted = positions_of(recorded.positions)
            await self._reading.wait_for(at.code, at.viewer.caller.areas, wanted, WAIT)
        except (NotReached, Parked):
            pass  # the page says itself how old its data are
        address = address_of(at.code, recorder.path, recorded.warnings)
        return RedirectResponse(address, status_code=303)


def _key(form: FormData) -> str:
    try:
        return str(UUID(str(form.get("kunci"))))
    except ValueError:
        return str(uuid4())


def _nik(recorder: Recorder, form: FormData) -> tuple[str, dict[str, str]]:
    if not recorder.asks_nik:
        return "", {}
    nik = re.sub(r"[\s.-]", "", str(form.get("nik", "")))
    return (nik, {}) if NIK.fullmatch(nik) else ("", {"nik": "Isi 16 angka."})


def _unavailable(error: Exception) -> Problem:
    if isinstance(error, Refused):
        return Problem(409, "Formulir belum dapat dibuka", error.detail, code="registry-refused")
    return Problem(
        503,
        "Formulir belum dapat dibuka",
        "Registri tidak menjawab. Tidak ada yang hilang; cobalah lagi dalam beberapa menit.",
        code="registry-away",
        headers={"Retry-After": "30"},
    )
