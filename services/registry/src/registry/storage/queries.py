"""The registry's SQL by name."""

from __future__ import annotations

from typing import Final

from common.database import Queries

SQL: Final = Queries.of("registry.storage")
