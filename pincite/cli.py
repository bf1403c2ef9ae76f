"""The one place that composes the command line out of what the packages offer."""

import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

import pincite
from eval.calibration.cli import calibrate_command
from eval.cli import app as eval_app
from index.terminal import WRONG_USAGE, run
from pincite.feedback import app as feedback_app
from pincite.gating import gate_command
from pincite.indexing import index_command
from pincite.keys import key_app
from pincite.mcp import mcp_command
from pincite.serving import serve_command
from pincite.snapshots import purge_command, rollback_command
from pincite.status import status_command
from qa.cli import ask_command, verify_command, why_command

app = typer.Typer(
    name="pincite",
    help="Answers from your own documents, every word pinned to its place.",
    add_completion=False,
    rich_markup_mode=None,
)
app.command("index")(index_command)
app.command("ask")(ask_command)
app.command("why")(why_command)
app.command("serve")(serve_command)
app.command("mcp")(mcp_command)
app.command("status")(status_command)
app.command("verify")(verify_command)
app.add_typer(eval_app, name="eval")
app.command("calibrate")(calibrate_command)
app.command("gate")(gate_command)
app.add_typer(feedback_app, name="feedback")
app.add_typer(key_app, name="key")
app.command("rollback")(rollback_command)
app.command("purge")(purge_command)


@app.callback(invoke_without_command=True)
def _pincite(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(pincite.__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    code = run(app)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # What was to be written is written. Taking OpenVINO down in good order would make a person
    # wait for another tenth of a second.
    os._exit(code)
