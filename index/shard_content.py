"""The documents of a shard with their vectors, before it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.columns import make_columns
from index.document_lines import to_line
from index.open_shard import OpenShard
from index.places import make_places
from index.records import ChunkedDocument, headings


@dataclass(frozen=True, slots=True)
class ShardContent:
    """Documents in the order of their ids, and their vectors row by row.

    `passage_vectors` has shape (passages, dimension), `sentence_vectors` (sentences, dimension),
    both in the order in which the documents hold them, and `heading_vectors`
    (distinct headings, dimension). All are float16, but those of passages were float32 before
    format 4.
    """

    documents: tuple[ChunkedDocument, ...]
    passage_vectors: NDArray[Any]
    sentence_vectors: NDArray[np.float16]
    heading_vectors: NDArray[np.float16]

    def opened(self) -> OpenShard:
        """Return the shard as if it had been written and opened again."""
        lines = [to_line(chunked) for chunked in self.documents]
        texts = [chunked.document.text.encode() for chunked in self.documents]
        # The first format had no vectors of headings.
        above = distinct_headings(self.documents) if len(self.heading_vectors) else ()
        rows = {heading: row for row, heading in enumerate(above)}
        return OpenShard(
            ids=tuple(chunked.document.id for chunked in self.documents),
            lines=np.frombuffer(b"".join(lines), np.uint8),
            texts=np.frombuffer(b"".join(texts), np.uint8),
            columns=make_columns(self.documents, self.sentence_vectors, rows),
            places=make_places(self.documents, lines, texts, above),
            passage_vectors=self.passage_vectors,
            sentence_vectors=self.sentence_vectors,
            heading_vectors=self.heading_vectors,
        )


def distinct_headings(documents: Iterable[ChunkedDocument]) -> tuple[str, ...]:
    """Return the headings of the documents' passages, each once, in the order they come."""
    found: dict[str, None] = {}
    for chunked in documents:
        for passage in chunked.passages:
            found.update(dict.fromkeys(headings(chunked.document, passage)))
    return tuple(found)
