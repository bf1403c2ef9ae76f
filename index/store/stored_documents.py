"""The documents and passages of a snapshot, made when they are asked for."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, islice
from typing import overload

from index.records import ChunkedDocument, Document, Passage
from index.store.document_lines import DocumentLine
from index.store.open_shard import OpenShard
from index.store.recently_used import RecentlyUsed

KEPT_BYTES_OF_LINES = 4 << 20
KEPT_CHARS_OF_DOCUMENTS = 16 << 20
"""What was asked for last is kept, up to this much of it."""


class StoredDocuments(Mapping[str, ChunkedDocument]):
    """Documents by their ids, in the order of their sources and ids. Safe to share between threads.

    They are numbered, too, as their shards come: `starts` has the first number of each. Of the
    texts asked for last, `kept` characters are kept; going through `values()` keeps nothing.
    """

    def __init__(self, shards: Sequence[OpenShard], *, kept: int = KEPT_CHARS_OF_DOCUMENTS) -> None:
        self._shards = shards
        self.starts = list(accumulate((len(each.ids) for each in shards), initial=0))
        self._ids = [name for each in shards for name in each.ids]
        self._numbers = {name: number for number, name in enumerate(self._ids)}
        self._lines = RecentlyUsed[int, DocumentLine](KEPT_BYTES_OF_LINES)
        self._documents = RecentlyUsed[int, Document](kept)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ids)

    def __contains__(self, document_id: object) -> bool:
        """Tell whether there is a document of this id."""
        return document_id in self._numbers

    def __iter__(self) -> Iterator[str]:
        """Yield the ids by source and id."""
        return (self._ids[number] for number in self.in_order)

    def __getitem__(self, document_id: str) -> ChunkedDocument:
        """Return a document with its passages. Raises KeyError."""
        number = self._numbers[document_id]
        shard, at = self._place(number)
        return shard.chunked(at, self.line(number), self._document(number).text)

    def values(self) -> ValuesView[ChunkedDocument]:
        """Return all documents."""
        return _Values(self)

    def numbered(self, number: int) -> ChunkedDocument:
        """Return the document of a number, keeping nothing of it."""
        shard, at = self._place(number)
        return shard.document(at)

    def document(self, document_id: str) -> Document:
        """Return a document without its passages. Raises KeyError."""
        return self._document(self._numbers[document_id])

    def without_texts(self) -> Iterator[Document]:
        """Yield what is said of each document, in the order of their numbers: texts are empty."""
        for shard in self._shards:
            yield from (shard.line(at).document for at in range(len(shard.ids)))

    def after(self, source: str, document_id: str) -> Iterator[Document]:
        """Yield the documents that come after a source and id in that order, passages left out."""
        first = bisect_right(self.in_order, (source, document_id), key=self._name)
        return (self._document(number) for number in islice(self.in_order, first, None))

    @property
    def kept(self) -> int:
        """How many characters are kept of texts, and of what is said of them."""
        return self._documents.weight

    def line(self, number: int) -> DocumentLine:
        """Return what is said of the document of a number."""

        def read() -> tuple[DocumentLine, int]:
            shard, at = self._place(number)
            return shard.line(at), shard.line_length(at)

        return self._lines.get(number, read)

    def _document(self, number: int) -> Document:
        def read() -> tuple[Document, int]:
            shard, at = self._place(number)
            text = shard.text(at)
            document = replace(self.line(number).document, text=text)
            return document, len(text) + shard.line_length(at)

        return self._documents.get(number, read)

    def _place(self, number: int) -> tuple[OpenShard, int]:
        shard = bisect_right(self.starts, number) - 1
        return self._shards[shard], number - self.starts[shard]

    def _name(self, number: int) -> tuple[str, str]:
        document = self.line(number).document
        return document.source, document.id

    @cached_property
    def in_order(self) -> list[int]:
        """The numbers of all documents, by their sources and ids."""
        names = [(each.source, each.id) for each in self.without_texts()]
        return sorted(range(len(names)), key=names.__getitem__)


class _Values(ValuesView[ChunkedDocument]):
    _mapping: StoredDocuments

    def __iter__(self) -> Iterator[ChunkedDocument]:
        return map(self._mapping.numbered, self._mapping.in_order)


class StoredPassages(Sequence[Passage]):
    """Passages by the rows of their vectors. Safe to share between threads."""

    def __init__(self, shards: Sequence[OpenShard], documents: StoredDocuments) -> None:
        self._shards = shards
        self._documents = documents
        rows = (len(each.columns.passage_spans) for each in shards)
        self._starts = list(accumulate(rows, initial=0))

    def __len__(self) -> int:
        """Return how many there are."""
        return self._starts[-1]

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Passage]: ...

    def __getitem__(self, row: int | slice) -> Passage | Sequence[Passage]:
        """Return a passage; of a slice, all of them at once."""
        if isinstance(row, slice):
            return tuple(self[each] for each in range(*row.indices(len(self))))
        number, shard, at = self._place(row)
        document = self._documents.starts[number] + int(shard.columns.document_numbers[at])
        return shard.passage(at, self._documents.line(document))

    def __iter__(self) -> Iterator[Passage]:
        """Yield all, keeping nothing of their documents."""
        for shard in self._shards:
            for at in range(len(shard.ids)):
                yield from shard.passages(at)

    def text(self, row: int) -> str:
        """Return the words of a passage."""
        _, shard, at = self._place(row)
        return shard.passage_text(at)

    def _place(self, row: int) -> tuple[int, OpenShard, int]:
        at = range(len(self))[row]
        number = bisect_right(self._starts, at) - 1
        return number, self._shards[number], at - self._starts[number]
