"""What tests on servers share: the command line, and databases and roles of their own."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from starlette.testclient import TestClient

from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.store.location import Location, location_of
from qa.live import LiveEngine
from qa.service.app import build_app
from qa.service.collection import Collection, Collections
from qa.service.writer import Writer
from tests.cli.conftest import _in_an_empty_folder, pincite, process  # noqa: F401
from tests.postgres_server import PostgresServer

PASSWORD = "geheim"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class OwnDatabase:
    """A database on a server of the tests."""

    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        """Its address, as the superuser."""
        return self.url_of("postgres")

    def url_of(self, user: str) -> str:
        """Its address as a user, with a password."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.server.port}/{self.name}"

    @property
    def location(self) -> Location:
        """Its address, as stores are opened by."""
        return location_of(self.url)

    def execute(self, *statements: str, user: str = "postgres") -> None:
        with psycopg.connect(self.url_of(user), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def role(self, options: str = "") -> str:
        """Make a role that may log in, and no more; return its name."""
        name = f"role_{next(_numbers)}"
        self.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {options}")
        return name


def made_on(server: PostgresServer, options: str = "") -> OwnDatabase:
    """Make an empty database."""
    name = f"database_{next(_numbers)}"
    OwnDatabase(server, "postgres").execute(f"CREATE DATABASE {name} {options}")
    return OwnDatabase(server, name)


@pytest.fixture
def database(postgres: PostgresServer) -> OwnDatabase:
    """An empty database."""
    return made_on(postgres)


@contextmanager
def service_of(location: Location) -> Iterator[TestClient]:
    """Serve a store, with what writes it."""
    live = LiveEngine(location)
    with closing(open_store(location)) as store, Writer(store, live, watch=False) as writer:
        default = Collection(DEFAULT_COLLECTION, live, (store, writer))
        app = build_app(live, collections=Collections(location, default, lambda *_: default))
        url = "http://127.0.0.1"
        with TestClient(app, base_url=url, raise_server_exceptions=False) as client:
            yield client
