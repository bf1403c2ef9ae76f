"""What the next snapshot of a store is made with, whatever it is made of."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.ingest import Embedder, Ingested
from index.progress import Progress, no_progress
from index.store.kept import kept_shards
from index.store.known import Known
from index.store.manifest import Manifest
from index.store.publishing import carry_calibration
from index.store.snapshot import Snapshot
from index.store.store import Store
from index.store.vectors import VectorCache
from index.store.writing import write_snapshot


@dataclass(frozen=True, slots=True)
class Making:
    """How the next snapshot is made, while the store is held for writing.

    `known` has what need not be read again, `cache` what need not be embedded again.
    """

    store: Store
    model: Model
    encoder: Encoder
    known: Known
    cache: VectorCache

    @classmethod
    def after(
        cls,
        old: Snapshot | None,
        store: Store,
        model: Model,
        encoder: Encoder,
        *,
        vectors_from: Iterable[Snapshot] = (),
    ) -> "Making":
        """Look texts up in `old`, in `vectors_from`, and in what is kept of earlier snapshots."""
        backend = encoder.backend
        kept = partial(kept_shards, store, old, model, backend)
        cache = VectorCache([*vectors_from, *([old] if old else [])], model, backend, kept)
        return cls(store, model, encoder, Known(old, model, backend), cache)

    def embedder(self, progress: Progress = no_progress) -> Embedder:
        """Return what embeds the texts that have no vector yet; a context."""
        return Embedder(self.cache, self.encoder, progress)

    def write(
        self,
        ingested: Ingested,
        *,
        sources: tuple[str, ...] = (),
        held: tuple[int, ...] = (),
        ignore: tuple[str, ...] = (),
    ) -> Manifest:
        """Write all files of a snapshot of what was ingested; return its manifest, not yet live.

        Raises StoreError.
        """
        written = write_snapshot(
            self.store, ingested, self.cache, self.model, self.encoder, self.known
        )
        manifest = replace(written, sources=sources, held=held, ignore=ignore)
        return carry_calibration(self.store, manifest, ingested.documents)
