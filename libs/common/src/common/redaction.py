"""What must not stand in a log or an answer: identifiers of persons, and refused values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

REMOVED = "[removed]"
MAX_TEXT = 16 * 1024
"""Characters kept of one logged text."""
MAX_DEPTH = 6
SMALLEST_NIK = 10**15

SECRET_KEYS = frozenset(
    {
        *("nik", "kk", "kpj", "name", "nama", "birth_date", "mother_name"),
        *("phone", "telephone", "telepon", "hp", "email", "address", "alamat"),
        *("token", "authorization", "cookie", "password", "secret"),
    }
)
# A random id may hold a long run of digits; masking it would cut the trace.
_RANDOM_ID = re.compile(
    r"(?i)(?<![0-9a-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-z])"
)
_IDENTIFIERS = (
    (re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"\d{16,}"), "[nik]"),
    (re.compile(r"(?<!\d)(?:\d{2}[ .-]?){3}\d{6}[ .-]?\d{4}(?!\d)"), "[nik]"),
    (re.compile(r"(?<!\d)\d{4}(?:[ .-]\d{4}){3}(?!\d)"), "[nik]"),
    (re.compile(r"(?<![\d.])(?:\+?62|0)[ .-]?8(?:[ .-]?\d){7,11}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\d.])(?:\+62[ .-]?|\(?0)[2-7]\d{1,2}\)?[ .-]?\d{5,8}(?!\d)"), "[phone]"),
    (re.compile(r"\+\d(?:[ .-]?\d){7,14}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)\d{11}(?!\d)"), "[kpj]"),
)
# Postgres and pydantic quote the row or the value that they refuse.
_QUOTED_VALUES = (
    (re.compile(r"(?s)(\nDETAIL: ).*?(?=\nHINT: |\n\n|\Z)"), rf"\1{REMOVED}"),
    (re.compile(r"(?s)(input_value=).*?(, input_type=)"), rf"\1{REMOVED}\2"),
    (re.compile(r"('input': ).*"), rf"\1{REMOVED}"),
    (
        re.compile(
            r"(?s)(invalid input for query argument \$\d+"
            r"(?: in element #\d+ of \S+ sequence)?: ).*? \("
        ),
        rf"\1{REMOVED} (",
    ),
)


def mask(text: str) -> str:
    """The text without NIK, KPJ, telephone numbers, e-mail addresses and quoted values."""
    text = text[:MAX_TEXT]
    for pattern, replacement in _QUOTED_VALUES:
        text = pattern.sub(replacement, text)
    kept: list[str] = []
    end = 0
    for found in _RANDOM_ID.finditer(text):
        if found.group().isdigit():
            continue
        kept += [_masked(text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*kept, _masked(text[end:])])


def _masked(text: str) -> str:
    for pattern, replacement in _IDENTIFIERS:
        text = pattern.sub(replacement, text)
    return text


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The structlog processor that lets no identifier through, at any depth."""
    clean: EventDict = _redacted(dict(event), 0)
    return clean


def _redacted(value: Any, depth: int) -> Any:  # noqa: PLR0911 - one line for each kind of value
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < SMALLEST_NIK else mask(str(value))
    if depth >= MAX_DEPTH:
        return REMOVED
    if isinstance(value, Mapping):
        return {
            mask(str(key)): REMOVED
            if str(key).lower() in SECRET_KEYS
            else _redacted(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(item, depth + 1) for item in value]
    return mask(str(value))
