"""Business time: an input, never an ambient `now()`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.events.words import TimeZone

ZONES: dict[TimeZone, ZoneInfo] = {
    TimeZone.WIB: ZoneInfo("Asia/Jakarta"),
    TimeZone.WITA: ZoneInfo("Asia/Makassar"),
    TimeZone.WIT: ZoneInfo("Asia/Jayapura"),
}


class ClockBackwards(ValueError):
    """The clock only moves forward."""


class Clock:
    """System time plus an offset that only grows; locks, leases and tokens do not use it."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC) + self._offset

    def today(self, zone: TimeZone) -> date:
        """The civil date in an Indonesian time zone."""
        return self.now().astimezone(ZONES[zone]).date()

    def move_to(self, offset: timedelta) -> None:
        """Take a new offset; raises ClockBackwards when it is smaller than the one before."""
        if offset < self._offset:
            raise ClockBackwards(f"the offset would go back from {self._offset} to {offset}")
        self._offset = offset


def midnight(day: date, zone: TimeZone) -> datetime:
    """The UTC instant at which `day` begins in `zone`."""
    return datetime.combine(day, time.min, ZONES[zone]).astimezone(UTC)


def local_date(moment: datetime, zone: TimeZone) -> date:
    return moment.astimezone(ZONES[zone]).date()
