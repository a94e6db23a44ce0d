"""Every promise names its proof, and every proof exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guarantees.md").read_text().split("## What we do not promise")[0]
PROMISE = re.compile(r"^\*\*(\d+)\. (.+?)\*\*$", re.MULTILINE)
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROOFS = sorted(set(PROOF.findall(PAGE)))


@cache
def names_of(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize(("file", "name"), PROOFS, ids=[name for _, name in PROOFS])
def test_a_proof_exists(file: str, name: str) -> None:
    """A promise whose test was renamed or removed is no longer proved."""
    assert name in names_of(file)


def test_no_promise_is_without_proof() -> None:
    """Each one names at least one test, and says how it is kept."""
    starts = list(PROMISE.finditer(PAGE))
    ends = [start.start() for start in starts[1:]] + [len(PAGE)]
    sections = [PAGE[a.end() : b] for a, b in zip(starts, ends, strict=True)]
    assert [] == [a[1] for a, text in zip(starts, sections, strict=True) if not PROOF.search(text)]
    assert [] == [a[1] for a, text in zip(starts, sections, strict=True) if "Proof: " not in text]


def test_promises_are_numbered_in_order() -> None:
    """Others refer to them by number."""
    numbers = [int(promise[1]) for promise in PROMISE.finditer(PAGE)]
    assert list(range(1, len(numbers) + 1)) == numbers


def test_no_test_is_named_otherwise() -> None:
    """A name that is written in another way would not be checked."""
    assert len(re.findall(r"::test_", PAGE)) == len(PROOF.findall(PAGE))
