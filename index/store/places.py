"""Where the documents and passages of a shard stand in its files, and digests of their texts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument, passage_text


@dataclass(frozen=True, slots=True)
class Places:
    """Of a shard's documents and passages, in their order; what is counted here are bytes.

    Document i has the line from `line_offsets[i]` to `line_offsets[i + 1]` of the documents'
    file, and in the texts' file what `text_offsets` says alike; passage i has the bytes
    `passage_bytes[i]` of the texts, shape (passages, 2). `embedded_digests` are those of what was
    embedded of each passage, in two numbers, shape (passages, 2).
    """

    line_offsets: NDArray[np.int64]
    text_offsets: NDArray[np.int64]
    passage_bytes: NDArray[np.int64]
    embedded_digests: NDArray[np.uint64]


def make_places(
    documents: Sequence[ChunkedDocument], lines: Sequence[bytes], texts: Sequence[bytes]
) -> Places:
    """Return the places of documents in files of these lines and encoded texts."""
    text_offsets = offsets(list(map(len, texts)))
    spans = [
        start + _in_bytes(chunked, text)
        for chunked, text, start in zip(documents, texts, text_offsets.tolist(), strict=False)
    ]
    embedded = [
        embedded_digest(passage_text(chunked.document, passage))
        for chunked in documents
        for passage in chunked.passages
    ]
    return Places(
        line_offsets=offsets(list(map(len, lines))),
        text_offsets=text_offsets,
        passage_bytes=np.concatenate([np.empty((0, 2), np.int64), *spans]),
        embedded_digests=np.array(embedded, np.uint64).reshape(-1, 2),
    )


def offsets(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return where each of things one after the other begins, and where the last one ends."""
    return np.cumsum([0, *counts], dtype=np.int64)


def text_digest(text: str) -> int:
    """Return a number of 64 bits that is the same where the text is."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def embedded_digest(text: str) -> tuple[int, int]:
    """Return two numbers of 64 bits that stand for a text: nobody finds two texts of the same."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _in_bytes(chunked: ChunkedDocument, encoded: bytes) -> NDArray[np.int64]:
    """Return the passages' spans in bytes of the document's UTF-8, shape (passages, 2)."""
    spans = np.array([each.span for each in chunked.passages], np.int64).reshape(-1, 2)
    text = chunked.document.text
    if len(encoded) == len(text):
        return spans
    begins_character = (np.frombuffer(encoded, np.uint8) & 0xC0) != 0x80
    starts = np.append(np.flatnonzero(begins_character), len(encoded))
    found: NDArray[np.int64] = starts[spans]
    return found
