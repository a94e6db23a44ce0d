"""`python -m demo.telling`: the story, told to services that run elsewhere (the compose file's)."""

from __future__ import annotations

import asyncio
import os
import sys

from rich.console import Console

from demo.client import Client, Refused
from demo.clocks import Restless
from demo.journal import Journal
from demo.mailboxes import maildev
from demo.places import Places
from demo.story import Story


async def tell(places: Places, mail_page: str, console: Console) -> None:
    """Tell it where DEMO_REGISTRY_URL and so on point; `mail_page` is the mail catcher's."""
    async with Client(places) as client:
        mailbox = maildev(mail_page)
        await Story(client, Journal(places.journal), mailbox=mailbox, console=console).tell()


def main() -> None:
    console = Console(highlight=False)
    mail_page = os.environ.get("MAIL_PAGE") or sys.exit("MAIL_PAGE is not set")
    try:
        asyncio.run(tell(Places.from_environment(), mail_page, console))
    except (Refused, Restless) as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
