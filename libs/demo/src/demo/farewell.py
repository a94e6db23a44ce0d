"""What stands on the terminal when all is up: where to look, as whom, and what to try."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from demo.issuer_page import PERSONS
from demo.places import address_of

TRY = (
    ("buka papan", "sebagai Petugas Kantor Cabang Blitar: satu desa terancam"),
    ("make advance", "ke jatuh tempo berikutnya: apa yang berubah, surat apa yang terkirim"),
    ("make advance DAYS=60", "melewati tenggat pemulihan: penangguhan diusulkan"),
)


def show_addresses(console: Console, mail_page: str) -> None:
    """The addresses, and the demo's persons."""
    names = [person.name for person in PERSONS]
    _grid(
        console,
        [
            ("Papan Desa Sadar", f"{address_of('eligibility')}/"),
            ("Surat yang terkirim", mail_page),
            ("API registry", f"{address_of('registry')}/docs"),
            ("API eligibility", f"{address_of('eligibility')}/docs"),
            ("API notifications", f"{address_of('notifications')}/docs"),
            ("Masuk sebagai", "\n".join(names)),
        ],
    )


def show_what_to_try(console: Console) -> None:
    """Three things that one may do next."""
    console.print("\n Cobalah")
    _grid(console, TRY)


def _grid(console: Console, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(Padding(grid, (0, 0, 0, 1)), soft_wrap=False)
