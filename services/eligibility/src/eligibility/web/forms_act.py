"""The form of an act of a person: nominate, name, inaugurate, suspend, restore, revoke."""

from __future__ import annotations

import json

from common.events.words import Eligibility
from common.idempotency import Once
from common.problems import Problem

from eligibility.acting import Act
from eligibility.application import Certification
from eligibility.domain.acts import ActRefused
from eligibility.domain.facts import ActKind
from eligibility.reading import Reading
from eligibility.web import words
from eligibility.web.forms_fields import Answers, Field, Kind, options
from eligibility.web.forms_recording import At, Effect, day_field
from eligibility.web.registry_api import Recorded, Refused

FIELDS = {
    "ACT_IN_FUTURE": "effective_on",
    "ACT_TOO_EARLY": "effective_on",
    "REASON_NEEDED": "reason",
}
"""At which field a refusal of the rules is shown; the others are about the act itself."""


class ActForm:
    """Acts are eligibility's own deed; the effect is foretold by the same rules."""

    path = "tindakan"
    title = "Catat tindakan"
    lead = "Pencanangan, penetapan, peresmian atau tindakan lain atas gelar desa, menurut suratnya."
    scope = "eligibility:act"
    asks_nik = False

    def __init__(self, reading: Reading, certification: Certification) -> None:
        self._reading = reading
        self._certification = certification

    async def fields(self, at: At) -> list[Field]:
        del at
        return [
            Field("act", "Tindakan", Kind.CHOICE, options=options(words.ACTS)),
            Field("number", "Nomor surat", Kind.TEXT, "Misalnya 560/123/2026."),
            day_field("Tanggal surat.", label="Tanggal"),
            Field(
                "signing_office",
                "Pejabat yang menandatangani",
                Kind.TEXT,
                "Jabatannya, bukan nama orangnya; misalnya Bupati Pekalongan.",
            ),
            Field(
                "reason",
                "Alasan",
                Kind.LONG,
                "Wajib hanya bila desa ditetapkan sebelum memenuhi syarat.",
                required=False,
                limit=1000,
            ),
        ]

    async def blank(self, at: At) -> Answers:
        return Answers({"effective_on": at.today.isoformat()})

    async def effect(self, at: At, answers: Answers) -> Effect:
        act = _act(answers)
        try:
            foretold = await self._reading.preview_act(at.code, at.viewer.caller.areas, act)
        except ActRefused as refused:
            raise _refusal(refused) from None
        told = [f"{words.ACTS[act.act]} {at.name} akan dicatat."]
        if foretold.after == foretold.before:
            told.append("Keadaan desa hari ini tidak berubah karenanya.")
        if act.act is ActKind.PENETAPAN and foretold.before.eligibility is not Eligibility.ELIGIBLE:
            told.append(
                "Desa belum memenuhi syarat; penetapannya akan ditandai dengan alasan Anda."
            )
        return Effect(told, foretold.before, foretold.after)

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        del nik
        caller, body = at.viewer.caller, json.dumps(answers.values, sort_keys=True).encode()
        once = Once.of(caller, "POST", f"/desa/{at.code}/catat/{self.path}", body, key)
        try:
            answer = await self._certification.record_act(at.code, _act(answers), caller, once)
        except ActRefused as refused:
            raise _refusal(refused) from None
        except Problem as problem:
            raise Refused(problem.detail) from None
        # Its own events are no input: the village shows it from this commit on.
        del answer
        return Recorded({}, "")


def _act(answers: Answers) -> Act:
    return Act(
        ActKind(answers.text("act")),
        answers.text("number"),
        answers.day("effective_on"),
        answers.text("signing_office"),
        answers.text("reason") or None,
    )


def _refusal(refused: ActRefused) -> Refused:
    return Refused(refused.reason, {FIELDS.get(refused.code, "act"): refused.reason})
