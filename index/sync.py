"""Syncs a store with its sources, and publishes the snapshot."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from index.changes import SyncReport, compare, digests_of
from index.chunking.chunker import VERSION as CHUNKING
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import (
    SourceError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreUnusableError,
)
from index.ingest import Ingestion, refuse_same_ids
from index.parsers.language import foreign
from index.previous import Entry, PreviousDocuments
from index.progress import Progress, no_progress
from index.records import Document
from index.sources.listing import SkippedFile
from index.sources.selection import select_sources
from index.store.protocols import Snapshot, Store
from index.store.records import (
    MadeBy,
    SnapshotInfo,
    UploadChange,
    is_upload,
    upload_id_of,
)

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
    previous: Snapshot | None = None,
    gate: Gate | None = None,
    wait_s: float = 0,
) -> SyncReport:
    """Make `store` hold exactly its uploads and the files of `sources`, or those of the last sync.

    Files that match a pattern of `ignore` (None: the last patterns) are passed over; with
    `reread` files that did not change are parsed again. `previous` is a snapshot that is open
    already, to save reading the live one. The new snapshot goes live in one step at the end; on
    any error, or if `gate` says no, the old one stays live. A store that is damaged or in an older
    form is built anew. Raises SourceError, ModelError, StoreError; StoreBusyError if another
    process writes for `wait_s` seconds.
    """
    with store.writing(wait_s=wait_s):
        old, repaired = _open_live(store, previous)
        selection = select_sources(store, sources, ignore)
        known, repaired = _known(store, old, model, repaired)
        if repaired:
            selection = selection.after_repair(store)
        draft = store.draft(_made_by(model, encoder, old), None if repaired else old)
        with Ingestion(draft, known, model, encoder, progress, reread=reread) as ingestion:
            ingested = ingestion.ingest(selection.files, selection.skipped, store.uploads.content)
            counts = selection.counts(ingested.locations[e.source] for e in ingested.documents)
            selection.refuse_loss(counts, ingested.skipped)
            embedded = ingestion.finish(ingested.documents)
        live_info = draft.commit(
            sources=tuple(map(str, selection.sources)),
            held=tuple(counts.values()),
            ignore=selection.ignore,
        )
        admitted = gate is None or _admitted(gate, store, live_info, old)
        if admitted:
            store.publish(live_info.id, checked=gate is not None)
        else:
            store.keep_aside(live_info.id)
    changes = compare(digests_of(known.documents), digests_of(ingested.documents))
    added, changed, *_ = changes
    new_sources = {*added, *changed}
    new = [e.load().document for e in ingested.documents if e.source in new_sources]
    return SyncReport(
        *changes,
        skipped=tuple(ingested.skipped),
        kept=tuple(ingested.kept),
        empty=selection.empty(counts),
        dropped=selection.dropped,
        snapshot=live_info.id,
        passages=live_info.passages,
        embedded=embedded,
        remarks=tuple(SkippedFile(d.source, remark) for d in new for remark in d.remarks),
        foreign=foreign(new, model.languages),
        repaired=repaired,
        kept_aside="" if admitted else live_info.id,
    )


def publish_documents(
    store: Store,
    documents: Iterable[Document],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
    *,
    vectors_from: Sequence[Snapshot] = (),
) -> SnapshotInfo:
    """Make `store` hold exactly `documents`, those without a passage left out.

    Text that has a vector in this store or in `vectors_from` is not embedded again. Raises
    SourceError if no passage is left, ModelError, StoreError.
    """
    with store.writing():
        old, repaired = _open_live(store, None)
        known, repaired = _known(store, old, model, repaired)
        parent, made_by = None if repaired else old, _made_by(model, encoder, old)
        draft = store.draft(made_by, parent, vectors_from=vectors_from)
        with Ingestion(draft, known, model, encoder, progress) as ingestion:
            entries = ingestion.ingest_documents(documents)
            if not entries:
                raise SourceError("None of the documents holds text that can be indexed.")
            ingestion.finish(entries)
        return draft.commit(live=True)


def change_uploads(
    store: Store,
    changes: Sequence[UploadChange],
    model: Model,
    encoder: Encoder,
    *,
    previous: Snapshot | None = None,
    wait_s: float = 0,
    progress: Progress = no_progress,
) -> SnapshotInfo:
    """Publish a snapshot with all changes made, or none; return what it is.

    `previous` is a snapshot that is open already, to save reading the live one. Raises StoreError;
    StoreBusyError if another process writes for `wait_s` seconds; StoreDamagedError if other
    documents are to be made anew and cannot; SourceError for an id that another document has.
    """
    with store.writing(wait_s=wait_s):
        if previous is None or previous.id != store.live_id():
            previous = store.open(previous=previous)
        for change in changes:
            refuse_id_in_use(change.id, previous)
        draft = store.draft(_made_by(model, encoder, previous), previous)
        if draft.parent is None:  # another chunker or encoder: all documents are made anew
            documents, damaged = store.stored_documents(previous)
            if damaged:  # what is missing can only come from the SOURCEs
                raise StoreDamagedError(damaged[0])
            known = PreviousDocuments(previous, documents, model)
            changed = {change.id for change in changes}
            others = [e for e in known.documents if upload_id_of(e.source) not in changed]
        else:
            uploads = filter(None, (store.uploads.find(change.id) for change in changes))
            known = PreviousDocuments.of_sources(previous, [u.source for u in uploads], model)
            others = []
        with Ingestion(draft, known, model, encoder, progress) as ingestion:
            entries = ingestion.reuse(others)
            for change in changes:
                entries += ingestion.ingest_upload(change)
            _refuse_taken_ids(entries, changes, previous)
            ingestion.finish(entries)
        before = previous.info
        return draft.commit(
            sources=before.sources,
            held=before.held,
            ignore=before.ignore,
            uploads=changes,
            live=True,
        )


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
    try:
        source = snapshot.document(document_id).source
    except KeyError:
        return None
    if upload_id_of(source) == document_id:
        return None
    return "upload" if is_upload(source) else "source"


def _open_live(store: Store, previous: Snapshot | None) -> tuple[Snapshot | None, str]:
    """Return the live snapshot, or None and why it cannot be used."""
    try:
        if previous is not None and previous.id == store.live_id():
            return previous, ""
        return store.open(previous=previous), ""
    except StoreMissingError:
        return None, ""
    except StoreUnusableError as error:
        return None, error.reason


def _known(
    store: Store, old: Snapshot | None, model: Model, repaired: str
) -> tuple[PreviousDocuments, str]:
    """Return what the old snapshot has intact, and why the rest of it is of no use."""
    documents, damaged = store.stored_documents(old) if old else ([], [])
    repaired = repaired or next(iter(damaged), "")
    if repaired and (aside := store.repair()):
        repaired += (
            f". It lies in {aside} now; uploads, jobs, feedback and keys were taken over as far as "
            "they could be read"
        )
    if old and repaired:
        documents = [document for document in documents if _can_be_loaded(old, document.id)]
    return PreviousDocuments(old, documents, model), repaired


def _can_be_loaded(snapshot: Snapshot, document_id: str) -> bool:
    with suppress(StoreDamagedError):
        return snapshot.chunked(document_id) is not None
    return False


def _made_by(model: Model, encoder: Encoder, old: Snapshot | None) -> MadeBy:
    made_by = old.info.made_by if old else None
    if made_by and made_by.vectors == (model.fingerprint, encoder.backend):
        dimension = made_by.dimension
    else:
        dimension = encoder.encode([], "document").shape[1]
    return MadeBy(model.name, model.fingerprint, encoder.backend, CHUNKING, dimension)


def _refuse_taken_ids(
    entries: Sequence[Entry], changes: Sequence[UploadChange], previous: Snapshot
) -> None:
    """Raise SourceError for a record of an upload that has the id of another document."""
    changed = {change.id for change in changes}
    sources: dict[str, str] = {}
    for entry in entries:
        with suppress(KeyError):
            source = previous.document(entry.id).source
            if upload_id_of(source) not in changed:
                sources[entry.id] = source
    refuse_same_ids(entries, sources)


def _admitted(gate: Gate, store: Store, candidate: SnapshotInfo, old: Snapshot | None) -> bool:
    if old is None:
        return True
    checked_id, checked = store.standing().checked, None
    if checked_id and checked_id != old.id:
        with suppress(StoreError):
            checked = store.open(checked_id, previous=old)
    if not _same_content(old.info, candidate):
        return gate(old, store.open(candidate.id, previous=old), checked)
    if checked and not _same_content(checked.info, candidate):
        gate(old, old, checked)  # It reports on uploads since the last check; they are live.
    return True


def _same_content(one: SnapshotInfo, other: SnapshotInfo) -> bool:
    """Tell whether two snapshots differ in their calibration at most."""
    return replace(one, id="", calibration=None, published=0.0) == replace(
        other, id="", calibration=None, published=0.0
    )
