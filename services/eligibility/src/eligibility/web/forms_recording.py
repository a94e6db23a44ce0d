"""What every form of an officer is: its questions, the effect shown before, and the deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from common.web import Viewer

from eligibility.domain.status import Face
from eligibility.web.formats import village_name
from eligibility.web.forms_fields import Answers, Field, Kind
from eligibility.web.registry_api import Recorded


@dataclass(frozen=True, slots=True)
class At:
    """Where something is recorded, by whom, and which day it is there."""

    viewer: Viewer
    place: Any
    today: date

    @property
    def code(self) -> str:
        return str(self.place["village_code"])

    @property
    def name(self) -> str:
        return village_name(self.place["kind"], self.place["name"])


@dataclass(frozen=True, slots=True)
class Effect:
    """What will be recorded, in sentences; of an act also the four fields without and with it."""

    sentences: Sequence[str]
    before: Face | None = None
    after: Face | None = None


class Recorder(Protocol):
    """One thing that an officer records of a village; stands at `/desa/{code}/catat/{path}`."""

    path: str
    title: str
    lead: str
    scope: str
    asks_nik: bool
    """The NIK is asked for last, with the effect in view, so that no page has to carry it on."""

    async def fields(self, at: At) -> list[Field]:
        """The questions of today; raises RegistryAway and Refused."""

    async def blank(self, at: At) -> Answers:
        """What stands in the form before anything was typed; raises as `fields`."""

    async def effect(self, at: At, answers: Answers) -> Effect:
        """What saving would do, without doing it; raises Refused."""

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        """Record it once per key; raises as `fields`."""


def day_field(hint: str, *, name: str = "effective_on", label: str = "Berlaku mulai") -> Field:
    return Field(name, label, Kind.DATE, hint)
