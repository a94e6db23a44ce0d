"""Every golden example; append new ones, a published one is never edited."""

from __future__ import annotations

from contracts.generator.decision_examples import DECISION_EXAMPLES
from contracts.generator.delivery_examples import DELIVERY_EXAMPLES
from contracts.generator.enrollment_examples import ENROLLMENT_EXAMPLES
from contracts.generator.outreach_examples import OUTREACH_EXAMPLES
from contracts.generator.village_examples import VILLAGE_EXAMPLES

EXAMPLES = (
    *VILLAGE_EXAMPLES,
    *ENROLLMENT_EXAMPLES,
    *OUTREACH_EXAMPLES,
    *DECISION_EXAMPLES,
    *DELIVERY_EXAMPLES,
)
