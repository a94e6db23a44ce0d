"""The story on a terminal of 80 columns: chapters, what was recorded, concluded and sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from demo.mailboxes import Arrived
from demo.scenario import Chapter, Scenario
from demo.wording import KIND, mark_of, say_day, say_list, say_status

INDENT = 4
WIDEST = 96


class Printer:
    """Says aloud what the story does."""

    def __init__(self, console: Console, scenario: Scenario) -> None:
        self._console = console
        self._scenario = scenario
        self._width = min(console.width, WIDEST)

    def chapter(self, number: int, chapter: Chapter, day: date) -> None:
        """The head of a chapter: where, when, and in whose words."""
        self._console.print()
        self._grid([(f"[bold]{number:>2}[/bold]", f"[bold]{escape(chapter.title)}[/bold]")], 0)
        self._text(f"{say_day(day, weekday=True)} · {chapter.place}")
        if chapter.said:
            self._text(f"[italic]“{escape(chapter.said)}”[/italic]")
        self._text(f"[dim]Sumber: {escape(chapter.source)}[/dim]")

    def recorded(self, sentence: str) -> None:
        self._grid([("·", escape(sentence))])

    def concluded(self, villages: Mapping[str, Mapping[str, Any]]) -> None:
        """What the system makes of the villages, those of one kind in one line."""
        alike: dict[tuple[str, str], list[str]] = {}
        for name, village in villages.items():
            kind = self._scenario.villages[name].kind
            alike.setdefault((mark_of(village), say_status(village)), []).append(f"{kind} {name}")
        self._grid(
            (mark, f"{say_list(names)}: [bold]{status}[/bold]")
            for (mark, status), names in alike.items()
        )

    def changed(self, villages: Iterable[Mapping[str, Any]]) -> None:
        """How villages stand since something changed."""
        self._grid(
            (mark_of(v), f"{KIND[v['kind']]} {v['name']}: [bold]{say_status(v)}[/bold]")
            for v in villages
        )

    def sent(self, mails: Sequence[Arrived]) -> None:
        """Which office got which mail; one subject that went to several stands once."""
        alike: dict[str, list[str]] = {}
        for mail in mails:
            alike.setdefault(mail.subject, []).append(self.office_of(mail))
        self._grid(
            ("[cyan]✉[/cyan]", f"{say_list(sorted(to))}: [cyan]{escape(subject)}[/cyan]")
            for subject, to in alike.items()
        )

    def office_of(self, mail: Arrived) -> str:
        """The office behind the address, or the address itself."""
        titles = {office.email: title for title, office in self._scenario.offices.items()}
        return say_list([titles.get(address, address) for address in mail.recipients])

    def table(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Lines of label and value under a title."""
        self._console.print()
        self._text(f"[bold]{title}[/bold]", 1)
        self._grid(rows, 1)

    def _text(self, text: str, indent: int = INDENT) -> None:
        self._console.print(Padding(text, (0, 0, 0, indent)), width=self._width, highlight=False)

    def _grid(self, rows: Iterable[tuple[str, str]], indent: int = INDENT) -> None:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*row)
        if grid.row_count:
            self._console.print(Padding(grid, (0, 0, 0, indent)), width=self._width)
