"""From files to documents, passages and vectors, without repeating what the last snapshot has."""

import hashlib
import tempfile
from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Sequence,
)
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from index.chunking.chunker import Chunker
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError, StoreDamagedError
from index.parsers import (
    OutOfReachError,
    UnreadableFileError,
    read_errors_explained,
    read_file,
)
from index.parsers.files import MAX_FILE_BYTES, progress_told_to
from index.previous import Entry, PreviousDocuments
from index.progress import Progress, no_progress
from index.records import Document, passage_text
from index.sources.listing import SkippedFile, SourceFile
from index.store.protocols import Draft
from index.store.records import Upload, UploadChange, embedded_digest, is_upload, upload_id_of


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
        pages = partial(progress, f"{file.source}: page")
        try:
            with progress_told_to(pages):
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


_FIRST_BLOCK = 64
_LARGEST_BLOCK = 1024
"""So many texts are sorted by length together: a batch takes as long as its longest text. Blocks
are small at first, for the encoder to start soon, and each is twice as large as the one before."""
_STEP = 272
"""Texts in one call of the encoder. The last document of a block may exceed it by a few."""
_PUT_TOGETHER = 2048
"""The most documents that are written in one transaction, others waiting meanwhile."""


class _Block(NamedTuple):
    """Texts that are encoded step by step, and the documents that can be put after that."""

    steps: list[Future[None]]
    documents: list[Entry]


class Ingestion:
    """Turns files into documents with passages, embeds these, and puts them into a draft.

    Without `reread`, files that `previous` has are not read again. Texts that have no vector are
    encoded in a thread that ends with the context; the next call raises an error of the encoder.
    Documents whose texts are encoded are put into the draft while others are read and encoded.
    """

    def __init__(
        self,
        draft: Draft,
        previous: PreviousDocuments,
        model: Model,
        encoder: Encoder,
        progress: Progress = no_progress,
        *,
        reread: bool = False,
    ) -> None:
        self._draft = draft
        self._previous = previous
        self._chunker = Chunker(model.tokenizer(), model.budget())
        self._encoder = encoder
        self._progress = progress
        self._reread = reread
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._blocks: deque[_Block] = deque()
        self._block_size = _FIRST_BLOCK
        self._sources: dict[str, str] = {}
        self._seen: set[bytes] = set()
        self._waiting: list[str] = []
        self._changed: list[Entry] = []
        self._to_embed = self._to_put = self._put = 0
        self._vectors: dict[bytes, NDArray[np.float16]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def ingest(
        self,
        files: Sequence[tuple[SourceFile, Upload | None]],
        skipped: Sequence[SkippedFile],
        content_of: Callable[[Upload], bytes],
    ) -> Ingested:
        """Take the documents of `files`; `skipped` are those that were passed over before."""
        documents: list[Entry] = []

        def read(file: SourceFile, upload: Upload | None) -> None:
            documents.extend(self._embed(self._read(file, upload, content_of)))

        def keep(name: str, read: Container[str]) -> set[str]:
            kept = self.reuse(e for e in self._previous.below(name) if e.source not in read)
            documents.extend(kept)
            return {entry.source for entry in kept}

        return Ingested(documents, *read_files(files, skipped, read, keep, self._progress))

    def ingest_documents(self, documents: Iterable[Document]) -> list[Entry]:
        """Take documents that are in no file, those without a passage left out."""
        return [entry for each in self._chunk(documents) for entry in self._embed([each])]

    def ingest_upload(self, change: UploadChange) -> list[Entry]:
        """Take the documents of an upload."""
        if change.upload is None:
            return []
        documents = change.documents or documents_of_upload(change.upload, change.content)
        return self._embed(list(self._chunk(documents)))

    def reuse(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take documents of the last snapshot, cut anew if the chunker or the model changed."""
        reused = list(entries)
        if not self._previous.is_cut_as_now:
            reused = list(self._chunk(entry.load().document for entry in reused))
        return self._embed(reused)

    def finish(self, documents: Sequence[Entry]) -> int:
        """Leave others than the documents out; return how many texts were embedded."""
        self._submit()
        while self._blocks:
            self._put_first_block()
        staying = {entry.id for entry in documents}
        self._draft.remove(e.id for e in self._previous.documents if e.id not in staying)
        return self._to_embed

    def _is_in_draft(self, entry: Entry) -> bool:
        return entry.stored and self._draft.parent is not None

    def _read(
        self, file: SourceFile, upload: Upload | None, content_of: Callable[[Upload], bytes]
    ) -> list[Entry]:
        with read_errors_explained():
            modified = upload.modified if upload else _modified(file.path)
            digest = upload.sha256 if upload else "" if self._reread else digest_of(file.path)
        previous = [] if self._reread else self._previous.of(file, digest)
        changed = upload and any(entry.modified != upload.modified for entry in previous)
        if previous and self._previous.is_cut_as_now and not changed:
            return [entry.with_time(modified) for entry in previous]
        if upload:
            documents = documents_of_upload(upload, _intact(upload, content_of))
        elif previous:
            documents = [entry.load().document for entry in previous]
        elif renamed := self._previous.renamed(file, digest):
            documents = [renamed]
        else:
            documents = read_file(file)
        entries = list(self._chunk(replace(each, modified=modified) for each in documents))
        if not entries:
            raise NothingToQuoteError
        return entries

    def _chunk(self, documents: Iterable[Document]) -> Iterator[Entry]:
        """Cut documents into passages, or find them in the last snapshot; skip those without."""
        for document in documents:
            entry = self._previous.chunk(document, self._chunker)
            if entry.stored or entry.load().passages:
                yield entry

    def _embed(self, entries: list[Entry]) -> list[Entry]:
        """Have the passages embedded that have no vector yet; return the entries."""
        refuse_same_ids(entries, self._sources)
        for entry in entries:
            if self._is_in_draft(entry):
                continue
            chunked = entry.load()
            texts = [passage_text(chunked.document, passage) for passage in chunked.passages]
            unseen = {embedded_digest(text): text for text in texts}
            for digest in self._seen & unseen.keys():
                del unseen[digest]
            self._seen.update(unseen)
            stored = self._draft.stored_vectors(list(unseen))
            self._waiting += (text for digest, text in unseen.items() if digest not in stored)
            self._changed.append(entry)
            if len(self._waiting) >= self._block_size or len(self._changed) >= _PUT_TOGETHER:
                self._submit()
        while self._blocks and all(step.done() for step in self._blocks[0].steps):
            self._put_first_block()
        return entries

    def _submit(self) -> None:
        """Have the texts that wait encoded, and their documents put after that."""
        block = sorted(self._waiting, key=lambda text: (len(text), text))
        self._to_embed += len(block)
        self._to_put += len(self._changed)
        steps = (block[start : start + _STEP] for start in range(0, len(block), _STEP))
        futures = [self._thread.submit(self._encode, texts) for texts in steps]
        self._blocks.append(_Block(futures, self._changed))
        self._waiting, self._changed = [], []
        self._block_size = min(2 * self._block_size, _LARGEST_BLOCK)

    def _put_first_block(self) -> None:
        steps, entries = self._blocks.popleft()
        for step in steps:
            step.result()
        if entries:
            self._draft.put((entry.load() for entry in entries), self._vectors)
            self._put += len(entries)
            self._progress("Writing", self._put, self._to_put)

    def _encode(self, texts: Sequence[str]) -> None:
        vectors = self._encoder.encode(texts, "document").astype(np.float16)
        self._vectors.update(zip(map(embedded_digest, texts), vectors, strict=True))
        self._progress("Embedding", len(self._vectors), self._to_embed)


class NothingToQuoteError(UnreadableFileError):
    """A file has no passage."""

    def __init__(self) -> None:
        super().__init__("nothing in it but headings or markup")


def refuse_without_passage(documents: Iterable[Document], model: Model) -> None:
    """Raise NothingToQuoteError unless one of the documents has a passage."""
    chunker = Chunker(model.tokenizer(), model.budget())
    if not any(chunker.chunk(document).passages for document in documents):
        raise NothingToQuoteError


def documents_of_upload(upload: Upload, content: bytes) -> list[Document]:
    """Return the documents of an upload. Raises as `read_file` does."""
    with upload_as_file(upload, content) as file:
        return [upload.describe(document) for document in read_file(file)]


@contextmanager
def upload_as_file(upload: Upload, content: bytes) -> Iterator[SourceFile]:
    """Yield an upload as a file for its parser, which is there as long as the context."""
    with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
        path = Path(folder) / f"upload{upload.kind}"
        path.write_bytes(content)
        yield SourceFile(path, upload.source, upload.kind, upload.id)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UnreadableFileError for one that is too large."""
    with path.open("rb") as file:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
        return hashlib.file_digest(file, "sha256").hexdigest()


def _intact(upload: Upload, content_of: Callable[[Upload], bytes]) -> bytes:
    try:
        return content_of(upload)
    except StoreDamagedError:
        raise OutOfReachError("its content in the store is damaged; upload it again") from None


def refuse_same_ids(documents: Iterable[Entry], sources: dict[str, str]) -> None:
    """Raise SourceError if two documents, or one and one before them, have the same id.

    `sources` has the sources of those before by their ids, and gets those of the documents.
    """
    for document in documents:
        other = sources.setdefault(document.id, document.source)
        if other != document.source:
            uploads = [s for s in (document.source, other) if is_upload(s)]
            remedy = "rename one of them."
            if uploads:
                path = f"/v1/documents/{upload_id_of(uploads[0])}"
                remedy = f"rename the file, or remove the upload with DELETE {path}."
            raise SourceError(
                f"{other} and {document.source} would both be the document {document.id}: {remedy}"
            )


def _modified(path: Path) -> str:
    return f"{datetime.fromtimestamp(int(path.stat().st_mtime), UTC):%Y-%m-%dT%H:%M:%SZ}"
