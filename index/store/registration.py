"""Which gold file a new snapshot of a store has to pass; the file stays where its owner keeps it.

`gold.json` in the store's folder names it by its absolute path.
"""

import json
from pathlib import Path

from index.errors import StoreError
from index.store.objects import write_atomically, write_errors_explained
from index.store.store import Store
from index.store.store_folder import GOLD, SNAPSHOTS


def registered_gold(store: Store) -> Path | None:
    """Return the gold file that is registered for `store`, be it there or not; None if none is.

    Raises StoreError if that cannot be told.
    """
    path = _registration(store)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return Path(json.loads(content)["gold"])
    except (ValueError, TypeError, KeyError):
        raise StoreError(
            f"{path} does not name a gold file: register it anew with `pincite gate GOLD`, or "
            "take it away with `pincite gate --remove`."
        ) from None


def register_gold(store: Store, gold: Path) -> None:
    """Register a gold file, in place of the one before. Raises StoreError, StoreBusyError."""
    content = json.dumps({"gold": str(gold.absolute())}).encode()
    with store.writing(), write_errors_explained(store.folder):
        write_atomically(_registration(store), content, aside=store.folder / SNAPSHOTS)


def forget_gold(store: Store) -> bool:
    """Take the registration away; tell whether there was one. Raises StoreError, StoreBusyError."""
    path = _registration(store)
    if not path.exists():  # before a folder is made for the lock
        return False
    with store.writing(), write_errors_explained(store.folder):
        path.unlink(missing_ok=True)
        if store.exists:
            store.forget_checks()
    return True


def _registration(store: Store) -> Path:
    return store.folder / GOLD
