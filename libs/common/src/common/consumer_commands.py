"""The operators' commands of every consuming service: reconcile, republish, parked, skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

import typer

from common.commands import add_parked_commands
from common.parking import Parking
from common.reconcile_commands import add_reconcile_commands, add_withdrawn_command
from common.reconciling import Reconciler
from common.refolding import Refolding
from common.skipped_commands import add_skipped_commands
from common.withdrawals import Withdrawals

Tool = TypeVar("Tool")


class ConsumingService(Protocol):
    """What the commands work with, of a service put together."""

    @property
    def parking(self) -> Parking: ...
    @property
    def reconciler(self) -> Reconciler: ...
    @property
    def refolding(self) -> Refolding: ...
    @property
    def withdrawals(self) -> Withdrawals: ...


def add_consumer_commands(
    app: typer.Typer,
    open_service: Callable[[], AbstractAsyncContextManager[ConsumingService]],
) -> None:
    """Give a service's command line all of them; each opens the service for itself."""

    def tool(
        of: Callable[[ConsumingService], Tool],
    ) -> Callable[[], AbstractAsyncContextManager[Tool]]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Tool]:
            async with open_service() as service:
                yield of(service)

        return opened

    add_skipped_commands(app, tool(lambda service: service.refolding))
    add_reconcile_commands(app, tool(lambda service: service.reconciler))
    parked = add_parked_commands(app, tool(lambda service: service.parking))
    add_withdrawn_command(parked, tool(lambda service: service.withdrawals))
