"""A document as it goes into the next snapshot: one that is stored already need not be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from index.records import ChunkedDocument, Document
from index.store.stored_documents import StoredDocuments


@dataclass(frozen=True, slots=True)
class Entry:
    """What tells documents apart; `load` returns all of one, with its passages.

    It is `stored` if the old snapshot has its text and passages, and `unchanged` if that has all
    else that is said of it, too.
    """

    id: str
    source: str
    document_sha256: str
    text_sha256: str
    modified: str
    load: Callable[[], ChunkedDocument] = field(repr=False, compare=False)
    stored: bool = False
    unchanged: bool = False

    @classmethod
    def of(cls, made: ChunkedDocument) -> "Entry":
        """Return the entry of a document that was made just now."""
        return _entry(made.document, lambda: made)

    def with_time(self, modified: str) -> "Entry":
        """Return the same document with another time of change."""
        if modified == self.modified:
            return self
        load = partial(_with_time, self.load, modified)
        return replace(self, modified=modified, load=load, unchanged=False)


def entries_of(documents: StoredDocuments) -> Iterator[Entry]:
    """Yield the entry of each stored document, in the order of their numbers."""
    for number, document in enumerate(documents.without_texts()):
        entry = _entry(document, partial(documents.numbered, number))
        yield replace(entry, stored=True, unchanged=True)


def _entry(document: Document, load: Callable[[], ChunkedDocument]) -> Entry:
    known = document.document_sha256, document.text_sha256, document.modified
    return Entry(document.id, document.source, *known, load)


def _with_time(load: Callable[[], ChunkedDocument], modified: str) -> ChunkedDocument:
    chunked = load()
    return replace(chunked, document=replace(chunked.document, modified=modified))
