"""From sources to a published snapshot: the store is made to hold exactly the sources."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from index.encoder import Encoder
from index.errors import SourceError, StoreError, StoreMissingError, StoreUnusableError
from index.gathering import Gathered
from index.gating import Gate
from index.model import Model
from index.progress import Progress, no_progress
from index.records import Document
from index.refusals import refuse_loss
from index.report import SyncReport, report
from index.sources import SourceFile, list_files, resolve_sources
from index.store.making import Making
from index.store.manifest import Manifest, Remembered
from index.store.objects import write_errors_explained
from index.store.snapshot import Snapshot, open_snapshot, read_snapshot
from index.store.store import Store
from index.store.uploads import Upload


def sync(
    store: Store,
    sources: Sequence[str | Path],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
    *,
    ignore: Sequence[str] | None = None,
    reread: bool = False,
    known: Snapshot | None = None,
    gate: Gate | None = None,
    wait_s: float = 0,
) -> SyncReport:
    """Make `store` hold exactly its uploads and what `sources` hold; none given: those remembered.

    Text that was embedded before, by the same model and backend, is not embedded again. Files
    that match a pattern of `ignore` (None: those remembered) are passed over; `reread` extracts
    anew the text of files that did not change. `known` is a snapshot that is open already, to
    save reading the live one. The new snapshot goes live in one step at the end; on any error
    the old one stays. Where `gate` says no, it is kept aside and the old one stays live. A store
    that is damaged or in an older format is built anew. Raises SourceError, ModelError,
    StoreError; StoreBusyError if another process writes for `wait_s` seconds.
    """
    with store.writing(wait_s=wait_s):
        old, repaired = _open_old(store, known)
        remembered = remembered_by(store)
        roots = sources_of(store, sources)
        ignored = patterns(ignore, remembered)
        files, skipped = list_files(roots, store.folder, ignored)
        uploads = store.uploads.all()
        wanted: list[tuple[SourceFile, Upload | None]] = [(file, None) for file in files]
        wanted += [(store.uploads.file(upload), upload) for upload in uploads]
        making = Making.after(old, store, model, encoder)
        with making.embedder(progress) as embedder:
            gatherer = making.gatherer(reread=reread)
            gathered = gatherer.gather(wanted, skipped, embedder, progress)
            held = {root: gathered.count_in(root) for root in roots}
            refuse_loss(held, gathered.skipped, remembered)
            embedded = embedder.finish()
        manifest = making.write(
            gathered,
            sources=tuple(str(root) for root in roots),
            held=tuple(held.values()),
            ignore=ignored,
        )
        admitted = gate is None or _admitted(gate, store, manifest, old)
        if admitted:
            _publish(store, manifest, old, checked=gate is not None)
        else:
            with write_errors_explained(store.folder):
                store.keep_aside(manifest)
    return report(
        old,
        gathered,
        roots,
        manifest,
        embedded,
        repaired=repaired,
        remembered=remembered,
        languages=model.languages,
        kept_aside="" if admitted else manifest.id,
    )


def publish_documents(
    store: Store,
    documents: Iterable[Document],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
    *,
    vectors_from: Sequence[Snapshot] = (),
) -> Manifest:
    """Make `store` hold exactly `documents`, which come from no source of its own.

    A document that has no passage is left out. Text is not embedded again if it was before, in
    this store or in a snapshot of `vectors_from`. Raises ModelError, StoreError.
    """
    with store.writing():
        old, _ = _open_old(store, None)
        making = Making.after(old, store, model, encoder, vectors_from=vectors_from)
        gathered = Gathered()
        with making.embedder(progress) as embedder:
            for entry in making.gatherer().chunk(documents):
                gathered.documents.append(entry)
                embedder.add([entry.load()])
            embedder.finish()
        if not gathered.documents:
            raise SourceError("None of the documents holds text that can be indexed.")
        manifest = making.write(gathered)
        _publish(store, manifest, old)
    return manifest


def _admitted(gate: Gate, store: Store, manifest: Manifest, old: Snapshot | None) -> bool:
    """Ask a gate about a manifest. Nothing is held back where nothing is live, or nothing new."""
    if old is None:
        return True
    pointer = store.pointer()
    checked = _kept(pointer.checked, store, old)
    if old.manifest.content != manifest.content:
        return gate(old, read_snapshot(manifest, store, known=old), checked)
    if checked and checked.manifest.content != manifest.content:
        gate(old, old, checked)  # for what it says of uploads; what is live is live
    return True


def _kept(snapshot: str | None, store: Store, old: Snapshot) -> Snapshot | None:
    """Open a snapshot that is kept besides the live one; None if there is none that can be used."""
    if snapshot is None or snapshot == old.id:
        return None
    try:
        return read_snapshot(store.manifest(snapshot), store, known=old)
    except StoreError:
        return None


def _publish(
    store: Store, manifest: Manifest, old: Snapshot | None, *, checked: bool = False
) -> None:
    if old is not None and manifest.id == old.id:
        pointer = store.pointer()
        if not pointer.aside and (not checked or pointer.checked == manifest.id):
            return
    with write_errors_explained(store.folder):
        store.publish(manifest, checked=checked, keep_aside=False)


def _open_old(store: Store, known: Snapshot | None) -> tuple[Snapshot | None, str]:
    """Return the live snapshot if it can be used, else why it cannot."""
    try:
        if known is not None and known.id == store.live_id():
            return known, ""
        return open_snapshot(store, known=known), ""
    except StoreMissingError:
        return None, ""
    except StoreUnusableError as error:
        return None, error.reason
    except StoreError as error:
        return None, str(error).rstrip(".")


def sources_of(store: Store, sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the sources, else those that the store remembers, be its other files damaged."""
    if sources:
        return resolve_sources(sources)
    try:
        return resolve_sources(store.remembered().sources)
    except StoreMissingError:
        raise SourceError(
            "Nothing to index yet: run `pincite index SOURCE…` with a file or folder."
        ) from None


def remembered_by(store: Store) -> Remembered | None:
    """Return what the store remembers for the next sync; None where that cannot be read."""
    try:
        return store.remembered()
    except StoreError:
        return None


def patterns(given: Sequence[str] | None, remembered: Remembered | None) -> tuple[str, ...]:
    """Return the patterns of files to ignore: those given, else those remembered."""
    if given is not None:
        return tuple(given)
    return remembered.ignore if remembered else ()
