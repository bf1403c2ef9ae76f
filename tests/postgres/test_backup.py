"""A dump of the database holds the whole store, as docs/postgres.md makes and restores it."""

import hashlib
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.store.postgres.address import ServerAddress
from index.store.records import Feedback, Upload, UploadChange
from index.sync import change_uploads, sync
from qa.engine import Engine
from qa.service.keys import add_key, find_key
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.soak

QUESTION = "Why do I get pimples after microneedling?"
HOURS = b"The clinic opens at nine in the morning."


def database(server: PostgresServer, name: str) -> str:
    """Make a database as docs/postgres.md does; return its URL for the role that owns it."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} OWNER pincite ENCODING 'UTF8' TEMPLATE template0"
        )
    with psycopg.connect(server.url_of(name), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    return server.url_of(name, "pincite")


def test_a_store_that_is_restored_answers_the_same(
    postgres: PostgresServer, seeds_dir: Path, model: Model, encoder: Encoder
) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE pincite LOGIN")
    lived, restored = (database(postgres, name) for name in ("lived", "restored"))
    uploaded = Upload("hours", ".txt", hashlib.sha256(HOURS).hexdigest(), "2026-11-30T10:00:00Z")
    with closing(open_store(ServerAddress(lived))) as store:
        sync(store, [seeds_dir], model, encoder)
        change_uploads(store, [UploadChange("hours", uploaded, HOURS)], model, encoder)
        secret = add_key(store.keys, "laptop", ["ask"])
        store.feedback.add(Feedback.new(QUESTION, helpful=True))
        snapshots, feedback = store.snapshots(), store.feedback.all()
    before = Engine.open(ServerAddress(lived)).ask(QUESTION)

    dump = str(postgres.folder / "pincite.dump")
    postgres.run("pg_dump", "--format=custom", "--schema=pincite*", f"--file={dump}", lived)
    postgres.run("pg_restore", "--exit-on-error", f"--dbname={restored}", dump)

    with closing(open_store(ServerAddress(restored))) as store:
        store.check()
        assert store.snapshots() == snapshots
        assert store.feedback.all() == feedback
        assert find_key(store.keys, secret)
        assert store.uploads.content(store.uploads.all()[0]) == HOURS
        assert sync(store, [], model, encoder).snapshot == snapshots[0].id
    after = Engine.open(ServerAddress(restored)).ask(QUESTION)
    assert after.answered
    assert (after.citations, after.confidence) == (before.citations, before.confidence)
