"""`python -m demo.telling`: the story, told to services that run elsewhere (the compose file's)."""

from __future__ import annotations

import asyncio
import os
import sys

from rich.console import Console

from demo.client import Client, Refused
from demo.journal import Journal
from demo.mailboxes import maildev
from demo.places import Places
from demo.story import Story, StoryStuck


async def tell(places: Places, console: Console) -> None:
    """Tell it where DEMO_REGISTRY_URL and so on point; MAIL_PAGE is the mail catcher's page."""
    async with Client(places) as client:
        mailbox = maildev(os.environ["MAIL_PAGE"])
        await Story(client, Journal(places.journal), mailbox=mailbox, console=console).tell()


def main() -> None:
    console = Console(highlight=False)
    try:
        asyncio.run(tell(Places.from_environment(), console))
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set")
    except (Refused, StoryStuck) as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
