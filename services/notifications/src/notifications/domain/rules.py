"""The kinds of alerts as data: what tells of each, to whom, how soon, what must still hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from common.events.eligibility import CeremonyMoved, CeremonyPlanned, CertificationChanged
from common.events.registry import OfficialAppointed
from common.events.words import AlertKind, PostKind, Standing, Title

from notifications.domain.ceremonies import Ceremony
from notifications.domain.heads import Head
from notifications.domain.offices import Office, head_of_kecamatan, head_of_regency
from notifications.domain.views import View

SETTLE = timedelta(minutes=10)
"""How long a decision that may be taken back soon is given, before anyone is told."""

DESIGNATED = frozenset({Title.DITETAPKAN, Title.DIRESMIKAN})
"""The titles that make a village a Desa Sadar."""
NOT_YET = frozenset({Title.NONE, Title.DICANANGKAN})
LOST = frozenset({Standing.DITANGGUHKAN, Standing.DICABUT})


@dataclass(frozen=True, slots=True)
class Present:
    """What is known when a message is due; None where nothing (or nothing any more) is."""

    today: date
    """At the village."""
    view: View | None = None
    ceremony: Ceremony | None = None
    """As the alert's own event planned it; None: it was moved since."""
    head: Head | None = None
    """The alert's own term; None: another one began since."""


def _never(_before: View, _after: View) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One kind of alert: what tells of it, what must hold when it is sent, to whom, how soon."""

    told_by: tuple[str, ...]
    """Types of the events that may make it."""
    holds: Callable[[Present], bool]
    offices: tuple[Callable[[str], Office], ...]
    """Each from the village's code."""
    settle: timedelta = timedelta(0)
    arises: Callable[[View, View], bool] = field(default=_never)
    """From the village before and after a decision; other events make theirs always."""


def _becomes(true_of: Callable[[View], bool]) -> Callable[[View, View], bool]:
    return lambda before, after: not true_of(before) and true_of(after)


def _now(true_of: Callable[[View], bool]) -> Callable[[Present], bool]:
    return lambda present: present.view is not None and true_of(present.view)


def _is_eligible(view: View) -> bool:
    return view.eligible and view.title is Title.NONE


def _becomes_eligible(before: View, after: View) -> bool:
    """It is eligibility that changes: a revoked title leaves a village eligible, no news of it."""
    return not before.eligible and _is_eligible(after)


def _is_designated(view: View) -> bool:
    return view.title in DESIGNATED


def _becomes_designated(before: View, after: View) -> bool:
    return before.title not in DESIGNATED and after.title is Title.DITETAPKAN


def _is_at_risk(view: View) -> bool:
    return view.standing is Standing.TERANCAM


def _is_lost(view: View) -> bool:
    return view.standing in LOST


def _is_lost_anew(before: View, after: View) -> bool:
    """A suspended title that is revoked is lost once more."""
    return _is_lost(after) and before.standing is not after.standing


def _is_good(view: View) -> bool:
    return view.standing is Standing.BAIK


def _is_restored(before: View, after: View) -> bool:
    return before.standing in {Standing.TERANCAM, Standing.DITANGGUHKAN} and _is_good(after)


def _lacks_officials(view: View) -> bool:
    return view.title in NOT_YET and bool(view.uncovered)


def _loses_officials(before: View, after: View) -> bool:
    """Somebody who was registered is so no longer, or the village was declared without.

    That officials were never registered is how most villages stand: a state, no news.
    """
    declared = after.title is Title.DICANANGKAN and before.title is not Title.DICANANGKAN
    return _lacks_officials(after) and (declared or bool(after.uncovered & before.met))


def _is_to_come(present: Present) -> bool:
    return present.ceremony is not None and present.today <= present.ceremony.planned_for


def _needs_the_camat(present: Present) -> bool:
    """A kepala desa until the protection is there; a lurah, a civil servant, has one of his own."""
    head = present.head
    if head is None or not head.in_office_on(present.today):
        return False
    return head.post_kind is PostKind.LURAH or not head.protected_on(present.today)


DECIDED = (CertificationChanged.type,)

RULES: Mapping[AlertKind, AlertRule] = {
    AlertKind.VILLAGE_ELIGIBLE: AlertRule(
        told_by=DECIDED,
        arises=_becomes_eligible,
        holds=_now(_is_eligible),
        offices=(head_of_kecamatan, head_of_regency),
    ),
    AlertKind.VILLAGE_DESIGNATED: AlertRule(
        told_by=DECIDED,
        arises=_becomes_designated,
        holds=_now(_is_designated),
        offices=(head_of_regency, head_of_kecamatan),
    ),
    AlertKind.CEREMONY_INVITE: AlertRule(
        told_by=(CeremonyPlanned.type, CeremonyMoved.type),
        holds=_is_to_come,
        offices=(head_of_regency, head_of_kecamatan),
    ),
    # The camat alone, who is to have the time to mend it; a digest for the bupati is not built.
    AlertKind.STATUS_AT_RISK: AlertRule(
        told_by=DECIDED,
        arises=_becomes(_is_at_risk),
        holds=_now(_is_at_risk),
        offices=(head_of_kecamatan,),
        settle=SETTLE,
    ),
    AlertKind.STATUS_LOST: AlertRule(
        told_by=DECIDED,
        arises=_is_lost_anew,
        holds=_now(_is_lost),
        offices=(head_of_regency, head_of_kecamatan),
    ),
    AlertKind.STATUS_RESTORED: AlertRule(
        told_by=DECIDED,
        arises=_is_restored,
        holds=_now(_is_good),
        offices=(head_of_regency, head_of_kecamatan),
        settle=SETTLE,
    ),
    AlertKind.OFFICIALS_UNREGISTERED: AlertRule(
        told_by=DECIDED,
        arises=_loses_officials,
        holds=_now(_lacks_officials),
        offices=(head_of_kecamatan,),
        settle=SETTLE,
    ),
    AlertKind.HEAD_CHANGED: AlertRule(
        told_by=(OfficialAppointed.type,),
        holds=_needs_the_camat,
        offices=(head_of_kecamatan,),
        settle=SETTLE,
    ),
}
