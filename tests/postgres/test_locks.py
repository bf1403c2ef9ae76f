"""What a process holds and hears on a server, whatever else goes on there."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import psycopg
import pytest

from index.store import open_store
from index.store.catalogue import identity_of, remove_collection
from index.store.location import collection_at, location_of
from index.store.postgres.address import ServerAddress
from index.store.postgres.connection import Connection
from index.store.postgres.connections import Pool
from index.store.postgres.database import Database
from index.store.protocols import Store
from index.store.records import Feedback
from tests.index.chunked import chunked
from tests.postgres.conftest import OwnDatabase
from tests.store.test_protocol import MADE_BY, ONE, TWO, commit, embedded
from tests.waiting import until

pytestmark = pytest.mark.soak


def test_a_change_that_could_not_be_seen_at_once_is_seen_later(database: OwnDatabase) -> None:
    database.execute("CREATE EXTENSION vector")
    role = database.role()
    database.execute(f"ALTER DATABASE {database.name} OWNER TO {role}")
    location = location_of(database.url_of(role))
    writer, reader = open_store(location), open_store(location)
    commit(writer, ONE)
    before = reader.version()
    log = database.server.folder / "log"

    def failures() -> int:
        return log.read_text(encoding="utf-8").count("permission denied for table state")

    failed = failures()
    with psycopg.connect(database.url) as other:
        other.execute("UPDATE pincite.state SET changes = changes + 1")
        other.execute("NOTIFY pincite")
        other.execute(f"REVOKE SELECT ON pincite.state FROM {role}")
    assert until(lambda: failures() > failed)
    assert reader.version() == before
    database.execute(f"GRANT SELECT ON pincite.state TO {role}")
    assert until(lambda: reader.version() != before)


def test_a_connection_that_does_not_answer_holds_up_nobody_who_needs_no_lock(
    database: OwnDatabase,
) -> None:
    store = open_store(database.location)
    commit(store, ONE)
    other = collection_at(database.location, "other")
    commit(open_store(other), TWO)
    store.version()
    assert store.jobs.hold()
    with psycopg.connect(database.url) as connection, ThreadPoolExecutor() as threads:
        query = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
        ((process,),) = connection.execute(query).fetchall()
        assert until(lambda: identity_of(database.location, "other"))
        os.kill(process, signal.SIGSTOP)
        try:
            waiting = threads.submit(store.jobs.hold)
            identities = threads.submit(
                lambda: [identity_of(database.location, "other") for _ in range(100)]
            )
            assert until(identities.done)
            assert not waiting.done()
        finally:
            os.kill(process, signal.SIGCONT)
        assert waiting.result()
        assert all(identities.result())


def test_who_waits_for_a_snapshot_that_is_being_forgotten_holds_up_nobody(
    database: OwnDatabase,
) -> None:
    commit(open_store(database.location), ONE)
    number = 1
    own, other = (Database(ServerAddress(database.url)) for _ in range(2))
    with psycopg.connect(database.url) as forgetting, ThreadPoolExecutor() as threads:
        query = "SELECT pg_advisory_xact_lock(%s::int, %s::int)"
        forgetting.execute(query, [own.class_key, number])
        holding = threads.submit(own.holds.hold, number)
        for _ in range(10):
            assert other.lock("jobs")
            other.unlock("jobs")
        assert not holding.done()
        forgetting.rollback()
        assert holding.result()


def commit_with(store: Store, dimension: int, text: str) -> None:
    """Commit a document whose vector has as many elements of the same size."""
    each = chunked(text)
    vector = np.full(dimension, dimension**-0.5, np.float16)
    made_by = replace(MADE_BY, dimension=dimension, model_fingerprint=str(dimension))
    with store.writing():
        draft = store.draft(made_by, None)
        draft.put([each], dict.fromkeys(embedded(each), vector))
        draft.commit(live=True)


def test_stores_of_different_dimensions_share_connections(database: OwnDatabase) -> None:
    """One after another under the same name, too."""
    names = ("one", "other")

    def store(name: str) -> Store:
        return open_store(collection_at(database.location, name))

    for dimensions in ((8, 16), (24, 8)):
        for name, dimension in zip(names, dimensions, strict=True):
            commit_with(store(name), dimension, f"{name} {dimension}.")
        for _ in range(8):
            for name, dimension in zip(names, dimensions, strict=True):
                question = np.full(dimension, dimension**-0.5, np.float32)
                ((_, cosine),) = store(name).open().nearest(question, 1)
                assert cosine == pytest.approx(1, abs=1e-2)
                assert store(name).open().vectors(np.array([0])).shape == (1, dimension)
        for name in names:
            remove_collection(database.location, name)


INHERITED = {
    "default_transaction_isolation": "repeatable read",
    "client_encoding": "latin1",
    "statement_timeout": "3s",
    "lock_timeout": "1ms",
    "idle_session_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
}


def test_what_a_role_is_set_to_for_others_ends_nothing(database: OwnDatabase) -> None:
    role = database.role("SUPERUSER")
    for name, value in INHERITED.items():
        database.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
    url = database.url_of(role)
    pool = Pool(url)

    def found(connection: Connection) -> list[str]:
        (values,) = connection.execute(
            "SELECT array_agg(current_setting(name) ORDER BY ordinality)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS t (name, ordinality)",
            [list(INHERITED)],
        ).fetchone() or ([],)
        return list(values)

    with pool.lend("") as lent, pool.connect() as own:
        assert found(lent) == ["read committed", "UTF8", "3s", "0", "0", "0"]
        assert found(own) == ["read committed", "UTF8", "0", "0", "0", "0"]
    pool.lose()

    store = open_store(location_of(url))
    commit(store, ONE)

    def give(number: int) -> None:
        store.feedback.add(Feedback.new(f"Öl — {number}?", helpful=True))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(give, range(40)))
    assert {each.question for each in store.feedback.all()} == {f"Öl — {n}?" for n in range(40)}
