"""The fast reader of enrollment events and the contract say the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from common.events.registry import Deltas as ContractDeltas
from common.events.registry import EnrollmentActivated
from common.events.words import TimeZone
from common.received import Received, UnreadableEvents, decode_one
from eligibility.counts import COUNTS, Place, count, read
from hypothesis import given
from hypothesis import strategies as st
from support.programme import TODAY, Registry, activated
from support.streams import KETANON, Record

DAYS = st.integers(-400, 400).map(lambda days: TODAY + timedelta(days=days))
DELTAS = st.dictionaries(st.sampled_from(COUNTS), st.integers(-3, 3))
EFFECTS = st.lists(st.tuples(DAYS, DELTAS), max_size=6)
ALL_TODAY = dict.fromkeys(TimeZone, TODAY)


def received(record: Record) -> Received:
    event = decode_one(
        record.value, key=KETANON, topic=record.topic, partition=0, offset=record.offset
    )
    assert isinstance(event, Received)
    return event


def test_the_counts_are_the_contracts():
    """The fast reader knows the counts of the contract, each by its name."""
    assert tuple(ContractDeltas.model_fields) == COUNTS


@given(st.lists(EFFECTS, min_size=1, max_size=5))
def test_what_is_counted_is_what_the_contract_says(
    effects: list[list[tuple[date, dict[str, int]]]],
):
    """Sums due today and the ledger's days equal those read with the contract's own models."""
    registry = Registry()
    events = [received(r) for e in effects for r in registry.tell(activated(effect=e))]
    told = [EnrollmentActivated.model_validate_json(bytes(event.data)) for event in events]
    due = dict.fromkeys(COUNTS, 0)
    days: dict[date, int] = {}
    for effect in [effect for data in told for effect in data.effect]:
        for name in COUNTS:
            delta = getattr(effect.deltas, name)
            due[name] += delta if effect.effective_on <= TODAY else 0
            days[effect.effective_on] = days.get(effect.effective_on, 0) + abs(delta)

    counted = count(read({KETANON: events}), {KETANON: Place(TimeZone.WIB)}, ALL_TODAY)

    (sums,) = counted.sums
    assert tuple(due.values()) == sums[1:10]
    assert {entry[1] for entry in counted.ledger} <= {day for day, size in days.items() if size}
    for name, column in zip(COUNTS, range(3, 12), strict=True):
        of_today = [e[column] for e in counted.ledger if e[1] <= TODAY]
        assert due[name] == sum(of_today), name


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (b'"persons":1', b'"persons":"one"'),
        (b'"persons":1', b'"people":1'),
        (b'"persons":1', b'"persons":1e40'),
        (b'"effect":[', b'"effect":7,"was":['),
        (b'"effective_on":"2026-02-01","village', b'"effective_on":"2026-02-31","village'),
    ],
)
def test_what_the_contract_refuses_is_impossible(true: bytes, false: bytes):
    """An effect that breaks its schema names its event and stops nothing but its village."""
    (good, record, last) = Registry().tell(activated(), activated(), activated())
    assert true in record.value
    bad = received(Record(record.topic, record.key, record.value.replace(true, false)))
    events = [received(good), bad, received(last)]

    with pytest.raises(UnreadableEvents) as refused:
        read({KETANON: events})

    assert [bad] == [fault.event for fault in refused.value.found]
