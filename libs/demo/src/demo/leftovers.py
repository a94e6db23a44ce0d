"""Services that a killed run left behind: ended before new ones start on their ports."""

from __future__ import annotations

import asyncio
import socket

import psutil  # type: ignore[import-untyped]  # it has no types

from demo.places import PORTS, SERVICES, Places, port_of

END_SECONDS = 10.0


class PortTaken(RuntimeError):
    """A service's port is somebody else's."""


async def end_leftovers(places: Places) -> list[str]:
    """End the services of this home that no run owns any more; their names."""
    left = [process for process in psutil.process_iter() if _is_ours(process, places)]
    for process in left:
        process.terminate()
    _, deaf = await asyncio.to_thread(psutil.wait_procs, left, END_SECONDS)
    for process in deaf:
        process.kill()
    await asyncio.to_thread(psutil.wait_procs, deaf, END_SECONDS)
    return [f"{process.pid}" for process in left]


def _is_ours(process: psutil.Process, places: Places) -> bool:
    try:
        words = process.cmdline()
        serves = len(words) > 3 and words[1] == "-m" and words[2] in SERVICES  # noqa: PLR2004  # python -m service serve
        return serves and process.environ().get("SECRETS_DIR") == str(places.secrets)
    except (psutil.Error, OSError):
        return False  # gone meanwhile, or of another user


def check_ports() -> None:
    """Raise PortTaken for a port that cannot be had, with the variable that changes it."""
    for service in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port_of(service)))
            except OSError as error:
                raise PortTaken(taken(port_of(service), f"{service.upper()}_PORT")) from error


def taken(port: int, setting: str, holder: str | None = None) -> str:
    """What is said of a taken port: by whom, and which variable names another."""
    who = f" ({holder.replace('process', 'proses')})" if holder else ""
    return (
        f"Port {port} sudah dipakai program lain{who}; hentikan program itu atau pilih port lain: "
        f"{setting}=..."
    )
