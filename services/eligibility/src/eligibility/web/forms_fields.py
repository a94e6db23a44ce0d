"""The fields of a form: what is asked, what was typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from starlette.datastructures import FormData

from eligibility.web import formats


class Kind(StrEnum):
    """How a field is typed or chosen."""

    DATE = "date"
    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    SELECT = "select"
    CHOICE = "choice"
    TICKS = "ticks"


@dataclass(frozen=True, slots=True)
class Field:
    """One question; `options` are pairs of value and label, `limit` letters or the number."""

    name: str
    label: str
    kind: Kind
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    required: bool = True
    limit: int = 200

    def shown(self, value: str | tuple[str, ...]) -> str:
        """What was entered, as the page that checks it says it."""
        if not value:
            return formats.NONE
        labels = dict(self.options)
        match self.kind, value:
            case Kind.TICKS, tuple():
                return ", ".join(labels[one] for one in value)
            case ((Kind.SELECT | Kind.CHOICE), str()):
                return labels[value]
            case Kind.DATE, str():
                return formats.day(date.fromisoformat(value))
        return str(value)


MISSING = {
    Kind.DATE: "Isi tanggalnya.",
    Kind.SELECT: "Pilih salah satu.",
    Kind.CHOICE: "Pilih salah satu.",
    Kind.TICKS: "Pilih sedikitnya satu.",
}


@dataclass
class Answers:
    """What was typed, kept as it is, and the errors by field."""

    values: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, fields: Sequence[Field], form: FormData) -> Self:
        answers = cls()
        for one in fields:
            typed = [" ".join(str(value).split()) for value in form.getlist(one.name)]
            given = tuple(value for value in typed if value)
            answers.values[one.name] = given if one.kind is Kind.TICKS else "".join(given[:1])
            if error := _wrong(one, given):
                answers.errors[one.name] = error
        return answers

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def chosen(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, ())
        return value if isinstance(value, tuple) else ()

    def number(self, name: str) -> int | None:
        """The number; None where nothing was typed. Only for answers without errors."""
        return int(self.text(name)) if self.text(name) else None

    def day(self, name: str) -> date:
        """The date; only for answers without errors."""
        return date.fromisoformat(self.text(name))


def _wrong(one: Field, given: tuple[str, ...]) -> str | None:
    if not given:
        return MISSING.get(one.kind, "Wajib diisi.") if one.required else None
    if one.kind in {Kind.SELECT, Kind.CHOICE, Kind.TICKS}:
        known = set(dict(one.options))
        return None if known.issuperset(given) else "Pilih dari yang tersedia."
    return _WRONG.get(one.kind, _too_long)(one, given[0])


def _no_day(_: Field, value: str) -> str | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return "Tanggal ini tidak ada. Tuliskan seperti 2026-11-20."
    return None


def _no_number(one: Field, value: str) -> str | None:
    if value.isascii() and value.isdigit() and len(value) <= len(str(one.limit)):
        if int(value) <= one.limit:
            return None
        return f"Paling banyak {formats.number(one.limit)}."
    return f"Isi dengan angka bulat dari 0 sampai {formats.number(one.limit)}."


def _too_long(one: Field, value: str) -> str | None:
    if len(value) > one.limit:
        return f"Paling banyak {one.limit} huruf; sekarang {len(value)}."
    return None if value.isprintable() else "Tulis dalam satu baris, tanpa tanda kendali."


_WRONG = {Kind.DATE: _no_day, Kind.NUMBER: _no_number}


def options(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of value and label in the order of the labels' table."""
    return [(str(value), label) for value, label in labels.items()]
