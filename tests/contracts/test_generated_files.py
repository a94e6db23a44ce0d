"""The published files follow the code, and golden examples never change silently."""

from __future__ import annotations

from pathlib import Path

import pytest
from common.events import EVENT_TYPES

from contracts.generator import files
from contracts.generator.__main__ import main
from contracts.generator.files import (
    AlreadyReleased,
    PublishedContractChanged,
    generated,
    golden,
    strays,
    write,
)
from contracts.generator.paths import CONTRACTS

GENERATED, GOLDEN = generated(), golden()
TYPES = sorted(EVENT_TYPES)


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_generated_files_are_up_to_date(path: str) -> None:
    """What is committed is what the code says today, byte by byte."""
    committed = CONTRACTS / path

    assert committed.exists(), f"contracts/{path} is missing: run `make contracts`"
    assert GENERATED[path] == committed.read_bytes(), f"contracts/{path}: run `make contracts`"


def test_nothing_stands_there_that_is_no_longer_generated() -> None:
    """A type, service or application that has gone leaves no file behind."""
    assert strays() == [], "run `make contracts`"


@pytest.mark.parametrize("path", sorted(GOLDEN))
def test_golden_examples_have_the_bytes_that_were_published(path: str) -> None:
    """The same value gives the same bytes for ever, as integrators may have stored or signed."""
    committed = CONTRACTS / path

    assert committed.exists(), f"contracts/{path} is missing: run `make contracts`"
    assert GOLDEN[path] == committed.read_bytes(), f"a published contract changed: {path}"


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_a_golden_example(event_type: str) -> None:
    """An integrator can try every type without a running system."""
    assert list((CONTRACTS / "examples" / event_type).glob("*.json"))


def test_generating_twice_gives_the_same_bytes() -> None:
    """Nothing random and no order of a set gets into the files."""
    assert (generated(), golden()) == (GENERATED, GOLDEN)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A contract folder that is up to date, to be spoilt by the test."""
    for path, content in (GENERATED | GOLDEN).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_a_changed_golden_example_is_refused(copy: Path) -> None:
    """`make contracts` says that a published contract changed, and writes nothing at all."""
    path = min(GOLDEN)
    (copy / path).write_bytes(b"{}")
    schema = copy / min(GENERATED)
    schema.unlink()

    with pytest.raises(PublishedContractChanged, match=path):
        write(copy)

    assert ((copy / path).read_bytes(), schema.exists()) == (b"{}", False)


def test_a_published_example_that_is_no_longer_declared_is_refused(copy: Path) -> None:
    """An example is published for ever."""
    gone = copy / "examples" / TYPES[0] / "gone.json"
    gone.write_bytes(b"{}")

    with pytest.raises(PublishedContractChanged, match=r"gone\.json"):
        write(copy)


def test_new_and_outdated_files_are_written_and_strays_removed(copy: Path) -> None:
    """One command brings the contract up to date."""
    example, schema = min(GOLDEN), min(GENERATED)
    (copy / example).unlink()
    (copy / schema).write_bytes(b"old")
    (copy / "schemas" / "old.json").write_bytes(b"{}")

    assert {example, schema, "schemas/old.json (removed)"} == set(write(copy))
    assert write(copy) == []


def test_a_release_is_kept_once(copy: Path) -> None:
    """A snapshot holds what was published, and is never made again."""
    snapshot = files.release(copy)

    assert GOLDEN.keys() == {
        str(path.relative_to(snapshot)) for path in snapshot.glob("examples/*/*.json")
    }
    with pytest.raises(AlreadyReleased, match="never changes"):
        files.release(copy)


def test_wrong_use_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what it can do."""
    assert main(["realease"]) == 2
    assert "release" in capsys.readouterr().err
