"""Forgetting what was removed for real: old snapshots, their text and their vectors."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from index.errors import StoreError
from index.progress import Progress, no_progress
from index.records import Document
from index.store.byte_search import ByteSearch
from index.store.objects import write_errors_explained
from index.store.places import text_digest
from index.store.snapshot import Snapshot, open_snapshot, read_snapshot
from index.store.store import Store
from index.store.store_folder import FEEDBACK, SNAPSHOTS

MIN_SENTENCE = 12
"""Characters: "See also:" stands in many texts, and finding it would prove nothing."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What was forgotten, and the proof that it is.

    `documents` are the sources of which some text was only in old snapshots. `bytes` of `files`,
    all that the store keeps, were searched for each of the `sentences` and `vectors` that are no
    longer live. `feedback` counts what people said of answers that quoted one, which was forgotten
    with it. `found` has the other files that hold one, with its beginning: where there are any,
    nothing was forgotten yet, so that the search can be repeated.
    """

    snapshots: int
    freed: int
    documents: tuple[str, ...]
    sentences: int
    vectors: int
    feedback: int
    files: int
    bytes: int
    found: tuple[tuple[str, str], ...]


def purge(store: Store, progress: Progress = no_progress) -> Purge:
    """Keep nothing but the live snapshot and the uploads; what is kept is searched before.

    Raises StoreMissingError, StoreBusyError, StoreDamagedError.
    """
    store.pointer()  # before a folder is made for the lock
    with store.writing(), write_errors_explained(store.folder):
        live = open_snapshot(store)
        others = [each for each in store.snapshots() if each != live.id]
        traces = _Traces.of(live, _readable(store, others, live))
        before = store.total_bytes()
        kept = _files_to_keep(store, live)
        hits: dict[Path, list[bytes]] = {}
        for done, path in enumerate(kept, 1):
            hits[path] = traces.search.found_in(path.read_bytes())
            progress("Searching", done, len(kept))
        living = _living({each for found in hits.values() for each in found}, live)
        found: list[tuple[str, str]] = []
        quoting: set[Path] = set()
        for path in kept:
            name = path.relative_to(store.folder).as_posix()
            traced = [(name, traces.named[each]) for each in hits[path] if each not in living]
            if traced and path.parent.name == FEEDBACK:
                quoting.add(path)
            else:
                found += traced
        searched = sum(path.stat().st_size for path in kept)
        if not found:
            Store(store.folder, keep=1).forget_checks()
            store.jobs.forget_finished(0)
            _remove_all_but(kept, store)
            for path in quoting:
                path.unlink(missing_ok=True)
    return Purge(
        snapshots=len(others),
        freed=before - store.total_bytes(),
        documents=traces.documents,
        sentences=traces.sentences,
        vectors=traces.vectors,
        feedback=len(quoting),
        files=len(kept),
        bytes=searched,
        found=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _Traces:
    """What must not be found: sentences as text and as JSON, vectors as stored.

    `named` tells of each what it is called. A sentence that is part of what is live now is no
    trace, whatever else it was part of.
    """

    documents: tuple[str, ...]
    sentences: int
    vectors: int
    named: dict[bytes, str]
    search: ByteSearch

    @classmethod
    def of(cls, live: Snapshot, old: Sequence[Snapshot]) -> "_Traces":
        live_passages = set(map(text_digest, map(live.passage_text, range(len(live.passages)))))
        live_sentences: set[int] = set(live.columns.sentence_digests.tolist())
        live_vectors = {row.tobytes() for row in live.passage_vectors}
        documents: dict[str, None] = {}
        sentences: dict[str, None] = {}
        vectors = set[bytes]()
        shards = {shard: opened for snapshot in old for shard, opened in snapshot.shards.items()}
        for opened in (shards[each] for each in shards.keys() - live.shards.keys()):
            rows = iter(opened.passage_vectors)
            for chunked in opened.documents():
                text = chunked.document.text
                for passage, vector in zip(chunked.passages, rows, strict=False):
                    if text_digest(passage.span.of(text)) in live_passages:
                        continue
                    said = {span.of(text) for span in passage.sentences}
                    gone = {each for each in said if text_digest(each) not in live_sentences}
                    sentences.update((each, None) for each in gone if len(each) >= MIN_SENTENCE)
                    if gone:
                        documents[chunked.document.source] = None
                    vectors |= {vector.tobytes()} - live_vectors
        named = {form: sentence[:60] for sentence in sentences for form in _forms(sentence)}
        named |= dict.fromkeys(vectors, "a vector")
        found = tuple(sorted(documents)), len(sentences), len(vectors)
        return cls(*found, named, ByteSearch(named))


def _forms(sentence: str) -> set[bytes]:
    return {sentence.encode(), orjson.dumps(sentence)[1:-1]}


def _living(found: set[bytes], live: Snapshot) -> set[bytes]:
    """Return which of these are part of what is live: of texts, titles and metadata."""
    living = set[bytes]()
    search = ByteSearch(found)
    for chunked in live.chunked.values() if found else ():
        words = "\n".join(_words_of(chunked.document)).encode()
        living.update(search.found_in(words))
    return living


def _words_of(document: Document) -> Iterator[str]:
    """Yield text, title and metadata, as text and as JSON."""
    values = [v for v in document.metadata.values() if isinstance(v, str | tuple)]
    words = [v if isinstance(v, str) else "\n".join(v) for v in values]
    for text in (document.text, document.title, *words):
        yield text
        yield orjson.dumps(text).decode()


def _files_to_keep(store: Store, live: Snapshot) -> list[Path]:
    """Return the files that are there after a purge, but for what is found out while answering."""
    contents = [*live.manifest.files, *(upload.content for upload in store.uploads.all())]
    objects = {store.objects.path(file) for file in contents}
    own = (path for path in store.folder.rglob("*") if path.is_file())
    old = {store.folder / SNAPSHOTS / f"{each}.json" for each in store.snapshots()}
    old -= {store.folder / SNAPSHOTS / f"{live.id}.json"}
    return sorted(
        path
        for path in own
        if path not in old
        and (path.parent != store.objects.folder or path in objects)
        and not path.name.startswith("writing-")
        and path.parent.name != "finished"
    )


def _remove_all_but(kept: Sequence[Path], store: Store) -> None:
    """Remove what crashes left behind."""
    for path in set(store.folder.rglob("writing-*")) - set(kept):
        path.unlink(missing_ok=True)


def _readable(store: Store, snapshots: Sequence[str], live: Snapshot) -> list[Snapshot]:
    """Open old snapshots; one that is damaged tells nothing and is let go of all the same."""
    found: list[Snapshot] = []
    for snapshot in snapshots:
        with suppress(StoreError):
            found.append(read_snapshot(store.manifest(snapshot), store, known=live))
    return found
