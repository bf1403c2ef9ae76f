"""Syncs a store with its sources, and publishes the snapshot."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from index.changes import SyncReport, compare, digests_of
from index.chunking.chunker import Chunker
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError, StoreError, StoreMissingError, StoreUnusableError
from index.ingest import Ingested, Ingestion
from index.parsers import UnreadableFileError, read_file
from index.parsers.language import foreign
from index.progress import Progress, no_progress
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile
from index.sources.selection import select_sources
from index.store.making import Making
from index.store.manifest import Manifest
from index.store.objects import write_errors_explained
from index.store.snapshot import Snapshot, open_snapshot, read_snapshot
from index.store.store import Store
from index.store.uploads import Upload, UploadChange, is_upload, upload_id_of

Gate = Callable[[Snapshot, Snapshot, Snapshot | None], bool]
"""Tells whether a candidate may go live. It gets the live snapshot, the candidate, and the last
snapshot that a gate let through, None if that is the live one."""


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
    """Make `store` hold exactly its uploads and the files of `sources`, or those of the last sync.

    Files that match a pattern of `ignore` (None: the last patterns) are passed over; with
    `reread` files that did not change are parsed again. `known` is a snapshot that is open
    already, to save reading the live one. The new snapshot goes live in one step at the end; on
    any error, or if `gate` says no, the old one stays live. A store that is damaged or in an older
    format is built anew. Raises SourceError, ModelError, StoreError; StoreBusyError if another
    process writes for `wait_s` seconds.
    """
    with store.writing(wait_s=wait_s):
        old, repaired = _open_live(store, known)
        selection = select_sources(store, sources, ignore)
        making = Making.after(old, store, model, encoder)
        with making.embedder(progress) as embedder:
            ingestion = Ingestion(making.known, model, embedder, reread=reread)
            ingested = ingestion.ingest(selection.files, selection.skipped, progress)
            counts = selection.counts(ingested.locations[e.source] for e in ingested.documents)
            selection.refuse_loss(counts, ingested.skipped)
            embedded = embedder.finish()
        manifest = making.write(
            ingested,
            sources=tuple(map(str, selection.sources)),
            held=tuple(counts.values()),
            ignore=selection.ignore,
        )
        admitted = gate is None or _admitted(gate, store, manifest, old)
        if admitted:
            _publish(store, manifest, old, checked=gate is not None)
        else:
            with write_errors_explained(store.folder):
                store.keep_aside(manifest)
    before = digests_of(old.chunked.without_texts()) if old else {}
    changes = compare(before, digests_of(ingested.documents))
    added, changed, *_ = changes
    new_sources = {*added, *changed}
    new = [e.load().document for e in ingested.documents if e.source in new_sources]
    return SyncReport(
        *changes,
        skipped=tuple(ingested.skipped),
        kept=tuple(ingested.kept),
        empty=selection.empty(counts),
        dropped=selection.dropped,
        snapshot=manifest.id,
        passages=manifest.passages,
        embedded=embedded,
        remarks=tuple(SkippedFile(d.source, remark) for d in new for remark in d.remarks),
        foreign=foreign(new, model.languages),
        repaired=repaired,
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
    """Make `store` hold exactly `documents`, those without a passage left out.

    Text that has a vector in this store or in `vectors_from` is not embedded again. Raises
    SourceError if no passage is left, ModelError, StoreError.
    """
    with store.writing():
        old, _ = _open_live(store, None)
        making = Making.after(old, store, model, encoder, vectors_from=vectors_from)
        with making.embedder(progress) as embedder:
            entries = Ingestion(making.known, model, embedder).ingest_documents(documents)
            embedder.finish()
        if not entries:
            raise SourceError("None of the documents holds text that can be indexed.")
        manifest = making.write(Ingested(entries))
        _publish(store, manifest, old)
    return manifest


def change_uploads(
    store: Store,
    changes: Sequence[UploadChange],
    model: Model,
    encoder: Encoder,
    *,
    known: Snapshot | None = None,
    wait_s: float = 0,
    progress: Progress = no_progress,
) -> Manifest:
    """Publish a snapshot with all changes made, or none; return its manifest.

    `known` is a snapshot that is open already, to save reading the live one. Raises StoreError;
    StoreBusyError if another process writes for `wait_s` seconds; SourceError for an id that
    another document has.
    """
    with store.writing(wait_s=wait_s), write_errors_explained(store.folder):
        if known is None or known.id != store.live_id():
            known = open_snapshot(store, known=known)
        for change in changes:
            refuse_id_in_use(change.id, known)
        before, live_before = known.manifest, known.id
        with store.uploads.changing(changes, undo=lambda: store.live_id() == live_before):
            making = Making.after(known, store, model, encoder)
            uploads = [(store.uploads.file(upload), upload) for upload in store.uploads.all()]
            with making.embedder(progress) as embedder:
                ingestion = Ingestion(making.known, model, embedder)
                ingested = ingestion.ingest(uploads, progress=progress)
                others = [e for e in making.known.entries if not is_upload(e.source)]
                ingested.documents.extend(ingestion.reuse(others))
                embedder.finish()
            manifest = making.write(
                ingested, sources=before.sources, held=before.held, ignore=before.ignore
            )
            if manifest.id != live_before:
                store.publish(manifest)
    return manifest


def refuse_id_in_use(document_id: str, snapshot: Snapshot) -> None:
    """Raise SourceError for the id of a document that is no upload of that id."""
    owner = owner_of_id(document_id, snapshot)
    if owner == "upload":
        raise SourceError("That id is a record's in another upload: choose another id.")
    if owner == "source":
        raise SourceError(
            "That id is a document's in a file of a SOURCE: change the file, or choose another id."
        )


def owner_of_id(document_id: str, snapshot: Snapshot) -> Literal["upload", "source"] | None:
    """Tell whether another upload, or a file of a SOURCE, holds the document of an id."""
    chunked = snapshot.chunked.get(document_id)
    if chunked is None or upload_id_of(chunked.document.source) == document_id:
        return None
    return "upload" if is_upload(chunked.document.source) else "source"


def why_unreadable(upload: Upload, path: Path, model: Model) -> str:
    """Return why the content at `path` could not be indexed as `upload`; "" if it can."""
    try:
        documents = read_file(SourceFile(path, upload.source, upload.kind, upload.id))
    except UnreadableFileError as error:
        return str(error)
    chunker = Chunker(model.tokenizer(), model.budget())
    if not any(chunker.chunk(document).passages for document in documents):
        return "nothing in it but headings or markup"
    return ""


def _open_live(store: Store, known: Snapshot | None) -> tuple[Snapshot | None, str]:
    """Return the live snapshot, or None and why it cannot be used."""
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


def _admitted(gate: Gate, store: Store, manifest: Manifest, old: Snapshot | None) -> bool:
    if old is None:
        return True
    checked_id, checked = store.pointer().checked, None
    if checked_id and checked_id != old.id:
        with suppress(StoreError):
            checked = read_snapshot(store.manifest(checked_id), store, known=old)
    if old.manifest.content != manifest.content:
        return gate(old, read_snapshot(manifest, store, known=old), checked)
    if checked and checked.manifest.content != manifest.content:
        gate(old, old, checked)  # It reports on uploads since the last check; they are live.
    return True


def _publish(
    store: Store, manifest: Manifest, old: Snapshot | None, *, checked: bool = False
) -> None:
    if old is not None and manifest.id == old.id:
        pointer = store.pointer()
        if not pointer.aside and (not checked or pointer.checked == manifest.id):
            return
    with write_errors_explained(store.folder):
        store.publish(manifest, checked=checked, keep_aside=False)
