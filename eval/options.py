"""The options that the evaluating commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from qa.settings import Settings, load_settings

TOP_K = 10
"""How many passages are looked at, and ranked."""


BaselineOption = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="RUN.json", help="Compare with this earlier eval.json."),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Folder for the report.", show_default="reports/eval or /PROTOCOL-DIR"
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Write the files, print nothing.")]
TopKOption = Annotated[
    int | None,
    typer.Option("--top-k", help="How many passages to look at.", show_default=str(TOP_K)),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache", help="Where sets are kept once indexed.", show_default="the user's cache folder"
    ),
]
SplitOption = Annotated[str, typer.Option("--split", help="Which of the qrels to use.")]
SetArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The set's folder.")]


def measuring_settings(top_k: int | None, **flags: Any) -> Settings:
    """Return the settings in force, but for `top_k`: what `ask` shows must not cut off recall."""
    return load_settings(top_k=TOP_K if top_k is None else top_k, **flags)
