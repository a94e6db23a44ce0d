"""What of the story has been told: kept, so that a second run goes on and doubles nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Journal:
    """The results of the steps that were done, by name."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._done: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}

    def __contains__(self, step: str) -> bool:
        return step in self._done

    def result(self, step: str) -> Any:
        return self._done[step]

    def done(self, step: str, result: Any) -> None:
        """Write it down, whole or not at all."""
        self._done[step] = result
        self._file.parent.mkdir(parents=True, exist_ok=True)
        aside = self._file.with_suffix(".part")
        aside.write_text(json.dumps(self._done, indent=1, default=str))
        aside.replace(self._file)
