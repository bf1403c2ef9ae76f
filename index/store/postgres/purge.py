"""Forgetting what was removed for real: old snapshots, their text and their vectors."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter

import numpy as np
import orjson
from psycopg.errors import LockNotAvailable

from index.errors import StoreBusyError, StoreError
from index.progress import Progress
from index.records import Document
from index.store.byte_search import MIN_SENTENCE, ByteSearch
from index.store.postgres import history, partitions
from index.store.postgres.database import Database
from index.store.postgres.documents import VERSION, Version, chunked_documents
from index.store.postgres.history import select
from index.store.postgres.postings import write_parts_anew
from index.store.postgres.snapshot import PostgresSnapshot
from index.store.records import Purge, text_digest

_READERS_WAIT_S = 10.0
_LOOK_S = 0.2
_STILL_READ = (
    "Somebody still reads what was removed: end the process of Pincite, the backup or the "
    "transaction that does, and run `pincite purge` again."
)
_SEARCHED = (
    ("texts", "content"),
    ("versions", "fields"),
    ("uploads", "content"),
    ("jobs", "content"),
    ("feedback", "fields"),
)


def purge(
    database: Database,
    live: PostgresSnapshot,
    total_bytes: Callable[[], int],
    progress: Progress,
) -> Purge:
    """Keep nothing but the live snapshot and what people gave; then search every table.

    Where an upload holds what was removed, it is named, and nothing is forgotten. Raises
    StoreBusyError if another process still reads what was removed.
    """
    before = total_bytes()
    snapshots = database.rows("SELECT count(*) AS count FROM snapshots WHERE turn >= 0")[0]["count"]
    traces = _traces(database, live)
    search = ByteSearch(traces.names)
    found = _not_living(live, traces, _hits(database, search, _SEARCHED[2:4]))
    quoting = {
        name for name, _ in _not_living(live, traces, _hits(database, search, _SEARCHED[4:]))
    }
    searched = 0
    if not found:
        _forget(database, [name.removeprefix("feedback ") for name in quoting], live)
        _write_anew(database, progress)
        _write_anew_elsewhere(database)
        searched = total_bytes()
        found = _not_living(live, traces, _hits(database, search, _SEARCHED))
        found += _other_vectors(database, live)
    return Purge(
        snapshots=snapshots - 1,
        freed=before - total_bytes(),
        documents=tuple(sorted(traces.documents)),
        sentences=traces.sentences,
        vectors=traces.vectors,
        feedback=0 if found else len(quoting),
        files=len(database.tables()),
        bytes=searched,
        found=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _Traces:
    """What must not be found: sentences as text and as JSON; `names` tells how each begins."""

    documents: set[str]
    sentences: int
    vectors: int
    names: dict[bytes, str]


def _traces(database: Database, live: PostgresSnapshot) -> _Traces:
    """Return what is only in versions that the live snapshot does not hold."""
    digests = b"".join(
        row["digests"]
        for row in database.rows(
            f"SELECT digests FROM passages_{live.row.generation} WHERE row = ANY(%s)",
            [np.flatnonzero(live.layout.alive).tolist()],
        )
    )
    living = set(np.frombuffer(digests, "<u8").tolist())
    documents, sentences, vectors = set[str](), set[str](), 0
    others = sorted(_not_held(database, live), key=attrgetter("generation"))
    of_generations = [list(some) for _, some in groupby(others, attrgetter("generation"))]
    for chunked in chain.from_iterable(chunked_documents(database, v) for v in of_generations):
        text = chunked.document.text
        said = {s.of(text) for passage in chunked.passages for s in passage.sentences}
        removed = {sentence for sentence in said if text_digest(sentence) not in living}
        if not removed:
            continue
        documents.add(chunked.document.source)
        vectors += len(chunked.passages)
        sentences.update(sentence for sentence in removed if len(sentence) >= MIN_SENTENCE)
    names: dict[bytes, str] = {}
    for sentence in sentences:
        names |= dict.fromkeys((sentence.encode(), orjson.dumps(sentence)[1:-1]), sentence[:60])
    return _Traces(documents, len(sentences), vectors, names)


def _hits(
    database: Database, search: ByteSearch, columns: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the names of rows and what was found in each."""
    for table, column in columns:
        key = {"texts": "sha256::text", "versions": "source"}.get(table, "id")
        query = f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL"
        with database.reading() as connection, connection.transaction():
            cursor = connection.cursor(f"search_{table}")
            cursor.itersize = 1  # a text may be large
            for name, content in cursor.execute(query, binary=True):
                yield f"{table.removesuffix('s')} {name}", search.found_in(content)


def _not_held(database: Database, live: PostgresSnapshot) -> list[Version]:
    rows = database.rows(
        f"SELECT {VERSION} FROM versions WHERE NOT EXISTS (SELECT 1 FROM memberships"
        " WHERE version = versions.id AND %s BETWEEN first AND last)",
        [live.row.number],
    )
    return list(map(Version, rows))


def _forget(database: Database, feedback: Sequence[str], live: PostgresSnapshot) -> None:
    """Forget all but the live snapshot, once nobody has another open."""
    with database.transaction() as connection:
        history.forget_uncommitted(connection)
        connection.execute("DELETE FROM feedback WHERE id = ANY(%s)", [list(feedback)])
        connection.execute("DELETE FROM jobs WHERE NOT queued")
        connection.execute("UPDATE state SET checked = NULL, aside = NULL")

    def is_forgotten() -> bool:
        with database.transaction() as connection:
            history.forget_snapshots(connection, 1, database.class_key)
            database.tell(connection)
            (row,) = select(connection, "SELECT count(*) AS count FROM snapshots")
        return bool(row["count"] == 1)

    _wait(is_forgotten)
    _wait(lambda: history.forget_content(database))
    with database.transaction() as connection:
        parts = history.find_snapshot(connection, live.row.number).parts
        joined = write_parts_anew(connection, parts, live.layout.alive)
        connection.execute("UPDATE snapshots SET parts = %s", [joined])
        connection.execute("DELETE FROM parts WHERE number <> ALL(%s)", [joined])
        connection.execute("UPDATE state SET changes = changes + 1")  # for `is_unseen`

    if database.rows("SHOW track_counts")[0]["track_counts"] != "on":
        raise StoreError(
            "The server does not count rows, so nothing can tell whether somebody still reads what "
            "was removed: set track_counts = on there, and run `pincite purge` again."
        )

    def is_unseen() -> bool:
        """Whether the row of `state` from before can be removed: then all that went can be."""
        with database.reading() as connection:
            connection.execute("VACUUM state")
            query = "SELECT pg_stat_get_dead_tuples('state'::regclass) AS dead"
            return bool(select(connection, query)[0]["dead"] == 0)

    _wait(is_unseen)


def _wait(holds: Callable[[], bool]) -> None:
    """Wait until nobody has open any more what was removed. Raises StoreBusyError."""
    until = time.monotonic() + _READERS_WAIT_S
    while not holds():
        if time.monotonic() > until:
            raise StoreBusyError(_STILL_READ)
        time.sleep(_LOOK_S)


def _write_anew(database: Database, progress: Progress) -> None:
    """Have the server write every table anew, without what was deleted.

    So it does with the statistics, which have words and names, where the role may do that.
    """
    tables = [*database.tables(), "pg_catalog.pg_statistic"]
    with database.reading() as connection:  # by itself, for it may be no part of a transaction
        connection.execute(f"SET lock_timeout = '{_READERS_WAIT_S}s'")
        try:
            for number, table in enumerate(tables, 1):
                analyze = "" if number == len(tables) else ", ANALYZE"
                connection.execute(f"VACUUM (FULL{analyze}) {table}")
                progress("Writing anew", number, len(tables))
        except LockNotAvailable as error:
            raise StoreBusyError(_STILL_READ) from error
        finally:
            connection.execute("RESET lock_timeout")


def _other_vectors(database: Database, live: PostgresSnapshot) -> list[tuple[str, str]]:
    """Return which tables have vectors that are not of the live snapshot."""
    own, living = f"passages_{live.row.generation}", np.flatnonzero(live.layout.alive).tolist()
    query = f"SELECT 1 FROM {own} WHERE NOT (row = ANY(%s)) LIMIT 1"
    names = [name.rpartition(".")[2] for name in database.tables()]
    others = [name for name in names if name.startswith("passages_") and name != own]
    others += [own] if database.rows(query, [living]) else []
    return [(f"table {name}", "vectors") for name in others]


def _not_living(
    live: PostgresSnapshot, traces: _Traces, hits: Iterator[tuple[str, list[bytes]]]
) -> list[tuple[str, str]]:
    """Return where traces were found that are no part of what is live: of texts and metadata."""
    kept = [(name, some) for name, some in hits if some]
    found = {each for _, some in kept for each in some}
    living, search = set[bytes](), ByteSearch(found)
    for chunked in live.documents() if found else ():
        living.update(search.found_in("\n".join(_words_of(chunked.document)).encode()))
    return [
        (name, traces.names[each]) for name, some in kept for each in some if each not in living
    ]


def _write_anew_elsewhere(database: Database) -> None:
    """Delete on other servers what is forgotten here, and have them write their tables anew."""
    with database.transaction() as connection:
        partitions.tidy(connection)
    with database.transaction() as connection:
        partitions.write_anew(connection)


def _words_of(document: Document) -> Iterator[str]:
    """Yield text, title and metadata, as text and as JSON."""
    values = [v for v in document.metadata.values() if isinstance(v, str | tuple)]
    words = [v if isinstance(v, str) else "\n".join(v) for v in values]
    for text in (document.text, document.title, *words):
        yield text
        yield orjson.dumps(text).decode()
