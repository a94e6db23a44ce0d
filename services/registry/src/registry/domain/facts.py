"""What a rule returns: an event's data and the village or area whose stream it belongs to."""

from __future__ import annotations

from typing import NamedTuple

from common.events.envelope import AnyEventData


class Fact(NamedTuple):
    village_key: str
    """Or the code of an area."""
    data: AnyEventData
