"""What callers send."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Self

from common.events.words import PostKind, Programme, Segment
from pydantic import (
    UUID4,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from registry.domain.posts import MAX_POSTS, PostName

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECREE = re.compile(r"[A-Za-z0-9 ./_-]{1,60}")
_KPJ = re.compile(r"\d{11}", re.ASCII)


def _day(value: Any) -> Any:
    """Only YYYY-MM-DD: a number would be read as seconds since 1970."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    raise PydanticCustomError("day", "Harus berupa tanggal YYYY-MM-DD, misalnya 2026-11-20.")


def _kpj(value: Any) -> Any:
    if isinstance(value, str) and _KPJ.fullmatch(value):
        return value
    raise PydanticCustomError("kpj", "Nomor KPJ harus tepat 11 angka; kosongkan bila belum terbit.")


def _decree_number(value: str) -> str:
    if _DECREE.fullmatch(value):
        return value
    raise PydanticCustomError(
        "decree_number",
        "Paling banyak 60 huruf, angka, spasi dan tanda . / _ -, misalnya 141/02/2019.",
    )


def _name(value: Any) -> Any:
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value.strip()
    raise PydanticCustomError("name", "Nama harus berupa teks yang dapat dicetak.")


Day = Annotated[date, BeforeValidator(_day)]
EffectiveOn = Annotated[
    Day, Field(description="Civil date, local to the village, from which the fact holds.")
]
NikText = Annotated[
    SecretStr,
    Field(
        max_length=40,
        description="16 digits; encrypted, never shown again.",
        json_schema_extra={"writeOnly": True},
    ),
]
PersonName = Annotated[
    SecretStr,
    BeforeValidator(_name),
    Field(max_length=100, description="Optional; encrypted, never shown again."),
]
Kpj = Annotated[
    SecretStr,
    BeforeValidator(_kpj),
    Field(description="Card number, 11 digits, once issued; encrypted."),
]
DecreeNumber = Annotated[
    str,
    AfterValidator(_decree_number),
    Field(json_schema_extra={"pattern": f"^{_DECREE.pattern}$"}),
]
VillageCodeText = Annotated[
    str, Field(min_length=10, max_length=13, description="Kemendagri code, dotted or not.")
]


class Body(BaseModel):
    """What a request says; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ListedPosts(Body):
    """Posts of one kind: how many, or which ones by number."""

    kind: PostKind
    count: Annotated[StrictInt, Field(ge=1, le=MAX_POSTS)] | None = None
    ordinals: (
        Annotated[
            tuple[Annotated[StrictInt, Field(ge=1, le=999)], ...],
            Field(min_length=1, max_length=MAX_POSTS),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.count is None) == (self.ordinals is None):
            raise PydanticCustomError("count", "Isi count atau ordinals, salah satu saja.")
        return self

    def names(self) -> list[PostName]:
        ordinals = self.ordinals or range(1, (self.count or 0) + 1)
        return [PostName(self.kind, ordinal) for ordinal in ordinals]


class DecreedPosts(Body):
    """The whole list of the village government's posts; it replaces the list before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "effective_on": "2019-01-02",
                    "number": "141/02/2019",
                    "posts": [
                        {"kind": "KEPALA_DESA", "count": 1},
                        {"kind": "SEKRETARIS_DESA", "count": 1},
                        {"kind": "KAUR", "count": 3},
                        {"kind": "RT_HEAD", "ordinals": [1, 2, 4]},
                    ],
                }
            ]
        }
    )

    effective_on: EffectiveOn
    number: DecreeNumber | None = None
    posts: Annotated[tuple[ListedPosts, ...], Field(min_length=1, max_length=100)]


class Appointed(Body):
    """Somebody, by NIK or by participant_id, holds a post from a day on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "post_id": "6f1c0a52-3a51-4c0e-9b6a-0a5b2a9d9f10",
                    "nik": "9926104506850001",
                    "effective_on": "2019-01-02",
                    "acting": False,
                    "replaces_holder": True,
                }
            ]
        }
    )

    post_id: UUID4
    effective_on: EffectiveOn
    acting: StrictBool = False
    replaces_holder: Annotated[
        StrictBool,
        Field(
            description="The term in office on `effective_on`, if there is one that began before "
            "that day, ends on it; else a post that is held is refused."
        ),
    ] = False
    nik: NikText | None = None
    name: PersonName | None = None
    participant_id: UUID4 | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.nik is None) == (self.participant_id is None):
            raise PydanticCustomError("holder", "Isi nik atau participant_id, salah satu saja.")
        return self


class Enrolled(Body):
    """A membership; it counts once it is activated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "nik": "9926104506850001",
                    "segment": "BPU",
                    "programmes": ["JKK", "JKM"],
                    "effective_on": "2019-08-01",
                }
            ]
        }
    )

    nik: NikText
    segment: Segment
    programmes: Annotated[tuple[Programme, ...], Field(min_length=1, max_length=5)]
    effective_on: EffectiveOn
    name: PersonName | None = None
    birth_date: Annotated[Day, Field(description="Where the NIK's is wrong.")] | None = None
    kpj: Kpj | None = None


class Dated(Body):
    """An act that needs nothing but its day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"effective_on": "2019-09-03"}]})

    effective_on: EffectiveOn


class Moved(Body):
    """The membership goes on in another village."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"effective_on": "2019-09-03", "to_village_code": "33.26.12.2008"}]
        }
    )

    effective_on: EffectiveOn
    to_village_code: VillageCodeText
