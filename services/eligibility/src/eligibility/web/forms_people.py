"""The forms of memberships and of sosialisasi."""

from __future__ import annotations

from collections.abc import Mapping

from common.events.words import Occasion, Organiser, Programme, Segment

from eligibility.web import words
from eligibility.web.formats import day
from eligibility.web.forms_fields import Answers, Field, Kind, options
from eligibility.web.forms_recording import At, Effect, day_field
from eligibility.web.registry_api import Recorded, Refused, RegistryApi

WRITE = "registry:write"
SEGMENTS: Mapping[str, str] = {
    Segment.PU: "Penerima upah (PU)",
    Segment.BPU: "Bukan penerima upah (BPU)",
}
OCCASIONS: Mapping[str, str] = {
    Occasion.FESTIVAL: "Festival",
    Occasion.VILLAGE_MEETING: "Musyawarah desa",
    Occasion.RELIGIOUS: "Kegiatan keagamaan",
    Occasion.MARKET: "Pasar",
    Occasion.LAUNCH: "Peluncuran program",
    Occasion.OTHER: "Lainnya",
}


class RegisterForm:
    """A membership and its first contribution: from then on the person is protected."""

    path = "kepesertaan"
    title = "Catat kepesertaan"
    lead = "Pendaftaran seorang pekerja desa dan iuran pertamanya."
    scope = WRITE
    asks_nik = True

    def __init__(self, registry: RegistryApi) -> None:
        self._registry = registry

    async def fields(self, at: At) -> list[Field]:
        del at
        return [
            Field("segment", "Segmen", Kind.CHOICE, options=options(SEGMENTS)),
            Field(
                "programmes",
                "Program",
                Kind.TICKS,
                "Syarat Desa Sadar meminta JKK dan JKM.",
                options(words.PROGRAMMES),
            ),
            day_field("Hari pertama kepesertaan.", label="Terdaftar mulai"),
            day_field(
                "Sejak hari ini orangnya terlindungi.",
                name="activated_on",
                label="Iuran pertama dibayar",
            ),
        ]

    async def blank(self, at: At) -> Answers:
        today = at.today.isoformat()
        usual = (Programme.JKK.value, Programme.JKM.value)
        return Answers({"effective_on": today, "activated_on": today, "programmes": usual})

    async def effect(self, at: At, answers: Answers) -> Effect:
        begins, paid = answers.day("effective_on"), answers.day("activated_on")
        if paid < begins:
            why = "Iuran pertama tidak dapat mendahului pendaftaran."
            raise Refused(why, {"activated_on": why})
        programmes = " dan ".join(answers.chosen("programmes"))
        told = (
            f"Satu orang akan terdaftar di {at.name} mulai {day(begins)} untuk {programmes}, "
            f"dan terlindungi mulai {day(paid)}."
        )
        return Effect([told, "Bila ia memegang jabatan desa, jabatan itu ikut terlindungi."])

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        body = {
            "nik": nik,
            "segment": answers.text("segment"),
            "programmes": list(answers.chosen("programmes")),
            "effective_on": answers.text("effective_on"),
        }
        path = f"/villages/{at.code}/enrollments"
        enrolled = await self._registry.record(at.viewer, path, body, key=f"{key}.1")
        path = f"/enrollments/{enrolled.body['enrollment_id']}/activation"
        paid = {"effective_on": answers.text("activated_on")}
        try:
            done = await self._registry.record(at.viewer, path, paid, key=f"{key}.2")
        except Refused as refused:
            # The membership stands; sent again with another day, only this is done.
            why = refused.errors.get("effective_on", refused.detail)
            raise Refused(why, {"activated_on": why}) from None
        return Recorded(enrolled.body, done.positions)


class SosialisasiForm:
    """An information event that was held."""

    path = "sosialisasi"
    title = "Catat sosialisasi"
    lead = "Sosialisasi yang sudah diadakan di desa ini."
    scope = WRITE
    asks_nik = False

    def __init__(self, registry: RegistryApi) -> None:
        self._registry = registry

    async def fields(self, at: At) -> list[Field]:
        del at
        return [
            day_field("Hari sosialisasi diadakan.", label="Tanggal"),
            Field("organiser", "Penyelenggara", Kind.SELECT, options=options(words.ORGANISERS)),
            Field("occasion", "Acara", Kind.SELECT, "", options(OCCASIONS), required=False),
            Field(
                "attendance",
                "Jumlah hadirin",
                Kind.NUMBER,
                "Boleh dikosongkan.",
                required=False,
                limit=1_000_000,
            ),
        ]

    async def blank(self, at: At) -> Answers:
        return Answers({"effective_on": at.today.isoformat()})

    async def effect(self, at: At, answers: Answers) -> Effect:
        held = answers.day("effective_on")
        return Effect(
            [
                f"Sosialisasi di {at.name} pada {day(held)} akan dicatat.",
                "Tahap desa menjadi paling rendah Sosialisasi sejak hari itu.",
            ]
        )

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        del nik
        body = {
            "effective_on": answers.text("effective_on"),
            "organiser": Organiser(answers.text("organiser")),
            "occasion": answers.text("occasion") or None,
            "attendance": answers.number("attendance"),
        }
        path = f"/villages/{at.code}/sosialisasi"
        return await self._registry.record(at.viewer, path, body, key=key)
