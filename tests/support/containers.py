"""The tests' Kafka and Postgres as containers: TEST_PROVIDER=containers, `make test-containers`.

The same images as in docker-compose.yml. They are started once for all workers of a run.
"""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack

import pytest

POSTGRES = "postgres:17"
KAFKA = "apache/kafka:4.3.1"
START_SECONDS = 120
START = "/tmp/start"  # noqa: S108  # in the container
TOLD = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
}


class Containers:
    """Both, up from `start` to `stop`; their addresses stand in the environment meanwhile."""

    def __init__(self) -> None:
        self._started = ExitStack()

    @classmethod
    def start(cls) -> Containers:
        """Start what the environment does not give; raises UsageError when Docker is not there."""
        # Its own reaper is one more image; we stop what we start, and name it when we cannot.
        os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
        from docker.errors import DockerException  # noqa: PLC0415  # imported when it is asked for

        containers = cls()
        try:
            if "TEST_POSTGRES" not in os.environ:
                os.environ["TEST_POSTGRES"] = containers._postgres()
            if "TEST_KAFKA" not in os.environ:
                os.environ["TEST_KAFKA"] = containers._kafka()
        except DockerException as error:
            containers.stop()
            raise pytest.UsageError(
                f"TEST_PROVIDER=containers needs Docker: {error}. Without it: make test"
            ) from error
        except BaseException:
            containers.stop()
            raise
        return containers

    def stop(self) -> None:
        self._started.close()

    def _postgres(self) -> str:
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415  # same

        postgres = PostgresContainer(
            POSTGRES, username="postgres", password=secrets.token_hex(16), driver=None
        ).with_command("postgres -c max_connections=300 -c fsync=off")
        url: str = self._started.enter_context(postgres).get_connection_url()
        return url

    def _kafka(self) -> str:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415  # same
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415

        # Clients are told the address, which is known only once the container runs: it waits.
        kafka = (
            DockerContainer(KAFKA)
            .with_exposed_ports(9092)
            .with_envs(**TOLD)
            .with_command(f"sh -c 'until [ -f {START} ]; do sleep 0.1; done; . {START}'")
        )
        self._started.enter_context(kafka)
        address = f"{kafka.get_container_host_ip()}:{kafka.get_exposed_port(9092)}"
        told = f"export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{address}"
        kafka.copy_into_container(f"{told}; exec /etc/kafka/docker/run".encode(), START)
        started = LogMessageWaitStrategy("Kafka Server started")
        started.with_startup_timeout(START_SECONDS).wait_until_ready(kafka)
        return address
