"""`pincite feedback`: what people said of answers, and gold questions out of it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import PinciteError
from index.terminal import WRONG_USAGE, note, one_line
from qa.cli import StoreOption
from qa.settings import load_settings

# Imported when run, for `pincite ask` has to start quickly.
if TYPE_CHECKING:
    from index.store.feedback import FeedbackFolder
    from index.store.store import Store

_DONE = {True: "answered", False: "abstained", None: "-"}

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _feedback(context: typer.Context) -> None:
    """What people said of answers (POST /v1/feedback), and gold questions out of it."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    store: StoreOption = None,
) -> None:
    """List what is kept, in the order in which it came."""
    entries = _kept_in(_store(store)).all()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    for entry in entries:
        thumb = "up" if entry.helpful else "down"
        head = f"{entry.id}  {entry.created[:16]}Z  {thumb:4}  {_DONE[entry.answered]:9}"
        print(f"{head}  {one_line(entry.question)}")
        if entry.comment:
            print(f"  {one_line(entry.comment)}")
    note(f"Entries: {len(entries)}")


@app.command("gold")
def gold_command(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="A new gold file.", show_default="standard output"
        ),
    ] = None,
    drafts: Annotated[
        Path | None,
        typer.Option(
            "--drafts",
            metavar="FILE",
            help="A new file for the questions that a person has to complete.",
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Make gold questions of answers that were found helpful, for `pincite eval --gold FILE`.

    Their quotes are the cited words, as far as they stand in the documents. All other questions
    are drafts: each says what a person has to do to make a gold question of it.
    """
    from eval.feedback_gold import harvest
    from index.store.snapshot import open_snapshot

    for path in filter(None, (output, drafts)):
        _refuse_existing(path)
    target = _store(store)
    entries = _kept_in(target).all()
    found = harvest(entries, open_snapshot(target))
    for remark in found.remarks:
        note(remark)
    if output and found.rows:
        _write(output, found.gold)
    elif found.rows:
        print(found.gold, end="")
    if drafts and found.drafts:
        _write(drafts, found.to_complete)
    written = f", in {drafts}" if drafts else ": --drafts FILE writes them"
    note(
        f"{len(entries)} entries of feedback, {len(found.rows)} gold questions"
        f"{f', {len(found.drafts)} for a person to complete{written}' if found.drafts else ''}."
    )


@app.command("remove")
def remove_command(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Which.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All there is.")] = False,
    store: StoreOption = None,
) -> None:
    """Forget entries."""
    if bool(ids) == everything:
        raise typer.BadParameter("give ids, or --all", param_hint="ID")
    removed = _kept_in(_store(store)).remove(None if everything else ids)
    note(f"Entries removed: {removed}")


def _store(folder: Path | None) -> "Store":
    from index.store.store import Store

    store = Store(load_settings(store=folder).store)
    store.pointer()  # where there is no store, that is said
    return store


def _kept_in(store: "Store") -> "FeedbackFolder":
    from index.store.feedback import FeedbackFolder

    return FeedbackFolder(store.folder)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise PinciteError(f"{path} is there already: name a new file, or remove that one.")


def _write(path: Path, content: str) -> None:
    from index.store.objects import write_atomically

    try:
        write_atomically(path, content.encode())
    except OSError as error:
        raise PinciteError(f"{path} cannot be written: {error.strerror}.") from error
