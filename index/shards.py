"""Documents and vectors as files, and back.

Documents are dealt to shards by their id alone, so a corpus always has the same
shards, whatever its history, and a changed document rewrites only the shard it is in.
A shard is five files:

- documents: JSON lines, each a document, its passages, and what was skipped
- passage vectors: a FAISS flat inner-product index, a row a passage
- sentence vectors: a NumPy array of float16, a row a sentence of each passage in turn
- heading vectors: the same, a row a heading, in the order of `distinct_headings`
- terms: see `index.shard_terms`; they are joined when a snapshot is made, and not read to answer
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from index.document_json import document_from_json, document_to_json
from index.encoder import Vectors
from index.manifest import Shard
from index.objects import ObjectFolder
from index.records import (
    ChunkedDocument,
    Passage,
    Skipped,
    Span,
    headings,
    passage_id,
)
from index.shard_terms import ShardTerms, count_terms

DOCUMENTS_A_SHARD = 64
MAX_SHARDS = 1024


@dataclass(frozen=True, slots=True)
class ShardContent:
    """Documents in the order of their ids, and their vectors row by row.

    `passage_vectors` has shape (passages, dimension), `sentence_vectors`
    (sentences, dimension), both in the order in which the documents hold them, and
    `heading_vectors` (distinct headings, dimension).
    """

    documents: tuple[ChunkedDocument, ...]
    passage_vectors: Vectors
    sentence_vectors: NDArray[np.float16]
    heading_vectors: NDArray[np.float16]


def deal(documents: Iterable[ChunkedDocument]) -> list[list[ChunkedDocument]]:
    """Divide documents among shards: a power of two of them, about 64 documents each at most."""
    ordered = sorted(documents, key=lambda chunked: chunked.document.id)
    count = 1
    while count < MAX_SHARDS and count * DOCUMENTS_A_SHARD < len(ordered):
        count *= 2
    shards: list[list[ChunkedDocument]] = [[] for _ in range(count)]
    for chunked in ordered:
        digest = hashlib.sha256(chunked.document.id.encode()).digest()
        shards[int.from_bytes(digest[:4]) % count].append(chunked)
    return [shard for shard in shards if shard]


def write_shard(content: ShardContent, objects: ObjectFolder) -> Shard:
    """Put the files of a shard into the store; those already there are not written again."""
    import faiss

    lines = b"".join(orjson.dumps(_to_json(chunked)) + b"\n" for chunked in content.documents)
    index = faiss.IndexFlatIP(content.passage_vectors.shape[1])
    index.add(content.passage_vectors)
    return Shard(
        documents=objects.put(lines),
        passage_vectors=objects.put(faiss.serialize_index(index).tobytes()),
        sentence_vectors=objects.put_array(content.sentence_vectors),
        heading_vectors=objects.put_array(content.heading_vectors),
        terms=objects.put(count_terms(content.documents).to_bytes()),
    )


def read_shard(shard: Shard, objects: ObjectFolder) -> ShardContent:
    """Read a shard back; the vectors of sentences and headings stay on the disk, mapped.

    Raises StoreDamagedError if a file is not what was written.
    """
    if shard.terms:
        objects.check(shard.terms)
    lines = objects.get(shard.documents).splitlines()
    sentence_vectors = objects.map_array(shard.sentence_vectors)
    none = np.empty((0, sentence_vectors.shape[1]), np.float16)
    return ShardContent(
        documents=tuple(_from_json(orjson.loads(line)) for line in lines),
        passage_vectors=read_passage_vectors(shard, objects),
        sentence_vectors=sentence_vectors,
        heading_vectors=objects.map_array(shard.heading_vectors) if shard.heading_vectors else none,
    )


def read_passage_vectors(shard: Shard, objects: ObjectFolder) -> Vectors:
    """Return a shard's passage vectors. Raises StoreDamagedError if they are not as written."""
    import faiss  # here and not above: it takes a tenth of a second, while a model is loaded

    content = np.frombuffer(objects.get(shard.passage_vectors), dtype=np.uint8)
    index = faiss.deserialize_index(content)
    vectors: Vectors = index.reconstruct_n(0, index.ntotal)
    return vectors


def read_terms(shard: Shard, objects: ObjectFolder) -> ShardTerms:
    """Return a shard's terms. Raises StoreDamagedError if they are not what was written."""
    if shard.terms is None:
        raise ValueError("a shard of an earlier format has no terms")
    return ShardTerms.from_bytes(objects.get(shard.terms))


def distinct_headings(documents: Iterable[ChunkedDocument]) -> tuple[str, ...]:
    """Return the headings of the documents' passages, each once, in the order they come."""
    found: dict[str, None] = {}
    for chunked in documents:
        for passage in chunked.passages:
            found.update(dict.fromkeys(headings(chunked.document, passage)))
    return tuple(found)


def sentence_count(documents: Sequence[ChunkedDocument]) -> int:
    """Return how many sentences the documents' passages hold."""
    return sum(len(passage.sentences) for doc in documents for passage in doc.passages)


def _to_json(chunked: ChunkedDocument) -> dict[str, Any]:
    return {
        "document": document_to_json(chunked.document),
        "passages": [
            [passage.start, passage.end, passage.heading_path, [list(s) for s in passage.sentences]]
            for passage in chunked.passages
        ],
        "skipped": [[part.start, part.end, part.reason] for part in chunked.skipped],
    }


def _from_json(record: dict[str, Any]) -> ChunkedDocument:
    document = document_from_json(record["document"])
    passages = tuple(
        Passage(
            id=passage_id(document.id, start, end),
            document_id=document.id,
            start=start,
            end=end,
            heading_path=tuple(path),
            sentences=tuple(map(Span._make, sentences)),
        )
        for start, end, path, sentences in record["passages"]
    )
    return ChunkedDocument(document, passages, tuple(Skipped(*p) for p in record["skipped"]))
