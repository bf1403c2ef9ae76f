"""Tests of a store on a server: they look into its tables, and at what else the server does."""

from collections.abc import Iterator

import pytest

from tests.postgres_server import PostgresServer
from tests.store.places import OnServer, Place


@pytest.fixture
def place(postgres: PostgresServer) -> Iterator[Place]:
    """Stores on a server alone."""
    place = OnServer(postgres)
    yield place
    place.close()
