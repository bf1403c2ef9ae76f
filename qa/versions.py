"""A document as it is now, and as an answer may have known it."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from index.records import Document
from index.sources import SourceFile, locate
from index.store.snapshot import Snapshot
from index.store.uploads import Upload, Uploads, is_upload, upload_id_of

VersionsOf = Callable[[str], tuple[Document, ...]]
"""Returns the versions of a document by its id: first as it is now, then as it was indexed.

Empty if there is no such document now.
"""


def versions_in_sources(snapshot: Snapshot, uploads: Uploads | None = None) -> VersionsOf:
    """Return a look-up of the documents as their files, and the `uploads`, are now.

    A file whose bytes are those that were indexed is not read again: what was extracted of it
    then is what was cited.
    """
    # Readers bring parsers that an answer does not need.
    from index.gathering import digest_of
    from index.parsers import UnreadableFileError, read_errors_explained, read_file

    roots = [Path(source) for source in snapshot.manifest.sources]
    read = cache(read_file)

    def versions_of(document_id: str) -> tuple[Document, ...]:
        if document_id not in snapshot.chunked:
            return ()
        indexed = snapshot.document(document_id)
        try:
            file, upload = _now(indexed, roots, uploads)
            if file is None:
                return ()
            with read_errors_explained():
                if digest_of(file.path) == indexed.document_sha256:
                    return (indexed, indexed)
            documents = read(file)
        except UnreadableFileError:
            return ()
        described = (upload.describe(each) if upload else each for each in documents)
        return next(((now, indexed) for now in described if now.id == document_id), ())

    return versions_of


def _now(
    document: Document, roots: Sequence[Path], uploads: Uploads | None
) -> tuple[SourceFile | None, Upload | None]:
    """Return where a document's content lies now, and what it was uploaded as."""
    if not is_upload(document.source):
        path = locate(document.source, roots)
        return (SourceFile(path, document.source) if path else None), None
    upload = uploads.find(upload_id_of(document.source)) if uploads else None
    return (uploads.file(upload), upload) if uploads and upload else (None, None)


def versions_in_snapshot(snapshot: Snapshot) -> VersionsOf:
    """Return a look-up of the documents that the snapshot answers from."""

    def versions_of(document_id: str) -> tuple[Document, ...]:
        chunked = snapshot.chunked.get(document_id)
        return (chunked.document,) if chunked else ()

    return versions_of
