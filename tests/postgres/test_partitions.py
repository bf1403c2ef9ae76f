"""Passages divided over two servers: as on one, whatever of them is away, lost or killed."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import orjson
import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import StoreAwayError, StoreDamagedError, StoreError
from index.progress import Progress
from index.store import open_store
from index.store.catalogue import remove_collection
from index.store.collection import DEFAULT_COLLECTION
from index.store.postgres import draft, passages
from index.store.postgres.address import ServerAddress
from index.store.postgres.store import PostgresStore
from index.store.protocols import Snapshot
from index.sync import sync
from qa.engine import Engine
from qa.formats.answer import answer_json
from qa.live import LiveEngine
from qa.read.reading import Reader
from qa.service.app import build_app
from qa.service.collection import Collection, Collections
from qa.service.writer import Writer
from tests.encoders import HashingEncoder
from tests.postgres_server import PostgresServer, running_server
from tests.store.living import WORDS, Living
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "postgres"
PASSWORD = "only-here"
LET_GO = "DROP SERVER pincite_1, pincite_2 CASCADE"
QUESTIONS = (
    "what is microneedling",
    "does microneedling make acne scars worse",
    "Why do I get pimples after microneedling?",
    "can microneedling increase oil production?",
    "What is the capital of France?",
)


@dataclass
class Divided:
    """A server with stores, and two that hold the passages of those in its database `store`."""

    home: PostgresServer
    others: Sequence[PostgresServer]

    @property
    def servers(self) -> Sequence[PostgresServer]:
        return (self.home, *self.others)

    def address(self, collection: str, database: str = "store") -> ServerAddress:
        url = self.home.url_of(database, "writer")
        return ServerAddress(url).with_collection(collection)

    def prepare(self, database: str) -> None:
        """Make a database for stores: what docs/postgres.md has an administrator do."""
        run(self.home.url, f"CREATE DATABASE {database} OWNER writer")
        run(self.home.url_of(database), "CREATE EXTENSION vector")

    def divide(self, database: str) -> None:
        """Name the prepared partitions to a database: the same."""
        for number, other in enumerate(self.others, 1):
            self.home.psql(
                self.home.url_of(database),
                DEPLOY / "add_partition.sql",
                server=f"pincite_{number}",
                host="127.0.0.1",
                port=other.port,
                database="passages",
                role="pincite",
                password=PASSWORD,
                writer="writer",
            )

    def tables(self) -> list[list[str]]:
        """The tables of passages on each of the others."""
        query = "SELECT name FROM passages_of_pincite.tables WHERE name ~ '^passages_'"
        return [
            sorted(name for (name,) in run(other.url_of("passages"), query))
            for other in self.others
        ]

    def tables_of(self, living: Living) -> list[list[str]]:
        """Those of one store."""
        schema = address_of(living).schema
        ((token,),) = run(self.home.url_of("store"), f'SELECT token FROM "{schema}".state')
        return [[name for name in names if token in name] for names in self.tables()]

    def rows_of(self, living: Living) -> list[int]:
        """How many passages of a store each of the others has."""
        return [
            sum(
                run(other.url_of("passages"), f"SELECT count(*) FROM passages_of_pincite.{n}")[0][0]
                for n in names
            )
            for other, names in zip(self.others, self.tables_of(living), strict=True)
        ]


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def address_of(living: Living) -> ServerAddress:
    return cast("PostgresStore", living.store).location


@pytest.fixture(scope="module")
def divided() -> Iterator[Divided]:
    with ExitStack() as stack:
        home, *others = (stack.enter_context(running_server()) for _ in range(3))
        servers = Divided(home, others)
        for other in others:
            run(other.url, f"CREATE ROLE pincite LOGIN PASSWORD '{PASSWORD}'")
            run(other.url, "CREATE DATABASE passages")
            other.psql(other.url_of("passages"), DEPLOY / "partition.sql", role="pincite")
            access = other.data / "pg_hba.conf"
            with_password = "host passages pincite 127.0.0.1/32 scram-sha-256\n"
            access.write_text(with_password + access.read_text())
            other.reload()
        run(home.url, "CREATE ROLE writer LOGIN")
        servers.prepare("store")
        servers.divide("store")
        yield servers


@pytest.fixture
def living(
    divided: Divided, tmp_path: Path, model: Model, request: pytest.FixtureRequest
) -> Iterator[Living]:
    """Files with some hundred passages, and the store that is divided; two snapshots are kept."""
    name = f"c-{abs(hash(request.node.nodeid)):x}"
    with closing(open_store(divided.address(name), keep=2)) as store:
        corpus = Living(tmp_path, model, store=store)
        for number in range(20):
            corpus.write(f"{number}.txt", text_of(number))
        yield corpus


def text_of(number: int, passages: int = 5) -> str:
    """A text of some passages, unlike those of other numbers."""
    words = [WORDS[(number * n + n) % len(WORDS)] for n in range(100 * passages)]
    words[::20] = [f"{word}{number}x{n}." for n, word in enumerate(words[::20])]
    return "\n\n".join(" ".join(words[n : n + 100]) for n in range(0, len(words), 100))


def nearest(
    living: Living, *, exact: bool = False, opened: Snapshot | None = None
) -> list[tuple[int, float]]:
    (vector,) = living.encoder.encode(["needle scar in the sun"], "query")
    return (opened or living.store.open()).nearest(vector, 5, exact=exact)


def test_all_is_as_in_a_store_on_one_machine(divided: Divided, living: Living) -> None:
    first = living.index().snapshot
    assert all(rows > 20 for rows in divided.rows_of(living))
    living.assert_as_fresh()
    living.write("3.txt", text_of(53))
    (living.files / "4.txt").unlink()
    living.put("upload", "An upload about a needle.")
    living.index()
    living.assert_as_fresh()
    living.delete("upload")
    living.assert_as_fresh()
    living.store.roll_back()
    assert "upload" in str(sorted(living.texts()))
    living.write("3.txt", text_of(3))
    living.write("4.txt", text_of(4))
    living.delete("upload")
    assert living.index().snapshot == first
    living.assert_as_fresh()
    living.store.check()
    assert living.store.total_bytes() > sum(divided.rows_of(living)) * 100


def test_answers_to_the_seeds_are_the_same(
    divided: Divided,
    seeds_store: Path,
    seeds_dir: Path,
    model: Model,
    encoder: Encoder,
    reader: Reader,
) -> None:
    with (
        closing(open_store(seeds_store)) as local,
        closing(open_store(divided.address("seeds"))) as store,
    ):
        sync(store, [seeds_dir], model, encoder)
        for question in QUESTIONS:
            here, there = (
                orjson.loads(answer_json(engine.ask(question))) | {"took_ms": 0}
                for engine in (
                    Engine(each.open(), model, encoder, model.tokenizer(), reader)
                    for each in (local, store)
                )
            )
            assert here == there


def test_every_server_searches_its_own_index_at_the_same_time(
    divided: Divided, living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (draft, passages):
        monkeypatch.setattr(module, "INDEXED_FROM", 1000)
    monkeypatch.setattr(passages, "_FEWEST_SEARCHED", 100)
    living.encoder = HashingEncoder()
    for number in range(20):
        living.write(f"{number}.txt", text_of(number, 160))
    assert living.index().passages >= 2000
    for other in divided.others:
        run(other.url_of("passages"), "ANALYZE")  # as the server does by itself, in a minute
    opened = living.store.open()
    database = opened.database
    plan, ask = list[str](), database.rows

    def explained(query: str, values: Any) -> Any:
        explain = f"EXPLAIN (VERBOSE, COSTS OFF) {query}"
        plan.extend(row["QUERY PLAN"].strip() for row in ask(explain, values))
        return ask(query, values)

    by_comparing = nearest(living, exact=True, opened=opened)
    with monkeypatch.context() as patch:
        patch.setattr(database, "rows", explained)
        by_index = nearest(living, opened=opened)
    assert len(set(by_index) & set(by_comparing)) >= 4
    assert sum("Async Foreign Scan" in line for line in plan) == 2
    sent = [line.removeprefix("Remote SQL: ") for line in plan if "Remote SQL" in line]
    for other, query in zip(divided.others, sent, strict=True):
        assert "<#>" in query
        assert "ORDER BY" in query
        assert "LIMIT" in query
        steps = run(other.url_of("passages"), f"EXPLAIN {query}")
        assert any("Index Scan using" in line and "_nearest" in line for (line,) in steps), steps


def test_a_partition_that_is_away_is_told_and_nothing_is_lost(
    divided: Divided, living: Living
) -> None:
    first = living.index().snapshot
    found = nearest(living)
    living.put("upload", "An upload about a needle.")
    for other in divided.others:
        other.stop("immediate")
        for attempt in (
            lambda: nearest(living),
            lambda: nearest(living, exact=True),
            living.index,
            lambda: living.put("another", "Another upload."),
            living.store.purge,
        ):
            with pytest.raises(StoreAwayError, match=r'could not connect to server "pincite_\d"'):
                attempt()
        assert living.store.total_bytes()  # without those there
        assert living.store.roll_back().id == first  # that changes nothing there
        other.start()
        assert nearest(living) == found
        living.put("upload", "An upload about a needle.")
    living.assert_as_fresh()


def test_the_service_says_so_and_goes_on(
    divided: Divided, living: Living, caplog: pytest.LogCaptureFixture
) -> None:
    living.encoder = encoder = HashingEncoder()
    living.index()
    question = {"question": "Does the needle fade in the sun?"}
    text = "An upload about the moon."
    with patch("qa.engine.open_encoder", lambda *_: encoder):
        live = LiveEngine(address_of(living), reader="none")
    with (
        Writer(living.store, live, watch=False) as writer,
        TestClient(app_of(live, living, writer), base_url="http://127.0.0.1") as client,
    ):
        before = client.post("/v1/ask", json=question)
        assert before.status_code == 200
        for other in divided.others:
            other.stop("immediate")
            answer = client.post("/v1/ask", json={"question": "Is the water mild at night?"})
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert 'could not connect to server "pincite_' in caplog.text
            plain = {"Content-Type": "text/plain"}
            put = client.put("/v1/documents/upload", content=text, headers=plain)
            assert put.status_code == 503
            assert put.headers["Retry-After"]
            later = "/v1/documents/upload?wait=false"
            queued = client.put(later, content=text, headers=plain)
            assert queued.status_code == 202
            caplog.clear()
            other.start()
            assert until(lambda: not living.store.jobs.pending())
            assert living.store.jobs.find(queued.json()["id"]).state == "done"
            client.delete("/v1/documents/upload")
            again = client.post("/v1/ask", json=question)
            assert again.status_code == 200
            assert again.json()["passages"] == before.json()["passages"]


def app_of(live: LiveEngine, living: Living, writer: Writer) -> FastAPI:
    default = Collection(DEFAULT_COLLECTION, live, (living.store, writer))
    collections = Collections(address_of(living), default, lambda *_: default)
    return build_app(live, collections=collections)


@pytest.mark.parametrize("killed", range(3))
def test_a_server_killed_while_it_is_written_leaves_the_live_snapshot(
    divided: Divided, living: Living, killed: int
) -> None:
    living.index()
    before, server = living.texts(), divided.servers[killed]
    for moment in range(0, 1000, 7):
        for number in range(20):
            living.write(f"{number}.txt", text_of(100 * (moment + 1) + number))
        try:
            living.index(progress=at(moment, lambda: server.stop("immediate")))
        except StoreError:
            server.start()
            assert until(lambda: is_answering(living))
            assert living.texts() == before
        else:
            break  # it was done before that moment came
    assert moment > 7
    living.assert_as_fresh()


def at(moment: int, act: Any) -> Progress:
    """Act when progress is told for the time of that number."""
    calls = count()

    def progress(*_: object) -> None:
        if next(calls) == moment:
            act()

    return progress


def is_answering(living: Living) -> bool:
    with suppress(StoreError):
        return bool(nearest(living))
    return False


def test_what_others_committed_and_home_did_not_is_removed(
    divided: Divided, living: Living
) -> None:
    living.index()
    before, rows = living.texts(), divided.rows_of(living)
    for number in range(40):
        living.write(f"{number}.txt", text_of(100 + number))
    kill_home_while_others_commit(divided, living)
    assert sum(divided.rows_of(living)) > sum(rows)
    assert living.texts() == before
    assert living.index().embedded
    living.assert_as_fresh()
    expected = living.store.live().passages + sum(rows)  # of the snapshot before, too
    assert sum(divided.rows_of(living)) == expected


def test_rows_are_deleted_on_others_only_after_home_forgot_them(
    divided: Divided, living: Living
) -> None:
    for text in (7, 107, 207):
        living.write("7.txt", text_of(text))
        living.index()
    before = living.texts()
    living.write("7.txt", text_of(307))
    kill_home_while_others_commit(divided, living)  # it deletes what came with 7
    assert living.texts() == before
    living.store.roll_back()
    assert living.texts() != before
    living.store.check()
    living.index()
    living.assert_as_fresh()


def kill_home_while_others_commit(divided: Divided, living: Living) -> None:
    """Index; have the others commit and not say so, for no replica confirms it; kill home."""
    failed = list[BaseException]()

    def attempt() -> None:
        try:
            living.index()
        except StoreError as error:
            failed.append(error)

    for other in divided.others:
        other.configure({"synchronous_standby_names": "'nobody'"})
        other.reload()
    thread = threading.Thread(target=attempt)
    thread.start()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    assert until(lambda: any(run(other.url, waiting) for other in divided.others))
    divided.home.stop("immediate")
    thread.join(PATIENCE_S)
    for other in divided.others:
        other.configure({"synchronous_standby_names": "''"})
        other.reload()
        assert until(lambda other=other: not run(other.url, waiting))  # type: ignore[misc]
    divided.home.start()
    assert until(lambda: is_answering(living))
    assert failed


def test_a_replica_of_home_asks_the_partitions_too(divided: Divided, living: Living) -> None:
    living.index()
    replica = PostgresServer(Path(tempfile.mkdtemp(prefix="pincite-postgres-")))
    try:
        run(divided.home.url, "CHECKPOINT")
        replica.copy_of(divided.home)
        replica.start()
        address = replace(address_of(living), read_from=replica.url_of("store", "writer"))
        with closing(open_store(address)) as store:
            assert nearest(living, opened=store.open()) == nearest(living)
    finally:
        with suppress(subprocess.CalledProcessError):
            replica.stop("immediate")
        shutil.rmtree(replica.folder)


def test_a_purge_leaves_nothing_in_the_files_of_any_server(
    divided: Divided, living: Living
) -> None:
    living.write("secret.txt", "The secret needle of the removed text hurts the scar a lot.")
    living.index()
    opened = living.store.open()
    (row,) = (r for r, p in opened.passages() if p.document_id == id_of(living, "secret.txt"))
    vector = opened.vectors(np.array([row]))[0].astype("<f2").tobytes()
    holders = [server for server in divided.servers if vector in bytes_of(server)]
    assert len(holders) == 1
    assert holders[0] is not divided.home
    (living.files / "secret.txt").unlink()
    living.index()
    del opened
    purged = living.store.purge()
    assert purged.documents == ("notes/secret.txt",)
    assert not purged.found
    assert not any(vector in bytes_of(server) for server in divided.servers)
    living.assert_as_fresh()


def id_of(living: Living, name: str) -> str:
    documents = living.store.open().descriptions()
    return next(str(d.id) for d in documents if d.source == f"notes/{name}")


def bytes_of(server: PostgresServer) -> bytes:
    run(server.url, "CHECKPOINT")
    files = (path for path in (server.data / "base").rglob("*") if path.is_file())
    return b"\0".join(path.read_bytes() for path in files)


def test_a_store_moves_to_partitions_that_come_later_and_back(
    divided: Divided, tmp_path: Path, model: Model
) -> None:
    divided.prepare("later")
    with closing(open_store(divided.address("default", "later"))) as store:
        living = Living(tmp_path, model, store=store)
        for number in range(20):
            living.write(f"{number}.txt", text_of(number))
        first = living.index()
        tables = divided.tables()
        divided.divide("later")
        moved = living.index()
        assert (moved.snapshot, moved.embedded) == (first.snapshot, 0)
        assert divided.tables() != tables
        assert [info.id for info in store.snapshots()] == [first.snapshot]
        living.assert_as_fresh()
        living.put("upload", "An upload about a needle.")
        with psycopg.connect(divided.home.url_of("later"), autocommit=True) as connection:
            for server in ("pincite_1", "pincite_2"):
                connection.execute(f"REVOKE USAGE ON FOREIGN SERVER {server} FROM writer")
        living.delete("upload")
        living.put("upload", "Another upload about a needle.")
        living.assert_as_fresh()


def test_passages_that_a_partition_lost_are_found_and_made_anew(
    divided: Divided, living: Living
) -> None:
    snapshot_before = living.index().snapshot
    (table,) = divided.tables_of(living)[0]
    lost = f"DELETE FROM passages_of_pincite.{table} WHERE row % 3 = 0"
    run(divided.others[0].url_of("passages"), lost)
    with pytest.raises(StoreDamagedError, match="passage"):
        living.store.check()
    report = living.index()
    assert "are missing" in report.repaired
    assert report.embedded
    assert report.snapshot == snapshot_before
    living.store.check()
    living.assert_as_fresh()


def test_a_partition_that_is_lost_whole_is_made_anew(
    divided: Divided, tmp_path: Path, model: Model
) -> None:
    other = divided.others[0]

    def remake() -> None:
        run(other.url, "DROP DATABASE passages WITH (FORCE)")
        run(other.url, "CREATE DATABASE passages")
        other.psql(other.url_of("passages"), DEPLOY / "partition.sql", role="pincite")

    def drop_servers() -> None:
        run(divided.home.url_of("losing"), LET_GO)

    with divided_store(divided, "losing", tmp_path, model) as living:
        store = living.store
        living.put("upload", "An upload about a needle.")
        for lose, some_is_left in ((remake, True), (drop_servers, False)):
            before = store.live()
            lose()
            for attempt in (lambda: nearest(living), store.check, lambda: living.put("b", "B.")):
                with pytest.raises(StoreDamagedError, match=r"missing.*`pincite index SOURCE…`"):
                    attempt()
            report = living.index()
            assert "missing" in report.repaired
            assert (report.embedded < before.passages) == some_is_left
            assert report.snapshot == before.id
            store.check()
            living.assert_as_fresh()
            living.put("upload", f"Another upload of {lose.__name__}.")
            living.assert_as_fresh()


def test_a_copy_that_lets_go_of_the_partitions_leaves_them_to_the_store(
    divided: Divided, tmp_path: Path, model: Model
) -> None:
    with divided_store(divided, "kept", tmp_path, model) as living:
        living.store.close()
        connected = "SELECT 1 FROM pg_stat_activity WHERE datname = 'kept'"
        assert until(lambda: not run(divided.home.url, connected))
        run(divided.home.url, "CREATE DATABASE copied OWNER writer TEMPLATE kept")
        living.write("new.txt", text_of(77))
        living.index()
        run(divided.home.url_of("copied"), LET_GO)
        with closing(open_store(divided.address("default", "copied"))) as store:
            copied = Living(tmp_path, model, store=store)
            assert copied.index().repaired
            copied.assert_as_fresh()
        living.store.check()
        living.assert_as_fresh()


@contextmanager
def divided_store(divided: Divided, database: str, folder: Path, model: Model) -> Iterator[Living]:
    """A store of some files in a database of its own."""
    divided.prepare(database)
    divided.divide(database)
    with closing(open_store(divided.address("default", database))) as store:
        living = Living(folder, model, store=store)
        for number in range(20):
            living.write(f"{number}.txt", text_of(number))
        living.index()
        yield living


def test_a_wrong_password_of_a_partition_is_told(divided: Divided, living: Living) -> None:
    living.index()
    mapping = "ALTER USER MAPPING FOR writer SERVER pincite_1 OPTIONS (SET password '{}')"
    run(divided.home.url_of("store"), mapping.format("wrong"))
    try:
        with pytest.raises(StoreAwayError, match=r"pincite_1.*password.*check its OPTIONS"):
            nearest(living)
    finally:
        run(divided.home.url_of("store"), mapping.format(PASSWORD))
    assert nearest(living)


def test_what_is_removed_leaves_no_tables_on_partitions(divided: Divided, living: Living) -> None:
    tables = divided.tables()
    living.index()
    assert divided.tables() != tables
    living.store.close()
    remove_collection(divided.address("default"), address_of(living).collection)
    assert divided.tables() == tables


def test_a_partition_that_is_not_prepared_is_told(
    divided: Divided, tmp_path: Path, model: Model
) -> None:
    divided.prepare("unprepared")
    divided.divide("unprepared")
    other = divided.others[1]
    run(other.url_of("passages"), "ALTER SCHEMA passages_of_pincite RENAME TO put_away")
    try:
        with closing(open_store(divided.address("default", "unprepared"))) as store:
            living = Living(tmp_path, model, store=store)
            living.write("1.txt", text_of(1))
            with pytest.raises(StoreError, match=r"A partition of .* failed: .*docs/postgres\.md"):
                living.index()
            run(other.url_of("passages"), "ALTER SCHEMA put_away RENAME TO passages_of_pincite")
            living.index()
            living.assert_as_fresh()
    finally:
        with suppress(psycopg.Error):
            run(other.url_of("passages"), "ALTER SCHEMA put_away RENAME TO passages_of_pincite")
