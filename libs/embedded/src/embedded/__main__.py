"""The command line: python -m embedded up, down, status or fetch."""

from embedded.commands import app

app(prog_name="python -m embedded")
