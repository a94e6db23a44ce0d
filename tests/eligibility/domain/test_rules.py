"""Rule sets: which one judges a day, what may be one, and their checksum."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from common.events.words import PostKind, VillageKind
from eligibility.domain.rules import (
    ImpossibleRuleSet,
    RuleSet,
    canonical_rule_set,
    default_rule_sets,
    parse_rule_set,
    rule_set_for,
)

DESA, KELURAHAN, DESA_ADAT = default_rule_sets()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def content(rule_set: RuleSet = KELURAHAN) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(canonical_rule_set(rule_set))
    return data


def test_the_defaults_are_those_of_the_programme():
    """Head and staff for desa and desa adat; RT, RW and a sosialisasi for a kelurahan."""
    assert [rules.village_kind for rules in default_rule_sets()] == [
        VillageKind.DESA,
        VillageKind.KELURAHAN,
        VillageKind.DESA_ADAT,
    ]
    assert all(rules.default and rules.valid_from == date(2014, 1, 1) for rules in (DESA,))
    assert DESA.group == DESA_ADAT.group
    assert PostKind.LURAH not in KELURAHAN.criteria[0].post_kinds


def test_the_canonical_form_parses_to_the_same_rule_set():
    """What is stored is what was meant, with the same checksum."""
    again = parse_rule_set(content(), recorded_at=KELURAHAN.recorded_at)

    assert (KELURAHAN, KELURAHAN.checksum) == (again, again.checksum)


def test_the_checksum_is_of_the_content_alone():
    """When it was recorded does not count; any parameter does."""
    later = replace(DESA, recorded_at=NOW)
    other = replace(DESA, parameters=replace(DESA.parameters, grace_days=91))

    assert DESA.checksum == later.checksum != other.checksum


def test_the_checksums_of_the_defaults_never_change():
    """A decision names them for years: a changed default is a new version."""
    assert [DESA.checksum, KELURAHAN.checksum] == [
        "817e598b3348a27aa51c3f5a22a4f1f23cd1cc707f5e90464d255f07533dd246",
        "fa86fa9f66d4a70c80f93371e6c1501c5fba7700f6be8e315108cae40d8483e5",
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda data: data.update(foo=1), "foo"),
        (lambda data: data.update(regency_code="3326"), "regency_code"),
        (lambda data: data["group"].update(members=[]), "group.members"),
        (lambda data: data["group"].update(n=2), "group.n"),
        (lambda data: data["group"].update(mode="at_least"), "group.n"),
        (lambda data: data["group"].update(mode="at_least", n=3), "group.n"),
        (lambda data: data["group"]["members"][0].update(kind="members_at_least"), "members.0"),
        (lambda data: data["group"]["members"][0]["enter"].update(min_share=0), "min_share"),
        (lambda data: data["group"]["members"][1].update(name="rt_and_rw_covered"), "named"),
        (lambda data: data["parameters"].update(grace_days=-1), "grace_days"),
    ],
)
def test_an_impossible_rule_set_says_where(change, where):
    """The refusal names the place and what to do."""
    data = content()
    change(data)

    with pytest.raises(ImpossibleRuleSet, match=where):
        parse_rule_set(data, recorded_at=NOW)


def test_groups_are_not_nested_without_end():
    """Every input has a limit."""
    data = content()
    for _ in range(5):
        data["group"] = {"mode": "all", "members": [data["group"]]}

    with pytest.raises(ImpossibleRuleSet, match="at most 5"):
        parse_rule_set(data, recorded_at=NOW)


def test_a_refusal_is_short_however_deep_the_input():
    """Thousands of nested groups are refused in one readable sentence."""
    data = content()
    for _ in range(3000):
        data["group"] = {"mode": "all", "members": [data["group"]]}

    with pytest.raises(ImpossibleRuleSet) as refusal:
        parse_rule_set(data, recorded_at=NOW)

    assert len(str(refusal.value)) < 300


def test_the_most_specific_then_latest_valid_then_latest_recorded():
    """The order of precedence, each against its neighbour."""
    national = replace(DESA, rule_set_id="national", valid_from=date(2026, 1, 1))
    ours = replace(DESA, rule_set_id="ours", regency_code="33.18", recorded_at=NOW)
    corrected = replace(ours, version=2, recorded_at=NOW + timedelta(hours=1))
    others = replace(ours, rule_set_id="others", regency_code="33.21")
    rule_sets = [corrected, others, DESA, ours, national, KELURAHAN]

    def chosen(*rule_sets: RuleSet, on: str = "2026-06-01", known_at: datetime | None = None):
        day = date.fromisoformat(on)
        return rule_set_for(rule_sets, "33.18", VillageKind.DESA, day, known_at)

    assert chosen(*rule_sets) == corrected
    assert chosen(*rule_sets, known_at=NOW) == ours
    assert chosen(DESA, national) == national
    assert chosen(DESA, national, on="2025-12-31") == DESA
    assert chosen(DESA, on="2013-12-31") is None
