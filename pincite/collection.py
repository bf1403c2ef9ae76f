"""`pincite collections`: list the collections of a store, and remove one."""

import json
from typing import Annotated, Any

import typer

from index.errors import PinciteError
from index.store import open_store
from index.store.catalogue import collections_in, remove_collection
from index.store.collection import collection_folder
from index.terminal import note, one_line
from qa.cli import JsonOption, StoreOption
from qa.settings import load_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def list_command(
    context: typer.Context, as_json: JsonOption = False, store: StoreOption = None
) -> None:
    """List the collections of a store. `pincite index SOURCE… --collection NAME` makes one."""
    if context.invoked_subcommand:
        if as_json or store:
            option = "--json" if as_json else "--store"
            raise typer.BadParameter(
                f"put it behind {context.invoked_subcommand}", param_hint=option
            )
        return
    folder = load_settings(store=store).store
    listed = [
        {
            "name": found.name,
            "documents": found.live.documents if found.live else None,
            "passages": found.live.passages if found.live else None,
            "snapshot": found.live.id if found.live else None,
            "bytes": open_store(collection_folder(folder, found.name)).total_bytes(),
            "error": found.reason or None,
        }
        for found in collections_in(folder)
    ]
    if as_json:
        print(json.dumps({"collections": listed}, indent=2, ensure_ascii=False))
        return
    width = max((len(str(found["name"])) for found in listed), default=0)
    for found in listed:
        print(one_line(f"{found['name']:{width}}  {_in_words(found)}"))
    if not listed:
        note("There is no collection: `pincite index SOURCE…` makes the default one.")


@app.command("remove")
def remove_command(
    name: Annotated[str, typer.Argument(help="The collection's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    store: StoreOption = None,
) -> None:
    """Remove a collection whole, with its uploads and feedback. The files of its sources stay."""
    folder = load_settings(store=store).store
    if not yes and collection_folder(folder, name).is_dir() and not _confirmed(name):
        raise PinciteError("Nothing was removed.")
    remove_collection(folder, name)
    note(f"The collection {name} is removed.")
    limited = [key.name for key in open_store(folder).keys.all() if name in key.collections]
    if limited:
        note(f"! Keys that open it, should it be made again: {', '.join(limited)}")


def _confirmed(name: str) -> bool:
    return typer.confirm(
        f"Remove the collection {name}, with its uploads and feedback, for good?", err=True
    )


def _in_words(found: dict[str, Any]) -> str:
    if found["error"]:
        return str(found["error"])
    return (
        f"{found['documents']} documents, {found['passages']} passages, "
        f"{found['bytes'] / 2**20:.1f} MiB, snapshot {found['snapshot']}"
    )
