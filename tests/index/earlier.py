"""Stores as earlier Pincites wrote them."""

import io
from collections.abc import Sequence
from dataclasses import replace

import faiss
import numpy as np
import orjson
from numpy.typing import NDArray

from index.document_json import document_to_json
from index.embedded_texts import passage_texts, sentence_texts
from index.manifest import Manifest, Shard
from index.records import ChunkedDocument
from index.shard_content import distinct_headings
from index.snapshot import open_snapshot
from index.store import Store
from tests.encoders import HashingEncoder

DOCUMENTS_A_SHARD = 2
"""Fewer than there were, so that a small corpus has several of them."""


def publish_as(store: Store, version: int) -> Manifest:
    """Publish the live snapshot, made with the hashing encoder, in a format from 1 to 3.

    Nothing else is kept.
    """
    store = Store(store.folder, keep=1)
    live = store.live_manifest()
    held = sorted(open_snapshot(store).chunked.values(), key=lambda each: each.document.id)
    documents = list(map(_without_context, held))
    shares = [
        documents[start : start + DOCUMENTS_A_SHARD]
        for start in range(0, len(documents), DOCUMENTS_A_SHARD)
    ]
    with store.writing():
        old = replace(
            live,
            format=version,
            chunking=2,
            shards=tuple(_shard(store, share, version) for share in shares),
            postings=live.postings if version > 1 else None,
            background=None,
        )
        store.publish(old)
    return old


def _without_context(chunked: ChunkedDocument) -> ChunkedDocument:
    """Return a document as it was when no title and no name was put in front of its passages."""
    return replace(chunked, passages=tuple(replace(p, context=()) for p in chunked.passages))


def _shard(store: Store, share: Sequence[ChunkedDocument], version: int) -> Shard:
    def encoded(texts: Sequence[str]) -> NDArray[np.float32]:
        return HashingEncoder().encode(texts, "document")

    def put_array(vectors: NDArray[np.float32]) -> bytes:
        file = io.BytesIO()
        np.save(file, vectors.astype(np.float16), allow_pickle=False)
        return file.getvalue()

    passages = encoded(list(passage_texts(share)))
    index = faiss.IndexFlatIP(passages.shape[1])
    index.add(passages)
    put, headings = store.objects.put, distinct_headings(share)
    return Shard(
        documents=put(b"".join(orjson.dumps(_to_json(each)) + b"\n" for each in share)),
        passage_vectors=put(faiss.serialize_index(index).tobytes()),
        sentence_vectors=put(put_array(encoded(list(sentence_texts(share))))),
        heading_vectors=put(put_array(encoded(headings))) if version > 1 and headings else None,
        terms=put(b"terms of the third format") if version > 2 else None,
    )


def _to_json(chunked: ChunkedDocument) -> dict[str, object]:
    return {
        "document": document_to_json(chunked.document),
        "passages": [
            [each.start, each.end, each.heading_path, [list(s) for s in each.sentences]]
            for each in chunked.passages
        ],
        "skipped": [[part.start, part.end, part.reason] for part in chunked.skipped],
    }
