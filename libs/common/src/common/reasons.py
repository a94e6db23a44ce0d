"""Why a field is refused, in Bahasa Indonesia; never with the value, which may be a NIK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core import core_schema

from common.redaction import mask

_BUILT_IN = frozenset(get_args(core_schema.ErrorType))
_GENERAL = "Nilai ini tidak sah."

_SENTENCES = {
    "missing": "Wajib diisi.",
    "missing_argument": "Wajib diisi.",
    "extra_forbidden": "Tidak dikenal; hapus isian ini.",
    "unexpected_keyword_argument": "Tidak dikenal; hapus isian ini.",
    "none_required": "Harus kosong (null).",
    "greater_than": "Harus lebih besar dari {gt}.",
    "greater_than_equal": "Paling sedikit {ge}.",
    "less_than": "Harus lebih kecil dari {lt}.",
    "less_than_equal": "Paling banyak {le}.",
    "multiple_of": "Harus kelipatan {multiple_of}.",
    "finite_number": "Harus berupa bilangan berhingga.",
    "too_short": "Paling sedikit {min_length} butir.",
    "too_long": "Paling banyak {max_length} butir.",
    "string_too_short": "Paling sedikit {min_length} karakter.",
    "string_too_long": "Paling banyak {max_length} karakter.",
    "string_pattern_mismatch": "Bentuknya tidak sesuai pola {pattern}.",
    "string_not_ascii": "Hanya karakter ASCII.",
    "string_unicode": "Harus berupa teks Unicode yang sah.",
    "bytes_too_short": "Paling sedikit {min_length} bita.",
    "bytes_too_long": "Paling banyak {max_length} bita.",
    "enum": "Harus salah satu dari {expected}.",
    "literal_error": "Harus salah satu dari {expected}.",
    "union_tag_invalid": "Jenisnya harus salah satu dari {expected_tags}.",
    "union_tag_not_found": "Jenisnya ({discriminator}) wajib diisi.",
    "int_from_float": "Harus berupa bilangan bulat, tanpa pecahan.",
    "date_past": "Harus tanggal yang sudah lewat.",
    "date_future": "Harus tanggal yang akan datang.",
    "datetime_past": "Harus waktu yang sudah lewat.",
    "datetime_future": "Harus waktu yang akan datang.",
    "timezone_naive": "Waktu tidak boleh memuat zona waktu.",
    "timezone_aware": "Waktu harus memuat zona waktu, misalnya +07:00.",
    "timezone_offset": "Zona waktunya tidak sesuai.",
    "url_scheme": "Alamat harus diawali {expected_schemes}.",
    "url_too_long": "Alamat paling panjang {max_length} karakter.",
    "uuid_version": "Harus berupa UUID versi {expected_version}.",
    "decimal_max_digits": "Paling banyak {max_digits} angka.",
    "decimal_max_places": "Paling banyak {decimal_places} angka di belakang koma.",
    "decimal_whole_digits": "Paling banyak {whole_digits} angka di depan koma.",
}
_FAMILIES = {
    "string": "Harus berupa teks.",
    "bool": "Harus true atau false.",
    "int": "Harus berupa bilangan bulat.",
    "float": "Harus berupa bilangan.",
    "decimal": "Harus berupa bilangan desimal.",
    "fraction": "Harus berupa pecahan.",
    "complex": "Harus berupa bilangan kompleks.",
    "bytes": "Harus berupa bita yang sah.",
    "datetime": "Harus berupa waktu ISO 8601, misalnya 2026-11-20T09:00:00+07:00.",
    "date": "Harus berupa tanggal YYYY-MM-DD, misalnya 2026-11-20.",
    "time_delta": "Harus berupa jangka waktu ISO 8601, misalnya PT30M.",
    "time": "Harus berupa jam HH:MM:SS, misalnya 09:00:00.",
    "uuid": "Harus berupa UUID.",
    "url": "Harus berupa alamat (URL) yang sah.",
    "list": "Harus berupa daftar.",
    "tuple": "Harus berupa daftar.",
    "set": "Harus berupa daftar.",
    "iterable": "Harus berupa daftar.",
    "dict": "Harus berupa objek.",
    "mapping": "Harus berupa objek.",
    "model": "Harus berupa objek.",
    "dataclass": "Harus berupa objek.",
}


def reason_for(error: Mapping[str, Any]) -> str:
    """A sentence for one item of pydantic's `errors()`.

    The message of a PydanticCustomError is ours and is given, masked; pydantic's own are not.
    """
    kind: str = error["type"]
    if kind not in _BUILT_IN:
        return mask(str(error["msg"]))
    sentence = _SENTENCES.get(kind)
    if sentence is not None:
        bounds = error.get("ctx") or {}
        return sentence.format_map(_Bounds({name: _said(name, bounds[name]) for name in bounds}))
    for family, words in _FAMILIES.items():
        if kind.startswith(f"{family}_"):
            return words
    return _GENERAL


def _said(name: str, bound: Any) -> Any:
    """Of what pydantic lists as `'A', 'B' or 'C'` the last two are joined by our word."""
    if not name.startswith("expected"):
        return bound
    before, joined, last = str(bound).rpartition(" or ")
    return f"{before} atau {last}" if joined else last


class _Bounds(dict[str, Any]):
    """A limit that pydantic does not tell is left open rather than an error of ours."""

    def __missing__(self, key: str) -> str:
        return "…"
