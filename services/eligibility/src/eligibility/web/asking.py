"""What may stand in a page's address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import Path

from eligibility.storage.villages import UnknownVillage
from eligibility.web.formats import regency_name, village_name

VillageCode = Annotated[str, Path(max_length=20)]

_CODE = re.compile(r"[1-9][0-9]\.[0-9]{2}\.[0-9]{2}\.[123][0-9]{3}|[1-9][0-9]{5}[123][0-9]{3}")


def known(code: str) -> str:
    """The code of a village, if it can be one; raises UnknownVillage, which is a 404."""
    if _CODE.fullmatch(code) is None:
        raise UnknownVillage(code)
    return code


def crumbs(place: Mapping[str, str], last: str | None = None) -> list[tuple[str | None, str]]:
    """Where a village stands: address and name, the widest area first."""
    village = village_name(place["kind"], place["name"])
    here = f"/desa/{place['village_code']}" if last else None
    return [
        (f"/wilayah/{place['province_code']}", place["province_name"]),
        (
            f"/wilayah/{place['regency_code']}",
            regency_name(place["regency_kind"], place["regency_name"]),
        ),
        (f"/wilayah/{place['kecamatan_code']}", f"Kecamatan {place['kecamatan_name']}"),
        (here, village),
        *([(None, last)] if last else []),
    ]
