"""The registry's rules as tables: codes, names, NIK, segments, days, transitions."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from common.events.words import (
    EnrollmentStatus,
    Programme,
    RegencyKind,
    Segment,
    TimeZone,
    VillageKind,
)
from registry.areas.edition import Edition
from registry.domain.areas import (
    TIME_ZONES,
    regency_kind,
    search_name,
    village_code,
    village_kind,
)
from registry.domain.days import check_effective_on, check_has_happened
from registry.domain.enrollment import TRANSITIONS, Act, next_status
from registry.domain.nik import odd_parts, parse_nik
from registry.domain.refusals import (
    AgeOutsideLimits,
    DateOutsideLimits,
    NikImpossible,
    ProgrammesNotAllowed,
    SegmentWithoutRule,
    TransitionForbidden,
    VillageCodeImpossible,
)
from registry.domain.segments import SegmentRule, check_age, check_programmes, rule_on

KETANON = "33.26.10.2001"


@pytest.mark.parametrize("text", ["33.26.10.2001", "3326102001", " 33.26.10.2001 "])
def test_a_village_code_is_read_dotted_or_not(text: str) -> None:
    assert village_code(text) == KETANON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "33.26.10",
        "33.26.10.4001",
        "03.26.10.2001",
        "33-26-10-2001",
        "33.26.10.20011",
        "33.2610.2001",
        "٣٣.26.10.2001",
        "33.26.10.2001\n\n2",
    ],
)
def test_other_texts_are_no_village_codes(text: str) -> None:
    with pytest.raises(VillageCodeImpossible):
        village_code(text)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("33.26.08.1016", VillageKind.KELURAHAN),
        ("33.26.10.2001", VillageKind.DESA),
        ("91.03.02.3007", VillageKind.DESA_ADAT),
    ],
)
def test_the_kind_of_a_village_is_in_its_code(code: str, kind: VillageKind) -> None:
    assert village_kind(code) == kind


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Kabupaten Pekalongan", (RegencyKind.KABUPATEN, "Pekalongan")),
        ("Kab. Pekalongan", (RegencyKind.KABUPATEN, "Pekalongan")),
        ("Kota Pekalongan", (RegencyKind.KOTA, "Pekalongan")),
        ("Kota Administrasi Jakarta Pusat", (RegencyKind.KOTA_ADM, "Jakarta Pusat")),
        (
            "Kabupaten Administrasi Kepulauan Seribu",
            (RegencyKind.KABUPATEN_ADM, "Kepulauan Seribu"),
        ),
        ("Kotabaru", (None, "Kotabaru")),
    ],
)
def test_the_kind_of_a_regency_is_in_its_name(name: str, expected: object) -> None:
    assert regency_kind(name) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ketanon Ageng", "Ketanonageng"),
        ("Lalai I/II", "LALAI I II"),
        ("Soka'an", "sokaan"),
        ("Soka\u2019an", 'Soka"an'),
        ("Tumpok 40", "tumpok40"),
    ],
)
def test_names_are_compared_without_case_space_and_punctuation(one: str, other: str) -> None:
    assert search_name(one) == search_name(other)


def test_the_edition_is_complete(edition: Edition) -> None:
    """The counts of Kepmendagri 300.2.2-2138/2025; every parent exists, kinds as published."""
    kinds = [village.kind for village in edition.villages]
    regencies = [regency_kind(name)[0] for name in edition.regencies.values()]

    assert (
        len(edition.provinces),
        len(edition.regencies),
        len(edition.kecamatan),
        len(edition.villages),
    ) == (38, 514, 7285, 83762)
    assert tuple(
        kinds.count(kind)
        for kind in (VillageKind.KELURAHAN, VillageKind.DESA, VillageKind.DESA_ADAT)
    ) == (8496, 75252, 14)
    assert tuple(regencies.count(kind) for kind in RegencyKind) == (415, 93, 1, 5)
    assert edition.provinces.keys() == TIME_ZONES.keys()


@pytest.mark.parametrize(
    ("zone", "provinces"),
    [
        (TimeZone.WIB, ["Aceh", "Jawa Tengah", "Kalimantan Barat", "Kalimantan Tengah"]),
        (
            TimeZone.WITA,
            [
                "Bali",
                "Nusa Tenggara Barat",
                "Nusa Tenggara Timur",
                "Kalimantan Selatan",
                "Kalimantan Timur",
                "Kalimantan Utara",
                "Sulawesi Utara",
                "Sulawesi Barat",
            ],
        ),
        (
            TimeZone.WIT,
            [
                "Maluku",
                "Maluku Utara",
                "Papua",
                "Papua Barat",
                "Papua Selatan",
                "Papua Tengah",
                "Papua Pegunungan",
                "Papua Barat Daya",
            ],
        ),
    ],
)
def test_midnight_is_local(edition: Edition, zone: TimeZone, provinces: list[str]) -> None:
    by_name = {name: TIME_ZONES[code] for code, name in edition.provinces.items()}

    assert {zone} == {by_name[name] for name in provinces}


@pytest.mark.parametrize(
    ("nik", "born"),
    [
        ("3326104506850001", date(1985, 6, 5)),
        ("3326100506850001", date(1985, 6, 5)),
        ("3326103112990001", date(1999, 12, 31)),
        ("3326107112080001", date(2008, 12, 31)),
        ("3326103002850001", None),
    ],
)
def test_a_possible_nik_says_when_one_was_born(nik: str, born: date | None) -> None:
    """Forty is added to the day for women; a day that no calendar has is odd, not impossible."""
    assert parse_nik(nik, demo=False).birth_date(date(2026, 11, 21)) == born


@pytest.mark.parametrize(
    "nik",
    [
        "",
        "332610450685000",
        "33261045068500011",
        "33261O4506850001",
        "3326 104506850001",
        "3326100006850001",
        "3326103206850001",
        "3326104006850001",
        "3326107206850001",
        "3326104500850001",
        "3326104513850001",
        "3326104506850000",
        "٣٣26104506850001",
        "3326104506850001\n",
    ],
)
def test_an_impossible_nik_is_refused_without_an_echo(nik: str) -> None:
    with pytest.raises(NikImpossible) as refused:
        parse_nik(nik, demo=True)

    assert not nik.strip() or nik not in str(refused.value)


def test_the_reserved_prefix_is_for_demo_and_test_only() -> None:
    assert parse_nik("9926104506850001", demo=True).masked == "992610••••••••01"
    with pytest.raises(NikImpossible):
        parse_nik("9926104506850001", demo=False)


def test_a_nik_shows_itself_masked_only() -> None:
    assert "3326104506850001" not in repr(parse_nik("3326104506850001", demo=False))


@pytest.mark.parametrize(
    ("nik", "born", "codes"),
    [
        ("3326104506850001", None, []),
        ("3326104506850001", date(1985, 6, 5), []),
        ("3310164506850001", None, ["nik-prefix-differs"]),
        ("9926104506850001", None, ["nik-province-unknown"]),
        ("3326104506850001", date(1985, 6, 6), ["nik-birth-date-differs"]),
        ("3326107002850001", None, ["nik-birth-date-odd"]),
    ],
)
def test_the_odd_is_warned_of(nik: str, born: date | None, codes: list[str]) -> None:
    parsed = parse_nik(nik, demo=True)

    warnings = odd_parts(parsed, village_code=KETANON, born=born, on=date(2019, 8, 1))

    assert codes == [warning.code for warning in warnings]


BPU_2019 = SegmentRule(
    Segment.BPU,
    date(1977, 1, 1),
    frozenset({Programme.JKK, Programme.JKM}),
    frozenset({Programme.JKK, Programme.JKM, Programme.JHT}),
    18,
    56,
    "Permenaker 1/2016",
)
BPU_2021 = SegmentRule(
    Segment.BPU,
    date(2021, 4, 1),
    BPU_2019.required,
    BPU_2019.allowed,
    18,
    65,
    "Permenaker 5/2021",
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2021, 3, 31), BPU_2019), (date(2021, 4, 1), BPU_2021), (date(2026, 1, 1), BPU_2021)],
)
def test_a_segment_is_judged_by_the_rule_of_the_day(day: date, expected: SegmentRule) -> None:
    assert rule_on([BPU_2021, BPU_2019], Segment.BPU, day) is expected


def test_a_day_without_a_rule_is_refused() -> None:
    with pytest.raises(SegmentWithoutRule):
        rule_on([BPU_2021], Segment.BPU, date(2021, 3, 31))


@pytest.mark.parametrize(
    ("programmes", "allowed"),
    [
        ("JKK JKM", True),
        ("JKM JKK JHT", True),
        ("JKK", False),
        ("JHT", False),
        ("JKK JKM JP", False),
        ("JKK JKM JKP", False),
    ],
)
def test_own_account_workers_have_at_least_jkk_and_jkm(programmes: str, *, allowed: bool) -> None:
    """JP and JKP are for wage earners only."""
    chosen = [Programme(name) for name in programmes.split()]
    if allowed:
        assert set(chosen) == set(check_programmes(BPU_2021, chosen))
    else:
        with pytest.raises(ProgrammesNotAllowed):
            check_programmes(BPU_2021, chosen)


@pytest.mark.parametrize(
    ("born", "on", "rule", "allowed"),
    [
        (date(2001, 8, 2), date(2019, 8, 1), BPU_2019, False),
        (date(2001, 8, 1), date(2019, 8, 1), BPU_2019, True),
        (date(1962, 8, 2), date(2019, 8, 1), BPU_2019, True),
        (date(1962, 8, 1), date(2019, 8, 1), BPU_2019, False),
        (date(1962, 8, 1), date(2022, 8, 1), BPU_2021, True),
        (None, date(2022, 8, 1), BPU_2021, True),
        (date(2030, 1, 1), date(2022, 8, 1), BPU_2021, False),
    ],
)
def test_the_age_at_registration(
    born: date | None, on: date, rule: SegmentRule, *, allowed: bool
) -> None:
    """Completed years on the day of registration; an unknown birth date is not refused."""
    if allowed:
        check_age(rule, born, on)
    else:
        with pytest.raises(AgeOutsideLimits):
            check_age(rule, born, on)


TODAY = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("day", "may_hold", "may_have_happened"),
    [
        (date(1976, 12, 31), False, False),
        (date(1977, 1, 1), True, True),
        (TODAY, True, True),
        (date(2024, 3, 1), True, False),
        (date(2025, 2, 28), True, False),
        (date(2025, 3, 1), False, False),
    ],
)
def test_ordinary_days(day: date, *, may_hold: bool, may_have_happened: bool) -> None:
    for check, allowed in (
        (check_effective_on, may_hold),
        (check_has_happened, may_have_happened),
    ):
        if allowed:
            check(day, TODAY)
        else:
            with pytest.raises(DateOutsideLimits):
                check(day, TODAY)


PAIRS = list(product(Act, (None, *EnrollmentStatus)))


@pytest.mark.parametrize(("act", "status"), PAIRS)
def test_every_pair_of_act_and_status(act: Act, status: EnrollmentStatus | None) -> None:
    """A pair in the table leads to its status; every other one is refused by name."""
    allowed = {
        (Act.RECORD, None): "PENDING_PAYMENT",
        (Act.ACTIVATE, "PENDING_PAYMENT"): "AKTIF",
        (Act.MOVE, "AKTIF"): "AKTIF",
        (Act.END, "PENDING_PAYMENT"): "KELUAR",
        (Act.END, "AKTIF"): "KELUAR",
    }
    if (act, status) in allowed:
        assert allowed[act, status] == next_status(act, status)
    else:
        with pytest.raises(TransitionForbidden):
            next_status(act, status)


def test_the_table_holds_nothing_else() -> None:
    assert len(TRANSITIONS) == 5
