"""The lock on a home: taken before anything below it is looked at, freed by the kernel."""

import fcntl
import os
import time
from pathlib import Path

from embedded.errors import HomeInUseError, HomeUnusableError
from embedded.processes import holds_open

# A look from `held_by` holds the lock for an instant.
PATIENCE = 1.0


class HomeLock:
    """Keeps a second supervisor away from the same data; a broker's own lock comes too late."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "lock"
        self._file: int | None = None

    @property
    def taken(self) -> bool:
        """Whether we hold it."""
        return self._file is not None

    def take(self) -> None:
        """Take the lock and leave our process number in it.

        Raises HomeInUseError, HomeUnusableError.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HomeUnusableError(
                f"{self.home} cannot be used to keep data ({error.strerror})."
                " Name a folder that this user may write to."
            ) from error
        if not _flock(file, PATIENCE):
            pid = _number_in(file)
            os.close(file)
            raise HomeInUseError(self.home, pid)
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let the next one in; the file stays, since removing it would allow two holders."""
        if self._file is not None:
            os.truncate(self._file, 0)
            os.close(self._file)
            self._file = None


def held_by(home: Path) -> int | None:
    """The process that runs the parts on this home, None when nobody does.

    Raises HomeUnusableError.
    """
    path = home / "lock"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HomeUnusableError(f"{path} cannot be read ({error.strerror}).") from error
    try:
        pid = _number_in(file)
        if _flock(file, 0) or pid is None:
            return None
        return pid if holds_open(pid, path.resolve()) else None
    finally:
        os.close(file)


def _flock(file: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _number_in(file: int) -> int | None:
    text = os.pread(file, 20, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else None
