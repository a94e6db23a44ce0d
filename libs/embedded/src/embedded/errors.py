"""Everything that can go wrong here, as one tree; each message ends with what to do."""

from pathlib import Path


class EmbeddedError(Exception):
    """Something about the parts run on this machine is not as it must be."""


class HomeInUseError(EmbeddedError):
    """Another process runs its parts on the same data."""

    def __init__(self, home: Path, pid: int | None) -> None:
        self.home = home
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{home} is in use by {holder}, which was left untouched. Stop it first"
            f" (python -m embedded down --home '{home}'), or use another folder."
        )


class HomeUnusableError(EmbeddedError):
    """The folder that should hold the data cannot be used."""


class PortTakenError(EmbeddedError):
    """Somebody else listens on a port that one of the parts needs."""

    def __init__(self, *, port: int, what: str, setting: str, holder: str | None) -> None:
        self.port = port
        self.setting = setting
        self.holder = holder
        held = f" by {holder}" if holder else ""
        super().__init__(
            f"Port {port}, needed for {what}, is taken{held}. Free it, or choose another"
            f" port with {setting} in the environment (0 takes any free one)."
        )


class DownloadError(EmbeddedError):
    """A package of the broker could not be had, or was not what the lock promises."""


class BinariesMissingError(EmbeddedError):
    """The programs of a part are not on this machine."""


class StartFailedError(EmbeddedError):
    """A part did not become healthy."""
