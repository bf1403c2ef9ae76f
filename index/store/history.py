"""Going back to a snapshot that is kept."""

from index.errors import StoreError
from index.store.manifest import Manifest
from index.store.objects import write_errors_explained
from index.store.snapshot import read_snapshot
from index.store.store import Store


def roll_back(store: Store, snapshot: str | None = None) -> Manifest:
    """Make a snapshot that is kept live again, by default the one before the live one.

    One that was kept aside by a quality gate goes live only by its name. Every checksum is
    compared before. Returns the manifest that is live now. Raises StoreError, StoreBusyError.
    """
    store.pointer()  # before a folder is made for the lock
    with store.writing():
        chosen = snapshot or _before_live(store)
        if chosen not in store.snapshots():
            raise StoreError(
                f"There is no snapshot {chosen} in the store; `pincite status` lists what is kept."
            )
        manifest = store.manifest(chosen)
        read_snapshot(manifest, store)
        with write_errors_explained(store.folder):
            store.point_back(chosen)
    return manifest


def newer_than_live(store: Store) -> list[str]:
    """Return the snapshots that were live after the one that is live again, the last one first."""
    known, at = _published(store)
    return known[: max(at, 0)]


def _published(store: Store) -> tuple[list[str], int]:
    """Return the ids of what is or was live, the last one first, and where the live one stands."""
    pointer = store.pointer()
    known = [each for each in store.snapshots() if each != pointer.aside]
    return known, known.index(pointer.snapshot) if pointer.snapshot in known else -1


def _before_live(store: Store) -> str:
    known, at = _published(store)
    older = known[at + 1 :]
    if not older:
        raise StoreError(
            "No older snapshot is kept: change the sources back and run `pincite index`."
        )
    return older[0]
