"""From sources to a published snapshot: the store is made to hold exactly the sources."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

from index.changes import SyncReport, report
from index.chunking.chunker import Chunker
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError, StoreError, StoreMissingError, StoreUnusableError
from index.ingest import Gathered
from index.parsers import UnreadableFileError, read_file
from index.progress import Progress, no_progress
from index.records import Document
from index.sources.listing import SourceFile, list_files
from index.sources.remembered import patterns, refuse_loss, remembered_by, sources_of
from index.store.making import Making
from index.store.manifest import Manifest
from index.store.objects import write_errors_explained
from index.store.snapshot import Snapshot, open_snapshot, read_snapshot
from index.store.store import Store
from index.store.uploads import Upload, UploadChange, is_upload, upload_id_of

Gate = Callable[[Snapshot, Snapshot, Snapshot | None], bool]
"""Tells whether a snapshot may follow the live one: given the live one, the candidate, and the last
one that a gate let through where that is neither of them."""


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
    """Publish a snapshot with the changes made; return its manifest.

    All are made or none. `known` is a snapshot that is open already, to save reading the live
    one. Raises StoreError; StoreBusyError if another process writes for `wait_s` seconds;
    SourceError for an id that a file of a SOURCE has.
    """
    with store.writing(wait_s=wait_s), write_errors_explained(store.folder):
        if known is None or known.id != store.live_id():
            known = open_snapshot(store, known=known)
        for change in changes:
            refuse_id_in_use(change.id, known)
        before_it = known.id
        with store.uploads.changing(changes, undo=lambda: store.live_id() == before_it):
            making = Making.after(known, store, model, encoder)
            uploads = [(store.uploads.file(each), each) for each in store.uploads.all()]
            with making.embedder(progress) as embedder:
                gatherer = making.gatherer()
                gathered = gatherer.gather(uploads, (), embedder, progress)
                entries = making.known.entries
                others = gatherer.as_they_were(e for e in entries if not is_upload(e.source))
                gathered.documents.extend(others)
                if not making.known.has_vectors:
                    embedder.add([entry.load() for entry in others])
                embedder.finish()
            old = known.manifest
            manifest = making.write(gathered, sources=old.sources, held=old.held, ignore=old.ignore)
            if manifest.id != known.id:
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
    """Tell whether an id is a record's in another upload, or a document's in a file of a SOURCE."""
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
