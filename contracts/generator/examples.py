"""Every golden example; append new ones, a published one is never edited."""

from __future__ import annotations

from contracts.generator.area_change_examples import AREA_CHANGE_EXAMPLES
from contracts.generator.ceremony_examples import CEREMONY_EXAMPLES
from contracts.generator.decision_examples import DECISION_EXAMPLES
from contracts.generator.delivery_examples import DELIVERY_EXAMPLES
from contracts.generator.enrollment_examples import ENROLLMENT_EXAMPLES
from contracts.generator.outreach_examples import OUTREACH_EXAMPLES
from contracts.generator.village_examples import VILLAGE_EXAMPLES

EXAMPLES = (
    *VILLAGE_EXAMPLES,
    *AREA_CHANGE_EXAMPLES,
    *ENROLLMENT_EXAMPLES,
    *OUTREACH_EXAMPLES,
    *DECISION_EXAMPLES,
    *CEREMONY_EXAMPLES,
    *DELIVERY_EXAMPLES,
)
