"""Rule sets for those who ask why, and marks for those who reconcile."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import json
from typing import Annotated

from fastapi import APIRouter, Query

from eligibility.api.asking import Limit, Operator, Reader
from eligibility.api.bodies import Mark, Marks, RuleSet, RuleSets
from eligibility.reading import Reading

MAX_MARKS = 5_000


def operations_router(reading: Reading) -> APIRouter:
    router = APIRouter()

    @router.get("/rule-sets", tags=["rules"])
    async def rule_sets(
        caller: Reader,
        after: Annotated[
            str, Query(max_length=80, pattern=r"^([a-z][a-z0-9_]*~[0-9]{1,9})?$")
        ] = "",
        limit: Limit = 50,
    ) -> RuleSets:
        """Every version of every rule set, with its checksum."""
        del caller
        rule_set_id, _, version = after.partition("~")
        rows = await reading.rule_sets(after=(rule_set_id, int(version or 0)), limit=limit)
        last = rows[-1] if len(rows) == limit else None
        return RuleSets(
            rule_sets=[
                RuleSet.model_validate(
                    {
                        "rules": json.loads(row["body"]),
                        **{name: row[name] for name in RuleSet.model_fields if name != "rules"},
                    }
                )
                for row in rows
            ],
            next=f"{last['rule_set_id']}~{last['version']}" if last else None,
        )

    @router.get("/marks", tags=["operations"])
    async def marks(
        caller: Operator,
        after: Annotated[str, Query(max_length=13, pattern=r"^[0-9.]*$")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_MARKS)] = 1_000,
    ) -> Marks:
        """How far every village's streams have had their effect; for `reconcile`."""
        del caller
        found = await reading.marks(after=after, limit=limit)
        return Marks(
            marks=[
                Mark(village_key=key, sequences=sequences, parked=parked, held=held)
                for key, sequences, parked, held in found
            ],
            next=found[-1][0] if len(found) == limit else None,
        )

    return router
