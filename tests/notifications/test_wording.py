"""How things are said in formal Bahasa Indonesia."""

# ruff: noqa: E501  # phrases stand here as they are sent

from __future__ import annotations

from datetime import date

import pytest
from common.events.eligibility import Missing, Reason
from common.events.words import PostKind, TimeZone, Venue
from inline_snapshot import snapshot
from letters_rig import DESA, KELURAHAN, KOTA_ADM
from notifications.domain.wording import (
    say_date,
    say_day,
    say_list,
    say_number,
    say_shortfall,
    say_time,
    say_venue,
)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (
            [("KEPALA_DESA", 0, 1)],
            snapshot(
                "1 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kepala desa)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0)],
            snapshot(
                "1 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kosong: kepala desa)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0), ("KAUR", 0, 1)],
            snapshot(
                "2 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kepala urusan; kosong: kepala desa)"
            ),
        ),
        (
            [("KAUR", 1, 2), ("KASI", 0, 1), ("KEPALA_DUSUN", 2, 0)],
            snapshot(
                "6 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (2 kepala urusan dan kepala seksi; kosong: kepala urusan dan 2 kepala dusun)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0), ("KAUR", 0, 1), ("KASI", 0, 1), ("KEPALA_DUSUN", 2, 1)],
            snapshot(
                "6 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kosong: 3 jabatan)"
            ),
        ),
        (
            [("KAUR", 0, 1), ("KASI", 0, 1), ("KEPALA_DUSUN", 0, 1), ("LURAH", 0, 1)],
            snapshot(
                "4 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan"
            ),
        ),
    ],
)
def test_posts_are_named_when_their_kinds_are_few(missing: list[tuple[str, int, int]], named: str):
    """Up to three kinds in words, the vacant posts apart; of more kinds only how many are vacant."""
    lacking = sum(vacant + uncovered for _, vacant, uncovered in missing)
    reason = Reason(
        criterion="head_and_staff_covered",
        met=False,
        required=12,
        actual=12 - lacking,
        missing=tuple(
            Missing(post_kind=PostKind(kind), vacant=vacant, not_covered=uncovered)
            for kind, vacant, uncovered in missing
        ),
    )

    assert named == say_shortfall(reason)


def test_numbers_dates_and_lists():
    """As formal Bahasa Indonesia writes them."""
    assert ["1.353", "1.000.000", "7"] == [say_number(n) for n in (1353, 1_000_000, 7)]
    assert "8 Januari 2027" == say_date(date(2027, 1, 8))
    assert ["", "a", "a dan b", "a, b, dan c"] == [
        say_list(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])
    ]


def test_days_and_hours():
    """With the day of the week, and the zone of the village's clocks."""
    assert "Kamis, 3 Desember 2026" == say_day(date(2026, 12, 3))
    assert "pukul 09.30 WITA" == say_time("09:30", TimeZone.WITA)


def test_venues():
    """A desa has a balai, a kelurahan an office; what is not known yet is told later."""
    assert ["Balai Desa Kedungjaran", "Kantor Kelurahan Kauman"] == [
        say_venue(Venue.VILLAGE_HALL, place) for place in (DESA, KELURAHAN)
    ]
    assert ["Pendopo Kabupaten Pekalongan", "Pendopo Kota Administrasi Jakarta Pusat"] == [
        say_venue(Venue.PENDOPO, place) for place in (DESA, KOTA_ADM)
    ]
    assert "diberitahukan kemudian" == say_venue(Venue.OTHER, DESA)
