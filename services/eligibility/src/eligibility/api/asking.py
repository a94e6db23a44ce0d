"""What may stand in a query, and how it is read."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from common.events.words import Eligibility, Stage, Standing, Title
from common.problems import FieldError, Problem
from common.security import Caller, requires
from fastapi import Path, Query, Request, Security
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from eligibility.reading import Position

MAX_POSITIONS = 50
MAX_WAIT = 10.0
FIRST_MOMENT = datetime(1977, 1, 1, tzinfo=UTC)
"""No fact holds before 1977, when social insurance for workers began (PP 33/1977)."""
LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"

Reader = Annotated[Caller, Security(requires("eligibility:read"))]
Actor = Annotated[Caller, Security(requires("eligibility:act"))]
STREAMS = "eligibility:streams"
StreamReader = Annotated[Caller, Security(requires(STREAMS))]
"""Other services, which put our stored events in the place of broken records."""
Operator = Annotated[Caller, Security(requires("eligibility:operate"))]

CODE = r"^([1-9][0-9]\.[0-9]{2}\.[0-9]{2}\.[123][0-9]{3}|[1-9][0-9]{5}[123][0-9]{3})$"


def _is_code(text: str) -> str:
    if re.fullmatch(CODE, text) is None:
        raise PydanticCustomError(
            "village_code", "Harus kode desa atau kelurahan, misalnya 33.26.12.2008."
        )
    return text


Code = Annotated[
    str,
    Path(
        description="Kemendagri code, dotted or not.",
        examples=["33.26.12.2008"],
        json_schema_extra={"pattern": CODE},
    ),
    AfterValidator(_is_code),
]
Limit = Annotated[int, Query(ge=1, le=200)]


class AsOf(BaseModel):
    """Another day than today, and as known at another moment than now."""

    model_config = ConfigDict(extra="forbid")

    on: date | None = None
    known_at: Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT)] | None = Field(
        default=None, description="From 1977 to 2199, with its offset from UTC."
    )


class Asked(AsOf):
    """What may be asked of one village."""

    wait_for: str | None = Field(
        default=None,
        max_length=5000,
        description="What Event-Position said: answer when these events have had their effect.",
    )
    timeout: float = Field(default=5.0, ge=0, le=MAX_WAIT, description="Seconds to wait.")


_AREAS = {
    "province": re.compile(r"[1-9][0-9]"),
    "regency": re.compile(r"[1-9][0-9]\.[0-9]{2}"),
    "kecamatan": re.compile(r"[1-9][0-9]\.[0-9]{2}\.[0-9]{2}"),
}
_WORDS: dict[str, frozenset[str]] = {
    "eligibility": frozenset(Eligibility),
    "stage": frozenset(Stage),
    "title": frozenset(Title),
    "standing": frozenset(Standing),
    "proposal": frozenset({"open"}),
}
_PAGING = frozenset({"after", "limit"})
_POSITION = re.compile(r"([a-z]+\.[a-z]+)/([1-9][0-9.]{1,12})/([1-9][0-9]{0,18})")
_CURSOR = re.compile(r"(\S+)~([0-9a-f-]{36})")


def filters_of(request: Request) -> dict[str, str]:
    """The filters of a list; one that is none, or a value it cannot have, is a problem."""
    given = {name: value for name, value in request.query_params.items() if name not in _PAGING}
    wrong = tuple(
        error for name, value in given.items() if (error := _wrong(name, value)) is not None
    )
    if wrong:
        raise Problem(
            400,
            "Penyaring tidak dikenal",
            f"Penyaring yang ada: {', '.join([*_AREAS, *_WORDS])}.",
            wrong,
            code="filter-unknown",
        )
    return {name: _dotted(value) if name in _AREAS else value for name, value in given.items()}


def _wrong(name: str, value: str) -> FieldError | None:
    if name in _AREAS:
        if _AREAS[name].fullmatch(_dotted(value)):
            return None
        return FieldError(f"query.{name}", "Bukan kode wilayah tingkat ini.", "area-code")
    if name in _WORDS:
        if value in _WORDS[name]:
            return None
        words = ", ".join(sorted(_WORDS[name]))
        return FieldError(f"query.{name}", f"Harus salah satu dari {words}.", "enum")
    return FieldError(f"query.{name[:100]}", "Penyaring ini tidak dikenal.", "filter-unknown")


def _dotted(code: str) -> str:
    digits = code.replace(".", "")
    return ".".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def positions_of(text: str | None) -> list[Position]:
    """The positions that `Event-Position` listed."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    found = [_POSITION.fullmatch(part) for part in parts[: MAX_POSITIONS + 1]]
    if len(parts) > MAX_POSITIONS or None in found:
        raise _malformed(
            "query.wait_for",
            f"Tuliskan paling banyak {MAX_POSITIONS} posisi, seperti tajuk Event-Position: "
            "topik/kode/urutan, dipisahkan koma.",
        )
    return [Position(m[1], m[2], int(m[3])) for m in found if m is not None]


def before_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The place in the log that `next` named."""
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is not None:
        with contextlib.suppress(ValueError):
            return datetime.strptime(found[1], MOMENT).replace(tzinfo=UTC), UUID(found[2])
    raise _malformed("query.after", "Pakailah nilai `next` dari halaman sebelumnya.")


def cursor_of(at: datetime, decision_id: UUID) -> str:
    return f"{at.strftime(MOMENT)}~{decision_id}"


def _malformed(field: str, reason: str) -> Problem:
    return Problem(
        400,
        "Permintaan tidak dapat dibaca",
        "Satu isian tidak dapat dibaca.",
        (FieldError(field, reason, "malformed"),),
        code="malformed",
    )
