"""Changing uploads alone: the documents of the SOURCEs stay as they were indexed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from index.chunking import Chunker
from index.encoder import Encoder
from index.errors import SourceError
from index.model import Model
from index.parsers import UnreadableFileError, read_file
from index.progress import Progress, no_progress
from index.sources import SourceFile
from index.store.making import Making
from index.store.manifest import Manifest
from index.store.objects import write_errors_explained
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from index.store.uploads import Upload, UploadChange, is_upload, upload_id_of


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
