"""What the supervisor must know of a program to run it."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from embedded.account import Account
from embedded.errors import StartFailedError
from embedded.files import tail


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a program, and as whom."""

    arguments: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    account: Account | None = None

    async def start(self, output: int) -> asyncio.subprocess.Process:
        """Start it in a session of its own, so that a Ctrl-C reaches only us.

        output is a file descriptor. Raises StartFailedError.
        """
        account = self.account
        try:
            return await asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except OSError as error:
            raise StartFailedError(
                f"{self.arguments[0]} cannot be started ({error.strerror})."
            ) from error


PartName = Literal["kafka", "postgres"]


class Part(Protocol):
    """A program we start, watch and stop."""

    name: PartName
    title: str
    log: Path
    stop_signal: signal.Signals

    def command(self) -> Command:
        """How it is started."""
        ...

    def owns(self, arguments: list[str]) -> bool:
        """Whether this command line is one of ours on this very data."""
        ...

    async def prepare(self) -> None:
        """Make the data ready, at the first start and whenever it has to be."""
        ...

    async def answers(self, pid: int) -> bool:
        """Ask it a question it can only answer when it is well; never longer than 5 s."""
        ...

    def passes(self, output: str) -> bool:
        """Whether it ended of something that goes away by itself."""
        ...


async def run_once(command: Command, log: Path, *, what: str, patience: float) -> None:
    """Run a short program to its end; patience is in seconds.

    Raises StartFailedError with the end of its output.
    """
    with log.open("wb") as output:
        process = await command.start(output.fileno())
    try:
        async with asyncio.timeout(patience):
            code = await process.wait()
    except TimeoutError:
        raise StartFailedError(f"{what} was not done after {patience:.0f} s; see {log}.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        end = "\n".join(tail(log, 0).splitlines()[-10:])
        raise StartFailedError(f"{what} failed with code {code}; see {log}. It said:\n{end}")
