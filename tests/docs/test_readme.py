"""The README's commands do what it says, as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from demo.places import PORTS, SERVICES
from support.databases import TestDatabases
from support.system import System, system_on

ROOT = Path(__file__).parents[2]
VILLAGES = {"33.26.10.2001", "33.26.10.2002", "35.05.21.2007"}
MAKE = """#!/usr/bin/env bash
set -euo pipefail
service=registry scope=registry:read
for word in "$@"; do
  case $word in
    SERVICE=*) service=${word#SERVICE=} ;;
    SCOPE=*) scope=${word#SCOPE=} ;;
  esac
done
exec %s -m common.security.demo token --service "$service" --scope "$scope"
"""
"""Stands in for `make -s token`, which would look after the virtual environment first."""


@pytest.fixture
async def system(tmp_path: Path, kafka: str, databases: TestDatabases) -> AsyncIterator[System]:
    async with system_on(tmp_path, kafka=kafka, databases=databases, villages=VILLAGES) as started:
        yield started


def commands() -> list[str]:
    """The five lines of "Try the API"."""
    section = (ROOT / "README.md").read_text().split("## Try the API")[1]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1].splitlines()


@pytest.mark.stack
@pytest.mark.timeout(120)
async def test_the_api_in_five_lines(system: System, tmp_path: Path) -> None:
    """A token, a search, a deed with its position, the status that waits for it, the reasons."""
    lines = commands()
    assert 5 == len(lines)
    script = "\n".join(lines)
    for service in SERVICES:
        script = script.replace(f":{PORTS[service]}/", f":{system.ports[service]}/")
    (tmp_path / "make").write_text(MAKE % sys.executable)
    (tmp_path / "make").chmod(0o755)
    told = system.told | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", script), env=told, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()

    assert 0 == process.returncode
    assert '"name":"Ketanonageng"' in said
    assert "201 Created" in said
    assert "event-position: registry.outreach/33.26.10.2002/1" in said
    assert '"stage":"SOSIALISASI"' in said
    assert '"criteria":' in said


def test_what_make_is_asked_for_exists() -> None:
    """Every `make …` that a document names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    asked = {
        target
        for document in documents
        for target in re.findall(r"`make (?:-s )?([a-z-]+)", document.read_text())
    }
    assert set() == asked - targets
