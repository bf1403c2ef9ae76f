"""The one place that composes the command line out of what the packages offer."""

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import pincite
from index.terminal import WRONG_USAGE, run

COMMANDS = {
    "index": ("pincite.indexing:index_command", "Make the store hold what the sources hold."),
    "ask": ("qa.cli:ask_command", "Answer a question from the documents, with citations."),
    "why": ("qa.cli:why_command", "Tell at which stage an expected quote was lost."),
    "serve": ("pincite.serving:serve_command", "Serve the HTTP interface and the web page."),
    "mcp": ("pincite.serving:mcp_command", "Let language models ask (Model Context Protocol)."),
    "status": ("pincite.store:status_command", "Show what the store holds."),
    "collections": (
        "pincite.collection:app",
        "List the collections of the store, and remove one.",
    ),
    "verify": ("qa.cli:verify_command", "Check an answer against the sources as they are now."),
    "calibrate": (
        "pincite.calibrating:calibrate_command",
        "Fit when to answer, on your questions.",
    ),
    "gate": ("pincite.gating:gate_command", "Register questions that new snapshots must answer."),
    "rollback": ("pincite.store:rollback_command", "Make an older snapshot live again."),
    "purge": ("pincite.store:purge_command", "Permanently delete what was removed."),
    "eval": ("eval.cli:app", "Measure finding, citing and abstaining on gold questions."),
    "feedback": ("pincite.feedback:app", "List feedback, and make gold questions of it."),
    "key": ("pincite.store:key_app", "Make, list and revoke API keys for the service."),
}
"""Each command: the function or the app that it is, imported when it is called, so that asking
does not wait for what only evaluating needs; and what the list of commands says of it."""


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        if not isinstance(command, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command()(command)
            command = alone
        made = typer.main.get_command(command)
        made.name = cmd_name
        return made

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands,
    name="pincite",
    help="Answers from your own documents, every word pinned to its place.",
    add_completion=False,
    rich_markup_mode=None,
)


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
