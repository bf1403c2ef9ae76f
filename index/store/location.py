"""Where a store is: a folder of this machine, or a database on a server."""

from dataclasses import replace
from pathlib import Path

from index.errors import SettingsError
from index.store.collection import COLLECTIONS, DEFAULT_COLLECTION, HOW_TO_NAME, is_collection_name
from index.store.postgres.address import ServerAddress, is_server

Location = Path | ServerAddress
"""Where a store is, and with it the collections beside it."""


def location_of(named: str | Location, read_from: str = "") -> Location:
    """Return the location that is named: the URL of a server, or else a folder.

    Questions are answered by the server `read_from`, "" for the one that is written. Raises
    SettingsError for that where the store is a folder.
    """
    if isinstance(named, str):
        named = ServerAddress(named) if is_server(named) else Path(named).expanduser()
    if not read_from:
        return named
    if isinstance(named, Path) or not is_server(read_from):
        raise SettingsError(
            "--read-from names a replica of the server that --store names, both by a URL such as "
            "postgresql://HOST/DATABASE."
        )
    return replace(named, read_from=read_from)


def collection_at(location: Location, name: str) -> Location:
    """Return where a collection's own store is. Raises SettingsError for what is no name.

    The default collection is what the location names. In a folder the collection NAME lies in
    `collections/NAME/`; in a database it has a schema of its own.
    """
    if not is_collection_name(name):
        raise SettingsError(f"{name!r}: {HOW_TO_NAME}.")
    if name == DEFAULT_COLLECTION:
        return location
    if isinstance(location, Path):
        return location / COLLECTIONS / name
    return location.with_collection(name)
