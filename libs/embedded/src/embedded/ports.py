"""Which ports the parts listen on, all on 127.0.0.1."""

import errno
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Self

from embedded.errors import EmbeddedError, PortTakenError
from embedded.files import write_aside
from embedded.processes import listener_on

# Below the range from which the kernel takes ports for outgoing connections.
FREE_RANGE = range(20_000, 32_000)
TRIES = 200

WHAT = {
    "kafka": "Kafka",
    "kafka_controller": "Kafka's controller",
    "postgres": "Postgres",
    "smtp": "mail (SMTP)",
    "mail_page": "the page of caught mails",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """One port each; 0 is any free one, chosen once and remembered in the home."""

    kafka: int = 19092
    kafka_controller: int = 19093
    postgres: int = 15432
    smtp: int = 11025
    mail_page: int = 18025

    @classmethod
    def from_environment(cls) -> Self:
        """The defaults, each overridden by its EMBEDDED_*_PORT.

        Raises EmbeddedError for a value that is no port.
        """
        chosen = {
            name: _port(setting(name), text)
            for name in WHAT
            if (text := os.environ.get(setting(name), ""))
        }
        return replace(cls(), **chosen)

    def with_given(self, given: Mapping[str, int | None]) -> Self:
        """These, with the ones named at the command line instead."""
        return replace(self, **{name: port for name, port in given.items() if port is not None})

    @classmethod
    def any(cls) -> Self:
        """Any free ports: what tests want."""
        return cls(kafka=0, kafka_controller=0, postgres=0, smtp=0, mail_page=0)


def setting(name: str) -> str:
    """The environment variable that changes a port."""
    return f"EMBEDDED_{name.upper()}_PORT"


def settle(wanted: Ports, needed: set[str], home: Path) -> Ports:
    """Fill the zeros, preferring what this home used before, and check that all can be had.

    Raises PortTakenError.
    """
    remembered = _remembered(home)
    settled = asdict(wanted)
    for name in needed:
        if settled[name]:
            _check(settled[name], name)
        else:
            settled[name] = _free(remembered.get(name, 0), set(settled.values()))
    write_aside(home / "ports.json", json.dumps(settled).encode())
    return Ports(**settled)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As the servers do: a connection of the last run that is winding down is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _check(port: int, name: str) -> None:
    if not is_free(port):
        raise PortTakenError(
            port=port, what=WHAT[name], setting=setting(name), holder=listener_on(port)
        )


def _free(preferred: int, taken: set[int]) -> int:
    if preferred and preferred not in taken and is_free(preferred):
        return preferred
    for _ in range(TRIES):
        port = FREE_RANGE.start + secrets.randbelow(len(FREE_RANGE))
        if port not in taken and is_free(port):
            return port
    raise EmbeddedError(
        f"No free port was found between {FREE_RANGE.start} and {FREE_RANGE.stop} on 127.0.0.1."
        " Name the ports with EMBEDDED_*_PORT."
    )


def _remembered(home: Path) -> dict[str, int]:
    try:
        known = json.loads((home / "ports.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    names = {field.name for field in fields(Ports)}
    return {name: int(port) for name, port in known.items() if name in names}


def _port(name: str, text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise EmbeddedError(f"{name} is {text!r}, which is no port. Use a number from 0 to 65535.")
