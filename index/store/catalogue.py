"""The collections at a location: which there are, and removing one whole."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.errors import StoreError, StoreMissingError
from index.store import need_postgres, open_store
from index.store.collection import DEFAULT_COLLECTION, is_collection_name
from index.store.location import Location, collection_at
from index.store.records import SnapshotInfo

MOST_COLLECTIONS = 1000
"""How many there may be beside one another, besides the default one."""


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection and its live snapshot; None where that cannot be read, for the `reason`."""

    name: str
    live: SnapshotInfo | None
    reason: str = ""


class Catalogue(Protocol):
    """The collections beside one another at a location. All raise StoreError."""

    def names(self) -> list[str]:
        """Return the names of what may be collections, in any order."""

    def identity(self, name: str) -> object | None:
        """Return what tells a collection from another of its name; None where there is none."""

    def refuse_foreign(self) -> None:
        """Raise StoreError where no collection can be made, for what is there already."""

    def remove(self, name: str) -> None:
        """Remove a collection with all that people gave to it."""

    def delete_removed(self) -> None:
        """Delete what is left of collections that were removed."""


def collections_at(location: Location) -> Iterator[CollectionInfo]:
    """Yield the collections that something was indexed into: the default one first, then by name.

    Raises StoreError where the location cannot be read.
    """
    for name in (DEFAULT_COLLECTION, *_names_at(location)):
        if found := info_of(location, name):
            yield found


def info_of(location: Location, name: str) -> CollectionInfo | None:
    """Return what there is to know of a collection; None where nothing was indexed into it."""
    try:
        with closing(open_store(collection_at(location, name))) as store:
            return CollectionInfo(name, store.live())
    except StoreMissingError:
        return None
    except StoreError as error:
        return CollectionInfo(name, None, str(error))


def identity_of(location: Location, name: str) -> object | None:
    """Return what tells a collection from another of its name; None where there is none."""
    return _catalogue(location).identity(name)


def refuse_new_collection(location: Location, name: str) -> None:
    """Raise StoreError where a collection cannot be made, because of what else is there."""
    if name == DEFAULT_COLLECTION or identity_of(location, name):
        return
    _catalogue(location).refuse_foreign()
    if len(_names_at(location)) >= MOST_COLLECTIONS:
        raise StoreError(
            f"{location} has {MOST_COLLECTIONS} collections already: remove one with "
            "`pincite collections remove NAME`, or name another store with --store."
        )


def remove_collection(location: Location, name: str) -> None:
    """Remove a collection with all that people gave to it.

    It is gone in one step, and deleted then. Raises StoreBusyError if another process writes it,
    StoreMissingError if there is none of that name.
    """
    collection_at(location, name)  # raises SettingsError
    _catalogue(location).remove(name)


def delete_removed(location: Location) -> None:
    """Delete what is left of collections that were removed. Raises StoreError."""
    _catalogue(location).delete_removed()


def _names_at(location: Location) -> list[str]:
    """Return the names of all that may be collections but the default one, sorted."""
    names = _catalogue(location).names()
    return sorted(name for name in names if is_collection_name(name) and name != DEFAULT_COLLECTION)


def _catalogue(location: Location) -> Catalogue:
    if isinstance(location, Path):
        from index.store.local.catalogue import LocalCatalogue

        return LocalCatalogue(location)
    need_postgres()
    from index.store.postgres.catalogue import PostgresCatalogue

    return PostgresCatalogue(location)
