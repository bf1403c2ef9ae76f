"""The snapshots that are kept besides the live one, for the vectors they have."""

from collections.abc import Iterator
from contextlib import suppress

from index.encoding.model import Model
from index.errors import StoreDamagedError, StoreError
from index.store.manifest import Manifest, Shard
from index.store.open_files import allow_open_files
from index.store.open_shard import OpenShard
from index.store.shards import FILES_MAPPED, read_shard
from index.store.snapshot import Snapshot
from index.store.store import Store

MOST_SNAPSHOTS = 8
"""The latest ones: each takes time to look into, and there may be a thousand."""


def kept_shards(
    store: Store, live: Snapshot | None, model: Model, backend: str
) -> Iterator[OpenShard]:
    """Yield the shards of kept snapshots that are not in the live one, each once.

    Only those made by `model` and `backend`. What is damaged is passed over.
    """
    seen = set(live.shards) if live else set[Shard]()
    for manifest in _manifests(store):
        if manifest.made_by[1:] != (model.fingerprint, backend):
            continue
        unseen = [shard for shard in manifest.shards if shard not in seen]
        seen.update(unseen)
        allow_open_files(FILES_MAPPED * len(seen))
        for shard in unseen:
            with suppress(StoreDamagedError):
                yield read_shard(shard, store.objects)


def _manifests(store: Store) -> Iterator[Manifest]:
    for snapshot in store.snapshots()[:MOST_SNAPSHOTS]:
        with suppress(StoreError):
            yield store.manifest(snapshot)
