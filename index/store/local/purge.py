"""Forgetting what was removed for real: old snapshots, their text and their vectors."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from index.errors import StoreBusyError, StoreDamagedError
from index.progress import Progress
from index.records import Document
from index.store.byte_search import MIN_SENTENCE, ByteSearch
from index.store.local.appended import Generation
from index.store.local.compaction import compact, remove_unused_files
from index.store.local.database import Database, files_of
from index.store.local.documents import VERSION, Version
from index.store.local.explained import errors_explained
from index.store.local.history import forget_snapshots, forget_uncommitted
from index.store.local.snapshot import LocalSnapshot, open_snapshot
from index.store.records import Purge, text_digest

_READERS_WAIT_S = 10.0
_LOOK_S = 0.2


def purge(database: Database, total_bytes: Callable[[], int], progress: Progress) -> Purge:
    """Keep nothing but the live snapshot and what people gave; then search every file.

    Where an upload holds what was removed, it is named, and nothing is forgotten. Raises
    StoreBusyError if another process still reads what was removed.
    """
    before, live = total_bytes(), open_snapshot(database, None)
    with database.reading() as connection:
        (snapshots,) = connection.execute("SELECT count(*) FROM snapshots").fetchone()
        traces = _traces(live, connection, database)
        search = ByteSearch(traces.names)
        given = [
            (f"the {table[:-1]} {row_id}", search.found_in(content))
            for table in ("uploads", "jobs")
            for row_id, content in connection.execute(
                f"SELECT id, CAST(content AS BLOB) FROM {table} WHERE content NOTNULL"
            )
        ]
        feedback = [
            (row_id, search.found_in(fields))
            for row_id, fields in connection.execute(
                "SELECT id, CAST(fields AS BLOB) FROM feedback"
            )
        ]
    found = _not_living(live, traces, given)
    quoting = {(row_id,) for row_id, _ in _not_living(live, traces, feedback)}
    files = searched = 0
    if not found:
        with database.transaction() as connection:
            connection.executemany("DELETE FROM feedback WHERE id = ?", quoting)
            connection.execute("DELETE FROM jobs WHERE NOT queued")
            connection.execute("UPDATE state SET checked = NULL, aside = NULL")
            forget_uncommitted(connection)
            forget_snapshots(connection, keep=1)
            connection.execute(
                "DELETE FROM texts WHERE NOT EXISTS (SELECT 1 FROM versions WHERE text = sha256)"
            )
        compact(database, always=True)
        remove_unused_files(database)
        live.close()
        _vacuum(database)
        live = open_snapshot(database, None)
        paths = sorted(path for path in files_of(database.folder) if path.is_file())
        hits: list[tuple[str, list[bytes]]] = []
        for path in paths:
            content = path.read_bytes()
            hits.append((path.relative_to(database.folder).as_posix(), search.found_in(content)))
            files, searched = files + 1, searched + len(content)
            progress("Searching", files, len(paths))
        found = _not_living(live, traces, hits)
    return Purge(
        snapshots=snapshots - 1,
        freed=before - total_bytes(),
        documents=tuple(sorted(traces.documents)),
        sentences=traces.sentences,
        vectors=traces.vectors,
        feedback=0 if found else len(quoting),
        files=files,
        bytes=searched,
        found=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _Traces:
    """What must not be found: sentences as text and as JSON, vectors as stored.

    `names` tells of each what it is called. A sentence that is part of what is live now is no
    trace, whatever else it was part of.
    """

    documents: set[str]
    sentences: int
    vectors: int
    names: dict[bytes, str]


def _traces(live: LocalSnapshot, connection: sqlite3.Connection, database: Database) -> _Traces:
    """Return the sentences and vectors of all versions that the live snapshot does not hold."""
    live_rows = np.flatnonzero(live.mapped.living)
    live_sentences = set(live.sentence_digests(live_rows)[1].tolist())
    live_vectors = {_short(vector) for vector in live.mapped.dense.vectors[live_rows]}
    generations = {
        number: Generation.of(database.folder, number, dimension)
        for number, dimension in connection.execute("SELECT number, dimension FROM generations")
    }
    gone = connection.execute(
        f"SELECT {VERSION} FROM versions WHERE NOT EXISTS (SELECT 1 FROM memberships "
        "WHERE version = versions.id AND ? BETWEEN first AND last)",
        [live.row.number],
    ).fetchall()
    documents, sentences, vectors = set[str](), set[str](), set[bytes]()
    for row in gone:
        try:
            chunked = Version(row, connection).chunked()
        except StoreDamagedError:
            continue  # what cannot be read tells nothing, and goes all the same
        text = chunked.document.text
        said = {s.of(text) for passage in chunked.passages for s in passage.sentences}
        removed = {s for s in said if text_digest(s) not in live_sentences}
        if not removed:
            continue
        documents.add(chunked.document.source)
        sentences.update(s for s in removed if len(s) >= MIN_SENTENCE)
        first, file = row["first_row"], generations[row["generation"]].vectors
        own = file.map(first + row["passages"])[first:]
        vectors.update(v.tobytes() for v in own if _short(v) not in live_vectors)
    names = dict.fromkeys(vectors, "a vector")
    for sentence in sentences:
        names |= dict.fromkeys((sentence.encode(), orjson.dumps(sentence)[1:-1]), sentence[:60])
    return _Traces(documents, len(sentences), len(vectors), names)


def _short(vector: np.ndarray) -> bytes:
    return hashlib.blake2b(vector.tobytes(), digest_size=16).digest()


def _not_living(
    live: LocalSnapshot, traces: _Traces, hits: Sequence[tuple[str, list[bytes]]]
) -> list[tuple[str, str]]:
    """Return where traces were found that are no part of what is live: of texts and metadata."""
    found = {each for _, some in hits for each in some}
    living, search = set[bytes](), ByteSearch(found)
    for chunked in live.documents() if found else ():
        living.update(search.found_in("\n".join(_words_of(chunked.document)).encode()))
    return [
        (name, traces.names[each]) for name, some in hits for each in some if each not in living
    ]


def _words_of(document: Document) -> Iterator[str]:
    """Yield text, title and metadata, as text and as JSON."""
    values = [v for v in document.metadata.values() if isinstance(v, str | tuple)]
    words = [v if isinstance(v, str) else "\n".join(v) for v in values]
    for text in (document.text, document.title, *words):
        yield text
        yield orjson.dumps(text).decode()


def _vacuum(database: Database) -> None:
    """Write the database anew without what was deleted, and empty its log."""
    database.close()
    connection = database.connect()
    try:
        with errors_explained(database.folder):
            connection.execute("VACUUM")
            connection.execute("PRAGMA busy_timeout = 0")
            until = time.monotonic() + _READERS_WAIT_S
            while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > until:
                    raise StoreBusyError(
                        "A process still reads what was removed: end it, and run "
                        "`pincite purge` again."
                    )
                os.utime(database.path)  # asks a service to open its snapshot once more
                time.sleep(_LOOK_S)
    finally:
        connection.close()
