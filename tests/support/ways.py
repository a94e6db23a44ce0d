"""Every way of a system as a link of its own, so that one process is cut off and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from support.proxy import Link, free_ports

SERVERS = ("kafka", "postgres", "smtp")
BRANCH = "branch"
"""The office that writes: it has a way to each API."""
APIS = ("registry", "eligibility", "notifications")


class Ways:
    """The links of some processes to Kafka, Postgres and SMTP, and of the branch to the APIs."""

    def __init__(self, processes: Iterable[str]) -> None:
        names = [(process, server) for process in processes for server in SERVERS]
        names += [(BRANCH, api) for api in APIS]
        self.links: dict[tuple[str, str], Link] = {}
        fronted = [name for name in names if name[1] == "kafka"]
        ports = free_ports(len(names) + len(fronted))
        for name in names:
            self.links[name] = Link(" -> ".join(name), ports.pop(), 0)
        for name in fronted:
            self.links[name].target = ports.pop()

    @property
    def fronted_kafka(self) -> dict[int, int]:
        """The listeners that Kafka is to have, each with the port of the link before it."""
        return {link.target: link.port for (_, to), link in self.links.items() if to == "kafka"}

    def lead(self, targets: Mapping[str, int]) -> None:
        """Where the links to these servers or APIs end."""
        for (_, to), link in self.links.items():
            link.target = targets.get(to, link.target)

    async def open(self) -> None:
        for link in self.links.values():
            await link.open()

    async def close(self) -> None:
        for link in self.links.values():
            await link.close()

    def told(self, process: str, told: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process with the addresses of its links in it."""
        ports = {server: self.links[process, server].port for server in SERVERS}
        changed = {
            name: _on_port(value, ports["postgres"])
            for name, value in told.items()
            if value.startswith("postgresql://") and name.endswith(("_APP_URL", "_WORK_URL"))
        }
        changed["KAFKA"] = f"127.0.0.1:{ports['kafka']}"
        changed["NOTIFICATIONS_SMTP_PORT"] = str(ports["smtp"])
        return {**told, **changed}


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _on_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    login, _, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
