"""`python -m qa QUESTION`: the ask command by itself."""

import sys

from index.process import take_little

if __name__ == "__main__":
    take_little()
    import typer

    from index.terminal import run
    from qa.cli import ask_command

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(ask_command)
    sys.exit(run(app))
