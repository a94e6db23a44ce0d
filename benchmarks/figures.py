"""Figures: a measured value beside that of a bare loop in the same run, and what it is held to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Gate:
    """What a figure must reach and what it should: at least, or `at_most`."""

    gate: float
    aim: float | None = None
    at_most: bool = False
    of: Literal["ratio", "value"] = "ratio"

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{self.of} {sign} {self.gate:g}" + (f" ({self.aim:g})" if self.aim else "")

    def reached(self, measured: float, limit: float) -> bool:
        return measured <= limit if self.at_most else measured >= limit


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` = value / beside_value; for rates more is better, for times and bytes less is."""

    name: str
    value: float
    unit: str
    beside: str
    beside_value: float
    gate: Gate | None = None

    @property
    def ratio(self) -> float:
        return self.value / self.beside_value if self.beside_value else float("nan")

    @property
    def verdict(self) -> str:
        """`aim`, `met` or `missed`; empty for a figure that is held to nothing."""
        gate = self.gate
        if gate is None:
            return ""
        measured = self.ratio if gate.of == "ratio" else self.value
        if gate.aim is not None and gate.reached(measured, gate.aim):
            return "aim"
        return "met" if gate.reached(measured, gate.gate) else "missed"

    def line(self) -> str:
        """One JSON line."""
        told = asdict(self) | {"ratio": self.ratio, "verdict": self.verdict}
        told["gate"] = str(self.gate) if self.gate else ""
        rounded = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in told.items()
        }
        return json.dumps(rounded)
