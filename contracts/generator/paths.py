"""Where the contract stands, and of which release it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[1]
ROOT = CONTRACTS.parent


def _release() -> str:
    project = tomllib.loads((ROOT / "libs/common/pyproject.toml").read_text(encoding="utf-8"))
    version: str = project["project"]["version"]
    return version


RELEASE = _release()
