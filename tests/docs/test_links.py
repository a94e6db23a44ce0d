"""The documents' links lead somewhere, and what they name is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]\[]+)\]\(([^)\s]+)\)")
NAME = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)`")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
DOCUMENTS = sorted(
    document.relative_to(ROOT).as_posix()
    for document in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "contracts").glob("*.md"),
        *(ROOT / "services").glob("*/README.md"),
        *(ROOT / "libs").glob("*/README.md"),
    )
)


def links(document: str) -> Iterator[tuple[str, Path, str]]:
    """Text, file and fragment of every link that stays in the repository."""
    path = ROOT / document
    for text, target in LINK.findall(path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, fragment = target.partition("#")
        yield text, (path.parent / file).resolve() if file else path, fragment


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """Files exist, and so do the headings that a link names."""
    broken = [
        f"{text} -> {file.name}#{fragment}"
        for text, file, fragment in links(document)
        if not file.exists() or (fragment and fragment not in anchors(file))
    ]
    assert [] == broken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_link_names_is_in_its_file(document: str) -> None:
    """`Outbox.append` is a method of that class, in that file; a statement is one by its name."""
    missing = [
        f"{name[1]} in {file.relative_to(ROOT)}"
        for text, file, _ in links(document)
        if (name := NAME.fullmatch(text)) and file.is_file() and name[1] not in names_in(file)
    ]
    assert [] == missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_tests_that_a_document_names_exist(document: str) -> None:
    """A proof that was renamed or removed is no proof."""
    named = PROOF.findall((ROOT / document).read_text())
    assert [] == [name for file, name in named if name not in names_in(ROOT / file)]


def test_the_journey_names_code_at_every_step() -> None:
    """Fifteen steps, and none of them is only told."""
    steps = re.split(r"^### ", (ROOT / "docs/journey.md").read_text(), flags=re.MULTILINE)[1:]
    assert [str(number) for number in range(1, 16)] == [step.split(".")[0] for step in steps]
    assert [] == [step.split("\n")[0] for step in steps if not LINK.search(step)]


def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names_in(file: Path) -> set[str]:
    """What a file defines: classes, methods, functions, values; statements and tables of SQL."""
    text = file.read_text()
    if file.suffix == ".sql":
        created = r"CREATE (?:UNIQUE )?(?:TABLE|INDEX|FUNCTION) (\w+)"
        return {*re.findall(r"^-- name: (\w+)$", text, re.MULTILINE), *re.findall(created, text)}
    if file.suffix != ".py":
        return set(re.findall(r"\w+", text))
    return set(_defined(ast.parse(text), ""))


def _defined(node: ast.AST, owner: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield child.name
            yield from _defined(child, f"{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{owner}{child.name}"
            yield from _defined(child, owner="")
        elif isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            yield from (f"{owner}{target.id}" for target in targets if isinstance(target, ast.Name))
        else:
            yield from _defined(child, owner)
