"""Keeps one part running: starts it, asks how it is, starts it again, stops it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from embedded.errors import EmbeddedError, StartFailedError
from embedded.files import open_log, tail
from embedded.part import Part
from embedded.processes import end, matching

# Seconds.
START_PATIENCE = 90.0
PASSING_TROUBLE = 10.0
STOP_PATIENCE = 10.0
PROBE_EVERY = 5.0
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
GOOD_RUN = 60.0
# A part that is merely slow on a busy machine must not be killed for it.
SILENT_PROBES = 12


class Supervisor:
    """One part and the process it runs in."""

    def __init__(self, part: Part, say: Callable[[str], None]) -> None:
        self.part = part
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The number of the process; raises StartFailedError when none runs."""
        if self._process is None or self._process.returncode is not None:
            raise StartFailedError(f"{self.part.title} is not running.")
        return self._process.pid

    async def start(self) -> None:
        """Return once the part is healthy; from then on it is kept so.

        Raises StartFailedError.
        """
        await self.end_orphans()
        await self.part.prepare()
        await self._launch()
        self._watch = asyncio.create_task(self._keep_running(), name=f"keep {self.part.name}")

    async def stop(self) -> None:
        """Ask the part to end, and kill it after 10 s."""
        await self._stop_watching()
        await self._end_process()
        await self.end_orphans()

    async def kill(self) -> None:
        """Kill the part as a crash would, and leave it dead until it is started again."""
        await self._stop_watching()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def end_orphans(self) -> None:
        """End what a supervisor left behind that was itself killed."""
        for pid in matching(self.part.owns):
            self._say(f"{self.part.title}: ending process {pid}, left by an earlier run")
            await end(pid, self.part.stop_signal, patience=STOP_PATIENCE)

    async def _launch(self) -> None:
        passing = time.monotonic() + PASSING_TROUBLE
        while True:
            with open_log(self.part.log) as log:
                written = self.part.log.stat().st_size
                self._process = await self.part.command().start(log.fileno())
            try:
                trouble = await self._until_healthy(self._process)
                if trouble is None:
                    return
            except asyncio.CancelledError:
                await self._end_process()
                raise
            await self._end_process()
            output = tail(self.part.log, written)
            if not self.part.passes(output) or time.monotonic() > passing:
                raise StartFailedError(_report(self.part, trouble, output))
            await asyncio.sleep(SHORTEST_PAUSE)

    async def _until_healthy(self, process: asyncio.subprocess.Process) -> str | None:
        deadline = time.monotonic() + START_PATIENCE
        pause = 0.02
        while process.returncode is None:
            if await self.part.answers(process.pid):
                return None
            if time.monotonic() > deadline:
                return f"did not answer within {START_PATIENCE:.0f} s"
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), pause)
            pause = min(pause * 1.5, 0.25)
        return f"ended with code {process.returncode}"

    async def _keep_running(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            since = time.monotonic()
            trouble = await self._until_trouble()
            if time.monotonic() - since > GOOD_RUN:
                pause = SHORTEST_PAUSE
            self._say(f"{self.part.title} {trouble}; starting it again in {pause:.1f} s")
            await self._end_process()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await self._launch()
                self._say(f"{self.part.title} runs again")
            except EmbeddedError as error:
                self._say(str(error))

    async def _until_trouble(self) -> str:
        silent = 0
        while self._process is not None and self._process.returncode is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), PROBE_EVERY)
                break
            silent = 0 if await self.part.answers(self._process.pid) else silent + 1
            if silent >= SILENT_PROBES:
                return f"gave no answer {SILENT_PROBES} times"
        code = self._process.returncode if self._process else None
        return f"ended with code {code}"

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.part.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE)
        except TimeoutError:
            self._say(f"{self.part.title} did not end within {STOP_PATIENCE:.0f} s and is killed")
            process.kill()
            await process.wait()

    async def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None


def _report(part: Part, trouble: str, output: str) -> str:
    end_of_it = "\n".join(output.splitlines()[-8:])
    return f"{part.title} {trouble} while starting; see {part.log}. It said:\n{end_of_it}"
