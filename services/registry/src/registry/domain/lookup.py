"""A village by its name, within a kecamatan and a regency given as codes or names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.events.words import RegencyKind

from registry.domain.areas import regency_kind, search_name

_REGENCY_CODE = re.compile(r"([1-9]\d)\.?(\d{2})", re.ASCII)
_KECAMATAN_CODE = re.compile(r"([1-9]\d)\.?(\d{2})\.?(\d{2})", re.ASCII)
_VILLAGE_PREFIX = re.compile(r"^(desa|kelurahan|kel\.?|ds\.?)\s+", re.IGNORECASE)
_KECAMATAN_PREFIX = re.compile(r"^(kecamatan|kec\.?|distrik)\s+", re.IGNORECASE)

_ALIKE = {
    RegencyKind.KABUPATEN: (RegencyKind.KABUPATEN, RegencyKind.KABUPATEN_ADM),
    RegencyKind.KOTA: (RegencyKind.KOTA, RegencyKind.KOTA_ADM),
}


@dataclass(frozen=True, slots=True)
class VillageName:
    """What is looked for; names without case, spaces and punctuation, None where not given."""

    names: Sequence[str]
    """As given, and without a leading "Desa": some names begin with that word themselves."""
    kecamatan_code: str | None
    kecamatan: Sequence[str] | None
    regency_code: str | None
    regency: str | None
    regency_bare: str | None
    """The regency's name without the kind that it was given with."""
    regency_kinds: Sequence[RegencyKind]


def village_name(name: str, *, regency: str | None, kecamatan: str | None) -> VillageName:
    """How a person names a village: ("Gatak", regency="Kab. Klaten", kecamatan="Delanggu")."""
    regency_code = _code(_REGENCY_CODE, regency)
    kecamatan_code = _code(_KECAMATAN_CODE, kecamatan)
    kind, bare = regency_kind(regency or "")
    return VillageName(
        names=_with_and_without(_VILLAGE_PREFIX, name),
        kecamatan_code=kecamatan_code,
        kecamatan=_with_and_without(_KECAMATAN_PREFIX, kecamatan)
        if kecamatan and not kecamatan_code
        else None,
        regency_code=regency_code,
        regency=search_name(regency) if regency and not regency_code else None,
        regency_bare=search_name(bare) if kind and not regency_code else None,
        regency_kinds=_ALIKE.get(kind, (kind,)) if kind else (),
    )


def _code(pattern: re.Pattern[str], text: str | None) -> str | None:
    match = pattern.fullmatch(text.strip()) if text else None
    return ".".join(match.groups()) if match else None


def _with_and_without(prefix: re.Pattern[str], text: str) -> Sequence[str]:
    return tuple({search_name(text), search_name(prefix.sub("", text.strip()))})
