"""Which act of a person fits which title."""

from __future__ import annotations

import pytest
from common.events.words import Eligibility, Stage, Standing, Title
from eligibility.domain.acts import ActRefused, may_act
from eligibility.domain.facts import ActKind
from eligibility.domain.status import Face, Status

STATES = {
    "untitled": (Title.NONE, Standing.NONE),
    "announced": (Title.DICANANGKAN, Standing.NONE),
    "designated": (Title.DITETAPKAN, Standing.BAIK),
    "at risk": (Title.DITETAPKAN, Standing.TERANCAM),
    "inaugurated": (Title.DIRESMIKAN, Standing.BAIK),
    "suspended": (Title.DITETAPKAN, Standing.DITANGGUHKAN),
    "revoked": (Title.NONE, Standing.DICABUT),
}
FITS = {
    ActKind.CALON: {"untitled", "announced", "revoked"},
    ActKind.PENCANANGAN: {"untitled"},
    ActKind.PENETAPAN: {"untitled", "announced", "revoked"},
    ActKind.PERESMIAN: {"designated", "at risk"},
    ActKind.PENANGGUHAN: {"designated", "at risk", "inaugurated"},
    ActKind.PEMULIHAN: {"suspended"},
    ActKind.PENCABUTAN: {"announced", "designated", "at risk", "inaugurated", "suspended"},
}


def status(state: str, eligibility: Eligibility = Eligibility.ELIGIBLE) -> Status:
    return Status(Face(eligibility, Stage.TERDAFTAR, *STATES[state]))


FITTING = [(state, act) for act in ActKind for state in STATES if state in FITS[act]]
OTHERS = [(state, act) for act in ActKind for state in STATES if state not in FITS[act]]


@pytest.mark.parametrize(("state", "act"), FITTING)
def test_an_act_that_fits_passes(state, act):
    """Every act from every state it fits."""
    may_act(status(state), act)


@pytest.mark.parametrize(("state", "act"), OTHERS)
def test_an_act_that_does_not_fit_is_refused(state, act):
    """With a code for machines and a sentence for people."""
    with pytest.raises(ActRefused) as refusal:
        may_act(status(state), act)

    assert refusal.value.code.isupper()
    assert refusal.value.reason.endswith(".")


@pytest.mark.parametrize("eligibility", [Eligibility.NOT_ELIGIBLE, Eligibility.CANNOT_DECIDE])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_naming_a_village_that_is_not_eligible_needs_a_reason(eligibility, reason):
    """Without a reason it is refused, with one it passes."""
    village = status("untitled", eligibility)

    with pytest.raises(ActRefused, match="REASON_NEEDED"):
        may_act(village, ActKind.PENETAPAN, reason=reason)
    may_act(village, ActKind.PENETAPAN, reason="Keputusan kepala kantor cabang")
