"""Which refusal is answered with which problem (RFC 9457), in one table."""

from __future__ import annotations

from collections.abc import Callable

from common.problems import FieldError, Problem, response
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from eligibility.domain.acts import ActRefused
from eligibility.domain.ceremonies import CeremonyRefused
from eligibility.refusals import EventUnknown, NotReached, NotYet, Parked, UnknownCeremony
from eligibility.storage.villages import UnknownVillage


def _unknown(_: Exception) -> Problem:
    return Problem(
        404,
        "Desa tidak ditemukan",
        "Tidak ada desa dengan kode ini di wilayah Anda. Periksa kode Kemendagri-nya.",
        code="village-unknown",
    )


def _unknown_ceremony(_: Exception) -> Problem:
    return Problem(
        404,
        "Acara tidak ditemukan",
        "Tidak ada acara dengan nomor ini di wilayah Anda.",
        code="ceremony-unknown",
    )


def _ceremony_refused(error: Exception) -> Problem:
    assert isinstance(error, CeremonyRefused)  # noqa: S101 - registered for this class
    return Problem(
        422,
        "Acara tidak dapat dicatat",
        error.reason,
        (FieldError(f"body.{error.field}", error.reason, error.code),),
        code=error.code,
    )


def _unknown_event(error: Exception) -> Problem:
    return Problem(
        404,
        "Peristiwa tidak ditemukan",
        f"Tidak ada peristiwa {error}. Periksa topik, kode desa, dan nomor urutnya.",
        code="event-unknown",
    )


def _not_yet(_: Exception) -> Problem:
    return Problem(
        422,
        "Data tidak sah",
        "Riwayat berakhir hari ini, waktu setempat. Pilih tanggal yang sudah tiba.",
        (FieldError("query.on", "Tanggal ini belum tiba.", "not-yet"),),
        code="not-yet",
    )


def _parked(_: Exception) -> Problem:
    return Problem(
        409,
        "Data desa ini tertahan",
        "Suatu peristiwa desa ini menunggu pemeriksaan petugas; posisi yang diminta belum dapat "
        "dicapai.",
        code="village-parked",
    )


def _not_reached(error: Exception) -> Problem:
    marks = error.marks if isinstance(error, NotReached) else {}
    return Problem(
        504,
        "Posisi belum tercapai",
        "Peristiwa yang ditunggu belum berlaku dalam batas waktu. Coba lagi sebentar lagi.",
        tuple(
            FieldError(f"marks.{topic}", f"Baru sampai urutan {sequence}.", "not-reached")
            for topic, sequence in marks.items()
        ),
        code="position-not-reached",
    )


def _refused(error: Exception) -> Problem:
    code, reason = (
        (error.code, error.reason) if isinstance(error, ActRefused) else ("REFUSED", str(error))
    )
    return Problem(409, "Tindakan tidak dapat dicatat", reason, code=code.lower().replace("_", "-"))


PROBLEMS: dict[type[Exception], Callable[[Exception], Problem]] = {
    UnknownVillage: _unknown,
    EventUnknown: _unknown_event,
    NotYet: _not_yet,
    Parked: _parked,
    NotReached: _not_reached,
    ActRefused: _refused,
    UnknownCeremony: _unknown_ceremony,
    CeremonyRefused: _ceremony_refused,
}


def install_refusals(app: FastAPI) -> None:
    """Answer each refusal of the application as its problem."""
    for refusal, explain in PROBLEMS.items():

        async def answer(
            _: Request, error: Exception, explain: Callable[[Exception], Problem] = explain
        ) -> JSONResponse:
            return response(explain(error))

        app.add_exception_handler(refusal, answer)
