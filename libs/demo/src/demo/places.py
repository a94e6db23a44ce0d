"""Where the demo keeps its things, and which ports its services use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("registry", "eligibility", "notifications")
PORTS = {"registry": 18001, "eligibility": 18002, "notifications": 18003, "issuer": 18004}


@dataclass(frozen=True, slots=True)
class Places:
    """Everything under one folder, `var/` unless DEMO_HOME says otherwise."""

    home: Path

    @classmethod
    def from_environment(cls) -> Places:
        return cls(Path(os.environ.get("DEMO_HOME", "var")).absolute())

    @property
    def embedded(self) -> Path:
        return self.home / "embedded"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def journal(self) -> Path:
        """What of the story has been told."""
        return self.home / "story.json"


def port_of(service: str) -> int:
    """The API's port: REGISTRY_PORT and so on, or the demo's default."""
    return int(os.environ.get(f"{service.upper()}_PORT") or PORTS[service])


def address_of(service: str) -> str:
    """The API's address: DEMO_REGISTRY_URL and so on, or this machine's port of it."""
    return os.environ.get(f"DEMO_{service.upper()}_URL") or f"http://127.0.0.1:{port_of(service)}"
