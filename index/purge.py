"""Forgetting what was removed for real: old snapshots, their text and their vectors."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from index.errors import StoreError
from index.objects import write_errors_explained
from index.progress import Progress, no_progress
from index.records import ChunkedDocument
from index.snapshot import Snapshot, open_snapshot, read_snapshot
from index.store import Store

MIN_SENTENCE = 12
"""Characters: "See also:" stands in many texts, and finding it would prove nothing."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What was forgotten, and the proof that it is.

    `documents` are the sources whose text, or some of it, was only in old snapshots. After that
    was let go of, `bytes` of `files` were searched for each of the `sentences` and `vectors` of
    them that are no longer live; `found` names the files in which one was found, with a part of
    it: none, if all is well.
    """

    snapshots: int
    freed: int
    documents: tuple[str, ...]
    sentences: int
    vectors: int
    files: int
    bytes: int
    found: tuple[tuple[str, str], ...]


def purge(store: Store, progress: Progress = no_progress) -> Purge:
    """Keep nothing but the live snapshot and the uploads, and search the store for the rest.

    Raises StoreMissingError, StoreBusyError, StoreDamagedError.
    """
    store.pointer()  # before a folder is made for the lock
    with store.writing():
        live = open_snapshot(store, to_upgrade=True)
        others = [each for each in store.snapshots() if each != live.id]
        traces = _Traces.of(live, _readable(store, others, live))
        before = store.total_bytes()
        with write_errors_explained(store.folder):
            Store(store.folder, keep=1).forget_checks()
            store.jobs.forget_finished(0)
        files = sorted(path for path in store.folder.rglob("*") if path.is_file())
        found: list[tuple[str, str]] = []
        for done, path in enumerate(files, 1):
            with suppress(FileNotFoundError):
                found += traces.found_in(path, store.folder)
            progress("Searching", done, len(files))
    return Purge(
        snapshots=len(others),
        freed=before - store.total_bytes(),
        documents=traces.documents,
        sentences=len(traces.sentences),
        vectors=len(traces.vectors),
        files=len(files),
        bytes=store.total_bytes(),
        found=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _Traces:
    """What must not be found: sentences as text and as JSON, vectors as stored."""

    documents: tuple[str, ...]
    sentences: tuple[str, ...]
    vectors: tuple[bytes, ...]

    @classmethod
    def of(cls, live: Snapshot, old: Sequence[Snapshot]) -> "_Traces":
        living = "\n".join(each.document.text for each in live.chunked.values())
        documents: dict[str, None] = {}
        sentences: dict[str, None] = {}
        vectors: dict[bytes, None] = {}
        for snapshot in old:
            for row, passage in enumerate(snapshot.passages):
                chunked = snapshot.chunked[passage.document_id]
                text = passage.span.of(chunked.document.text)
                if text in living:
                    continue
                documents[chunked.document.source] = None
                vector = snapshot.passage_index.reconstruct(row)
                vectors[np.ascontiguousarray(vector).tobytes()] = None
                gone = (s for s in _sentences(chunked, row, snapshot) if s not in living)
                sentences.update(dict.fromkeys(gone))
        live_vectors = {
            np.ascontiguousarray(live.passage_index.reconstruct(row)).tobytes()
            for row in range(len(live.passages))
        }
        return cls(
            tuple(sorted(documents)),
            tuple(sentences),
            tuple(each for each in vectors if each not in live_vectors),
        )

    def found_in(self, path: Path, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield the file's name and the beginning of each trace that is in it."""
        content = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        for sentence in self.sentences:
            if any(form in content for form in _forms(sentence)):
                yield name, sentence[:60]
        for vector in self.vectors:
            if vector in content:
                yield name, "a vector"


def _forms(sentence: str) -> Iterable[bytes]:
    return {sentence.encode(), orjson.dumps(sentence)[1:-1]}


def _sentences(chunked: ChunkedDocument, row: int, snapshot: Snapshot) -> Iterator[str]:
    for span in snapshot.passages[row].sentences:
        sentence = span.of(chunked.document.text)
        if len(sentence) >= MIN_SENTENCE:
            yield sentence


def _readable(store: Store, snapshots: Sequence[str], live: Snapshot) -> list[Snapshot]:
    """Open old snapshots; one that is damaged tells nothing and is let go of all the same."""
    found: list[Snapshot] = []
    for snapshot in snapshots:
        with suppress(StoreError):
            found.append(read_snapshot(store.manifest(snapshot), store, known=live))
    return found
