"""An immutable state of the corpus, ready to be searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from index.columns import Columns, join_columns, make_columns
from index.dense.flat import FlatIndex
from index.encoder import Vectors
from index.errors import StoreDamagedError, StoreOutdatedError
from index.manifest import FORMAT, Manifest, Shard
from index.objects import ObjectFolder
from index.open_files import allow_open_files
from index.postings import Postings, build_postings, read_postings
from index.records import ChunkedDocument, Document, Passage
from index.shards import distinct_headings, read_shard
from index.stack import Stack
from index.store import Store


@dataclass(frozen=True, slots=True)
class LoadedShard:
    """What a snapshot holds of a shard."""

    documents: tuple[ChunkedDocument, ...]
    passage_vectors: Vectors
    sentence_vectors: NDArray[np.float16]
    heading_vectors: NDArray[np.float16]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents, passages, terms and vectors of one published state.

    Row i of `passage_vectors`, of `dense` and of `postings` belongs to `passages[i]`; `columns`
    tells which rows of `sentence_vectors` (float16) belong to its sentences and which of
    `heading_vectors` to what stands above it. Row i of `heading_vectors` belongs to `headings[i]`;
    `heading_rows` has a row for each heading. `shards` are what all of this was put together from.
    `background` and `calibration` are what was published with the snapshot, None if nothing.
    """

    id: str
    manifest: Manifest
    chunked: Mapping[str, ChunkedDocument]
    passages: tuple[Passage, ...]
    columns: Columns
    passage_vectors: Stack
    dense: FlatIndex
    sentence_vectors: Stack
    headings: tuple[str, ...]
    heading_vectors: Stack
    heading_rows: Mapping[str, int]
    postings: Postings
    shards: Mapping[Shard, LoadedShard]
    background: bytes | None = None
    calibration: bytes | None = None

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""
        return self.chunked[document_id].document

    def passage_text(self, row: int) -> str:
        """Return the words of `passages[row]`."""
        passage = self.passages[row]
        return passage.span.of(self.document(passage.document_id).text)


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
    allow_open_files(2 * len(manifest.shards))  # of each, two are mapped
    objects = store.objects
    shards = {
        shard: (known.shards.get(shard) if known else None) or _loaded(shard, objects)
        for shard in manifest.shards
    }
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
    vectors = Stack([each.passage_vectors for each in loaded])
    return Snapshot(
        id=manifest.id,
        manifest=manifest,
        chunked=MappingProxyType({each.document.id: each for each in by_source}),
        passages=passages,
        columns=join_columns(
            (each.columns, len(each.documents), len(each.heading_vectors)) for each in loaded
        ),
        passage_vectors=vectors,
        dense=FlatIndex(
            np.concatenate([np.empty((0, manifest.dimension), np.float32), *vectors.arrays])
        ),
        sentence_vectors=Stack([each.sentence_vectors for each in loaded]),
        headings=headings,
        heading_vectors=Stack([each.heading_vectors for each in loaded]),
        heading_rows=MappingProxyType({heading: row for row, heading in enumerate(headings)}),
        postings=(
            read_postings(manifest.postings, objects) if manifest.postings else build_postings(())
        ),
        shards=MappingProxyType(shards),
        background=objects.get(manifest.background) if manifest.background else None,
        calibration=objects.get(manifest.calibration) if manifest.calibration else None,
    )


def _loaded(shard: Shard, objects: ObjectFolder) -> LoadedShard:
    content = read_shard(shard, objects)
    documents = content.documents
    above = distinct_headings(documents) if len(content.heading_vectors) else ()
    return LoadedShard(
        documents,
        content.passage_vectors,
        content.sentence_vectors,
        content.heading_vectors,
        make_columns(
            documents,
            content.sentence_vectors,
            {heading: row for row, heading in enumerate(above)},
        ),
    )
