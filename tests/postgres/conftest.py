"""What tests on servers share: the command line, and databases and roles of their own."""

import itertools
from dataclasses import dataclass

import psycopg
import pytest

from index.store.location import Location, location_of
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
