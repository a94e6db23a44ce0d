"""Processes as groups of tasks that die together, at any await, without a last word."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

_RUNNING: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Process:
    """One life of a process: what it opened at a port is dropped when it is killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.ends: list[Callable[[], None]] = []
        self.fault: BaseException | None = None

    def check(self) -> None:
        """Called by every port: the dead say nothing."""
        if not self.alive:
            raise asyncio.CancelledError

    def run(self, part: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Run a part until the process is killed; that it ends by itself is a fault."""

        async def owned() -> None:
            try:
                await part(asyncio.Event())
            except Exception as error:  # noqa: BLE001  # the run fails with it
                self.fault = error
            else:
                self.fault = RuntimeError("a part ended unasked")

        self.begin(owned())

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of this process, and so all that it makes."""
        context = contextvars.copy_context()
        context.run(_RUNNING.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def kill(self) -> None:
        """End everything at once. Its tasks are cancelled, but no port listens any more."""
        self.alive = False
        for end in self.ends:
            end()
        for _ in range(100):
            doing = [task for task in self.tasks if not task.done()]
            if not doing:
                return
            for task in doing:
                task.cancel()
            await asyncio.sleep(0)
        raise RuntimeError(f"{self.name} does not die: {doing}")


def running() -> Process:
    """The process whose code is running."""
    process = _RUNNING.get()
    if process is None:
        raise RuntimeError("a port was used outside of every process")
    return process


def task_factory(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """Tasks belong to the process whose code made them."""
    task = asyncio.Task(work, loop=loop, **options)
    context = options.get("context") or contextvars.copy_context()
    process = context.get(_RUNNING)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(process.tasks.pop)
    return task
