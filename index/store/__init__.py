"""Where documents, vectors and snapshots are kept, and what people gave.

Import from here, `index.store.protocols`, `index.store.records`, `index.store.collection` and
`index.store.catalogue` only: how a store keeps its content is its own business.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.store.protocols import Store

SNAPSHOTS_KEPT = 2


def open_store(location: Path, *, keep: int = SNAPSHOTS_KEPT, may_be_made: bool = True) -> "Store":
    """Return the store at a place; nothing is read or written yet.

    `keep` is how many snapshots are kept, the live one among them; those that a quality gate needs
    are kept besides. Unless it `may_be_made`, what writes raises StoreMissingError where there is
    no store, or no longer one.
    """
    from index.store.local.store import LocalStore  # here and not above: to read files needs none

    return LocalStore(location, keep=keep, may_be_made=may_be_made)


def is_store(folder: Path) -> bool:
    """Tell whether a folder is a store, of this or an earlier Pincite. Raises OSError."""
    return any((folder / name).is_file() for name in ("store.sqlite", "live.json"))
