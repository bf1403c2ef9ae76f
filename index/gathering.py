"""What the sources hold now: documents read anew, kept as they were, or passed over."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.chunking import VERSION as CHUNKING
from index.chunking import Chunker
from index.embedding import Embedder
from index.model import Model
from index.progress import Progress
from index.reading import (
    OutOfReachError,
    UnreadableFileError,
    read_errors_explained,
    read_file,
)
from index.records import ChunkedDocument, Document
from index.snapshot import Snapshot
from index.sources import SkippedFile, SourceFile


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents to publish, what was `skipped`, and what was `kept` without being read.

    `places` tells where each document lies, by its source; for one that was kept with the
    folder it is in, that folder.
    """

    documents: list[ChunkedDocument] = field(default_factory=list[ChunkedDocument])
    places: dict[str, Path] = field(default_factory=dict[str, Path])
    skipped: list[SkippedFile] = field(default_factory=list[SkippedFile])
    kept: list[SkippedFile] = field(default_factory=list[SkippedFile])

    def count_in(self, root: Path) -> int:
        """Return how many of the documents lie in `root`."""
        return sum(place.is_relative_to(root) for place in self.places.values())

    def take(self, documents: Sequence[ChunkedDocument], place: Path) -> None:
        """Add documents that lie at `place`."""
        self.documents.extend(documents)
        self.places.update((chunked.document.source, place) for chunked in documents)


class Gatherer:
    """Turns files into documents, looking each up in the old snapshot first."""

    def __init__(self, old: Snapshot | None, model: Model) -> None:
        self._chunker = Chunker(model.tokenizer(), model.budget())
        chunked = old.chunked.values() if old else ()
        self._known = {each.document.source: each for each in chunked}
        self._cut_as_now = old is not None and (
            (old.manifest.chunking, old.manifest.model_fingerprint) == (CHUNKING, model.fingerprint)
        )

    def gather(
        self,
        files: Sequence[SourceFile],
        skipped: Sequence[SkippedFile],
        embedder: Embedder,
        progress: Progress,
    ) -> Gathered:
        """Read `files`, and have embedded what they hold; `skipped` was passed over before."""
        gathered = Gathered()
        passed_over = list(skipped)
        for done, file in enumerate(files, 1):
            try:
                found = self._read(file)
            except UnreadableFileError as error:
                there = file.path if isinstance(error, OutOfReachError) else None
                passed_over.append(SkippedFile(file.source, str(error), there))
            else:
                gathered.take(found, file.path)
                embedder.add(found)
            progress("Reading", done, len(files))
        for each in sorted(passed_over, key=lambda each: each.path):
            place = each.out_of_reach
            as_they_were = self._as_they_were(each.path, gathered) if place else []
            if place and as_they_were:
                gathered.take(as_they_were, place)
                embedder.add(as_they_were)
                gathered.kept.append(each)
            else:
                gathered.skipped.append(each)
        return gathered

    def chunk(self, documents: Iterable[Document]) -> Iterator[ChunkedDocument]:
        """Cut documents into passages, or find them in the old snapshot; skip those without any."""
        for document in documents:
            known = self._known.get(document.source)
            unchanged = known is not None and self._cut_as_now and known.document == document
            chunked = known if known and unchanged else self._chunker.chunk(document)
            if chunked.passages:
                yield chunked

    def _read(self, file: SourceFile) -> list[ChunkedDocument]:
        """Raises UnreadableFileError, OutOfReachError."""
        known = self._known.get(file.source)
        if known and self._cut_as_now:
            with read_errors_explained():
                if _digest(file.path) == known.document.document_sha256:
                    return [known]
        documents = [self._chunker.chunk(document) for document in read_file(file)]
        if not any(chunked.passages for chunked in documents):
            raise UnreadableFileError("nothing in it but headings or markup")
        return documents

    def _as_they_were(self, name: str, gathered: Gathered) -> list[ChunkedDocument]:
        """Return what the old snapshot has of a file or folder and nobody else gave anew."""
        known = [
            chunked
            for source, chunked in self._known.items()
            if (source == name or source.startswith(f"{name}/")) and source not in gathered.places
        ]
        if not self._cut_as_now:
            known = [self._chunker.chunk(chunked.document) for chunked in known]
        return [chunked for chunked in known if chunked.passages]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
