"""Files that are whole or absent, and logs that end."""

import os
from io import FileIO
from pathlib import Path

LOG_LIMIT = 20 * 2**20
TAIL = 64 * 2**10


def write_aside(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write beside the path and move into place, so that nobody ever reads half of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(file)
    part.replace(path)


def open_log(path: Path) -> FileIO:
    """Open a log for appending; a long one is put aside first, one old one is kept."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))
    return FileIO(path, "a")


def tail(path: Path, start: int) -> str:
    """What was written to a log since an offset in bytes, at most its last 64 KiB."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.seek(max(start if start <= size else 0, size - TAIL))
            return stream.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
