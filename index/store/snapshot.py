"""An immutable state of the corpus, ready to be searched."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from index.errors import StoreDamagedError
from index.records import Document
from index.search.dense import DenseIndex, read_codes
from index.store.columns import Columns, join_columns
from index.store.manifest import Manifest, Shard
from index.store.objects import ObjectFolder
from index.store.open_files import allow_open_files
from index.store.open_shard import OpenShard
from index.store.postings import Postings, build_postings, read_postings
from index.store.shards import FILES_MAPPED, read_shard
from index.store.stack import Stack
from index.store.store import Store
from index.store.stored_documents import StoredDocuments, StoredPassages

_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All documents, passages, terms and vectors of one published state.

    Documents and passages are read when they are asked for. Row i of `passage_vectors`, of `dense`
    and of `postings` belongs to `passages[i]`; vectors are float16. `columns` tells where passages
    and their sentences stand. `shards` are what all of this was put together from. `calibration` is
    what was published with the snapshot, None if nothing.
    """

    id: str
    manifest: Manifest
    chunked: StoredDocuments
    passages: StoredPassages
    columns: Columns
    passage_vectors: Stack
    dense: DenseIndex
    postings: Postings
    shards: Mapping[Shard, OpenShard]
    calibration: bytes | None = None

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""
        return self.chunked.document(document_id)

    def passage_text(self, row: int) -> str:
        """Return the words of `passages[row]`."""
        return self.passages.text(row)


def open_snapshot(store: Store, *, known: Snapshot | None = None) -> Snapshot:
    """Read the live snapshot and compare every checksum.

    What it shares with the snapshot `known` is taken from there. Raises StoreMissingError,
    StoreDamagedError, StoreOutdatedError for an older format, StoreUnusableError for a foreign one,
    StoreError.
    """
    while True:
        manifest = store.live_manifest()
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
    allow_open_files(FILES_MAPPED * len(manifest.shards))
    objects = store.objects
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as threads:
        # Comparing checksums takes most of the time, and no thread waits for another while it does.
        files = manifest.postings
        postings = threads.submit(read_postings, files, objects) if files else None
        shards = dict(known.shards) if known else dict[Shard, OpenShard]()
        unread = [each for each in manifest.shards if each not in shards]
        read = threads.map(partial(read_shard, objects=objects), unread)
        shards.update(zip(unread, read, strict=True))
        terms = postings.result() if postings else build_postings(())
    shards = {each: shards[each] for each in manifest.shards}
    opened = list(shards.values())
    documents = StoredDocuments(opened)
    none = np.empty((0, manifest.dimension), np.float16)  # there may be no shard
    vectors = Stack([none, *(each.passage_vectors for each in opened)])
    return Snapshot(
        id=manifest.id,
        manifest=manifest,
        chunked=documents,
        passages=StoredPassages(opened, documents),
        columns=join_columns((each.columns, len(each.ids)) for each in opened),
        passage_vectors=vectors,
        dense=_dense_index(manifest, vectors, objects, known),
        postings=terms,
        shards=MappingProxyType(shards),
        calibration=objects.get(manifest.calibration) if manifest.calibration else None,
    )


def _dense_index(
    manifest: Manifest, vectors: Stack, objects: ObjectFolder, known: Snapshot | None
) -> DenseIndex:
    if manifest.codes is None:
        return DenseIndex(vectors)
    if known and known.manifest.codes == manifest.codes:
        return DenseIndex(vectors, known.dense.codes)
    return DenseIndex(vectors, read_codes(objects.get(manifest.codes)))
