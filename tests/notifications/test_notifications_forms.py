"""What callers send: forms are named in words, and what no office has is refused."""

from __future__ import annotations

from typing import Any

import pytest
from test_notifications_api import CAMAT, HOLDER, Ask, api, ask, secrets

__all__ = ["api", "ask", "secrets"]

EASTERN = "٣٣.٢٦.١٢"
"""33.26.12 in Arabic-Indic digits, which are digits to a regular expression."""


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/offices", {"area": EASTERN}),
        ("/deliveries", {"area": EASTERN}),
        (f"/offices/CAMAT/{EASTERN}", {}),
        ("/offices", {"area": "33.26", "after": f"{EASTERN}/CAMAT"}),
        ("/deliveries", {"area": "33.26", "before": "kemarin"}),
    ],
)
async def test_a_form_is_said_in_words(ask: Ask, path: str, query: dict[str, str]):
    """Other scripts' digits are no code; the answer says what is expected, without a pattern."""
    answer = await ask("GET", path, params=query, areas=("*",))

    assert 422 == answer.status_code
    [error] = answer.json()["errors"]
    assert error["reason"].startswith(("Harus kode", "Pakailah nilai"))
    assert not set("^$[]{}\\") & set(error["reason"])


@pytest.mark.parametrize(
    "name", ["3326124506850001", "Budi 3326.1245.0685.0001", "Camat 33 26 12 450685 0001"]
)
async def test_a_nik_is_no_part_of_a_name(ask: Ask, name: str):
    """Sixteen digits in the name of an office's holder are refused, and not repeated."""
    answer = await ask("POST", f"{CAMAT}/holders", json=HOLDER | {"name": name})

    assert 422 == answer.status_code
    assert "Jangan menulis NIK" in answer.json()["errors"][0]["reason"]
    assert name not in answer.text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"begins": "1945-08-17"}, 201),
        ({"begins": "1945-08-16"}, 422),
        ({"begins": "2027-03-03"}, 201),
        ({"begins": "2027-03-04"}, 422),
        ({"begins": "9999-12-31"}, 422),
        ({"begins": 0}, 422),
        ({"begins": "2025-02-20T00:00:00"}, 422),
        ({"ends": "2036-03-09"}, 201),
        ({"ends": "2036-03-10"}, 422),
    ],
)
async def test_a_term_lies_within_what_can_be(ask: Ask, change: dict[str, Any], status: int):
    """From the republic's first day to a year ahead; no end beyond ten years. It is 2-3-2026."""
    answer = await ask("POST", f"{CAMAT}/holders", json=HOLDER | change)

    assert status == answer.status_code


async def test_ends_and_addresses_have_the_same_limits(ask: Ask):
    """A year typed wrong is noticed when it is sent, not when a letter is missing."""
    holder = (await ask("POST", f"{CAMAT}/holders", json=HOLDER)).json()["holder_id"]
    path = f"{CAMAT}/holders/{holder}"

    ended = await ask("PUT", f"{path}/end", json={"ends": "2206-01-01"})
    moved = await ask("PUT", f"{path}/address", json={"email": None, "since": "0206-01-01"})

    for answer in (ended, moved):
        assert (422, "/problems/day-outside-limits") == (answer.status_code, answer.json()["type"])


@pytest.mark.parametrize(
    ("area", "kind", "status"),
    [("33.00", "BUPATI", 422), ("33.26.00", "CAMAT", 422), ("34.99.98", "CAMAT", 201)],
)
async def test_an_area_may_be_unknown_but_not_impossible(
    ask: Ask, area: str, kind: str, status: int
):
    """The directory may be told before the villages are: only codes that cannot be are refused."""
    answer = await ask("POST", f"/offices/{kind}/{area}/holders", json=HOLDER, areas=("*",))

    assert status == answer.status_code
