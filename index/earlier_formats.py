"""Shards as earlier Pincites wrote them: read for their documents and vectors, never written.

Formats 1 to 3 had documents with text and passages in their JSON lines, and the passages' vectors
in a FAISS flat inner-product index. Format 1 had no vectors of headings, and none had terms before
format 3.
"""

from typing import Any

import numpy as np
import orjson

from index.document_json import document_from_json
from index.manifest import Shard
from index.objects import ObjectFolder
from index.records import ChunkedDocument, Passage, Skipped, Span, passage_id
from index.shard_content import ShardContent


def read_earlier(shard: Shard, objects: ObjectFolder) -> ShardContent:
    """Read a shard of formats 1 to 3.

    Raises StoreDamagedError if a file is not what was written.
    """
    import faiss  # here and not above: it takes a tenth of a second, while a model is loaded

    lines = objects.get(shard.documents).splitlines()
    index_bytes = np.frombuffer(objects.get(shard.passage_vectors), dtype=np.uint8)
    index = faiss.deserialize_index(index_bytes)
    sentence_vectors = objects.map_array(shard.sentence_vectors)
    none = np.empty((0, sentence_vectors.shape[1]), np.float16)
    return ShardContent(
        documents=tuple(_from_json(orjson.loads(line)) for line in lines),
        passage_vectors=index.reconstruct_n(0, index.ntotal),
        sentence_vectors=sentence_vectors,
        heading_vectors=objects.map_array(shard.heading_vectors) if shard.heading_vectors else none,
    )


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
