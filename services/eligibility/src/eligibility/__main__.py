"""Eligibility: keeps what each village's status is made of, decides it, and says why."""

from __future__ import annotations

import typer
from common.commands import add_shared_commands, console, do
from common.consumer_commands import add_consumer_commands
from common.database import Database
from common.doctor_command import add_doctor_command
from common.process import run
from common.stream_commands import stream_commands
from common.web.checking import login_check

from eligibility.main import build, reading_of, serve
from eligibility.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
rules = typer.Typer(no_args_is_help=True, help="The rules that villages are judged by.")
app.add_typer(rules, name="rules")

PAGE = 200


@app.command("serve")
def serve_command() -> None:
    """Run the parts that ELIGIBILITY_PARTS names (all: api, consumer, scheduler, relay)."""
    settings = Settings.load()
    run(lambda: serve(settings))


@rules.callback()
def _rules() -> None:
    """Keep `list` a subcommand."""


@rules.command("list")
def list_rules() -> None:
    """Every rule set with its version, where and from when it holds, and its checksum."""
    do(_print_rules(Settings.load()))


async def _print_rules(settings: Settings) -> None:
    database = await Database.open(settings.work_url.get_secret_value(), name="rules", size=1)
    try:
        reading = reading_of(database)
        after = ("", 0)
        if not await reading.rule_sets(after=after, limit=1):
            console.print("no rule sets yet: `serve` installs the defaults at its first start")
        while rows := await reading.rule_sets(after=after, limit=PAGE):
            for row in rows:
                console.print(
                    f"{row['rule_set_id']} v{row['version']}  {row['village_kind']}  "
                    f"{row['regency_code'] or 'Indonesia'}  from {row['valid_from']}  "
                    f"{row['checksum'][:12]}"
                )
            after = (rows[-1]["rule_set_id"], rows[-1]["version"])
    finally:
        await database.close()


add_shared_commands(app, settings=Settings.load, package="eligibility.storage")
add_doctor_command(
    app,
    settings=Settings.load,
    package="eligibility.storage",
    also=lambda: {"login": login_check(Settings.load())},
)
add_consumer_commands(app, lambda: build(Settings.load()))
app.add_typer(stream_commands(Settings.load), name="streams")

if __name__ == "__main__":
    app()
