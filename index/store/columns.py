"""What a question looks at of every passage and sentence, as numbers: arrays instead of objects.

Most passages that a question comes near to are never shown, so none of their text is needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument, Document, Passage
from index.store.places import offsets, text_digest


@dataclass(frozen=True, slots=True)
class Columns:
    """Of passages and their sentences, in the order of the rows of the passages' vectors.

    `document_numbers` has shape (passages,), those of a document following one another, and
    `passage_spans` (passages, 2): offsets into the document's text. Sentences of passage i are
    those from `sentence_offsets[i]` to `sentence_offsets[i + 1]`: of these, `sentence_spans` has
    the offsets, shape (sentences, 2), and `sentence_digests` (sentences,) a number, the
    same where the text is.
    """

    document_numbers: NDArray[np.int32]
    passage_spans: NDArray[np.int32]
    sentence_offsets: NDArray[np.int64]
    sentence_spans: NDArray[np.int32]
    sentence_digests: NDArray[np.uint64]


def make_columns(documents: Sequence[ChunkedDocument]) -> Columns:
    """Return the columns of the documents' passages."""
    each: list[tuple[Document, Passage]] = [
        (chunked.document, passage) for chunked in documents for passage in chunked.passages
    ]
    spans = [span for _, passage in each for span in passage.sentences]
    texts = (span.of(document.text) for document, passage in each for span in passage.sentences)
    numbers = np.arange(len(documents), dtype=np.int32)
    return Columns(
        document_numbers=np.repeat(numbers, [len(chunked.passages) for chunked in documents]),
        passage_spans=np.array([passage.span for _, passage in each], np.int32).reshape(-1, 2),
        sentence_offsets=offsets([len(passage.sentences) for _, passage in each]),
        sentence_spans=np.array(spans, np.int32).reshape(-1, 2),
        sentence_digests=np.fromiter(map(text_digest, texts), np.uint64, len(spans)),
    )


def join_columns(parts: Iterable[tuple[Columns, int]]) -> Columns:
    """Return the columns of several shards as one. With each comes the number of its documents."""
    joined: dict[str, list[NDArray[np.generic]]] = {field.name: [] for field in fields(Columns)}
    joined["sentence_offsets"].append(np.zeros(1, np.int64))
    documents = sentences = 0
    for columns, document_count in ((make_columns(()), 0), *parts):
        joined["document_numbers"].append(columns.document_numbers + np.int32(documents))
        joined["passage_spans"].append(columns.passage_spans)
        joined["sentence_offsets"].append(columns.sentence_offsets[1:] + sentences)
        joined["sentence_spans"].append(columns.sentence_spans)
        joined["sentence_digests"].append(columns.sentence_digests)
        documents += document_count
        sentences += len(columns.sentence_spans)
    arrays = {name: np.concatenate(each) for name, each in joined.items()}
    return Columns(**arrays)  # pyright: ignore[reportArgumentType]
