"""What an old snapshot knows of the files: what did not change is not read again."""

from collections import defaultdict
from dataclasses import replace
from operator import attrgetter
from pathlib import PurePosixPath

from index.chunking.chunker import VERSION as CHUNKING
from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.records import Document
from index.sources.listing import SourceFile, document_id
from index.store.entries import Entry, entries_of
from index.store.snapshot import Snapshot


class Known:
    """The documents of an old snapshot, by where they come from and by the bytes of their files.

    `snapshot` is where they are from, and `entries` are all of them by source and id.
    `is_cut_as_now` tells whether their passages, too, are those that would be cut today, and
    `has_vectors` whether these have the vectors that the encoder would make.
    """

    def __init__(self, old: Snapshot | None, model: Model, backend: str) -> None:
        self.snapshot = old
        stored = entries_of(old.chunked) if old else ()
        self.entries = sorted(stored, key=attrgetter("source", "id"))
        self._by_id = {entry.id: entry for entry in self.entries}
        self._by_source: dict[str, list[Entry]] = defaultdict(list)
        self._by_bytes: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            self._by_source[entry.source].append(entry)
        for source, entries in self._by_source.items():
            if len(entries) == 1 and entries[0].id == document_id(source):
                key = entries[0].document_sha256, PurePosixPath(source).suffix.lower()
                self._by_bytes.setdefault(key, entries[0])
        made_by = old.manifest.made_by if old else None
        now = CHUNKING, model.fingerprint, backend
        self.is_cut_as_now = made_by is not None and made_by[:2] == now[:2]
        self.has_vectors = made_by == now

    def of(self, file: SourceFile, sha256: str) -> list[Entry]:
        """Return the documents of a file with these bytes; none if they are not known."""
        found = self._by_source.get(file.source, [])
        return found if all(each.document_sha256 == sha256 for each in found) else []

    def renamed(self, file: SourceFile, sha256: str) -> Document | None:
        """Return the document of a file that had another name, by its bytes.

        Not of one that holds several documents, whose ids are made of its name.
        """
        known = self._by_bytes.get((sha256, file.suffix))
        if known is None or file.upload_id:
            return None
        return replace(known.load().document, id=file.document_id, source=file.source)

    def below(self, name: str) -> list[Entry]:
        """Return the documents of a file, or of all files in a folder."""
        return [
            entry
            for source, entries in self._by_source.items()
            if source == name or source.startswith(f"{name}/")
            for entry in entries
        ]

    def is_as_it_was(self, entry: Entry) -> bool:
        """Tell whether a document's passages have their vectors in the old snapshot."""
        return self.has_vectors and entry.stored

    def chunk(self, document: Document, chunker: Chunker) -> Entry:
        """Cut a document into passages, unless that was done before."""
        known = self._by_id.get(document.id)
        if known is None or not self.is_cut_as_now:
            return Entry.of(chunker.chunk(document))
        chunked = known.load()
        if not _looks_like(chunked.document, document):
            return Entry.of(chunker.chunk(document))
        if replace(chunked.document, modified=document.modified) == document:
            return known.with_time(document.modified)
        return Entry.of(replace(chunked, document=document))


def _looks_like(before: Document, document: Document) -> bool:
    """Tell whether a document has all that its passages and headings are made of."""
    return (before.text, before.title, before.media_type, before.layout) == (
        document.text,
        document.title,
        document.media_type,
        document.layout,
    )
