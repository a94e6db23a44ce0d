"""The tables of notifications; every function takes the caller's connection and transaction."""

from __future__ import annotations

from datetime import date

from common.clock import Clock
from common.database import Queries
from common.events.words import TimeZone

QUERIES = Queries.of("notifications.storage")
NEWS = Queries.of("notifications.storage", "news.sql")

Days = tuple[date, date, date]
"""Today's civil date in WIB, WITA and WIT: a village's own decides who holds an office."""


def local_days(clock: Clock) -> Days:
    return clock.today(TimeZone.WIB), clock.today(TimeZone.WITA), clock.today(TimeZone.WIT)
