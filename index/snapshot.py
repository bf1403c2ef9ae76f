"""An immutable state of the corpus, ready to be searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.manifest import Manifest
from index.records import ChunkedDocument, Document, Passage
from index.shards import read_shard
from index.store import Store


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents, passages and vectors of one published state, in memory.

    Row i of `passage_index` (FAISS, inner product) belongs to `passages[i]`, and rows
    `sentence_offsets[i]` to `sentence_offsets[i + 1]` of `sentence_vectors` to its
    sentences in turn. `calibration` is what was published with the snapshot, None if nothing.
    """

    id: str
    manifest: Manifest
    chunked: Mapping[str, ChunkedDocument]
    passages: tuple[Passage, ...]
    passage_index: Any
    sentence_vectors: NDArray[np.float16]
    sentence_offsets: NDArray[np.int64]
    calibration: bytes | None = None

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""
        return self.chunked[document_id].document


def open_snapshot(store: Store) -> Snapshot:
    """Read the live snapshot and compare every checksum.

    Raises StoreMissingError, StoreDamagedError, or StoreError for a foreign format.
    """
    while True:
        manifest = store.live_manifest()
        try:
            return _read(manifest, store)
        except StoreDamagedError:
            # Others may have published since, and let go of the files we were reading.
            if store.live_id() == manifest.id:
                raise


def _read(manifest: Manifest, store: Store) -> Snapshot:
    import faiss

    contents = [read_shard(shard, store.objects) for shard in manifest.shards]
    chunked = [document for content in contents for document in content.documents]
    passages = tuple(passage for document in chunked for passage in document.passages)
    index = faiss.IndexFlatIP(manifest.dimension)
    for content in contents:
        index.add(content.passage_vectors)
    calibration = store.objects.get(manifest.calibration) if manifest.calibration else None
    by_source = sorted(chunked, key=lambda document: document.document.source)
    return Snapshot(
        id=manifest.id,
        manifest=manifest,
        chunked=MappingProxyType({each.document.id: each for each in by_source}),
        passages=passages,
        passage_index=index,
        sentence_vectors=np.concatenate([content.sentence_vectors for content in contents]),
        sentence_offsets=np.cumsum([0, *(len(passage.sentences) for passage in passages)]),
        calibration=calibration,
    )
