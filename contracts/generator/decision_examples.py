"""Golden examples of the decision log."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from common.events.eligibility import (
    CertificationChanged,
    Face,
    Missing,
    Reason,
    RuleSetRef,
    SuspensionProposed,
    SuspensionWithdrawn,
)
from common.events.envelope import Origin
from common.events.words import (
    Eligibility,
    PostKind,
    Stage,
    Standing,
    Title,
    WithdrawnBecause,
)

from contracts.generator.example import RECORDED, Example, some_id
from contracts.generator.village_examples import KETANONAGENG, OFFICIALS, TRACEPARENT, WONOPRINGGO

RULE_SET = RuleSetRef(
    rule_set_id="default_desa", version=1, checksum=sha256(b"default_desa").hexdigest()
)
APPOINTED, _, LAPSED, LEFT = (example.id for example in OFFICIALS)

UNDECIDED = Face(
    eligibility=Eligibility.CANNOT_DECIDE,
    stage=Stage.NONE,
    title=Title.NONE,
    standing=Standing.NONE,
)
REGISTERED = UNDECIDED.model_copy(update={"stage": Stage.TERDAFTAR})
INFORMED = UNDECIDED.model_copy(
    update={"eligibility": Eligibility.NOT_ELIGIBLE, "stage": Stage.SOSIALISASI}
)
ELIGIBLE = UNDECIDED.model_copy(
    update={"eligibility": Eligibility.ELIGIBLE, "stage": Stage.MEMENUHI_SYARAT}
)
DESIGNATED = ELIGIBLE.model_copy(update={"title": Title.DITETAPKAN, "standing": Standing.BAIK})
AT_RISK = DESIGNATED.model_copy(
    update={
        "eligibility": Eligibility.NOT_ELIGIBLE,
        "stage": Stage.SOSIALISASI,
        "standing": Standing.TERANCAM,
    }
)
FLAGGED = INFORMED.model_copy(update={"title": Title.DITETAPKAN, "standing": Standing.BAIK})

COVERED = Reason(
    criterion="head_and_staff_covered",
    met=True,
    required=6,
    actual=6,
    since=date(2025, 6, 1),
    because=APPOINTED,
)
UNCOVERED = Reason(
    criterion="head_and_staff_covered",
    met=False,
    required=6,
    actual=4,
    missing=(
        Missing(post_kind=PostKind.KEPALA_DESA, not_covered=1),
        Missing(post_kind=PostKind.KAUR, vacant=1),
    ),
    since=date(2025, 12, 1),
    because=LAPSED,
)
UNKNOWN = Reason(criterion="head_and_staff_covered", met=None, required=0, actual=0)

DECISION_EXAMPLES = (
    Example(
        name="cannot_decide",
        data=CertificationChanged(
            effective_on=date(2025, 4, 25),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 1"),
            previous_decision_id=None,
            previous=UNDECIDED,
            current=REGISTERED,
            reasons=(UNKNOWN,),
            rule_set=None,
            inputs=(APPOINTED,),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="eligible",
        sequence=2,
        traceparent=TRACEPARENT,
        data=CertificationChanged(
            effective_on=date(2025, 6, 1),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 2"),
            previous_decision_id=some_id("decision 1"),
            previous=REGISTERED,
            current=ELIGIBLE,
            reasons=(COVERED,),
            rule_set=RULE_SET,
            inputs=(APPOINTED,),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="designated",
        sequence=3,
        data=CertificationChanged(
            effective_on=date(2025, 9, 17),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 3"),
            previous_decision_id=some_id("decision 2"),
            previous=ELIGIBLE,
            current=DESIGNATED,
            reasons=(COVERED,),
            rule_set=RULE_SET,
            inputs=(some_id("act of designation"),),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="at_risk",
        sequence=4,
        data=CertificationChanged(
            effective_on=date(2025, 12, 8),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 4"),
            previous_decision_id=some_id("decision 3"),
            previous=DESIGNATED,
            current=AT_RISK,
            reasons=(UNCOVERED,),
            rule_set=RULE_SET,
            failing_since=date(2025, 12, 1),
            grace_ends=date(2026, 3, 1),
            inputs=(LEFT, LAPSED),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="designated_while_not_eligible",
        sequence=2,
        data=CertificationChanged(
            effective_on=date(2026, 2, 1),
            village_code=WONOPRINGGO,
            decision_id=some_id("decision 2 of Wonopringgo"),
            previous_decision_id=some_id("decision 1 of Wonopringgo"),
            previous=INFORMED,
            current=FLAGGED,
            reasons=(UNCOVERED,),
            rule_set=RULE_SET,
            flagged=True,
            inputs=(some_id("act with a reason"),),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="undecidable_by_a_rule_change",
        sequence=3,
        origin=Origin.RULE,
        batch_id=some_id("rule change"),
        data=CertificationChanged(
            effective_on=date(2026, 3, 1),
            village_code=WONOPRINGGO,
            decision_id=some_id("decision 3 of Wonopringgo"),
            previous_decision_id=some_id("decision 2 of Wonopringgo"),
            previous=FLAGGED,
            current=FLAGGED.model_copy(
                update={"eligibility": Eligibility.CANNOT_DECIDE, "stage": Stage.TERDAFTAR}
            ),
            reasons=(UNKNOWN,),
            rule_set=RULE_SET.model_copy(update={"version": 2}),
            undecidable_since=date(2026, 3, 1),
            inputs=(),
            newest_input_time=RECORDED,
        ),
    ),
    Example(
        name="after_grace",
        sequence=5,
        data=SuspensionProposed(
            effective_on=date(2026, 3, 1),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 5"),
            previous_decision_id=some_id("decision 4"),
            current=AT_RISK,
            reasons=(UNCOVERED,),
            rule_set=RULE_SET,
            opened_on=date(2026, 3, 1),
            failing_since=date(2025, 12, 1),
            grace_ends=date(2026, 3, 1),
            announced_on=date(2025, 12, 8),
        ),
    ),
    Example(
        name="recovered",
        sequence=7,
        data=SuspensionWithdrawn(
            effective_on=date(2026, 3, 9),
            village_code=KETANONAGENG,
            decision_id=some_id("decision 7"),
            previous_decision_id=some_id("decision 6"),
            proposal_id=some_id("decision 5"),
            because=WithdrawnBecause.RECOVERED,
            current=DESIGNATED,
        ),
    ),
)
