"""The broker's packages: listed with checksums in kafka.lock, kept in a cache of the user's."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import file_digest, sha256
from http import HTTPStatus
from http.client import HTTPException
from importlib.resources import files
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from embedded.errors import DownloadError
from embedded.progress import progress
from embedded.repository import SETTING, Repository, repository

THREADS = 8
TRIES = 3
# Seconds: between two pieces of one file, and for all of it.
SILENCE = 30.0
PATIENCE = 600.0
CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    sha256: str
    size: int
    group: str
    artifact: str
    version: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def path(self) -> str:
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"

    def is_at(self, path: Path) -> bool:
        """Whether the whole, right file is there."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest() == self.sha256


def locked() -> list[Jar]:
    """All packages the broker needs."""
    jars = []
    for line in files("embedded").joinpath("kafka.lock").read_text("ascii").splitlines():
        digest, size, coordinates = line.split()
        jars.append(Jar(digest, int(size), *coordinates.split(":")))
    return jars


def cache() -> Path:
    """Where packages are kept: EMBEDDED_JARS, else the user's cache folder."""
    if named := os.environ.get("EMBEDDED_JARS"):
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "desa-sadar" / "jars"


def fetch(
    folder: Path,
    say: Callable[[str], None],
    *,
    jars: list[Jar] | None = None,
    cancelled: threading.Event | None = None,
) -> list[Path]:
    """Bring what is missing or damaged into the folder, and return the class path.

    Raises DownloadError, which names the package.
    """
    wanted = locked() if jars is None else jars
    with ThreadPoolExecutor(THREADS, thread_name_prefix="jars") as pool:
        whole = pool.map(lambda jar: jar.is_at(folder / jar.name), wanted)
        missing = [jar for jar, there in zip(wanted, whole, strict=True) if not there]
        if missing:
            _download(missing, folder, say, pool, cancelled or threading.Event())
    return [folder / jar.name for jar in wanted]


def _download(
    jars: list[Jar],
    folder: Path,
    say: Callable[[str], None],
    pool: ThreadPoolExecutor,
    cancelled: threading.Event,
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"Packages cannot be kept in {folder} ({error.strerror}). Name another folder with"
            " EMBEDDED_JARS."
        ) from error
    source = repository()
    what = f"Mengunduh {len(jars)} paket"
    with progress(sum(jar.size for jar in jars), what, say) as advance:
        running = {pool.submit(_bring, jar, folder, source, cancelled): jar for jar in jars}
        try:
            for done in as_completed(running):
                done.result()
                advance(running[done].size)
        except BaseException:
            cancelled.set()
            pool.shutdown(cancel_futures=True)
            raise


def _bring(jar: Jar, folder: Path, source: Repository, cancelled: threading.Event) -> None:
    part = folder / f"{jar.name}.{os.getpid()}.{threading.get_ident()}.part"
    try:
        for attempt in range(1, TRIES + 1):
            try:
                digest = _copy(f"{source.address}/{jar.path}", part, jar.size, cancelled)
                break
            except (OSError, HTTPException) as error:
                if _is_final(error) or attempt == TRIES or cancelled.wait(0.5 * attempt):
                    raise DownloadError(_refusal(jar, source, error)) from error
        if digest != jar.sha256:
            raise DownloadError(
                f"{jar.coordinates} from {source} is not the file in kafka.lock: its SHA-256 is"
                f" {digest}, not {jar.sha256}. It was thrown away. Try again, or set {SETTING}"
                " to another repository."
            )
        part.replace(folder / jar.name)
    finally:
        part.unlink(missing_ok=True)


def _is_final(error: Exception) -> bool:
    if isinstance(error, HTTPError):
        error.close()
        return error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    return False


def _copy(address: str, part: Path, size: int, cancelled: threading.Event) -> str:
    digest = sha256()
    deadline = time.monotonic() + PATIENCE
    # repository() lets only http and https through.
    with urlopen(address, timeout=SILENCE) as answer, part.open("wb") as stream:  # noqa: S310
        while piece := answer.read(CHUNK):
            if cancelled.is_set():
                raise InterruptedError("given up, since another one failed or the user asked")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not here after {PATIENCE:.0f} s")
            digest.update(piece)
            stream.write(piece)
        if stream.tell() < size:
            raise ConnectionError(f"it ended after {stream.tell()} of {size} bytes")
    return digest.hexdigest()


def _refusal(jar: Jar, source: Repository, error: Exception) -> str:
    return (
        f"{jar.coordinates} could not be fetched from {source}: {error}. Check the network, or set"
        f" {SETTING} to the base address of a repository this machine can reach."
    )
