"""What a question looks at of every passage and sentence, as numbers: arrays instead of objects.

Most passages that a question comes near to are never shown, so none of their text is needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from index.places import offsets, text_digest
from index.records import ChunkedDocument, Document, Passage, headings


@dataclass(frozen=True, slots=True)
class Columns:
    """Of passages and their sentences, in the order of the rows of their vectors.

    `document_numbers` has shape (passages,), those of a document following one another, and
    `passage_spans` (passages, 2): offsets into the document's text. Sentences of passage i are
    those from `sentence_offsets[i]` to `sentence_offsets[i + 1]`: of these, `sentence_spans` has
    the offsets, shape (sentences, 2), and `sentence_digests` (sentences,) a number, the
    same where the text is. `sentence_products`, shape (sentences, 3), are the inner products of a
    sentence's vector with itself, with the next one's of the same passage, and with that after
    next; 0 where there is none. What stands above passage i has the heading vectors
    `heading_rows[heading_offsets[i] : heading_offsets[i + 1]]`.
    """

    document_numbers: NDArray[np.int32]
    passage_spans: NDArray[np.int32]
    sentence_offsets: NDArray[np.int64]
    sentence_spans: NDArray[np.int32]
    sentence_digests: NDArray[np.uint64]
    sentence_products: NDArray[np.float32]
    heading_offsets: NDArray[np.int64]
    heading_rows: NDArray[np.int32]


def make_columns(
    documents: Sequence[ChunkedDocument],
    sentence_vectors: NDArray[np.float16],
    heading_rows: Mapping[str, int],
) -> Columns:
    """Return the columns of the documents' passages.

    `sentence_vectors` has shape (sentences, dimension); `heading_rows` tells the row of each
    heading's vector.
    """
    each: list[tuple[Document, Passage]] = [
        (chunked.document, passage) for chunked in documents for passage in chunked.passages
    ]
    above = [headings(document, passage) for document, passage in each]
    rows = [
        [heading_rows[heading] for heading in held if heading in heading_rows] for held in above
    ]
    sentence_offsets = offsets([len(passage.sentences) for _, passage in each])
    spans = [span for _, passage in each for span in passage.sentences]
    texts = (span.of(document.text) for document, passage in each for span in passage.sentences)
    numbers = np.arange(len(documents), dtype=np.int32)
    return Columns(
        document_numbers=np.repeat(numbers, [len(chunked.passages) for chunked in documents]),
        passage_spans=np.array([passage.span for _, passage in each], np.int32).reshape(-1, 2),
        sentence_offsets=sentence_offsets,
        sentence_spans=np.array(spans, np.int32).reshape(-1, 2),
        sentence_digests=np.fromiter(map(text_digest, texts), np.uint64, len(spans)),
        sentence_products=_products(sentence_vectors, sentence_offsets),
        heading_offsets=offsets(list(map(len, rows))),
        heading_rows=np.array([row for held in rows for row in held], np.int32),
    )


def join_columns(parts: Iterable[tuple[Columns, int, int]]) -> Columns:
    """Return the columns of several shards as one.

    With each come the number of its documents and of its heading vectors.
    """
    joined: dict[str, list[NDArray[np.generic]]] = {field.name: [] for field in fields(Columns)}
    joined["sentence_offsets"].append(np.zeros(1, np.int64))
    joined["heading_offsets"].append(np.zeros(1, np.int64))
    documents = sentences = held = heading_vectors = 0
    empty = make_columns((), np.empty((0, 1), np.float16), {})
    for columns, document_count, heading_count in ((empty, 0, 0), *parts):
        joined["document_numbers"].append(columns.document_numbers + np.int32(documents))
        joined["passage_spans"].append(columns.passage_spans)
        joined["sentence_offsets"].append(columns.sentence_offsets[1:] + sentences)
        joined["sentence_spans"].append(columns.sentence_spans)
        joined["sentence_digests"].append(columns.sentence_digests)
        joined["sentence_products"].append(columns.sentence_products)
        joined["heading_offsets"].append(columns.heading_offsets[1:] + held)
        joined["heading_rows"].append(columns.heading_rows + np.int32(heading_vectors))
        documents += document_count
        sentences += len(columns.sentence_spans)
        held += len(columns.heading_rows)
        heading_vectors += heading_count
    arrays = {name: np.concatenate(each) for name, each in joined.items()}
    return Columns(**arrays)  # pyright: ignore[reportArgumentType]


def _products(
    vectors: NDArray[np.float16], starts: NDArray[np.int64], block: int = 4096
) -> NDArray[np.float32]:
    """Return each sentence's inner products with itself and the two after it in its passage."""
    count = len(vectors)
    products = np.zeros((count, 3), np.float32)
    for start in range(0, count, block):
        own = vectors[start : start + block + 2].astype(np.float32)
        for ahead in range(3):
            until = min(block, len(own) - ahead)
            if until > 0:
                products[start : start + until, ahead] = np.einsum(
                    "ij,ij->i", own[:until], own[ahead : ahead + until]
                )
    passage = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    for ahead in (1, 2):
        products[:-ahead, ahead] *= passage[:-ahead] == passage[ahead:]
        products[-ahead:, ahead] = 0
    return products
