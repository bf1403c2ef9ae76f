"""The collections in a folder: which there are, and removing one whole."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import SettingsError, StoreError, StoreMissingError
from index.store import open_store
from index.store.collection import (
    COLLECTIONS,
    DEFAULT_COLLECTION,
    collection_folder,
    is_collection_name,
)
from index.store.local.database import refuse_foreign
from index.store.local.explained import errors_explained
from index.store.local.schema import DATABASE
from index.store.records import SnapshotInfo

MOST_COLLECTIONS = 1000
"""How many a folder may have, besides the default one."""

_REMOVED = ".removed-"
_WAIT_FOR_OTHERS_S = 5.0


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection and its live snapshot; None where that cannot be read, for the `reason`."""

    name: str
    live: SnapshotInfo | None
    reason: str = ""


def collections_in(folder: Path) -> Iterator[CollectionInfo]:
    """Yield the collections that something was indexed into: the default one first, then by name.

    Raises StoreError where the folder cannot be read.
    """
    for name in (DEFAULT_COLLECTION, *_names_in(folder)):
        if found := info_of(folder, name):
            yield found


def info_of(folder: Path, name: str) -> CollectionInfo | None:
    """Return what there is to know of a collection; None where nothing was indexed into it."""
    try:
        return CollectionInfo(name, open_store(collection_folder(folder, name)).live())
    except StoreMissingError:
        return None
    except StoreError as error:
        return CollectionInfo(name, None, str(error))


def identity_of(folder: Path, name: str) -> tuple[int, int] | None:
    """Return what tells a collection from another of its name; None where there is none."""
    try:
        found = (collection_folder(folder, name) / DATABASE).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_new_collection(folder: Path, name: str) -> None:
    """Raise StoreError where a collection cannot be made, because of what else is in the folder."""
    if name == DEFAULT_COLLECTION or identity_of(folder, name):
        return
    refuse_foreign(folder)
    if len(_names_in(folder)) >= MOST_COLLECTIONS:
        raise StoreError(
            f"{folder} has {MOST_COLLECTIONS} collections already: remove one with "
            "`pincite collections remove NAME`, or name another folder with --store."
        )


def remove_collection(folder: Path, name: str) -> None:
    """Remove a collection with all that people gave to it.

    It is gone in one step, and deleted then. Raises StoreBusyError if another process writes it,
    StoreMissingError if there is none of that name.
    """
    own = collection_folder(folder, name)
    if own == folder:
        raise SettingsError(
            f"The {DEFAULT_COLLECTION} collection is the store itself: to remove it and all other "
            f"collections, delete the folder {folder}."
        )
    if not own.is_dir():
        raise StoreMissingError(
            f"There is no collection {name} in {folder}: `pincite collections` lists those that "
            "there are."
        )
    with open_store(own).writing(wait_s=_WAIT_FOR_OTHERS_S), errors_explained(own):
        own.rename(own.with_name(f"{_REMOVED}{time.time_ns():016x}-{name}"))
    delete_removed(folder)


def delete_removed(folder: Path) -> None:
    """Delete what is left of collections that were removed. Raises StoreError."""
    for path in (folder / COLLECTIONS).glob(f"{_REMOVED}*"):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:  # another process deletes it, too
            shutil.rmtree(path, ignore_errors=True)
        except OSError as error:
            raise StoreError(
                f"A removed collection cannot be deleted: {error.strerror}. Delete {path}."
            ) from error


def _names_in(folder: Path) -> list[str]:
    """Return the names of all folders that may be collections but the default one, sorted."""
    try:
        found = [path.name for path in (folder / COLLECTIONS).iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"{folder / COLLECTIONS} cannot be read: {error.strerror}.") from error
    return sorted(n for n in found if is_collection_name(n) and n != DEFAULT_COLLECTION)
