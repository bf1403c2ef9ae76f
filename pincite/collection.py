"""`pincite collections`: list the collections of a store, and remove one."""

import json
from contextlib import closing
from typing import Annotated, Any

import typer

from index.errors import PinciteError
from index.store import open_store
from index.store.catalogue import collections_at, identity_of, remove_collection
from index.store.location import Location, collection_at
from index.terminal import note, one_line
from qa.options import JsonOption, refuse_options_before, with_settings
from qa.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
@with_settings("store")
def list_command(settings: Settings, context: typer.Context, as_json: JsonOption = False) -> None:
    """List the collections of a store. `pincite index SOURCE… --collection NAME` makes one."""
    if context.invoked_subcommand:
        refuse_options_before(context)
        return
    location = settings.root
    listed = [
        {
            "name": found.name,
            "documents": found.live.documents if found.live else None,
            "passages": found.live.passages if found.live else None,
            "snapshot": found.live.id if found.live else None,
            "bytes": _size_of(location, found.name),
            "error": found.reason or None,
        }
        for found in collections_at(location)
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
@with_settings("store")
def remove_command(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="The collection's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a collection whole, with its uploads and feedback. The files of its sources stay."""
    location = settings.root
    if not yes and identity_of(location, name) and not _confirmed(name):
        raise PinciteError("Nothing was removed.")
    remove_collection(location, name)
    note(f"The collection {name} is removed.")
    limited = [key.name for key in open_store(location).keys.all() if name in key.collections]
    if limited:
        note(f"! Keys that open it, should it be made again: {', '.join(limited)}")


def _size_of(location: Location, name: str) -> int:
    with closing(open_store(collection_at(location, name))) as store:
        return store.total_bytes()


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
