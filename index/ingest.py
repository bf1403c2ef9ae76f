"""From files to documents, passages and vectors, without repeating what the last snapshot has."""

import hashlib
import threading
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from index.chunking.chunker import Chunker
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError
from index.parsers import (
    OutOfReachError,
    UnreadableFileError,
    read_errors_explained,
    read_file,
)
from index.parsers.files import MAX_FILE_BYTES
from index.progress import Progress, no_progress
from index.records import ChunkedDocument, Document
from index.sources.listing import SkippedFile, SourceFile
from index.store.entries import Entry
from index.store.known import Known
from index.store.uploads import Upload, is_upload, upload_id_of
from index.store.vectors import VectorCache


@dataclass(frozen=True, slots=True)
class Ingested:
    """The documents to publish, and what became of the files, as `read_files` returns it."""

    documents: list[Entry] = field(default_factory=list[Entry])
    locations: dict[str, Path] = field(default_factory=dict[str, Path])
    skipped: list[SkippedFile] = field(default_factory=list[SkippedFile])
    kept: list[SkippedFile] = field(default_factory=list[SkippedFile])


def read_files(
    files: Sequence[tuple[SourceFile, Upload | None]],
    skipped: Iterable[SkippedFile],
    read: Callable[[SourceFile, Upload | None], None],
    keep: Callable[[str, Container[str]], Collection[str]],
    progress: Progress = no_progress,
) -> tuple[dict[str, Path], list[SkippedFile], list[SkippedFile]]:
    """Have each file read; return where each source lies, what is skipped, and what is kept.

    Where a file or folder cannot be read for the moment, the documents that the last snapshot has
    of it stay. `keep` takes its name and the sources that were read; it returns the other sources
    of the last snapshot below that name.
    """
    locations: dict[str, Path] = {}
    unread = list(skipped)
    for done, (file, upload) in enumerate(files, 1):
        location = Path(file.source) if upload else file.path  # an upload lies in no folder
        try:
            read(file, upload)
            locations[file.source] = location
        except UnreadableFileError as error:
            out_of_reach = location if isinstance(error, OutOfReachError) else None
            unread.append(SkippedFile(file.source, str(error), out_of_reach))
        progress("Reading", done, len(files))
    still_skipped: list[SkippedFile] = []
    kept: list[SkippedFile] = []
    for item in sorted(unread, key=lambda item: item.path):
        if item.out_of_reach and (sources := keep(item.path, locations)):
            locations.update(dict.fromkeys(sources, item.out_of_reach))
            kept.append(item)
        else:
            still_skipped.append(item)
    return locations, still_skipped, kept


class Ingestion:
    """Turns files into documents with passages, and has these embedded.

    Without `reread`, files that `known`, the last snapshot, has are not read again.
    """

    def __init__(
        self, known: Known, model: Model, embedder: "Embedder", *, reread: bool = False
    ) -> None:
        self._chunker = Chunker(model.tokenizer(), model.budget())
        self._known = known
        self._embedder = embedder
        self._reread = reread

    def ingest(
        self,
        files: Sequence[tuple[SourceFile, Upload | None]],
        skipped: Sequence[SkippedFile] = (),
        progress: Progress = no_progress,
    ) -> Ingested:
        """Take the documents of `files`; `skipped` are those that were passed over before."""
        documents: list[Entry] = []

        def read(file: SourceFile, upload: Upload | None) -> None:
            entries = self._read(file, upload)
            self._embed(entries)
            documents.extend(entries)

        def keep(name: str, read: Container[str]) -> set[str]:
            kept = self.reuse(e for e in self._known.below(name) if e.source not in read)
            documents.extend(kept)
            return {entry.source for entry in kept}

        ingested = Ingested(documents, *read_files(files, skipped, read, keep, progress))
        _refuse_same_ids(documents)
        return ingested

    def ingest_documents(self, documents: Iterable[Document]) -> list[Entry]:
        """Take documents that are in no file, those without a passage left out."""
        entries: list[Entry] = []
        for entry in self._chunk(documents):
            self._embed([entry])
            entries.append(entry)
        return entries

    def reuse(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take documents of the last snapshot, cut anew if the chunker or the model changed."""
        reused = list(entries)
        if not self._known.is_cut_as_now:
            reused = list(self._chunk(entry.load().document for entry in reused))
        self._embed(reused)
        return reused

    def _read(self, file: SourceFile, upload: Upload | None) -> list[Entry]:
        if upload:
            _refuse_damage(upload, file.path)
        with read_errors_explained():
            modified = upload.modified if upload else _modified(file.path)
            digest = "" if self._reread else digest_of(file.path)
        previous = [] if self._reread else self._known.of(file, digest)
        changed = upload and any(entry.modified != upload.modified for entry in previous)
        if previous and self._known.is_cut_as_now and not changed:
            return [entry.with_time(modified) for entry in previous]
        if upload:
            documents = [upload.describe(document) for document in read_file(file)]
        elif previous:
            documents = [entry.load().document for entry in previous]
        elif renamed := self._known.renamed(file, digest):
            documents = [renamed]
        else:
            documents = read_file(file)
        entries = list(self._chunk(replace(each, modified=modified) for each in documents))
        if not entries:
            raise UnreadableFileError("nothing in it but headings or markup")
        return entries

    def _chunk(self, documents: Iterable[Document]) -> Iterator[Entry]:
        """Cut documents into passages, or find them in the last snapshot; skip those without."""
        for document in documents:
            entry = self._known.chunk(document, self._chunker)
            if entry.stored or entry.load().passages:
                yield entry

    def _embed(self, documents: Sequence[Entry]) -> None:
        unseen = [entry.load() for entry in documents if not self._known.is_as_it_was(entry)]
        if unseen:
            self._embedder.add(unseen)


_BLOCK = 1024
"""So many texts are sorted by length together: a batch takes as long as its longest text."""
_STEP = 256


class Embedder:
    """Encodes what a cache lacks, in a thread that ends with the context.

    The next call raises an error of the encoder.
    """

    def __init__(self, cache: VectorCache, encoder: Encoder, progress: Progress) -> None:
        self._cache = cache
        self._encoder = encoder
        self._progress = progress
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._blocks: list[Future[None]] = []
        self._stopped = threading.Event()
        self._seen: set[str] = set()
        self._waiting: list[str] = []
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.shutdown(cancel_futures=True)

    def add(self, documents: Sequence[ChunkedDocument]) -> None:
        """Have the documents' passages embedded."""
        for text in self._cache.missing(documents):
            if text not in self._seen:
                self._seen.add(text)
                self._waiting.append(text)
        if len(self._waiting) >= _BLOCK:
            self._submit()
        for block in [block for block in self._blocks if block.done()]:
            block.result()
            self._blocks.remove(block)

    def finish(self) -> int:
        """Wait until all texts are embedded; return how many there were."""
        self._submit()
        for block in self._blocks:
            block.result()
        return len(self._seen)

    def _submit(self) -> None:
        block = sorted(self._waiting, key=lambda text: (len(text), text))
        self._waiting = []
        self._blocks.append(self._thread.submit(self._encode, block))

    def _encode(self, block: Sequence[str]) -> None:
        for start in range(0, len(block), _STEP):
            if self._stopped.is_set():
                return
            texts = block[start : start + _STEP]
            self._cache.add(texts, self._encoder.encode(texts, "document"))
            self._done += len(texts)
            self._progress("Embedding", self._done, len(self._seen))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UnreadableFileError for one that is too large."""
    with path.open("rb") as file:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_damage(upload: Upload, path: Path) -> None:
    with suppress(OSError, UnreadableFileError):
        if digest_of(path) == upload.content.sha256:
            return
    raise OutOfReachError("its content in the store is damaged; upload it again")


def _refuse_same_ids(documents: Iterable[Entry]) -> None:
    sources: dict[str, str] = {}
    for document in documents:
        other = sources.setdefault(document.id, document.source)
        if other != document.source:
            upload = next(s for s in (document.source, other) if is_upload(s))
            raise SourceError(
                f"{other} and {document.source} would both be the document {document.id}: rename "
                f"the file, or remove the upload with DELETE /v1/documents/{upload_id_of(upload)}."
            )


def _modified(path: Path) -> str:
    return f"{datetime.fromtimestamp(int(path.stat().st_mtime), UTC):%Y-%m-%dT%H:%M:%SZ}"
