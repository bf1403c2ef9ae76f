"""Where stores of the tests are: each kind of store can be made, and all its bytes be read."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg

from index.store import open_store
from index.store.postgres.address import ServerAddress
from index.store.protocols import Store
from tests.postgres_server import PostgresServer


class Place(Protocol):
    def make(self, folder: Path, keep: int = 2) -> Store:
        """Open the store that belongs to a folder; twice the same, as another process would."""

    def contents(self, store: Store) -> Iterator[bytes]:
        """Yield all files in which a store's content lies."""


class InFolder:
    """Stores in folders."""

    def make(self, folder: Path, keep: int = 2) -> Store:
        return open_store(folder / "store", keep=keep)

    def contents(self, store: Store) -> Iterator[bytes]:
        assert store.folder
        for path in store.folder.rglob("*"):
            if path.is_file():
                yield path.read_bytes()


class OnServer:
    """Stores in collections of a database, each named after its folder."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    def make(self, folder: Path, keep: int = 2) -> Store:
        return open_store(self.address(folder), keep=keep)

    def address(self, folder: Path) -> ServerAddress:
        name = f"t-{hashlib.sha256(bytes(folder.absolute())).hexdigest()[:16]}"
        return ServerAddress(self.server.url).with_collection(name)

    def contents(self, store: Store) -> Iterator[bytes]:
        schema = store.location.schema  # type: ignore[attr-defined]
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            files = connection.execute(
                "SELECT pg_relation_filepath(pg_class.oid) FROM pg_class"
                " JOIN pg_namespace ON relnamespace = pg_namespace.oid"
                " WHERE nspname = %s OR pg_class.oid IN (SELECT reltoastrelid FROM pg_class JOIN"
                "  pg_namespace ON relnamespace = pg_namespace.oid WHERE nspname = %s)",
                [schema, schema],
            ).fetchall()
        for (file,) in files:
            if file:
                yield (self.server.data / file).read_bytes()
