"""The breaks of tests/faults/breaks still break something, and somebody is named to notice."""

from __future__ import annotations

import ast

import pytest
from support.breaks import ROOT, Break, all_breaks

BREAKS = all_breaks()


def test_there_are_breaks_enough() -> None:
    """Of every part that carries a promise, at least one."""
    assert len(BREAKS) >= 25


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)
def test_a_break_applies_and_its_test_exists(one: Break) -> None:
    """A patch that fits no more, or whose test was renamed, would break nothing, unnoticed."""
    one.applies(ROOT, check=True)
    file, name = one.test.split("::")
    tests = ast.parse((ROOT / file).read_text()).body
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    assert name in [node.name for node in tests if isinstance(node, functions)]


def test_a_break_names_a_promise() -> None:
    """Its number stands in docs/guarantees.md."""
    page = (ROOT / "docs/guarantees.md").read_text()
    assert [] == [one.name for one in BREAKS if f"\n**{one.promise}. " not in page]
