"""What stands in `contracts/`: generated files follow the code, golden examples never change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from common.events import EVENT_TYPES

from contracts.generator.asyncapi import asyncapi
from contracts.generator.example import golden_bytes
from contracts.generator.examples import EXAMPLES
from contracts.generator.openapi import APPLICATIONS, openapi
from contracts.generator.paths import CONTRACTS, RELEASE
from contracts.generator.schemas import event_schema
from contracts.generator.services import SERVICES

KEPT_AT_RELEASE = ("schemas", "asyncapi", "examples")


class PublishedContractChanged(Exception):
    """A golden example would have other bytes than those that are published."""


class AlreadyReleased(Exception):
    """A release has one snapshot for ever."""


def generated() -> dict[str, bytes]:
    """Path below `contracts/` -> content of every file that follows the code."""
    files = {f"schemas/{data.type}.json": event_schema(data) for data in EVENT_TYPES.values()}
    files |= {f"asyncapi/{service.name}.json": asyncapi(service) for service in SERVICES}
    files |= {f"openapi/{name}.json": openapi(app) for name, app in APPLICATIONS.items()}
    return {path: _text(document) for path, document in files.items()}


def golden() -> dict[str, bytes]:
    """Path below `contracts/` -> the bytes of every golden example."""
    return {example.path: golden_bytes(example) for example in EXAMPLES}


def write(root: Path = CONTRACTS) -> list[str]:
    """Bring the files up to date, and the paths written; raises PublishedContractChanged."""
    examples = golden()
    _refuse_changed(root, examples)
    files = generated() | examples
    written = [path for path, content in files.items() if _differs(root / path, content)]
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(files[path])
    for path in strays(root):
        (root / path).unlink()
        written.append(f"{path} (removed)")
    return written


def release(root: Path = CONTRACTS) -> Path:
    """Keep what is published now as the snapshot of this release; raises AlreadyReleased."""
    snapshot = root / "released" / RELEASE
    if snapshot.exists():
        raise AlreadyReleased(
            f"{snapshot} exists; a released contract never changes: "
            "raise the version in libs/common/pyproject.toml first"
        )
    for folder in KEPT_AT_RELEASE:
        shutil.copytree(root / folder, snapshot / folder)
    return snapshot


def strays(root: Path = CONTRACTS) -> list[str]:
    """Generated files that nothing generates any more."""
    known = set(generated())
    found = {
        str(path.relative_to(root))
        for folder in ("schemas", "asyncapi", "openapi")
        for path in (root / folder).glob("*.json")
    }
    return sorted(found - known)


def changed_examples(root: Path, examples: dict[str, bytes]) -> list[str]:
    """Golden examples that have other bytes now, or that are published and not declared."""
    published = {str(path.relative_to(root)) for path in (root / "examples").glob("*/*.json")}
    return sorted(
        path for path in published if (root / path).read_bytes() != examples.get(path, b"")
    )


def _refuse_changed(root: Path, examples: dict[str, bytes]) -> None:
    if changed := changed_examples(root, examples):
        raise PublishedContractChanged(
            f"a published contract changed: {', '.join(changed)}. "
            "If events of this type look different now, give them a new type (….v2). "
            "If only an optional field was added, delete these files and run this again: "
            "the bytes as released stay under contracts/released/ and must still be read."
        )


def _differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def _text(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
