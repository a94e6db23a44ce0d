"""Who runs Postgres: ourselves, unless we are root, whom it refuses."""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from embedded.errors import EmbeddedError, HomeUnusableError

NAME = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that is not root."""

    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether this account may walk down to a folder; access lists are not looked at."""
        return all(self._enters(folder.stat()) for folder in (path, *path.parents))

    def _enters(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


def lesser_account() -> Account | None:
    """The account root hands over to, None when we are not root; raises EmbeddedError."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        raise EmbeddedError(
            f"Postgres refuses to run as root, and there is no account {NAME} here to run it."
            " Start as an ordinary user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def private_folder(home: Path, name: str, account: Account | None) -> Path:
    """A folder only the account can read: below the home, or in /var/tmp if it cannot get there.

    Raises HomeUnusableError.
    """
    folder = home / name
    if account is not None and not account.reaches(home):
        key = sha256(os.fsencode(home)).hexdigest()[:12]
        lasting = Path("/var/tmp")  # noqa: S108 - the folder below is checked to be its own
        base = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
        folder = base / f"desa-sadar-{name}-{key}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise HomeUnusableError(
            f"{folder} cannot be made ({error.strerror}). Use another folder for the data."
        ) from error
    owner = os.geteuid() if account is None else account.uid
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise HomeUnusableError(
            f"{folder} belongs to somebody else (user {found.st_uid}). Remove it, or use another"
            " folder for the data."
        )
    folder.chmod(0o700)
    give(folder, account)
    return folder


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def reachable_copy(install: Path, folder: Path, account: Account | None) -> Path:
    """The programs themselves, or a copy in the folder if the account cannot get to them."""
    if account is None or account.reaches(install):
        return install
    copy = folder / f"{install.name}-copy"
    if not copy.is_dir():
        aside = copy.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(install, aside, symlinks=True)
        aside.replace(copy)
    return copy
