"""From sources to a published snapshot: the store is made to hold exactly the sources."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from index.chunking import VERSION as CHUNKING
from index.embedding import Embedder
from index.encoder import Encoder
from index.errors import SourceError, StoreError, StoreMissingError, StoreUnusableError
from index.gathering import Gathered, Gatherer
from index.gating import Gate
from index.manifest import FORMAT, Manifest
from index.model import Model
from index.objects import write_atomically, write_errors_explained
from index.postings import build_postings, write_postings
from index.progress import Progress, no_progress
from index.publishing import carry_calibration
from index.records import Document
from index.refusals import refuse_loss
from index.report import SyncReport, report
from index.shards import ShardContent, deal, sentence_count, write_shard
from index.snapshot import Snapshot, open_snapshot, read_snapshot
from index.sources import list_files, resolve_sources
from index.store import Store
from index.vectors import VectorCache

Measure = Callable[[Snapshot, bytes | None], bytes]
"""What answering wants to know of a snapshot before it goes live, as bytes that are not understood
here; given what it said before, if that was of the same content."""


def sync(
    store: Store,
    sources: Sequence[str | Path],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
    *,
    measure: Measure | None = None,
    gate: Gate | None = None,
) -> SyncReport:
    """Make `store` hold exactly what `sources` hold; with none given, those it remembers.

    Text that was embedded before, by the same model and backend, is not embedded again.
    The new snapshot goes live in one step at the end; on any error the old one stays. What
    `measure` returns of it is published with it. If `gate` does not let it follow the live one it
    is kept aside. Raises SourceError, ModelError, StoreError, and what `gate` raises.
    """
    with store.writing():
        old, repaired = _open_old(store)
        roots = _roots(store, sources)
        files, skipped = list_files(roots, store.folder)
        cache = VectorCache([old] if old else [], model, encoder.backend)
        with Embedder(cache, encoder, progress) as embedder:
            gathered = Gatherer(old, model).gather(files, skipped, embedder, progress)
            refuse_loss(roots, gathered, old.manifest if old else None)
            embedded = embedder.finish()
        manifest = _write(store, gathered, cache, model, encoder.backend, roots)
        manifest = _with_background(store, manifest, old, measure)
        manifest = carry_calibration(store, manifest, gathered.documents)
        kept_aside = not _may_follow(store, old, manifest, gate)
        if kept_aside:
            _keep_aside(store, manifest)
        else:
            _publish(store, manifest, old)
    done = report(old, gathered, roots, manifest, embedded, repaired)
    return replace(done, kept_aside=manifest.id) if kept_aside else done


def publish_documents(
    store: Store,
    documents: Iterable[Document],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
    *,
    vectors_from: Sequence[Snapshot] = (),
    measure: Measure | None = None,
) -> Manifest:
    """Make `store` hold exactly `documents`, which come from no source of its own.

    A document that has no passage is left out. Text is not embedded again if it was before, in
    this store or in a snapshot of `vectors_from`. Raises ModelError, StoreError.
    """
    with store.writing():
        old, _ = _open_old(store)
        cache = VectorCache([*vectors_from, *([old] if old else [])], model, encoder.backend)
        gathered = Gathered()
        with Embedder(cache, encoder, progress) as embedder:
            for chunked in Gatherer(old, model).chunk(documents):
                gathered.documents.append(chunked)
                embedder.add([chunked])
            embedder.finish()
        if not gathered.documents:
            raise SourceError("None of the documents holds text that can be indexed.")
        manifest = _write(store, gathered, cache, model, encoder.backend, ())
        manifest = _with_background(store, manifest, old, measure)
        _publish(store, manifest, old)
    return manifest


def _with_background(
    store: Store, manifest: Manifest, old: Snapshot | None, measure: Measure | None
) -> Manifest:
    if measure is None:
        return manifest
    if old is not None and old.manifest.content == manifest.content:
        background = measure(old, old.background)
    else:
        background = measure(read_snapshot(manifest, store), None)
    with write_errors_explained(store.folder):
        return replace(manifest, background=store.objects.put(background))


def _may_follow(store: Store, old: Snapshot | None, manifest: Manifest, gate: Gate | None) -> bool:
    if gate is None or old is None or old.manifest.format != FORMAT:
        return True
    if old.manifest.content == manifest.content:
        return True
    return gate(old, read_snapshot(manifest, store), None)


def _keep_aside(store: Store, manifest: Manifest) -> None:
    with write_errors_explained(store.folder):
        path = store.folder / "snapshots" / f"{manifest.id}.json"
        write_atomically(path, manifest.to_bytes())


def _publish(store: Store, manifest: Manifest, old: Snapshot | None) -> None:
    if old is None or manifest.id != old.id:
        with write_errors_explained(store.folder):
            store.publish(manifest)


def _open_old(store: Store) -> tuple[Snapshot | None, str]:
    """Return the live snapshot if it can be used, else why it cannot."""
    try:
        return open_snapshot(store, to_upgrade=True), ""
    except StoreMissingError:
        return None, ""
    except StoreUnusableError as error:
        return None, error.reason
    except StoreError as error:
        return None, str(error).rstrip(".")


def _roots(store: Store, sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the sources, else those that the store remembers, be its other files damaged."""
    if sources:
        return resolve_sources(sources)
    try:
        return resolve_sources(store.live_manifest().sources)
    except StoreMissingError:
        raise SourceError(
            "Nothing to index yet: run `pincite index SOURCE…` with a file or folder."
        ) from None


def _write(
    store: Store,
    gathered: Gathered,
    cache: VectorCache,
    model: Model,
    backend: str,
    roots: Sequence[Path],
) -> Manifest:
    shares = deal(gathered.documents)
    with write_errors_explained(store.folder):
        shards = tuple(
            write_shard(
                ShardContent(
                    tuple(share),
                    cache.passages(share),
                    cache.sentences(share),
                    cache.headings(share),
                ),
                store.objects,
            )
            for share in shares
        )
        postings = build_postings(chunked for share in shares for chunked in share)
        postings_files = write_postings(postings, store.objects)
    return Manifest(
        format=FORMAT,
        model_name=model.name,
        model_fingerprint=model.fingerprint,
        backend=backend,
        chunking=CHUNKING,
        dimension=cache.dimension,
        sources=tuple(str(root) for root in roots),
        shards=shards,
        documents=len(gathered.documents),
        passages=sum(len(chunked.passages) for chunked in gathered.documents),
        sentences=sentence_count(gathered.documents),
        held=tuple(gathered.count_in(root) for root in roots),
        postings=postings_files,
    )
