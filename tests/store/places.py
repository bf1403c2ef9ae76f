"""Where stores of the tests are: each kind of store can be made, and all its bytes be read."""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from index.store import open_store
from index.store.location import location_of
from index.store.protocols import Store
from tests.postgres_server import PostgresServer


class Place(Protocol):
    most_examples: int
    """How many stores a test makes here at most that tries random examples."""
    most_rounds: int
    """How often a test does the same again here at most."""

    def named(self, folder: Path) -> str:
        """Return what --store is given to name the store that belongs to a folder."""

    def make(self, folder: Path, keep: int = 2) -> Store:
        """Open the store that belongs to a folder; twice the same, as another process would."""

    def contents(self, store: Store) -> Iterator[bytes]:
        """Yield all files in which a store's content lies."""

    def is_empty(self, store: Store) -> bool:
        """Tell whether nothing is left where a store was to be."""

    def close(self) -> None:
        """Close all stores that were made, and let go of what is kept elsewhere."""


class InFolder:
    """Stores in folders."""

    most_examples, most_rounds = 10_000, 300

    def __init__(self) -> None:
        self._stores: list[Store] = []

    def named(self, folder: Path) -> str:
        return str(folder / "store")

    def make(self, folder: Path, keep: int = 2) -> Store:
        self._stores.append(open_store(location_of(self.named(folder)), keep=keep))
        return self._stores[-1]

    def contents(self, store: Store) -> Iterator[bytes]:
        assert store.folder
        for path in store.folder.rglob("*"):
            if path.is_file():
                yield path.read_bytes()

    def is_empty(self, store: Store) -> bool:
        return not any(self.contents(store))

    def close(self) -> None:
        while self._stores:
            self._stores.pop().close()


class OnServer(InFolder):
    """Stores on a server, each in a database of its own that is named after its folder."""

    most_examples, most_rounds = 20, 15

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self._server = server
        self._databases = set[str]()

    def named(self, folder: Path) -> str:
        name = f"t{hashlib.sha256(bytes(folder.absolute())).hexdigest()[:16]}"
        if name not in self._databases:
            self._run(f"CREATE DATABASE {name}")
            self._databases.add(name)
        return self._server.url_of(name)

    def contents(self, store: Store) -> Iterator[bytes]:
        """Yield all files of the database: tables, indexes and what the server knows of them."""
        url = store.location.url  # type: ignore[attr-defined]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
            connection.execute("CHECKPOINT")
            query = "SELECT oid FROM pg_database WHERE datname = current_database()"
            ((number,),) = connection.execute(query).fetchall()
        for path in (self._server.data / "base" / str(number)).iterdir():
            yield path.read_bytes()

    def is_empty(self, store: Store) -> bool:
        with psycopg.connect(store.location.url) as connection:  # type: ignore[attr-defined]
            query = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^pincite'"
            return not connection.execute(query).fetchall()

    def close(self) -> None:
        super().close()
        gc.collect()  # what a test left open
        while self._databases:
            with suppress(psycopg.errors.ObjectInUse):  # the server waits a while, and ends itself
                self._run(f"DROP DATABASE {self._databases.pop()}")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(statement)


only_in_folder = pytest.mark.parametrize("place", [InFolder], ids=["folder"], indirect=True)
"""Marks a test that looks into the files of a store."""
