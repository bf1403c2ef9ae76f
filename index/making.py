"""What the next snapshot of a store is made with, whatever it is made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from index.embedding import Embedder
from index.encoder import Encoder
from index.gathering import Gathered, Gatherer
from index.kept import kept_shards
from index.known import Known
from index.manifest import Manifest
from index.model import Model
from index.objects import write_errors_explained
from index.progress import Progress, no_progress
from index.publishing import carry_calibration
from index.snapshot import Snapshot, read_snapshot
from index.store import Store
from index.vectors import VectorCache
from index.writing import write_snapshot

Measure = Callable[[Snapshot, bytes | None], bytes]
"""What answering wants to know of a snapshot before it goes live, as bytes that are not understood
here; given what it said before, if that was of the same content."""


@dataclass(frozen=True, slots=True)
class Making:
    """How the snapshot that comes after `old` is made, while the store is held for writing.

    `known` has what need not be read again, `cache` what need not be embedded again.
    """

    store: Store
    old: Snapshot | None
    model: Model
    encoder: Encoder
    known: Known
    cache: VectorCache
    measure: Measure | None

    @classmethod
    def after(
        cls,
        old: Snapshot | None,
        store: Store,
        model: Model,
        encoder: Encoder,
        measure: Measure | None,
        *,
        vectors_from: Iterable[Snapshot] = (),
    ) -> "Making":
        """Look texts up in `old`, in `vectors_from`, and in what is kept of earlier snapshots."""
        backend = encoder.backend
        kept = partial(kept_shards, store, old, model, backend)
        cache = VectorCache([*vectors_from, *([old] if old else [])], model, backend, kept)
        return cls(store, old, model, encoder, Known(old, model, backend), cache, measure)

    def embedder(self, progress: Progress = no_progress) -> Embedder:
        """Return what embeds the texts that have no vector yet; a context."""
        return Embedder(self.cache, self.encoder, progress)

    def gatherer(self, *, reread: bool = False) -> Gatherer:
        """Return what makes documents of files; with `reread`, of known ones anew."""
        return Gatherer(self.known, self.model, reread=reread)

    def write(
        self,
        gathered: Gathered,
        *,
        sources: tuple[str, ...] = (),
        held: tuple[int, ...] = (),
        ignore: tuple[str, ...] = (),
    ) -> Manifest:
        """Write all files of a snapshot of what was gathered; return its manifest, not yet live.

        Raises StoreError.
        """
        written = write_snapshot(
            self.store, gathered, self.cache, self.model, self.encoder, self.known
        )
        manifest = replace(written, sources=sources, held=held, ignore=ignore)
        return carry_calibration(self.store, self._with_background(manifest), gathered.documents)

    def _with_background(self, manifest: Manifest) -> Manifest:
        measure, old = self.measure, self.old
        if measure is None:
            return manifest
        if old is not None and old.manifest.content == manifest.content:
            background = measure(old, old.background)
        else:
            background = measure(read_snapshot(manifest, self.store, known=old), None)
        with write_errors_explained(self.store.folder):
            return replace(manifest, background=self.store.objects.put(background))
