"""The next snapshot, written as a difference to the one before and committed in one transaction.

All who give something wait for that transaction: what takes long is done before and after it.

Versions and passages come into their tables while documents are put, numbered behind all that is
committed. Until the last transaction names them nobody sees them; where that does not come, the
next draft removes them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray
from pgvector import HalfVector

from index.errors import StoreError
from index.records import ChunkedDocument
from index.search.features import features_of
from index.search.postings import Terms, combine, count_terms, removal
from index.store.postgres import history, partitions
from index.store.postgres.connection import Connection
from index.store.postgres.database import Database, Row
from index.store.postgres.history import select
from index.store.postgres.passages import INDEXED_FROM, stored_vectors
from index.store.postgres.people import set_uploads
from index.store.postgres.postings import join_parts, write_part
from index.store.postgres.snapshot import PostgresSnapshot
from index.store.protocols import Snapshot
from index.store.records import MadeBy, SnapshotInfo, UploadChange, text_digest
from index.store.rows import CutPassage, rows_of, snapshot_id, sum_of_digests

_SETTINGS = ("sources", "held", "ignore")
_COPIED = "row, first_row, start, stop, section, spans, embedded, digests, features, vector"
_TYPES = ("int8", "int8", "int4", "int4", "int4", "bytea", "bytea", "bytea", "bytea", "halfvec")


class _Version(NamedTuple):
    """A version of a document as the draft counts it: one that is added or removed."""

    number: int
    digest: bytes
    corpus: bytes
    first_row: int
    counts: tuple[int, int, int, int]

    @classmethod
    def of(cls, row: Mapping[str, Any], number: int) -> "_Version":
        """Return the version of a row of `versions`; `corpus` is what a calibration goes by.

        Its counts are those of documents, passages, sentences and terms.
        """
        corpus = hashlib.sha256(orjson.dumps([row["document_id"], row["text_sha256"]])).digest()
        counts = 1, row["passages"], row["sentences"], row["terms"]
        return cls(number, row["digest"], corpus, row["first_row"], counts)


class _Put(NamedTuple):
    """A document with its row of `versions` and its passages."""

    chunked: ChunkedDocument
    row: Row
    passages: Sequence[CutPassage]


class PostgresDraft:
    """The next snapshot of a `PostgresStore`; see `index.store.protocols.Draft`.

    One that goes live is one of `keep` snapshots.
    """

    def __init__(
        self,
        database: Database,
        made_by: MadeBy,
        parent: PostgresSnapshot | None,
        vectors_from: Sequence[Snapshot],
        keep: int,
    ) -> None:
        self._database, self._made_by, self._keep = database, made_by, keep
        self._vectors_from = vectors_from
        self._added: dict[str, _Version] = {}
        self._removed: dict[str, _Version] = {}
        self._placed = set[str]()
        self._terms: list[Terms] = []
        with database.transaction() as connection:
            history.forget_uncommitted(connection)
            self._generation = history.generation_of(
                connection, made_by, parent.row if parent else None
            )
            is_alike = parent and parent.info.made_by == made_by
            is_here = parent and parent.row.generation == self._generation
            self.parent = parent if is_alike and is_here else None
            query = "SELECT rows, document FROM generations, state WHERE number = %s"
            (row,) = select(connection, query, [self._generation])
            self._rows: int = row["rows"]
            self._number: int = row["document"]
            self._next_row = self._rows

    def stored_vectors(self, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors of embedded texts that need not be embedded again, by digest."""
        found: dict[bytes, NDArray[np.float16]] = {}
        for row in self._database.rows(
            "SELECT number FROM generations WHERE model_fingerprint = %s AND backend = %s",
            self._made_by.vectors,
        ):
            missing = [digest for digest in digests if digest not in found]
            found |= stored_vectors(self._database, row["number"], missing)
        for snapshot in self._vectors_from:
            missing = [digest for digest in digests if digest not in found]
            found |= snapshot.stored_vectors(missing, self._made_by)
        return found

    def put(
        self, documents: Iterable[ChunkedDocument], vectors: Mapping[bytes, NDArray[np.float16]]
    ) -> None:
        """Add documents, in the place of those of the same ids."""
        puts = [_Put(chunked, *rows_of(chunked)) for chunked in documents]
        ids = [put.chunked.document.id for put in puts]
        before = self.parent.version_rows(ids) if self.parent else {}
        placed = [self._place(put, before.get(put.chunked.document.id)) for put in puts]
        changed = [put for put in placed if put]
        new = [put for put in changed if put.row["first_row"] >= self._rows]
        came, lengths = count_terms((put.chunked, put.row["first_row"]) for put in new)
        ends = np.cumsum([len(put.passages) for put in new], dtype=np.int64)
        for put, own in zip(new, np.split(lengths, ends)[:-1], strict=True):
            put.row.update(_lengths(own))
        for put in changed:
            if "lengths" not in put.row:  # its passages are those of the version in its place
                put.row.update(_lengths(count_terms([(put.chunked, 0)])[1]))
            self._added[put.row["document_id"]] = _Version.of(put.row, put.row["id"])
        embedded = [cut.embedded for put in new for cut in put.passages]
        stored = self.stored_vectors([digest for digest in embedded if digest not in vectors])
        with self._database.transaction() as connection:
            _insert_versions(connection, changed)
            self._copy_passages(connection, new, {**stored, **vectors})
        if new:
            self._terms.append(came)
            self._rows += len(embedded)

    def remove(self, document_ids: Iterable[str]) -> None:
        """Leave documents of the parent out."""
        before = self.parent.version_rows(list(document_ids)) if self.parent else {}
        self._removed |= {name: _Version.of(old, old["version"]) for name, old in before.items()}

    def commit(
        self,
        *,
        sources: tuple[str, ...] = (),
        held: tuple[int, ...] = (),
        ignore: tuple[str, ...] = (),
        uploads: Sequence[UploadChange] = (),
        live: bool = False,
    ) -> SnapshotInfo:
        """Write the snapshot, in one step with changes of uploads; return what it is."""
        settings = dict(zip(_SETTINGS, (sources, held, ignore), strict=True))
        with self._database.transaction() as connection:  # takes long, and nobody waits for it
            is_indexed = self._rows >= INDEXED_FROM
            partitions.prepare_search(connection, self._generation, by_index=is_indexed)
        with self._database.transaction() as connection:
            row = self._row(connection, settings)
            same = history.with_id(connection, row["id"])
            set_uploads(connection, uploads)
            is_here = same and same[0].generation == self._generation
            number = same[0].number if is_here else self._publish(connection, row)
            if live:
                lock = self._database.class_key
                history.go_live(connection, number, self._keep, lock)
            self._database.tell(connection)
            committed = history.find_snapshot(connection, number)
        if live:
            with suppress(StoreError):  # the snapshot is published; the next one goes on
                history.forget_content(self._database)
        return committed.info

    def _place(self, put: _Put, old: Row | None) -> _Put | None:
        """Give a document its number and the row of its first passage; None if nothing changed.

        `old` is the version in its place, if there is one.
        """
        document, row = put.chunked.document, put.row
        if document.id in self._placed or not put.passages:
            raise ValueError(f"{document.id}: a document comes once, and has a passage")
        self._placed.add(document.id)
        self._removed.pop(document.id, None)
        if old and old["digest"] == row["digest"]:
            return None
        first_row = self._next_row
        if old:
            self._removed[document.id] = _Version.of(old, old["version"])
            first_row = old["first_row"] if old["cut"] == row["cut"] else first_row
        if first_row == self._next_row:
            self._next_row += len(put.passages)
        self._number += 1
        row |= {"id": self._number, "generation": self._generation, "first_row": first_row}
        return put

    def _copy_passages(
        self,
        connection: Connection,
        new: Sequence[_Put],
        vectors: Mapping[bytes, NDArray[np.float16]],
    ) -> None:
        with connection.cursor().copy(
            f"COPY passages_{self._generation} ({_COPIED}) FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types(_TYPES)
            for chunked, row, passages in new:
                first_row, text = row["first_row"], chunked.document.text
                for number, (cut, passage) in enumerate(
                    zip(passages, chunked.passages, strict=True), first_row
                ):
                    digests = [text_digest(span.of(text)) for span in passage.sentences]
                    copy.write_row(
                        (
                            *(number, first_row, cut.start, cut.stop, cut.section),
                            *(cut.sentences, cut.embedded, np.array(digests, "<u8").tobytes()),
                            features_of(chunked.document, passage).tobytes(),
                            HalfVector(vectors[cut.embedded]),
                        )
                    )

    def _row(self, connection: Connection, settings: Mapping[str, Any]) -> Row:
        """Return the row of the snapshot in its table, but for its number and parts."""
        (state,) = select(
            connection, "SELECT calibration FROM state LEFT JOIN snapshots ON number = live"
        )
        digest, corpus, counts = bytes(32), bytes(32), np.zeros(4, np.int64)
        if parent := self.parent:
            info = parent.info
            digest, corpus = parent.row.digest, bytes.fromhex(info.corpus)
            counts += (info.documents, info.passages, info.sentences, parent.row.terms)
        added, removed = list(self._added.values()), list(self._removed.values())
        for versions, sign in ((added, 1), (removed, -1)):
            for version in versions:
                counts += sign * np.array(version.counts)
        digest = sum_of_digests([digest, *(v.digest for v in added)], [v.digest for v in removed])
        corpus = sum_of_digests([corpus, *(v.corpus for v in added)], [v.corpus for v in removed])
        written, calibration = orjson.dumps(settings), state["calibration"]
        names = ("documents", "passages", "sentences", "terms")
        return {
            "id": snapshot_id(self._made_by, written, int(counts[0]), digest, calibration),
            "parent": parent.row.number if parent else None,
            "generation": self._generation,
            "chunking": self._made_by.chunking,
            "settings": written,
            **dict(zip(names, counts.tolist(), strict=True)),
            "rows": self._rows,
            "digest": digest,
            "corpus": corpus,
            "calibration": calibration,
        }

    def _publish(self, connection: Connection, row: Row) -> int:
        connection.execute(
            "UPDATE generations SET rows = %s WHERE number = %s", [self._rows, self._generation]
        )
        # As they are now: a purge may have joined them since the parent was opened.
        before = history.find_snapshot(connection, row["parent"]).parts if self.parent else ()
        parts = self._parts(connection, before)
        removed = [version.number for version in self._removed.values()]
        added = [version.number for version in self._added.values()]
        number = history.insert_snapshot(connection, row | {"parts": parts}, removed, added)
        connection.execute("UPDATE state SET document = %s", [self._number])
        return number

    def _parts(self, connection: Connection, before: Sequence[int]) -> list[int]:
        """Write the terms of what came and went; return the parts of the snapshot."""
        shared = {version.first_row for version in self._added.values()}
        removed = [name for name, old in self._removed.items() if old.first_row not in shared]
        gone = filter(None, map(self.parent.chunked, removed)) if self.parent else ()
        terms = self._terms + ([removal(gone)] if removed else [])
        if not terms:
            return list(before)
        came = combine(terms, np.ones(self._rows, np.bool_))
        return join_parts(connection, [*before, write_part(connection, came)])


def _lengths(lengths: NDArray[np.int32]) -> Row:
    return {"terms": int(lengths.sum()), "lengths": lengths.astype("<i4").tobytes()}


def _insert_versions(connection: Connection, documents: Sequence[_Put]) -> None:
    if not documents:
        return
    names = list(documents[0].row)
    marks = ", ".join(f"%({name})s" for name in names)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO texts VALUES (%s, %s) ON CONFLICT (sha256) DO UPDATE"
            " SET content = excluded.content WHERE texts.content <> excluded.content",
            [(put.row["text"], put.chunked.document.text.encode()) for put in documents],
        )
        cursor.executemany(
            f"INSERT INTO versions ({', '.join(names)}) VALUES ({marks})",
            [put.row for put in documents],
        )
