"""Golden examples of how messages to offices ended."""

from __future__ import annotations

from datetime import date

from common.events.notifications import DeliverySettled, DeliverySettledV1, FirstAlertKind
from common.events.words import AlertKind, DeliveryState, OfficeKind

from contracts.generator.example import Example, some_id
from contracts.generator.village_examples import KETANONAGENG


def _delivery(name: str, sequence: int, state: DeliveryState, attempts: int) -> Example:
    """A message to the camat about the village at risk, and how it ended."""
    return Example(
        name=name,
        sequence=sequence,
        data=DeliverySettledV1(
            effective_on=date(2026, 3, 9),
            village_code=KETANONAGENG,
            delivery_id=some_id(f"delivery {name}"),
            decision_id=some_id("decision 4"),
            alert_kind=FirstAlertKind.STATUS_AT_RISK,
            office_kind=OfficeKind.CAMAT,
            office_area="33.26.10",
            state=state,
            attempts=attempts,
        ),
    )


DELIVERY_EXAMPLES = (
    Example(
        name="sent_to_the_bupati",
        data=DeliverySettledV1(
            effective_on=date(2026, 3, 2),
            village_code=KETANONAGENG,
            delivery_id=some_id("delivery to the bupati"),
            decision_id=some_id("decision 2"),
            alert_kind=FirstAlertKind.VILLAGE_ELIGIBLE,
            office_kind=OfficeKind.BUPATI,
            office_area="33.26",
            state=DeliveryState.SENT,
            attempts=1,
        ),
    ),
    _delivery("failed_for_good", 2, DeliveryState.FAILED, 5),
    _delivery("unknown_after_a_lost_answer", 3, DeliveryState.UNKNOWN, 1),
    _delivery("suppressed", 4, DeliveryState.SUPPRESSED, 0),
    Example(
        name="invited_the_bupati",
        sequence=5,
        data=DeliverySettled(
            effective_on=date(2026, 3, 9),
            village_code=KETANONAGENG,
            delivery_id=some_id("delivery invited"),
            decision_id=some_id("ceremony planned"),
            alert_kind=AlertKind.CEREMONY_INVITE,
            office_kind=OfficeKind.BUPATI,
            office_area="33.26",
            state=DeliveryState.SENT,
            attempts=1,
        ),
    ),
)
