"""How a status is explained over HTTP; posts and counts, never a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from common.events import eligibility as contract
from common.events.words import PostKind, Programme
from pydantic import ConfigDict

from eligibility.api.bodies import Body, Village
from eligibility.domain.cheapest import StepKind
from eligibility.domain.explain import Explanation
from eligibility.judging import reasons_of, rule_set_of
from eligibility.storage.views import View


class PostOf(Body):
    model_config = ConfigDict(from_attributes=True)

    post_id: UUID
    kind: PostKind
    ordinal: int


class PostMissing(Body):
    """A post that the criterion asks for and that is vacant or not covered."""

    model_config = ConfigDict(from_attributes=True)

    post: PostOf
    verdict: str
    lacking: tuple[Programme, ...]
    since: date
    because: UUID


class Criterion(contract.Reason):
    posts: tuple[PostMissing, ...] = ()
    last_sosialisasi: date | None = None


class Step(Body):
    """One fact that somebody would have to bring about."""

    model_config = ConfigDict(from_attributes=True)

    kind: StepKind
    post: PostOf | None
    programmes: tuple[Programme, ...]


class Explained(Body):
    """Why the status is what it is, and the cheapest set of facts that would certify."""

    village: Village
    day: date
    rule_set: contract.RuleSetRef | None
    criteria: tuple[Criterion, ...]
    cheapest: tuple[Step, ...]

    @classmethod
    def of(
        cls,
        view: View,
        explanation: Explanation,
        *,
        on: date | None = None,
        known_at: datetime | None = None,
    ) -> Self:
        reasons = {reason.criterion: reason for reason in reasons_of(explanation.status)}
        return cls(
            village=Village.of(view, on=on, known_at=known_at),
            day=explanation.day,
            rule_set=rule_set_of(explanation.status),
            criteria=tuple(
                Criterion(
                    **dict(reasons[criterion.reason.criterion]),
                    posts=tuple(PostMissing.model_validate(post) for post in criterion.posts),
                    last_sosialisasi=criterion.last_sosialisasi,
                )
                for criterion in explanation.criteria
            ),
            cheapest=tuple(Step.model_validate(step) for step in explanation.cheapest),
        )
