"""Where packages of the Java world are had on this machine."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from jgo.constants import MAVEN_CENTRAL_URL

from embedded.errors import DownloadError

SETTING = "MAVEN_REPOSITORY"


@dataclass(frozen=True, slots=True)
class Repository:
    """A base address, and who named it."""

    address: str
    named_by: str

    def __str__(self) -> str:
        # Without user information: addresses end up in logs.
        return f"{urlsplit(self.address).hostname} (named by {self.named_by})"


def repository() -> Repository:
    """The environment's, else the mirror in the user's Maven settings, else Maven's default.

    Raises DownloadError for an address that is not http or https.
    """
    found = _from_environment() or _from_settings() or Repository(MAVEN_CENTRAL_URL, "default")
    if urlsplit(found.address).scheme not in ("http", "https"):
        raise DownloadError(
            f"The package repository named by {found.named_by} is no http or https address."
            f" Set {SETTING} to one."
        )
    return Repository(found.address.rstrip("/"), found.named_by)


def _from_environment() -> Repository | None:
    address = os.environ.get(SETTING, "").strip()
    return Repository(address, SETTING) if address else None


def _from_settings() -> Repository | None:
    path = Path.home() / ".m2" / "settings.xml"
    try:
        # The user's own file, which their other tools trust as well.
        root = ET.parse(path).getroot()  # noqa: S314
    except FileNotFoundError:
        return None
    except (OSError, ET.ParseError) as error:
        raise DownloadError(
            f"{path} cannot be read ({error}). Mend it, or set {SETTING}."
        ) from error
    mirrors = [
        (_text(mirror, "mirrorOf"), _text(mirror, "url"))
        for mirror in root.iterfind(".//{*}mirror")
    ]
    for applies in (_names_central, _covers_central):
        for pattern, url in mirrors:
            if url and applies(pattern):
                return Repository(url, str(path))
    return None


def _text(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _names_central(pattern: str) -> bool:
    return pattern == "central"


def _covers_central(pattern: str) -> bool:
    parts = {part.strip() for part in pattern.split(",")}
    return "!central" not in parts and bool(parts & {"*", "external:*", "central"})
