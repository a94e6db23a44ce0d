"""`python -m common.prepare`: roles, databases, migrations and topics, before the services start.

For a deployment in which nobody has done it by hand. Reads POSTGRES_URL (a superuser's), KAFKA and
`<SERVICE>_OWNER_URL`, `_APP_URL`, `_WORK_URL` of the three services; done again it does nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys

from common.bootstrap import Urls, bootstrap
from common.database import is_transient
from common.kafka import is_kafka_down
from common.migrations import migrate
from common.process import Backoff
from common.topics_admin import ensure_topics

SERVICES = ("registry", "eligibility", "notifications")
PATIENCE_SECONDS = 120.0
"""How long Postgres and Kafka may take to answer."""


async def prepare(told: dict[str, str]) -> list[str]:
    """Make what is missing; what was made, a line each."""
    made = []
    for service in SERVICES:
        owner, app, work = (
            told[f"{service.upper()}_{role}_URL"] for role in ("OWNER", "APP", "WORK")
        )
        await bootstrap(told["POSTGRES_URL"], Urls(owner, app, work))
        made += [f"{service}: {name}" for name in await migrate(owner, f"{service}.storage")]
    made += [
        f"topic {name}"
        for name in await ensure_topics(
            told["KAFKA"],
            prefix=told.get("TOPIC_PREFIX", ""),
            partitions=int(told.get("TOPIC_PARTITIONS") or 12),
            replication=int(told.get("TOPIC_REPLICATION") or 1),
        )
    ]
    return made


async def _patiently(told: dict[str, str]) -> list[str]:
    backoff, never = Backoff(first=0.5), asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await prepare(told)
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                _say(f"waiting: {type(error).__name__}")
                await backoff.wait(never)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Prepare, or say in one line what is missing; exit code 1 then."""
    try:
        made = asyncio.run(_patiently(dict(os.environ)))
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set")
    except ValueError as error:
        sys.exit(str(error))
    except TimeoutError:
        sys.exit(f"Postgres or Kafka did not answer within {PATIENCE_SECONDS:.0f} s")
    for line in made or ["nothing to do: everything is prepared"]:
        _say(line)


if __name__ == "__main__":
    main()
