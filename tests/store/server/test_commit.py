"""What people give while somebody publishes: it waits for no long work, and is not lost."""

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from index.errors import StoreError
from index.store.postgres import history, partitions
from index.store.protocols import Store
from index.store.records import Feedback, Job, MadeBy
from tests.index.chunked import chunked
from tests.store.places import Place
from tests.store.test_protocol import MADE_BY, Interrupted, commit
from tests.waiting import until

pytestmark = pytest.mark.soak

ONE, TWO, THREE = (chunked(f"Note {name}.", "It is mild.", name=name) for name in "abc")
OTHER = replace(MADE_BY, model_fingerprint="another")
_WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Store:
    """A store that keeps one snapshot."""
    return place.make(tmp_path, 1)


@pytest.fixture
def service(place: Place, tmp_path: Path) -> Store:
    """The same, as another process has it."""
    return place.make(tmp_path, 1)


def run(store: Store, query: str) -> list[tuple[object, ...]]:
    url = store.location.url  # type: ignore[attr-defined]
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchall()


def passage_tables(store: Store) -> list[tuple[object, ...]]:
    return run(store, "SELECT tablename FROM pg_tables WHERE tablename ~ '^passages_'")


def waits(store: Store, work: Callable[[], object]) -> bool:
    """Begin work of another process; tell whether it waits for a lock, rather than be done."""
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    assert until(lambda: not worker.is_alive() or run(store, _WAITING))
    return worker.is_alive()


def give(service: Store, given: list[str]) -> None:
    """Give feedback; note its id where it is acknowledged."""
    entry = Feedback.new("Is it mild?", helpful=True)
    with suppress(StoreError):
        service.feedback.add(entry)
        given.append(entry.id)


def fail_to_index(store: Store, meanwhile: Callable[[], object]) -> None:
    """Make a schema as the first `pincite index` does, and find nothing to index."""
    with store.writing():
        meanwhile()
        raise StoreError("There is no source.")


def test_feedback_does_not_wait_for_the_index_of_vectors(
    store: Store, service: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, ONE)
    build, waited, given = partitions.prepare_search, list[bool](), list[str]()

    def built(*args: object, **options: bool) -> None:
        build(*args, **options)  # type: ignore[arg-type]
        waited.append(waits(store, lambda: give(service, given)))

    monkeypatch.setattr(partitions, "prepare_search", built)
    commit(store, TWO)
    assert waited == [False]
    assert [entry.id for entry in service.feedback.all()] == given


def test_feedback_does_not_wait_while_members_and_terms_are_written_or_content_forgotten(
    store: Store, service: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, ONE)
    waited, given = list[bool](), list[str]()
    for name in ("_change_members", "_forget_members"):
        work = getattr(history, name)

        def worked(*args: object, work: Callable[..., None] = work) -> None:
            work(*args)
            waited.append(waits(store, lambda: give(service, given)))

        monkeypatch.setattr(history, name, worked)
    commit(store, TWO, remove=[ONE.document.id])
    assert waited == [False, False]


def test_a_backup_that_reads_what_is_forgotten_holds_nobody_up(
    store: Store, service: Store
) -> None:
    commit(store, ONE)
    given = list[str]()
    with (
        ThreadPoolExecutor(2) as threads,
        psycopg.connect(store.location.url) as backup,  # type: ignore[attr-defined]
    ):
        backup.execute("LOCK TABLE pincite.passages_1 IN ACCESS SHARE MODE")
        commit(store, ONE, made_by=OTHER)  # which has the one before open
        published = threads.submit(commit, store, TWO, made_by=OTHER)
        assert until(lambda: published.done() or run(store, _WAITING))
        threads.submit(give, service, given)
        assert until(lambda: given)
        assert until(published.done)
        assert len(passage_tables(store)) == 2
    commit(store, THREE, made_by=OTHER)
    assert passage_tables(store) == [("passages_2",)]
    assert run(store, "SELECT number FROM pincite.generations") == [(2,)]


@pytest.mark.parametrize("made_by", [MADE_BY, OTHER], ids=["same model", "other model"])
def test_what_a_crash_left_after_publishing_goes_with_the_next_snapshot(
    store: Store, monkeypatch: pytest.MonkeyPatch, made_by: MadeBy
) -> None:
    commit(store, ONE, TWO)

    def killed(_: object) -> bool:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(history, "forget_content", killed)
        with pytest.raises(Interrupted):
            commit(store, TWO, remove=[ONE.document.id], made_by=made_by)
    gc.collect()
    assert [each.id for each in store.open().descriptions()] == [TWO.document.id]
    store.check()
    commit(store, THREE, made_by=made_by)
    store.check()
    ids = {each.id for each in store.open().descriptions()}
    assert ids == {TWO.document.id, THREE.document.id}
    assert run(store, "SELECT count(*) FROM pincite.versions") == [(2,)]
    assert run(store, "SELECT count(*) FROM pincite.memberships") == [(2,)]
    assert run(store, "SELECT count(*) FROM pincite.texts") == [(2,)]
    (table,) = passage_tables(store)
    assert run(store, f"SELECT count(*) FROM pincite.{table[0]}") == [(4,)]


def test_jobs_are_done_in_the_order_in_which_they_came_whatever_the_clocks_say(
    store: Store, service: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, ONE)
    now = time.time_ns()
    with monkeypatch.context() as patch:
        patch.setattr("time.time_ns", lambda: now + 60_000_000_000)
        first = Job.new("doc", ".txt", title="first")
    second = Job.new("doc", ".txt", title="second")
    assert second.id < first.id
    store.jobs.add(first, b"old")
    service.jobs.add(second, b"new")
    assert store.jobs.pending() == [first, second]
    store.jobs.finish(replace(first, state="done"))
    assert service.jobs.pending() == [second]


def test_what_is_acknowledged_while_a_new_schema_is_dropped_is_kept(
    store: Store, service: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, given = partitions.drop_all, list[str]()

    def dropped(connection: object) -> None:
        waits(service, lambda: give(service, given))
        drop(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(partitions, "drop_all", dropped)
    with pytest.raises(StoreError, match="no source"):
        fail_to_index(store, service.feedback.all)
    assert [entry.id for entry in service.feedback.all()] == given
    monkeypatch.undo()
    give(service, given)
    assert [entry.id for entry in service.feedback.all()] == given
    assert given


def test_a_new_schema_that_somebody_writes_is_not_dropped(store: Store, service: Store) -> None:
    insert = "INSERT INTO pincite.feedback (id, fields) VALUES ('a', '{}')"
    with (
        psycopg.connect(service.location.url) as slow,  # type: ignore[attr-defined]
        pytest.raises(StoreError, match="no source"),
    ):
        fail_to_index(store, lambda: slow.execute(insert))
    assert run(service, "SELECT id FROM pincite.feedback") == [("a",)]
