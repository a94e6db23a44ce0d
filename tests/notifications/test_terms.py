"""Terms of office: they follow each other and never overlap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifications.domain.terms import Appointment, Term, TermsOverlap, succeed
from notifications_rig import CAMAT_SRAGI

FIRST = UUID(int=1)


def day(number: int) -> date:
    return date.fromordinal(date(2025, 1, 1).toordinal() + number)


def an(begins: int, ends: int | None = None) -> Appointment:
    return Appointment(CAMAT_SRAGI, "Pejabat", day(begins), None if ends is None else day(ends))


def test_a_successor_ends_the_open_term():
    """The day the new one takes office is the first day without the old one."""
    succession = succeed([Term(FIRST, day(0), None)], [an(100)])

    assert ((FIRST, day(100)),) == succession.end
    assert (an(100),) == succession.add


def test_a_predecessor_found_later_ends_where_the_next_begins():
    """History may be entered backwards."""
    succession = succeed([Term(FIRST, day(100), None)], [an(0)])

    assert () == succession.end
    assert (an(0, 100),) == succession.add


def test_what_is_on_record_is_known():
    """The same file again changes nothing."""
    succession = succeed([Term(FIRST, day(0), None)], [an(0)])

    assert ((), (), (an(0),)) == (succession.end, succession.add, succession.known)


@pytest.mark.parametrize(
    ("record", "new"),
    [
        ([Term(FIRST, day(0), day(100))], [an(50)]),
        ([Term(FIRST, day(50), None)], [an(0, 60)]),
        ([], [an(0, 60), an(50)]),
        ([], [an(0), an(0)]),
    ],
)
def test_overlaps_are_refused(record: list[Term], new: list[Appointment]):
    """A term with an end of its own is not shortened by another."""
    with pytest.raises(TermsOverlap, match=r"CAMAT 33\.26\.12"):
        succeed(record, new)


@given(st.lists(st.integers(0, 300), min_size=1, unique=True))
def test_open_terms_of_one_file_follow_each_other(starts: list[int]):
    """In any order, they cover every day from the first on, each day once."""
    spans = sorted((a.begins, a.ends) for a in succeed([], [an(start) for start in starts]).add)

    assert [day(start) for start in sorted(starts)] == [begins for begins, _ in spans]
    assert [*(begins for begins, _ in spans[1:]), None] == [ends for _, ends in spans]


@given(st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(1, 30)), max_size=20))
def test_whatever_is_recorded_no_two_overlap(wanted: list[tuple[int, int | None]]):
    """After any appointments, refused or not, at most one term holds on any day."""
    record: list[Term] = []
    for begins, length in wanted:
        appointment = an(begins, None if length is None else begins + length)
        try:
            succession = succeed(record, [appointment])
        except TermsOverlap:
            continue
        ended = dict(succession.end)
        record = [replace(term, ends=ended.get(term.holder_id, term.ends)) for term in record]
        record += [Term(uuid4(), a.begins, a.ends) for a in succession.add]

    for number in range(100):
        holding = [
            t for t in record if t.begins <= day(number) and (not t.ends or day(number) < t.ends)
        ]
        assert len(holding) <= 1
