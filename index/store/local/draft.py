"""The next snapshot, written as a difference to the one before and committed in one transaction.

Versions and passages come into the database while documents are put, numbered behind all that is
committed. Until the last transaction names them nobody sees them; where that does not come, the
next draft removes them.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.records import ChunkedDocument
from index.search.features import features_of
from index.search.postings import Terms, count_terms, delta_of, removal
from index.store.local import history
from index.store.local.appended import ROW, Block, Generation
from index.store.local.database import Database, insert
from index.store.local.explained import errors_explained
from index.store.local.mapped import DELTA, base_of, write_arrays
from index.store.local.people import set_uploads
from index.store.local.snapshot import LocalSnapshot, embedded_rows
from index.store.protocols import Snapshot
from index.store.records import MadeBy, SnapshotInfo, UploadChange, text_digest
from index.store.rows import CutPassage, rows_of, snapshot_id, sum_of_digests

_FEWEST_ENTRIES = 1 << 18
_SHARE = 8
"""A delta of more entries, and of more than an eighth of the base's, joins the base."""

_SETTINGS = ("sources", "held", "ignore")

_Passages = tuple[ChunkedDocument, int, list[bytes]]
"""A document, the row of its first passage, and what was embedded of each."""


class _Version(NamedTuple):
    """A version of a document as the draft counts it: one that is added or removed."""

    number: int
    digest: bytes
    corpus: bytes
    first_row: int
    passages: int
    sentences: int

    @classmethod
    def of(cls, row: Mapping[str, Any] | sqlite3.Row, number: int) -> "_Version":
        """Return the version of a row of `versions`; `corpus` is what a calibration goes by."""
        corpus = hashlib.sha256(orjson.dumps([row["document_id"], row["text_sha256"]])).digest()
        counts = row["first_row"], row["passages"], row["sentences"]
        return cls(number, row["digest"], corpus, *counts)


class LocalDraft:
    """The next snapshot of a `LocalStore`; see `index.store.protocols.Draft`.

    One that goes live is one of `keep` snapshots, and `tidy` removes the files of others.
    """

    def __init__(
        self,
        database: Database,
        made_by: MadeBy,
        parent: LocalSnapshot | None,
        vectors_from: Sequence[Snapshot],
        keep: int,
        tidy: Callable[[], None],
    ) -> None:
        self._database = database
        self._made_by = made_by
        self._keep, self._tidy = keep, tidy
        self.parent = parent if parent and parent.info.made_by == made_by else None
        self._vectors_from = vectors_from
        self._added: dict[str, _Version] = {}
        self._removed: dict[str, _Version] = {}
        self._terms: list[Terms] = []
        with database.transaction() as connection:
            history.forget_uncommitted(connection)
            number = history.generation_of(connection, made_by, parent.row if parent else None)
            query = "SELECT rows, sentences FROM generations WHERE number = ?"
            self._committed: tuple[int, int] = tuple(connection.execute(query, [number]).fetchone())
            (self._version,) = connection.execute("SELECT version FROM state").fetchone()
        self._rows, self._sentences = self._committed
        self._files = Generation.of(database.folder, number, made_by.dimension)

    def stored_vectors(self, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        found: dict[bytes, NDArray[np.float16]] = {}
        with self._database.reading() as connection:
            for generation, vectors, damaged in self._stored:
                missing = [digest for digest in digests if digest not in found]
                rows = embedded_rows(connection, generation, len(vectors), missing)
                found |= {d: vectors[row] for d, row in rows if damaged is None or not damaged[row]}
        for snapshot in self._vectors_from:
            missing = [digest for digest in digests if digest not in found]
            found |= snapshot.stored_vectors(missing, self._made_by)
        return found

    @cached_property
    def _stored(self) -> list[tuple[int, NDArray[np.float16], NDArray[np.bool_] | None]]:
        """Generations that were made alike: number, vectors, and which of these are damaged."""
        with self._database.reading() as connection:
            generations = connection.execute(
                "SELECT number, rows, dimension FROM generations "
                "WHERE model_fingerprint = ? AND backend = ? AND rows > 0",
                self._made_by.vectors,
            ).fetchall()
        stored: list[tuple[int, NDArray[np.float16], NDArray[np.bool_] | None]] = []
        for number, rows, dimension in generations:
            file = Generation.of(self._database.folder, number, dimension).vectors
            with suppress(StoreDamagedError), self._database.reading() as connection:
                is_checked = self.parent is not None and self.parent.row.generation == number
                damaged = None if is_checked else file.damaged_rows(connection, rows)
                stored.append((number, file.map(rows), damaged))
        return stored

    def put(
        self, documents: Iterable[ChunkedDocument], vectors: Mapping[bytes, NDArray[np.float16]]
    ) -> None:
        # What takes long comes before and after, so that uploads and feedback need not wait.
        read = [(chunked, *rows_of(chunked)) for chunked in documents]
        with self._database.transaction() as connection:
            inserted = [self._insert(connection, *rows) for rows in read]
        if new := [each for each in inserted if each]:
            with errors_explained(self._database.folder):
                self._append(new, vectors)

    def remove(self, document_ids: Iterable[str]) -> None:
        for document_id in document_ids:
            if self.parent and (old := self.parent.version_row(document_id)):
                self._removed[document_id] = _Version.of(old, old["version"])

    def commit(
        self,
        *,
        sources: tuple[str, ...] = (),
        held: tuple[int, ...] = (),
        ignore: tuple[str, ...] = (),
        uploads: Sequence[UploadChange] = (),
        live: bool = False,
    ) -> SnapshotInfo:
        with self._database.reading() as connection:
            row = self._row(connection, dict(zip(_SETTINGS, (sources, held, ignore), strict=True)))
            same = history.with_id(connection, row["id"])
        arrays, blocks = {}, list[Block]()
        with errors_explained(self._database.folder):
            if not same and self._rows > self._committed[0]:
                blocks = self._files.sync(self._committed, (self._rows, self._sentences))
            if not same:
                arrays = self._write_arrays()
        with self._database.transaction() as connection:
            set_uploads(connection, uploads)
            number = same[0].number if same else self._publish(connection, row, arrays, blocks)
            if live:
                history.go_live(connection, number, self._keep)
            committed = history.find_snapshot(connection, number)
        if live:
            self._tidy()
        return committed.info

    def _insert(
        self,
        connection: sqlite3.Connection,
        chunked: ChunkedDocument,
        row: dict[str, Any],
        passages: Sequence[CutPassage],
    ) -> _Passages | None:
        """Insert the rows of a document; return its passages if they get rows of their own."""
        document = chunked.document
        if document.id in self._added or not chunked.passages:
            raise ValueError(f"{document.id}: a document comes once, and has a passage")
        self._removed.pop(document.id, None)
        old = self.parent.version_row(document.id) if self.parent else None
        if old and old["digest"] == row["digest"]:
            return None
        first_row = self._rows
        if old:
            self._removed[document.id] = _Version.of(old, old["version"])
            first_row = old["first_row"] if old["cut"] == row["cut"] else first_row
        self._version += 1
        row |= {"id": self._version, "generation": self._files.number, "first_row": first_row}
        self._added[document.id] = _Version.of(row, self._version)
        connection.execute(
            "INSERT INTO texts VALUES (?, ?) ON CONFLICT (sha256) DO UPDATE"
            " SET content = excluded.content WHERE content <> excluded.content",  # it was damaged
            (row["text"], document.text.encode()),
        )
        insert(connection, "versions", [row])
        if first_row < self._rows:  # the version in its place has the same passages
            return None
        connection.executemany(
            "INSERT INTO passages (generation, row, start, stop, section, sentences, embedded) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (self._files.number, number, *passage)
                for number, passage in enumerate(passages, first_row)
            ],
        )
        self._rows += len(passages)
        return chunked, first_row, [passage.embedded for passage in passages]

    def _append(
        self, new: Sequence[_Passages], vectors: Mapping[bytes, NDArray[np.float16]]
    ) -> None:
        """Append the rows of new passages to the files."""
        first_row = new[0][1]
        terms, term_counts = count_terms((chunked, first) for chunked, first, _ in new)
        self._terms.append(terms)
        embedded = [digest for _, _, digests in new for digest in digests]
        stored = self.stored_vectors([digest for digest in embedded if digest not in vectors])
        passages = [(chunked, p) for chunked, _, _ in new for p in chunked.passages]
        features = [features_of(chunked.document, passage) for chunked, passage in passages]
        sentences = [
            np.array([text_digest(span.of(chunked.document.text)) for span in p.sentences], "<u8")
            for chunked, p in passages
        ]
        counts = np.array([len(chunked.passages) for chunked, _, _ in new])
        firsts = np.array([first for _, first, _ in new])
        rows = np.zeros(len(passages), ROW)
        rows["first"] = np.repeat(firsts, counts)
        rows["stop"] = np.repeat(firsts + counts, counts)
        rows["length"] = term_counts
        of_documents = np.add.reduceat(term_counts, firsts - first_row)
        rows["document_length"] = np.repeat(of_documents, counts)
        rows["sentence_count"] = [len(passage.sentences) for _, passage in passages]
        rows["features"] = list(map(len, features))
        lengths = rows["sentence_count"].astype(np.int64) + rows["features"]
        rows["sentences"] = self._sentences + np.cumsum(lengths) - lengths
        made = [vectors[d] if d in vectors else stored[d] for d in embedded]
        files = self._files
        files.vectors.path.parent.mkdir(exist_ok=True)
        files.vectors.write(first_row, np.array(made, "<f2").reshape(-1, self._made_by.dimension))
        files.rows.write(first_row, rows)
        parts = chain.from_iterable(zip(sentences, features, strict=True))
        files.sentences.write(self._sentences, np.concatenate(list(parts)))
        self._sentences += int(lengths.sum())

    def _row(self, connection: sqlite3.Connection, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row of the snapshot in its table, but for its number."""
        parent = self.parent
        (calibration,) = connection.execute(
            "SELECT calibration FROM state LEFT JOIN snapshots ON number = live"
        ).fetchone()
        digest, corpus, before = bytes(32), bytes(32), (0, 0, 0, 0)
        if parent:
            digest, corpus = parent.row.digest, bytes.fromhex(parent.info.corpus)
            info = parent.info
            before = info.documents, info.passages, info.sentences, parent.row.terms
        added, removed = list(self._added.values()), list(self._removed.values())
        counts = (before + self._count(added) - self._count(removed)).tolist()
        digest = sum_of_digests([digest, *(v.digest for v in added)], [v.digest for v in removed])
        corpus = sum_of_digests([corpus, *(v.corpus for v in added)], [v.corpus for v in removed])
        written = orjson.dumps(settings)
        return {
            "id": snapshot_id(self._made_by, written, counts[0], digest, calibration),
            "parent": parent.row.number if parent else None,
            "generation": self._files.number,
            "chunking": self._made_by.chunking,
            "settings": written.decode(),
            **dict(zip(("documents", "passages", "sentences", "terms"), counts, strict=True)),
            "rows": self._rows,
            "row_sentences": self._sentences,
            "digest": digest,
            "corpus": corpus,
            "calibration": calibration,
        }

    def _count(self, versions: Sequence[_Version]) -> NDArray[np.int64]:
        """Return how many documents, passages, sentences and terms there are in versions."""
        lengths = self._files.rows.map(self._rows)["document_length"]
        counts = [(1, v.passages, v.sentences, lengths[v.first_row]) for v in versions]
        total: NDArray[np.int64] = np.array(counts, np.int64).reshape(-1, 4).sum(axis=0)
        return total

    def _write_arrays(self) -> dict[str, str]:
        """Write what is derived from the rows; return the SHA-256 of the files by kind."""
        parent = self.parent
        alive = np.zeros(self._rows, np.bool_)
        if parent:
            alive[: parent.row.rows] = parent.mapped.living
        for versions, are_alive in ((self._removed, False), (self._added, True)):
            for v in versions.values():
                alive[v.first_row : v.first_row + v.passages] = are_alive
        shared = {version.first_row for version in self._added.values()}
        removed = [name for name, old in self._removed.items() if old.first_row not in shared]
        terms: dict[str, Terms] = {}
        if not parent:
            terms = base_of(self._terms, alive)
        elif removed or self._terms:
            gone = removal(filter(None, map(parent.chunked, removed)))
            base, parts = parent.words.postings.base, [parent.words.postings.delta, gone]
            parts += self._terms
            if _is_large(parts, base):
                terms = base_of([base, *parts], alive)
            else:
                terms = {DELTA: delta_of(base, parts, alive)}
        before = parent.array_names() if parent else {}
        vectors = self._files.vectors.map(self._rows)
        return write_arrays(self._database.folder, terms, alive, vectors, before)

    def _publish(
        self,
        connection: sqlite3.Connection,
        row: Mapping[str, Any],
        arrays: Mapping[str, str],
        blocks: Sequence[Block],
    ) -> int:
        connection.executemany("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)", blocks)
        connection.execute(
            "UPDATE generations SET rows = ?, sentences = ? WHERE number = ?",
            (self._rows, self._sentences, self._files.number),
        )
        connection.execute("UPDATE state SET version = ?", [self._version])
        number = history.insert_snapshot(connection, row, arrays)
        removed = [version.number for version in self._removed.values()]
        added = [(version.number, version.digest) for version in self._added.values()]
        history.change_members(connection, number, row["parent"], removed, added)
        return number


def _is_large(parts: Sequence[Terms], base: Terms) -> bool:
    """Tell whether so much changed that the terms of all passages are written anew."""
    entries = sum(len(part.rows) + int(-part.held[part.held < 0].sum()) for part in parts)
    return entries > max(_FEWEST_ENTRIES, len(base.rows) // _SHARE)
