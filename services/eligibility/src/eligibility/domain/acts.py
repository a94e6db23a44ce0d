"""What persons may do to a title, and what their acts make of it."""

from __future__ import annotations

from dataclasses import dataclass

from common.events.words import Eligibility, Standing, Title

from eligibility.domain.facts import ActKind
from eligibility.domain.status import Status

TITLED = frozenset({Title.DITETAPKAN, Title.DIRESMIKAN})
"""Titles that a village keeps or loses; DICANANGKAN is only an announcement."""


class ActRefused(Exception):
    """The act does not fit the village's title or standing."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recorded:
    """What acts alone have made: `standing` is NONE, DITANGGUHKAN or DICABUT."""

    title: Title = Title.NONE
    standing: Standing = Standing.NONE

    @property
    def kept(self) -> bool:
        """The village bears the title: its `keep` parameters are in force."""
        return self.title in TITLED and self.standing is Standing.NONE


def may_act(status: Status, act: ActKind, *, reason: str | None = None) -> None:
    """Raise `ActRefused` unless the act fits the status of its day, before the act.

    Naming a village that is not eligible needs a reason; the status will be `flagged`.
    """
    standing = status.face.standing
    if standing not in (Standing.DITANGGUHKAN, Standing.DICABUT):
        standing = Standing.NONE
    recorded = Recorded(status.face.title, standing)
    if after(recorded, act) is None:
        raise ActRefused(*REFUSALS[act])
    eligible = status.face.eligibility is Eligibility.ELIGIBLE
    if act is ActKind.PENETAPAN and not eligible and not (reason or "").strip():
        raise ActRefused(
            "REASON_NEEDED",
            "Desa belum memenuhi syarat: cantumkan alasan penetapan.",
        )


def after(recorded: Recorded, act: ActKind) -> Recorded | None:
    """What the act makes of a title, or None if it does not fit."""
    titled = recorded.title in TITLED
    made: Recorded | None = None
    match act:
        case ActKind.CALON if not titled:
            made = recorded
        case ActKind.PENCANANGAN if recorded == Recorded():
            made = Recorded(Title.DICANANGKAN)
        case ActKind.PENETAPAN if not titled:
            made = Recorded(Title.DITETAPKAN)
        case ActKind.PERESMIAN if recorded == Recorded(Title.DITETAPKAN):
            made = Recorded(Title.DIRESMIKAN)
        case ActKind.PENANGGUHAN if recorded.kept:
            made = Recorded(recorded.title, Standing.DITANGGUHKAN)
        case ActKind.PEMULIHAN if recorded.standing is Standing.DITANGGUHKAN:
            made = Recorded(recorded.title)
        case ActKind.PENCABUTAN if recorded.title is not Title.NONE:
            made = Recorded(Title.NONE, Standing.DICABUT)
    return made


REFUSALS = {
    ActKind.CALON: ("ALREADY_DESIGNATED", "Desa sudah ditetapkan; pencalonan tidak diperlukan."),
    ActKind.PENCANANGAN: (
        "ALREADY_TITLED_OR_REVOKED",
        "Desa sudah bergelar, atau gelarnya dicabut: jalan kembali adalah penetapan baru.",
    ),
    ActKind.PENETAPAN: ("ALREADY_DESIGNATED", "Desa sudah ditetapkan."),
    ActKind.PERESMIAN: (
        "NOT_DESIGNATED",
        "Peresmian hanya untuk desa berstatus ditetapkan yang tidak sedang ditangguhkan.",
    ),
    ActKind.PENANGGUHAN: ("NOT_IN_FORCE", "Penangguhan hanya untuk gelar yang sedang berlaku."),
    ActKind.PEMULIHAN: ("NOT_SUSPENDED", "Pemulihan hanya untuk gelar yang ditangguhkan."),
    ActKind.PENCABUTAN: ("NO_TITLE", "Desa tidak menyandang gelar yang dapat dicabut."),
}
"""Code and reason of each act that does not fit."""
