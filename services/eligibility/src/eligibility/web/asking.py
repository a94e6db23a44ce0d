"""What may stand in a page's address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from common.problems import Problem
from fastapi import Path, Query

from eligibility.storage.board import FIRST, Place, Standing
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


AREA = re.compile(r"[1-9][0-9](\.[0-9]{2}){0,2}")
PLACE = re.compile(r"([0-9]{1,2})~([0-9]{1,5})~([1-9][0-9.]{12})")
AreaCode = Annotated[str, Path(max_length=8)]
OfArea = Annotated[str, Query(alias="wilayah", max_length=8)]
OfStanding = Annotated[str, Query(alias="keadaan", max_length=30)]
After = Annotated[str, Query(alias="setelah", max_length=25)]


def known_area(code: str) -> str:
    """The dotted code of a province, regency or kecamatan; raises UnknownVillage, a 404."""
    if AREA.fullmatch(code) is None:
        raise UnknownVillage(code)
    return code


def place_of(text: str) -> Place:
    """Where a list goes on; anything else than its own link begins anew."""
    found = PLACE.fullmatch(text)
    return Place(int(found[1]), int(found[2]), found[3]) if found else FIRST


def text_of(place: Place) -> str:
    return f"{place.board_rank}~{place.missing}~{place.village_key}"


def standing_asked(text: str) -> Standing | None:
    """The standing that a list is narrowed to, none for all; raises a problem for other words."""
    if not text:
        return None
    if text in set(Standing):
        return Standing(text)
    raise Problem(
        400,
        "Keadaan tidak dikenal",
        f"Keadaan {text!r} tidak ada. Yang ada: {', '.join(Standing)}.",
        code="standing-unknown",
    )
