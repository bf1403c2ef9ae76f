"""A shard that can be read from: of its documents and vectors, what is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument, Passage, Span, passage_id
from index.store.columns import Columns
from index.store.document_lines import DocumentLine, from_line
from index.store.places import Places


@dataclass(frozen=True, slots=True)
class OpenShard:
    """The files of a shard, which may be mapped; its documents, passages, … are numbered from 0.

    `lines` and `texts` are bytes. `ids` are the documents', in order. `passage_vectors` has shape
    (passages, dimension).
    """

    ids: tuple[str, ...]
    lines: NDArray[np.uint8]
    texts: NDArray[np.uint8]
    columns: Columns
    places: Places
    passage_vectors: NDArray[np.float16]

    def line_length(self, document: int) -> int:
        """Return how many bytes say what is said of a document."""
        start, end = self.places.line_offsets[document : document + 2].tolist()
        return int(end - start)

    def line(self, document: int) -> DocumentLine:
        """Return what is said of a document."""
        start, end = self.places.line_offsets[document : document + 2].tolist()
        return from_line(self.lines[start:end].tobytes())

    def text(self, document: int) -> str:
        """Return a document's text."""
        start, end = self.places.text_offsets[document : document + 2].tolist()
        return self._decoded(start, end)

    def passage_text(self, row: int) -> str:
        """Return the words of a passage."""
        return self._decoded(*self.places.passage_bytes[row].tolist())

    def passage(self, row: int, line: DocumentLine) -> Passage:
        """Return a passage of the document of which `line` is said."""
        columns = self.columns
        first = int(np.searchsorted(columns.document_numbers, columns.document_numbers[row]))
        return next(self._passages(line, first, row, row + 1))

    def document(self, document: int) -> ChunkedDocument:
        """Return a document with its passages."""
        return self.chunked(document, self.line(document), self.text(document))

    def chunked(self, document: int, line: DocumentLine, text: str) -> ChunkedDocument:
        """Return a document with its passages, of which line and text are read already."""
        passages = tuple(self._all_passages(document, line))
        return ChunkedDocument(replace(line.document, text=text), passages, line.skipped)

    def passages(self, document: int) -> Iterator[Passage]:
        """Yield the passages of a document."""
        return self._all_passages(document, self.line(document))

    def documents(self) -> Iterator[ChunkedDocument]:
        """Yield each document with its passages."""
        return map(self.document, range(len(self.ids)))

    def _decoded(self, start: int, end: int) -> str:
        return self.texts[start:end].tobytes().decode()

    def _all_passages(self, document: int, line: DocumentLine) -> Iterator[Passage]:
        numbers = self.columns.document_numbers
        first, end = np.searchsorted(numbers, [document, document + 1]).tolist()
        return self._passages(line, first, first, end)

    def _passages(self, line: DocumentLine, first: int, start: int, end: int) -> Iterator[Passage]:
        """Yield the passages [start, end) of a document whose first one is `first`."""
        columns, name = self.columns, line.document.id
        offsets = columns.sentence_offsets[start : end + 1].tolist()
        sentences = columns.sentence_spans[offsets[0] : offsets[-1]].tolist()
        for row, (begin, stop) in enumerate(columns.passage_spans[start:end].tolist(), start):
            own = slice(*(each - offsets[0] for each in offsets[row - start : row - start + 2]))
            yield Passage(
                id=passage_id(name, begin, stop),
                document_id=name,
                start=begin,
                end=stop,
                heading_path=line.heading_path(row - first),
                sentences=tuple(map(Span._make, sentences[own])),
                context=line.context,
            )
