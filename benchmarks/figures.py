"""Figures: a measured value beside that of a bare loop in the same run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` = value / beside_value; for rates more is better, for times and bytes less is."""

    name: str
    value: float
    unit: str
    beside: str
    beside_value: float

    @property
    def ratio(self) -> float:
        return self.value / self.beside_value if self.beside_value else float("nan")

    def line(self) -> str:
        """One JSON line."""
        rounded = {
            key: round(value, 3) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        return json.dumps(rounded | {"ratio": round(self.ratio, 3)})
