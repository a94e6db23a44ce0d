"""What texts and days look like that callers send; refusals say in words what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from common.redaction import mask
from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from notifications.settings import EMAIL

AREA: Final = r"^[1-9][0-9](\.[0-9]{2}(\.[0-9]{2})?)?$"
OFFICE_AREA: Final = r"^[1-9][0-9]\.[0-9]{2}(\.[0-9]{2})?$"
OFFICE_CURSOR: Final = r"^[0-9.]{5,8}/[A-Z_]{5,9}$"
DELIVERY_CURSOR: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|\+00:00)/[0-9a-f-]{36}$"
LINE: Final = r"^[^\x00-\x1f]+$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NEXT = "Pakailah nilai `next` dari halaman sebelumnya."


def of_form(pattern: str, code: str, sentence: str) -> AfterValidator:
    """A text is of this form, or the sentence says what is expected."""
    form = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if form.fullmatch(text) is None:
            raise PydanticCustomError(code, sentence)
        return text

    return AfterValidator(check)


def _described(pattern: str) -> Callable[[dict[str, Any]], None]:
    """The form stays readable for machines."""
    return lambda schema: schema.update(pattern=pattern)


def _day(value: Any) -> Any:
    """Only YYYY-MM-DD: a number would be read as seconds since 1970."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    raise PydanticCustomError("day", "Harus berupa tanggal YYYY-MM-DD, misalnya 2026-11-20.")


def _without_identifiers(text: str) -> str:
    if "[nik]" in mask(text):
        raise PydanticCustomError("nik", "Jangan menulis NIK di sini; hapus deret 16 angka itu.")
    return text


Day = Annotated[date, BeforeValidator(_day)]
Line = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra=_described(LINE)),
    of_form(LINE, "line", "Harus satu baris teks yang dapat dicetak."),
    AfterValidator(_without_identifiers),
]
Address = Annotated[
    str,
    Field(max_length=254, examples=["camat@sragi.example"], json_schema_extra=_described(EMAIL)),
    of_form(EMAIL, "email", "Harus alamat surel, misalnya camat@sragi.example."),
]
AreaQuery = Annotated[
    str,
    Query(examples=["33.26"], json_schema_extra={"pattern": AREA}),
    of_form(
        AREA,
        "area",
        "Harus kode provinsi, kabupaten/kota atau kecamatan, misalnya 33, 33.26 atau 33.26.12.",
    ),
]
AreaPath = Annotated[
    str,
    Path(examples=["33.26"], json_schema_extra={"pattern": OFFICE_AREA}),
    of_form(
        OFFICE_AREA,
        "area",
        "Harus kode kabupaten/kota atau kecamatan, misalnya 33.26 atau 33.26.12.",
    ),
]
OfficeCursor = Annotated[
    str,
    Query(json_schema_extra={"pattern": OFFICE_CURSOR}),
    of_form(OFFICE_CURSOR, "cursor", _NEXT),
]
DeliveryCursor = Annotated[
    str,
    Query(json_schema_extra={"pattern": DELIVERY_CURSOR}),
    of_form(DELIVERY_CURSOR, "cursor", _NEXT),
]
