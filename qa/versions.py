"""A document as it is now, and as an answer may have known it."""

from collections.abc import Callable
from pathlib import Path

from index.records import Document
from index.snapshot import Snapshot

VersionsOf = Callable[[str], tuple[Document, ...]]
"""Returns the versions of a document by its id: first as it is now, then as it was indexed.

Empty if there is no such document now.
"""


def versions_in_sources(snapshot: Snapshot) -> VersionsOf:
    """Return a look-up of the documents as their files are now."""
    # Readers bring parsers that an answer does not need.
    from index.reading import UnreadableFileError, read_file
    from index.sources import SourceFile, locate

    roots = [Path(source) for source in snapshot.manifest.sources]

    def versions_of(document_id: str) -> tuple[Document, ...]:
        if document_id not in snapshot.chunked:
            return ()
        indexed = snapshot.document(document_id)
        path = locate(indexed.source, roots)
        try:
            documents = read_file(SourceFile(path, indexed.source)) if path else []
        except UnreadableFileError:
            return ()
        return next(((now, indexed) for now in documents if now.id == document_id), ())

    return versions_of


def versions_in_snapshot(snapshot: Snapshot) -> VersionsOf:
    """Return a look-up of the documents that the snapshot answers from."""

    def versions_of(document_id: str) -> tuple[Document, ...]:
        chunked = snapshot.chunked.get(document_id)
        return (chunked.document,) if chunked else ()

    return versions_of
