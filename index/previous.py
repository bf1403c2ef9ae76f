"""The documents of the last snapshot, of which the next one takes over what did not change."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import PurePosixPath

from index.chunking.chunker import VERSION as CHUNKING
from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.records import ChunkedDocument, Document
from index.sources.listing import SourceFile, document_id
from index.store.protocols import Snapshot
from index.store.records import StoredDocument


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as it goes into the next snapshot; `load` returns all of it, with its passages.

    It is `stored` if the next snapshot can take it over from the last one as it is.
    """

    id: str
    source: str
    document_sha256: str
    text_sha256: str
    modified: str
    load: Callable[[], ChunkedDocument] = field(repr=False, compare=False)
    stored: bool = False

    @classmethod
    def of(cls, chunked: ChunkedDocument) -> "Entry":
        """Return the entry of a document that was made just now."""
        document = chunked.document
        digests = document.document_sha256, document.text_sha256
        return cls(document.id, document.source, *digests, document.modified, lambda: chunked)

    def with_time(self, modified: str) -> "Entry":
        """Return the same document with another time of change."""
        if modified == self.modified:
            return self

        def load() -> ChunkedDocument:
            chunked = self.load()
            return replace(chunked, document=replace(chunked.document, modified=modified))

        return replace(self, modified=modified, load=load, stored=False)


class PreviousDocuments:
    """The documents of the last snapshot: files that did not change are not read again.

    `documents` are by source and id. `is_cut_as_now` tells whether their passages are those that
    would be cut today.
    """

    def __init__(
        self, snapshot: Snapshot | None, documents: Sequence[StoredDocument], model: Model
    ) -> None:
        made_by = snapshot.info.made_by if snapshot else None
        made_now = CHUNKING, model.fingerprint
        self.is_cut_as_now = bool(
            made_by and (made_by.chunking, made_by.model_fingerprint) == made_now
        )
        self.documents = [self._entry(document, snapshot) for document in documents]
        self._by_id = {entry.id: entry for entry in self.documents}
        self._by_source: dict[str, list[Entry]] = defaultdict(list)
        self._by_bytes: dict[tuple[str, str], Entry] = {}
        for entry in self.documents:
            self._by_source[entry.source].append(entry)
        for source, entries in self._by_source.items():
            if len(entries) == 1 and entries[0].id == document_id(source):
                key = entries[0].document_sha256, PurePosixPath(source).suffix.lower()
                self._by_bytes.setdefault(key, entries[0])

    @classmethod
    def of_sources(
        cls, snapshot: Snapshot, sources: Iterable[str], model: Model
    ) -> "PreviousDocuments":
        """Return the documents of a few sources."""
        documents = [
            StoredDocument(d.id, d.source, d.document_sha256, d.text_sha256, d.modified)
            for source in sources
            for d in _documents_of(snapshot, source)
        ]
        return cls(snapshot, documents, model)

    def of(self, file: SourceFile, sha256: str) -> list[Entry]:
        """Return the documents of a file with these bytes; none if they are not known."""
        entries = self._by_source.get(file.source, [])
        return entries if all(entry.document_sha256 == sha256 for entry in entries) else []

    def renamed(self, file: SourceFile, sha256: str) -> Document | None:
        """Return the document of a file that had another name, by its bytes.

        Not of one that holds several documents, whose ids are made of its name.
        """
        entry = self._by_bytes.get((sha256, file.suffix))
        if entry is None or file.upload_id:
            return None
        return replace(entry.load().document, id=file.document_id, source=file.source)

    def below(self, name: str) -> list[Entry]:
        """Return the documents of a file, or of all files in a folder."""
        return [
            entry
            for source, entries in self._by_source.items()
            if source == name or source.startswith(f"{name}/")
            for entry in entries
        ]

    def chunk(self, document: Document, chunker: Chunker) -> Entry:
        """Cut a document into passages, unless that was done before."""
        entry = self._by_id.get(document.id)
        if entry is None or not self.is_cut_as_now:
            return Entry.of(chunker.chunk(document))
        chunked = entry.load()
        if not _has_same_passages(chunked.document, document):
            return Entry.of(chunker.chunk(document))
        if replace(chunked.document, modified=document.modified) == document:
            return entry.with_time(document.modified)
        return Entry.of(replace(chunked, document=document))

    def _entry(self, document: StoredDocument, snapshot: Snapshot | None) -> Entry:
        def load() -> ChunkedDocument:  # without `self`: a circle would keep the snapshot open
            chunked = snapshot.chunked(document.id) if snapshot else None
            if chunked is None:
                raise KeyError(document.id)
            return chunked

        digests = document.document_sha256, document.text_sha256
        return Entry(
            document.id, document.source, *digests, document.modified, load, self.is_cut_as_now
        )


def _documents_of(snapshot: Snapshot, source: str) -> Iterator[Document]:
    documents = (chunked.document for chunked in snapshot.documents((source, "")))
    return takewhile(lambda document: document.source == source, documents)


def _has_same_passages(before: Document, document: Document) -> bool:
    """Tell whether a document has all that its passages and headings are made of."""
    return (before.text, before.title, before.media_type, before.layout) == (
        document.text,
        document.title,
        document.media_type,
        document.layout,
    )
