"""What stands on the terminal when all is up: where to look, as whom, and what to try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from demo.issuer_page import PERSONS
from demo.places import address_of
from demo.wording import say_day

AT_RISK = "35.05.21.2007"
"""The village of the story that does not restore its standing."""
NIK = "9999990101900001"
"""Of the reserved province 99: taken by the forms of the demo, nobody's."""
BEYOND = timedelta(days=10)
BOARD = "sebagai Petugas Kantor Cabang Blitar"


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


def show_what_to_try(console: Console, now: datetime, village: Mapping[str, Any]) -> None:
    """The demo's time, and what one may do next as the village at risk stands now."""
    console.print(
        f"\n Waktu peragaan: {say_day(now.date(), weekday=True)}, pukul {now:%H.%M} WIB.\n"
        " Di luar jam kerja cerita maju ke hari kerja berikutnya, pukul 09.00."
    )
    console.print("\n Cobalah")
    _grid(console, what_to_try(now, village))


def what_to_try(now: datetime, village: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What to do, and what it shows; nothing that has happened already."""
    name, waits = f"Desa {village['name']}", village["status"]["standing"] == "TERANCAM"
    lines = [
        ("make advance", "ke jatuh tempo berikutnya: apa yang berubah, surat apa yang terkirim"),
        (
            "isi formulir",
            f"NIK contoh berawalan 99 diterima, misalnya {NIK}; empat angka terakhir boleh lain",
        ),
    ]
    if waits and village["proposal"]:
        return [("buka papan", f"{BOARD}: penangguhan {name} diusulkan"), *lines]
    if not waits or not village["grace_ends"]:
        return [("buka papan", f"{BOARD}: keadaan {name} kini"), *lines]
    days = max((date.fromisoformat(village["grace_ends"]) - now.date() + BEYOND).days, 1)
    beyond = "melewati tenggat pemulihan: penangguhan diusulkan"
    lines.insert(1, (f"make advance DAYS={days}", beyond))
    return [("buka papan", f"{BOARD}: {name} terancam"), *lines]


def _grid(console: Console, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(Padding(grid, (0, 0, 0, 1)), soft_wrap=False)
