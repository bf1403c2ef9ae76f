"""`python -m qa QUESTION`: the ask command by itself."""

import sys

import typer

from index.terminal import run
from qa.cli import ask_command

if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(ask_command)
    sys.exit(run(app))
