"""An immutable state of the corpus, ready to be searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError, StoreOutdatedError
from index.manifest import FORMAT, Manifest, Shard
from index.open_files import allow_open_files
from index.postings import Postings, build_postings, read_postings
from index.records import ChunkedDocument, Document, Passage
from index.shards import ShardContent, distinct_headings, read_shard
from index.stack import Stack
from index.store import Store


@dataclass(frozen=True, slots=True)
class LoadedShard:
    """What a snapshot holds of a shard; `rows` are those of its passages."""

    documents: tuple[ChunkedDocument, ...]
    rows: range
    sentence_vectors: NDArray[np.float16]
    heading_vectors: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents, passages, terms and vectors of one published state.

    Row i of `passage_index` (FAISS, inner product) and of `postings` belongs to `passages[i]`,
    and rows `sentence_offsets[i]` to `sentence_offsets[i + 1]` of `sentence_vectors` (float16)
    to its sentences in turn. Row i of `heading_vectors` belongs to `headings[i]`; `heading_rows`
    has a row for each heading. `document_numbers[i]` numbers the document of `passages[i]`, those
    of a document following one another. `shards` are what all of this was put together from.
    `background` and `calibration` are what was published with the snapshot, None if nothing.
    """

    id: str
    manifest: Manifest
    chunked: Mapping[str, ChunkedDocument]
    passages: tuple[Passage, ...]
    passage_index: Any
    sentence_vectors: Stack
    sentence_offsets: NDArray[np.int64]
    headings: tuple[str, ...]
    heading_vectors: Stack
    heading_rows: Mapping[str, int]
    postings: Postings
    document_numbers: NDArray[np.int32]
    shards: Mapping[Shard, LoadedShard]
    background: bytes | None = None
    calibration: bytes | None = None

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""
        return self.chunked[document_id].document


def open_snapshot(
    store: Store, *, to_upgrade: bool = False, known: Snapshot | None = None
) -> Snapshot:
    """Read the live snapshot and compare every checksum.

    With `to_upgrade`, one that an earlier Pincite wrote is read as far as its documents and
    vectors go. What it shares with the snapshot `known` is taken from there. Raises
    StoreMissingError, StoreDamagedError, StoreOutdatedError, StoreUnusableError for a foreign
    format, StoreError.
    """
    while True:
        manifest = store.live_manifest()
        if manifest.format != FORMAT and not to_upgrade:
            raise StoreOutdatedError(
                f"The store at {store.folder} was written by an earlier Pincite, in format "
                f"{manifest.format}"
            )
        try:
            return read_snapshot(manifest, store, known=known)
        except StoreDamagedError:
            # Others may have published since, and let go of the files we were reading.
            if store.live_id() == manifest.id:
                raise


def read_snapshot(manifest: Manifest, store: Store, *, known: Snapshot | None = None) -> Snapshot:
    """Read the snapshot of a manifest, be it live or not yet.

    What it shares with the snapshot `known` is taken from there. Raises StoreDamagedError.
    """
    import faiss

    allow_open_files(2 * len(manifest.shards))  # of each, two are mapped
    objects = store.objects
    index = faiss.IndexFlatIP(manifest.dimension)
    shards: dict[Shard, LoadedShard] = {}
    for shard in manifest.shards:
        content = _known_content(shard, known) or read_shard(shard, objects)
        rows = range(index.ntotal, index.ntotal + len(content.passage_vectors))
        index.add(content.passage_vectors)
        shards[shard] = LoadedShard(
            content.documents, rows, content.sentence_vectors, content.heading_vectors
        )
    loaded = list(shards.values())
    chunked = [document for each in loaded for document in each.documents]
    passages = tuple(passage for document in chunked for passage in document.passages)
    headings = tuple(
        heading
        for each in loaded
        if len(each.heading_vectors)
        for heading in distinct_headings(each.documents)
    )
    by_source = sorted(chunked, key=lambda each: (each.document.source, each.document.id))
    numbers = np.arange(len(chunked), dtype=np.int32)
    return Snapshot(
        id=manifest.id,
        manifest=manifest,
        chunked=MappingProxyType({each.document.id: each for each in by_source}),
        passages=passages,
        passage_index=index,
        sentence_vectors=Stack([each.sentence_vectors for each in loaded]),
        sentence_offsets=np.cumsum([0, *(len(passage.sentences) for passage in passages)]),
        headings=headings,
        heading_vectors=Stack([each.heading_vectors for each in loaded]),
        heading_rows=MappingProxyType({heading: row for row, heading in enumerate(headings)}),
        postings=(
            read_postings(manifest.postings, objects) if manifest.postings else build_postings(())
        ),
        document_numbers=np.repeat(numbers, [len(each.passages) for each in chunked]),
        shards=MappingProxyType(shards),
        background=objects.get(manifest.background) if manifest.background else None,
        calibration=objects.get(manifest.calibration) if manifest.calibration else None,
    )


def _known_content(shard: Shard, known: Snapshot | None) -> ShardContent | None:
    loaded = known.shards.get(shard) if known else None
    if known is None or loaded is None:
        return None
    vectors = known.passage_index.reconstruct_n(loaded.rows.start, len(loaded.rows))
    return ShardContent(loaded.documents, vectors, loaded.sentence_vectors, loaded.heading_vectors)
