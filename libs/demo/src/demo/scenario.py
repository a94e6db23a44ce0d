"""The scenario as data: `scenario.toml` read and checked, each step of a kind of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources
from typing import Annotated, Literal, TypeAlias

from common.events import words
from pydantic import BaseModel, ConfigDict, Field

FILE = "scenario.toml"

Count = Annotated[int, Field(ge=1, le=200)]
Posts: TypeAlias = Mapping[words.PostKind, Count]


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Village(Data):
    """A village of the story, by its code of today."""

    code: str
    kind: Literal["Desa", "Kelurahan"] = "Desa"
    kecamatan: str
    regency: str


class Office(Data):
    """An office that is written to; its holder's address is invented."""

    kind: words.OfficeKind
    area: str
    email: Annotated[str, Field(pattern=r"\.example$")]


class Target(Data):
    year: int
    words: str
    source: str


class Dated(Data):
    """On a day of the calendar, or counted back from the day on which it is told."""

    on: date | None = None
    days_ago: Annotated[int, Field(ge=0)] | None = None

    def day(self, today: date, *, otherwise: date) -> date:
        """The day meant."""
        if self.on is not None:
            return self.on
        return otherwise if self.days_ago is None else today - timedelta(days=self.days_ago)


class InVillages(Dated):
    villages: Annotated[tuple[str, ...], Field(min_length=1)]


class Offices(Dated):
    """Every office of these regencies gets a holder."""

    do: Literal["offices"]
    areas: tuple[str, ...]


class Government(InVillages):
    """The posts are decreed, filled, and their holders enrolled, but for some."""

    do: Literal["government"]
    posts: str
    decreed: date
    enrolled: date
    active: date
    not_yet: Posts = {}
    """Holders who are not enrolled."""


class Sosialisasi(InVillages):
    do: Literal["sosialisasi"]
    organiser: words.Organiser
    attendance: int | None = None
    occasion: words.Occasion | None = None


class Potential(InVillages):
    do: Literal["potential"]
    sector: words.PotentialSector


class Aid(InVillages):
    do: Literal["aid"]
    kind: words.AidKind


class Perisai(InVillages):
    do: Literal["perisai"]


class Workers(InVillages):
    do: Literal["workers"]
    total: int
    pu: int
    bpu: int
    source: words.WorkerSource


class Launch(Dated):
    do: Literal["launch"]
    area: str
    level: words.LaunchLevel
    host: words.HostOffice
    represented_by: words.Representative | None = None
    venue: words.Venue


class Act(InVillages):
    do: Literal["act"]
    act: Literal["CALON", "PENCANANGAN", "PENETAPAN", "PERESMIAN"]
    number: str
    signed_by: str


class Ceremony(InVillages):
    do: Literal["ceremony"]
    kind: words.CeremonyKind
    in_days: Annotated[int, Field(ge=1)]
    begins_at: str
    venue: words.Venue
    host: words.OfficeKind


class NewHead(InVillages):
    """A new head takes office and is not enrolled yet."""

    do: Literal["new_head"]


class RegisterHead(InVillages):
    """The new head is enrolled."""

    do: Literal["register_head"]


Step: TypeAlias = Annotated[
    Offices
    | Government
    | Sosialisasi
    | Potential
    | Aid
    | Perisai
    | Workers
    | Launch
    | Act
    | Ceremony
    | NewHead
    | RegisterHead,
    Field(discriminator="do"),
]


class Chapter(Dated):
    name: str
    title: str
    place: str
    source: str
    said: str | None = None
    """The article's own words."""
    steps: tuple[Step, ...]

    def villages(self) -> list[str]:
        """The villages that it is about, in the order of their coming."""
        named = [v for step in self.steps for v in getattr(step, "villages", ())]
        return list(dict.fromkeys(named))


class Scenario(Data):
    villages: Mapping[str, Village]
    offices: Mapping[str, Office]
    posts: Mapping[str, Posts]
    targets: tuple[Target, ...]
    chapters: tuple[Chapter, ...]

    @classmethod
    def load(cls) -> Scenario:
        """The scenario of this package; raises pydantic's ValidationError."""
        text = resources.files("demo").joinpath(FILE).read_text(encoding="utf-8")
        return cls.model_validate(tomllib.loads(text))

    def nik(self, village: str, number: int) -> str:
        """An invented NIK of the reserved province 99, born 1 to 28 January 1985."""
        place = list(self.villages).index(village) + 1
        return f"99{place:02}01{1 + number % 28:02}0185{number + 1:04}"
