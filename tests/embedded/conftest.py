"""Homes for the parts: folders with a space in the name that every account may walk to."""

import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from embedded.lock import held_by
from embedded.ports import Ports
from embedded.stack import Stack

# Modules beside the tests are not found otherwise when tests are imported one by one.
sys.path.insert(0, str(Path(__file__).parent))
from running import running_on


@pytest.fixture
def home() -> Iterator[Path]:
    yield from _home()


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    yield from _home()


@pytest.fixture(scope="module")
async def stack(shared_home: Path) -> AsyncIterator[Stack]:
    """One running stack for the tests of a module."""
    async with Stack(shared_home, ports=Ports.any()) as running:
        yield running


def _home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="desa sadar "))
    folder.chmod(0o755)
    home = folder / "the home"
    yield home
    if home.is_dir():
        # A failed test may leave processes; they must not outlive it, the supervisor first.
        left = [held_by(home), *itertools.chain(*running_on(home).values())]
        for pid in left:
            if pid not in (None, os.getpid()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
