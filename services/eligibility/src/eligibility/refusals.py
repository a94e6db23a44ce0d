"""What a question is refused with; `api/refusals.py` says it to the caller."""

from __future__ import annotations

from collections.abc import Mapping


class NotYet(ValueError):
    """The day asked for has not begun in the village: history ends today."""


class Parked(Exception):
    """An event of the village waits for a person; the position will not be reached before."""


class NotReached(TimeoutError):
    """The positions were not reached in time; `marks` is how far it was."""

    def __init__(self, marks: Mapping[str, int]) -> None:
        super().__init__("not reached")
        self.marks = marks


class UnknownCeremony(LookupError):
    """No ceremony has this id, or the caller may not see its village."""


class EventUnknown(LookupError):
    """Eligibility has published no such event."""
