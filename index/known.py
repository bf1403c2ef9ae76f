"""What an old snapshot knows of the files: what did not change is not read again."""

from collections import defaultdict
from dataclasses import replace
from pathlib import PurePosixPath

from index.chunking import VERSION as CHUNKING
from index.chunking import Chunker
from index.model import Model
from index.records import ChunkedDocument, Document, passage_id
from index.snapshot import Snapshot
from index.sources import SourceFile, document_id


class Known:
    """The documents of an old snapshot, by where they come from and by the bytes of their files.

    `snapshot` is where they are from. `is_cut_as_now` tells whether their passages, too, are those
    that would be cut today, and `has_vectors` whether these have the vectors that the encoder would
    make.
    """

    def __init__(self, old: Snapshot | None, model: Model, backend: str) -> None:
        self.snapshot = old
        self._by_source: dict[str, list[ChunkedDocument]] = defaultdict(list)
        self._by_bytes: dict[tuple[str, str], ChunkedDocument] = {}
        self._by_id = dict(old.chunked) if old else {}
        for chunked in old.chunked.values() if old else ():
            self._by_source[chunked.document.source].append(chunked)
        for source, documents in self._by_source.items():
            if len(documents) == 1 and documents[0].document.id == document_id(source):
                kind = PurePosixPath(source).suffix.lower()
                key = documents[0].document.document_sha256, kind
                self._by_bytes.setdefault(key, documents[0])
        made_by = old.manifest.made_by if old else None
        now = CHUNKING, model.fingerprint, backend
        self.is_cut_as_now = made_by is not None and made_by[:2] == now[:2]
        self.has_vectors = (
            old is not None
            and made_by == now
            and all(shard.heading_vectors for shard in old.manifest.shards)
        )

    def of(self, file: SourceFile, sha256: str) -> list[ChunkedDocument]:
        """Return the documents of a file with these bytes; none if they are not known.

        A file that was renamed is known by its bytes, unless it holds several documents, whose
        ids are made of its name.
        """
        found = self._by_source.get(file.source, [])
        if found and all(each.document.document_sha256 == sha256 for each in found):
            return found
        renamed = self._by_bytes.get((sha256, file.suffix))
        if renamed is None or file.upload_id:
            return []
        return [_renamed(renamed, file)]

    def below(self, name: str) -> list[ChunkedDocument]:
        """Return the documents of a file, or of all files in a folder."""
        return [
            chunked
            for source, documents in self._by_source.items()
            if source == name or source.startswith(f"{name}/")
            for chunked in documents
        ]

    def is_as_it_was(self, chunked: ChunkedDocument) -> bool:
        """Tell whether a document's passages have their vectors in the old snapshot."""
        known = self._by_id.get(chunked.document.id)
        return (
            self.has_vectors
            and known is not None
            and (
                known is chunked
                or (known.passages == chunked.passages and _looks_like(known, chunked.document))
            )
        )

    def chunk(self, document: Document, chunker: Chunker) -> ChunkedDocument:
        """Cut a document into passages, unless that was done before."""
        known = self._by_id.get(document.id)
        if known is None or not self.is_cut_as_now or not _looks_like(known, document):
            return chunker.chunk(document)
        return known if known.document == document else replace(known, document=document)


def _looks_like(known: ChunkedDocument, document: Document) -> bool:
    """Tell whether a document has all that its passages and headings are made of."""
    before = known.document
    return (before.text, before.title, before.media_type, before.layout) == (
        document.text,
        document.title,
        document.media_type,
        document.layout,
    )


def _renamed(known: ChunkedDocument, file: SourceFile) -> ChunkedDocument:
    document = replace(known.document, id=file.document_id, source=file.source)
    passages = tuple(
        replace(each, id=passage_id(document.id, each.start, each.end), document_id=document.id)
        for each in known.passages
    )
    return replace(known, document=document, passages=passages)
