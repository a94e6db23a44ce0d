"""What a person can ask for at the command line."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from embedded.errors import EmbeddedError
from embedded.jars import cache
from embedded.jars import fetch as fetch_jars
from embedded.lock import held_by
from embedded.orphans import end_orphans, orphans
from embedded.ports import Ports
from embedded.stack import ADDRESSES, Addresses, Stack

# Seconds: every part may take 10 to end.
STOP_PATIENCE = 45.0
# As init scripts say "not running".
NOTHING = 3
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(
    help="A real Kafka, Postgres and mail catcher on this machine.",
    no_args_is_help=True,
    add_completion=False,
)

Home = Annotated[Path, typer.Option(envvar="EMBEDDED_HOME", help="The folder that holds the data.")]
DEFAULT_HOME = Path("var/embedded")
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free one.")]


@app.command()
def up(
    *,
    home: Home = DEFAULT_HOME,
    kafka_port: Port = None,
    kafka_controller_port: Port = None,
    postgres_port: Port = None,
    smtp_port: Port = None,
    mail_page_port: Port = None,
) -> None:
    """Start all parts and keep them running until Ctrl-C or SIGTERM."""
    given = {
        "kafka": kafka_port,
        "kafka_controller": kafka_controller_port,
        "postgres": postgres_port,
        "smtp": smtp_port,
        "mail_page": mail_page_port,
    }
    try:
        ports = Ports.from_environment().with_given(given)
        asyncio.run(_until_signalled(_serve(Stack(home, ports=ports, say=_say))))
    except EmbeddedError as error:
        _fail(error)


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """Stop what `up` started on this home, and wait for its end."""
    try:
        pid = held_by(home)
        if pid is None:
            _end_what_is_left(home)
            return
        os.kill(pid, signal.SIGTERM)
        _await_end(home, pid)
    except (EmbeddedError, PermissionError) as error:
        _fail(error)
    typer.echo("Stopped.")


@app.command()
def status(home: Home = DEFAULT_HOME) -> None:
    """Say what runs on this home; the code is 3 when nothing does."""
    try:
        pid = held_by(home)
        left = {} if pid else orphans(home)
    except EmbeddedError as error:
        _fail(error)
    if pid is None:
        typer.echo(f"Nothing is kept running on {home}.")
        for title, pids in left.items():
            typer.echo(f"A killed run left {title} behind, process {pids}: up or down ends it.")
        raise typer.Exit(NOTHING)
    try:
        addresses = Addresses(**json.loads((home / ADDRESSES).read_bytes()))
    except FileNotFoundError:
        typer.echo(f"Process {pid} is starting or stopping.")
        return
    typer.echo(f"Process {pid} runs:")
    _show(home, addresses)


@app.command()
def fetch() -> None:
    """Download the broker's packages, and start nothing."""
    folder = cache()
    try:
        jars = fetch_jars(folder, typer.echo)
    except EmbeddedError as error:
        _fail(error)
    typer.echo(f"{len(jars)} packages are in {folder}.")


def _end_what_is_left(home: Path) -> None:
    if orphans(home):
        end_orphans(home, _say)
        typer.echo("Stopped.")
    else:
        typer.echo(f"Nothing runs on {home}.")


def _await_end(home: Path, pid: int) -> None:
    deadline = time.monotonic() + STOP_PATIENCE
    while held_by(home) == pid:
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"Process {pid} did not end within {STOP_PATIENCE:.0f} s. Look at its output;"
                f" kill -9 {pid} loses no data, and the next start tidies up."
            )
        time.sleep(0.1)


async def _serve(stack: Stack) -> None:
    async with stack:
        typer.echo(f"Everything runs on {stack.home}; Ctrl-C stops it.")
        _show(stack.home, stack.addresses)
        await asyncio.Event().wait()


async def _until_signalled(work: Coroutine[None, None, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        typer.echo(f"Stopping ({number.name}) ...")
        for each in STOPS:
            # Once: a second one must not interrupt the stopping.
            loop.add_signal_handler(each, lambda: None)
        task.cancel()

    for each in STOPS:
        loop.add_signal_handler(each, stop, each)
    try:
        await task
    except asyncio.CancelledError:
        typer.echo("Stopped; the data is kept.")


def _show(home: Path, addresses: Addresses) -> None:
    # Output ends up in logs: the password stays in its file.
    postgres = re.sub(r":[^:@]*@", "@", addresses.postgres)
    typer.echo(f"  Kafka     {addresses.kafka}")
    typer.echo(f"  Postgres  {postgres} (password: {home / 'postgres.password'})")
    typer.echo(f"  SMTP      {addresses.smtp_host}:{addresses.smtp_port}")
    typer.echo(f"  Mails     {addresses.mail_page}")


def _say(text: str) -> None:
    # The parts must go on when whoever read our output has gone.
    with suppress(OSError):
        typer.echo(text)


def _fail(error: Exception) -> NoReturn:
    typer.secho(str(error), err=True, fg=typer.colors.RED)
    raise typer.Exit(1)
