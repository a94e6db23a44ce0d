"""What a rule returns: an event's data and the village whose stream it belongs to."""

from __future__ import annotations

from typing import NamedTuple

from common.events.envelope import EventData


class Fact(NamedTuple):
    village_key: str
    data: EventData
