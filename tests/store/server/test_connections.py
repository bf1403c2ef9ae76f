"""A server has few connections: what no longer uses a store holds none."""

import gc

import psycopg
import pytest

from index.store import open_store
from tests.postgres_server import PostgresServer
from tests.store.living import Living
from tests.waiting import until

pytestmark = pytest.mark.soak


def connections(server: PostgresServer, living: Living) -> int:
    """Count the connections to the database of a store."""
    database = living.store.location.url.rpartition("/")[2]
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server.url) as connection:
        return int((connection.execute(query, [database]).fetchone() or (0,))[0])


def test_stores_and_snapshots_that_come_and_go_leave_no_connection(
    postgres: PostgresServer, living: Living
) -> None:
    most = 0
    for number in range(20):
        living.write("depth.txt", f"The depth of the needle is {number} mm.\n")
        living.index()
        other = open_store(living.store.location)
        snapshot = other.open()
        assert list(snapshot.documents())
        assert other.version()
        assert other.jobs.hold()
        other.jobs.release()
        del other, snapshot
        most = max(most, connections(postgres, living))
    assert most < 10
    living.store.close()
    gc.collect()
    assert until(lambda: connections(postgres, living) == 0)
    assert living.texts(), "the next use opens it again"
