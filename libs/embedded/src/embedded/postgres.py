"""One Postgres cluster on the machine's loopback address."""

import asyncio
import os
import secrets
import shutil
import signal
from pathlib import Path

import asyncpg

from embedded.account import give, lesser_account, private_folder, reachable_copy
from embedded.errors import StartFailedError
from embedded.files import write_aside
from embedded.part import Command, PartName, run_once
from embedded.postgres_binaries import find_binaries
from embedded.processes import alive, arguments_of

INITDB_PATIENCE = 120.0
PROBE_PATIENCE = 5.0
STATUS_LINE = 7

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """The cluster of one home; when we are root it runs as a lesser account."""

    name: PartName = "postgres"
    title = "Postgres"
    stop_signal = signal.SIGINT

    def __init__(self, home: Path) -> None:
        self._port = 0
        self._account = lesser_account()
        self._secret = home / "postgres.password"
        self._folder = private_folder(home, "postgres", self._account)
        self._data = self._folder / "data"
        self._install = Path()
        self.log = home / "postgres.log"

    @property
    def folder(self) -> Path:
        """Where the data is; not below the home if the account cannot get there."""
        return self._folder

    @property
    def password(self) -> str:
        """The superuser's password, made at the first start."""
        return self._secret.read_text("ascii")

    @property
    def url(self) -> str:
        """The superuser's address."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self._port}/postgres"

    def listen_on(self, port: int) -> None:
        """The port to use from the next start on."""
        self._port = port

    def command(self) -> Command:
        """The postmaster."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return self._program("postgres", "-D", str(self._data), f"--port={self._port}", *settings)

    def owns(self, arguments: list[str]) -> bool:
        """The postmaster or initdb on our folder; its other processes end with it."""
        is_ours = Path(arguments[0]).name in ("postgres", "initdb")
        return is_ours and any(part.startswith(f"{self._folder}{os.sep}") for part in arguments[1:])

    async def prepare(self) -> None:
        """Make the cluster once, aside, and remove a postmaster.pid that means somebody else.

        Raises StartFailedError, BinariesMissingError.
        """
        self._install = await asyncio.to_thread(self._reachable_install)
        if not self._data.is_dir():
            await self._initialise()
        elif not self._secret.is_file():
            raise StartFailedError(
                f"{self._secret} is missing, so nobody can log in to the data in {self._data}."
                " Put it back, or remove both to start afresh."
            )
        self._remove_stale_pid()

    async def answers(self, pid: int) -> bool:
        """Whether the process is the one that serves the data, and a query is answered."""
        if not self._ready(pid):
            return False
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                connection = await asyncpg.connect(self.url, timeout=PROBE_PATIENCE)
                try:
                    await connection.execute("SELECT 1")
                finally:
                    connection.terminate()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    def passes(self, output: str) -> bool:
        """The children of a killed postmaster, until they have ended as well."""
        return "pre-existing shared memory block" in output

    async def _initialise(self) -> None:
        if not self._secret.is_file():
            write_aside(self._secret, secrets.token_urlsafe(24).encode(), mode=0o600)
        aside = self._folder / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        handed = self._folder / "password.once"
        write_aside(handed, self._secret.read_bytes(), mode=0o600)
        give(handed, self._account)
        command = self._program(
            "initdb",
            "-D",
            str(aside),
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={handed}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )
        log = self.log.with_name("initdb.log")
        try:
            await run_once(command, log, what="Making the cluster", patience=INITDB_PATIENCE)
        finally:
            handed.unlink(missing_ok=True)
        aside.replace(self._data)

    def _remove_stale_pid(self) -> None:
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        # Our own were ended before: this number belongs to a stranger now, or to nobody. Postgres
        # would refuse to start for a stranger of the same user.
        if not (alive(pid) and self.owns(arguments_of(pid) or [""])):
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _ready(self, pid: int) -> bool:
        lines = self._pid_file()
        return (
            len(lines) > STATUS_LINE
            and lines[0].strip() == str(pid)
            and lines[STATUS_LINE].strip() == "ready"
        )

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []

    def _reachable_install(self) -> Path:
        return reachable_copy(find_binaries().parent, self._folder, self._account)

    def _program(self, name: str, *arguments: str) -> Command:
        return Command(
            [str(self._install / "bin" / name), *arguments],
            self._folder,
            {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
            self._account,
        )
