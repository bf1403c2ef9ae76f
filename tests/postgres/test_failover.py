"""Questions answered from a replica, and a replica that takes the place of its primary."""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from index.errors import PinciteError
from index.store import open_store
from index.store.location import location_of
from index.store.postgres.address import shown_url
from tests.postgres.services import BACK_S, Needles, service, within
from tests.postgres_server import PostgresServer, running_server
from tests.waiting import until

pytestmark = pytest.mark.soak


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    with running_server() as server:
        yield server


@pytest.fixture
def replica(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A server that follows it."""
    with running_server(primary) as server:
        yield server


@pytest.fixture
def needles(primary: PostgresServer, replica: PostgresServer, tmp_path: Path) -> Needles:
    """A store on the primary with one snapshot."""
    needles = Needles(tmp_path, primary.url)
    needles.index()
    return needles


def execute(server: PostgresServer, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def seen_by(replica: PostgresServer, snapshot: str) -> bool:
    with closing(open_store(location_of(replica.url))) as store:
        return store.live_id() == snapshot


def test_a_replica_answers_while_the_primary_is_written(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    """Even one that lets no question get in the way of what it replays."""
    replica.configure({"max_standby_streaming_delay": "0"})
    replica.reload()
    answers, rebuilt = Counter[str](), threading.Event()
    with service(primary.url, replica.url) as reading, ThreadPoolExecutor() as threads:

        def ask() -> None:
            while not rebuilt.is_set():
                answer = reading.ask()
                assert answer.status_code == 200, answer.text
                snapshot = answer.json()["snapshot"]
                assert until(lambda: snapshot in needles.versions)  # noqa: B023
                needles.assert_of_one_snapshot(answer.json())
                answers[snapshot] += 1

        asking = [threads.submit(ask) for _ in range(2)]
        try:
            for number in range(10):
                last = needles.index()
                execute(primary, "VACUUM")
                assert until(lambda: reading.snapshot == last)  # noqa: B023
                put = reading.put(f"given-{number}", f"Cream number {number} is mild.")
                assert put.status_code == 201, put.text
                assert put.json()["documents"], "what was written is read"
                needles.versions[put.json()["snapshot"]] = needles.version
        finally:
            rebuilt.set()
        for each in asking:
            each.result()
    assert len(answers) >= 10


def test_what_a_reader_of_a_replica_has_open_is_not_forgotten_on_the_primary(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    first = needles.store.live_id()
    assert until(lambda: seen_by(replica, first))
    reader = open_store(location_of(primary.url, replica.url))
    snapshot = reader.open()
    assert snapshot.id == first
    last = [needles.index() for _ in range(5)][-1]
    assert until(lambda: seen_by(replica, last))
    texts = sorted(each.document.text for each in snapshot.documents())
    assert ["of version 1 is" in text for text in texts] == [True, True]
    assert len(snapshots(primary)) == 3, "two are kept, and the one that is open"
    del snapshot
    reader.open()  # which lets go of it
    needles.index()
    assert until(lambda: len(snapshots(primary)) <= 3)
    assert first not in snapshots(primary)


def snapshots(server: PostgresServer) -> list[str]:
    with psycopg.connect(server.url) as connection:
        return [str(row[0]) for row in connection.execute("SELECT id FROM pincite.snapshots")]


def test_a_replica_that_is_behind_answers_from_what_it_has(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    with service(primary.url, replica.url) as reading:
        before = reading.snapshot
        execute(replica, "SELECT pg_wal_replay_pause()")
        for _ in range(4):
            last = needles.index()
        for _ in range(20):
            answer = reading.ask()
            assert answer.status_code == 200, answer.text
            assert answer.json()["snapshot"] == before
            needles.assert_of_one_snapshot(answer.json())
        execute(replica, "SELECT pg_wal_replay_resume()")
        assert until(lambda: reading.snapshot == last)


def test_while_the_primary_is_away_a_replica_answers_and_nothing_is_written(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    assert until(lambda: seen_by(replica, needles.store.live_id()))
    with service(primary.url, replica.url) as reading:
        primary.stop("immediate")
        assert until(lambda: reading.put("lost", "It is lost.").status_code == 503)
        with service(primary.url, replica.url) as begun_meanwhile:
            for each in (reading, begun_meanwhile) * 10:
                answer = each.ask()
                assert answer.status_code == 200, answer.text
                needles.assert_of_one_snapshot(answer.json())
                put = each.put("lost", "It is lost.", wait=False)
                assert put.status_code == 503, put.text
                assert "cannot be reached just now" in put.json()["detail"]
            primary.start()
            assert within(BACK_S, lambda: begun_meanwhile.put("kept", "It is kept.").is_success)
        assert until(lambda: reading.get("v1/documents/kept").status_code == 200)
        assert reading.get("v1/documents/lost").status_code == 404
        assert sum("cannot be reached" in line for line in reading.log) == 1


def test_a_replica_is_not_written(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    needles.location = replica.url
    with pytest.raises(PinciteError, match="only answers questions, as a replica does") as raised:
        needles.index()
    assert "\n" not in str(raised.value)


def test_a_promoted_replica_has_all_that_was_acknowledged_and_answers_go_on(
    primary: PostgresServer, replica: PostgresServer, needles: Needles
) -> None:
    execute(primary, "ALTER SYSTEM SET synchronous_standby_names = 'replica'")
    primary.reload()
    hosts = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{replica.port}/postgres"
    store = f"{hosts}?target_session_attrs=read-write"
    there, ended = dict[str, str](), threading.Event()
    with (
        service(store, f"{hosts}?target_session_attrs=prefer-standby") as one,
        service(store) as other,
        ThreadPoolExecutor() as threads,
    ):

        def put() -> None:
            for number in itertools.count():
                if ended.is_set():
                    return
                name, text = f"doc-{number}", f"Cream number {number} is mild."
                done = one.put(name, text, wait=number % 4 == 0)
                assert done.status_code in (201, 202, 503), done.text
                if done.is_success:
                    there[name] = text

        def ask() -> None:
            while not ended.is_set():
                answer = other.ask()
                assert answer.status_code in (200, 503), answer.text

        going = [threads.submit(put), threads.submit(ask)]
        try:
            assert until(lambda: len(there) > 20)
            primary.stop("immediate")
            acknowledged = len(there)
            replica.promote()
            assert within(BACK_S, lambda: one.snapshot and other.snapshot)
            assert within(BACK_S, lambda: other.put("late", "It is late.").is_success)
            assert until(lambda: len(there) > acknowledged + 10)
        finally:
            ended.set()
        for each in going:
            each.result()
        needles.location = store
        assert until(lambda: not needles.store.jobs.pending())
        held = {each.document.id: each.document.text for each in needles.store.open().documents()}
        assert there.items() <= held.items(), "acknowledged and lost"
        last = needles.index()
        assert until(lambda: one.snapshot == other.snapshot == last)
    needles.store.check()


PASSWORD, ENCODED = "p@ss/w:rd? #1%", "p%40ss%2Fw%3Ard%3F%20%231%25"


def test_a_password_is_never_shown(
    primary: PostgresServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    execute(
        primary,
        f"CREATE ROLE writer LOGIN SUPERUSER PASSWORD '{PASSWORD}'",
        "CREATE DATABASE docs OWNER writer",
    )
    hba = primary.data / "pg_hba.conf"
    hba.write_text(f"host docs writer 127.0.0.1/32 scram-sha-256\n{hba.read_text()}")
    primary.reload()
    hosts = f"127.0.0.1:1,127.0.0.1:{primary.port}"
    options = "connect_timeout=7&target_session_attrs=read-write&options=-c%20work_mem%3D8MB"
    url = f"postgresql://writer:{ENCODED}@{hosts}/docs?{options}"
    in_options = f"postgresql://{hosts}/docs?user=writer&password={ENCODED}"
    wrong = url.replace(ENCODED, f"x{ENCODED}")
    needles, said = Needles(tmp_path, url), [repr(location_of(url, in_options))]
    needles.index()
    with service(url, in_options) as asked:
        assert asked.ask().status_code == 200
        primary.stop("immediate")
        assert until(lambda: asked.ask().status_code == 503)
        primary.start()
        assert until(lambda: asked.ask().status_code == 200)
    for each in (wrong, f"postgresql://writer:{PASSWORD}@{hosts}/docs", f"{url}%zz"):
        needles.location = each
        with pytest.raises(PinciteError) as raised:
            needles.index()
        said.append(str(raised.value))
        assert "\n" not in said[-1]
    said += [*asked.log, caplog.text]
    for part in (PASSWORD, ENCODED, "p@ss", "p%40ss", "w:rd", "w%3Ard"):
        assert not [text for text in said if part in text]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgresql://u@h:5/db?sslmode=require", "postgresql://h:5/db"),
        ("postgresql://u:secret@a:1,[::1]:2/db?x=y", "postgresql://a:1,[::1]:2/db"),
        ("postgresql:///db?host=/run&password=secret", "postgresql:///db"),
        ("postgresql://u:sec/ret@h/db", "postgresql://…"),
        ("postgresql://u:sec?ret@h/db", "postgresql://…"),
        ("postgresql://u:sec#ret@h/db", "postgresql://h/db"),
        ("postgresql://u:sec@ret@h/db", "postgresql://…"),
        ("postgresql://u:secret", "postgresql://…"),
        ("postgresql://h/db?password=sec@ret", "postgresql://h/db"),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown
