"""Where documents, vectors and snapshots are kept, and what people gave.

Import from here, `index.store.protocols`, `index.store.records`, `index.store.collection`,
`index.store.location` and `index.store.catalogue` only: how a store keeps its content is its own
business.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, overload

from index.errors import SettingsError

if TYPE_CHECKING:
    from index.store.local.store import LocalStore
    from index.store.location import Location
    from index.store.protocols import Store

SNAPSHOTS_KEPT = 2


@overload
def open_store(location: Path, *, keep: int = ..., may_be_made: bool = ...) -> "LocalStore": ...


@overload
def open_store(location: "Location", *, keep: int = ..., may_be_made: bool = ...) -> "Store": ...


def open_store(
    location: "Location", *, keep: int = SNAPSHOTS_KEPT, may_be_made: bool = True
) -> "Store":
    """Return the store at a place; nothing is read or written yet.

    `keep` is how many snapshots are kept, the live one among them; those that a quality gate needs
    are kept besides. Unless it `may_be_made`, what writes raises StoreMissingError where there is
    no store, or no longer one. Raises SettingsError for a server without `pincite[postgres]`.
    """
    # Imported here and not above: to read files needs neither.
    if isinstance(location, Path):
        from index.store.local.store import LocalStore

        return LocalStore(location, keep=keep, may_be_made=may_be_made)
    need_postgres()
    from index.store.postgres.store import PostgresStore

    return PostgresStore(location, keep=keep, may_be_made=may_be_made)


def need_postgres() -> None:
    """Raise SettingsError where what a store on a server needs is not installed."""
    if not all(map(find_spec, ("psycopg", "psycopg_pool", "pgvector"))):
        raise SettingsError(
            "A store on PostgreSQL needs pincite[postgres]: install it with "
            "`pip install 'pincite[postgres]'`."
        )


def is_store(folder: Path) -> bool:
    """Tell whether a folder is a store, of this or an earlier Pincite. Raises OSError."""
    return any((folder / name).is_file() for name in ("store.sqlite", "live.json"))
