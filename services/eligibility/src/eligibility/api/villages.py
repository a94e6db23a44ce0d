"""Villages: their status, why it is so, the log, and the acts of persons."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import json
from typing import Annotated

import asyncpg
from common.idempotency import Once, required
from fastapi import APIRouter, Depends, Query, Response

from eligibility.api.asking import (
    Actor,
    Asked,
    AsOf,
    Code,
    Limit,
    Reader,
    before_of,
    cursor_of,
    filters_of,
    positions_of,
)
from eligibility.api.bodies import (
    ActRecorded,
    ActRequest,
    Decision,
    Decisions,
    Preview,
    Village,
    Villages,
)
from eligibility.api.explanations import Explained
from eligibility.application import Certification
from eligibility.reading import Reading


def villages_router(reading: Reading, certification: Certification) -> APIRouter:
    router = APIRouter(prefix="/villages", tags=["villages"])

    @router.get("")
    async def list_villages(
        caller: Reader,
        filters: Annotated[dict[str, str], Depends(filters_of)],
        after: Annotated[str, Query(max_length=13, pattern=r"^[0-9.]*$")] = "",
        limit: Limit = 50,
    ) -> Villages:
        """Villages in order of key, by area, by the four fields, or with `proposal=open`."""
        views = await reading.villages(caller.areas, filters=filters, after=after, limit=limit)
        last = views[-1].village_key if len(views) == limit else None
        return Villages(villages=[Village.of(view) for view in views], next=last)

    @router.get("/{code}")
    async def village(code: Code, caller: Reader, asked: Annotated[Asked, Query()]) -> Village:
        """A village's status now, or on a day as known at a moment."""
        if positions := positions_of(asked.wait_for):
            await reading.wait_for(code, caller.areas, positions, asked.timeout)
        day, known_at = asked.on, asked.known_at
        view = await reading.village(code, caller.areas, on=day, known_at=known_at)
        return Village.of(view, on=day, known_at=known_at)

    @router.get("/{code}/explain")
    async def explain(code: Code, caller: Reader, as_of: Annotated[AsOf, Query()]) -> Explained:
        """Every criterion with what it asks and what is there, and the cheapest way to certify."""
        day, known_at = as_of.on, as_of.known_at
        view, explanation = await reading.explain(code, caller.areas, on=day, known_at=known_at)
        return Explained.of(view, explanation, on=day, known_at=known_at)

    @router.get("/{code}/decisions")
    async def decisions(
        code: Code,
        caller: Reader,
        after: Annotated[str | None, Query(max_length=100)] = None,
        limit: Limit = 50,
    ) -> Decisions:
        """The decision log, newest first: what we told, when and why."""
        rows = await reading.decisions(code, caller.areas, before=before_of(after), limit=limit)
        last = rows[-1] if len(rows) == limit else None
        return Decisions(
            decisions=[_decision(row) for row in rows],
            next=cursor_of(last["decided_at"], last["decision_id"]) if last else None,
        )

    @router.post("/{code}/acts", status_code=201)
    async def record_act(
        code: Code,
        caller: Actor,
        request: ActRequest,
        response: Response,
        once: Annotated[Once, Depends(required)],
    ) -> ActRecorded:
        """Record an act of a person: nominate, name, suspend, restore or revoke."""
        answer = await certification.record_act(code, request.order(), caller, once)
        response.headers["Location"] = f"/villages/{answer.body['village_key']}/decisions"
        if answer.positions:
            response.headers["Event-Position"] = ", ".join(answer.positions)
        return ActRecorded.model_validate(answer.body)

    @router.post("/{code}/acts/preview")
    async def preview_act(code: Code, caller: Actor, request: ActRequest) -> Preview:
        """What an act would make of the village; nothing is recorded."""
        return Preview.of(await reading.preview_act(code, caller.areas, request.order()))

    return router


def _decision(row: asyncpg.Record) -> Decision:
    rule_set = row["rule_set_id"] and {
        "rule_set_id": row["rule_set_id"],
        "version": row["rule_set_version"],
        "checksum": row["rule_set_checksum"],
    }
    read = {name: row[name] for name in Decision.model_fields if name in row.keys()}  # noqa: SIM118
    parsed = {name: json.loads(row[name]) for name in ("previous", "current", "reasons")}
    return Decision.model_validate({**read, **parsed, "rule_set": rule_set})
