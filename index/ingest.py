"""What the sources hold now: documents read anew, kept as they were, or passed over."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from index.chunking.chunker import Chunker
from index.encoding.embedding import Embedder
from index.encoding.model import Model
from index.errors import SourceError
from index.parsers import (
    OutOfReachError,
    UnreadableFileError,
    read_errors_explained,
    read_file,
)
from index.parsers.files import MAX_FILE_BYTES
from index.progress import Progress
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile, is_within
from index.store.entries import Entry
from index.store.known import Known
from index.store.uploads import Upload, is_upload, upload_id_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents to publish, what was `skipped`, and what was `kept` without being read.

    `places` tells where each document lies, by its source; for one that was kept with the
    folder it is in, that folder.
    """

    documents: list[Entry] = field(default_factory=list[Entry])
    places: dict[str, Path] = field(default_factory=dict[str, Path])
    skipped: list[SkippedFile] = field(default_factory=list[SkippedFile])
    kept: list[SkippedFile] = field(default_factory=list[SkippedFile])

    def count_in(self, root: Path) -> int:
        """Return how many of the documents lie in `root`."""
        within = {source for source, place in self.places.items() if is_within(place, root)}
        return sum(each.source in within for each in self.documents)

    def take(self, documents: Sequence[Entry], place: Path) -> None:
        """Add documents that lie at `place`."""
        self.documents.extend(documents)
        self.places.update((each.source, place) for each in documents)


class Gatherer:
    """Turns files into documents, looking each up in the old snapshot first.

    With `reread`, files are read anew even where their bytes are known.
    """

    def __init__(self, known: Known, model: Model, *, reread: bool = False) -> None:
        self._chunker = Chunker(model.tokenizer(), model.budget())
        self._known = known
        self._reread = reread

    def gather(
        self,
        files: Sequence[tuple[SourceFile, Upload | None]],
        skipped: Sequence[SkippedFile],
        embedder: Embedder,
        progress: Progress,
    ) -> Gathered:
        """Read `files`, and have embedded what they hold; `skipped` was passed over before."""
        gathered = Gathered()
        passed_over = list(skipped)
        for done, (file, upload) in enumerate(files, 1):
            try:
                found = self._read(file, upload)
            except UnreadableFileError as error:
                out_of_reach = isinstance(error, OutOfReachError)
                there = _place_of(file, upload) if out_of_reach else None
                passed_over.append(SkippedFile(file.source, str(error), there))
            else:
                gathered.take(found, _place_of(file, upload))
                self._embed(found, embedder)
            progress("Reading", done, len(files))
        for each in sorted(passed_over, key=lambda each: each.path):
            place = each.out_of_reach
            as_they_were = self._as_they_were(each.path, gathered) if place else []
            if place and as_they_were:
                gathered.take(as_they_were, place)
                self._embed(as_they_were, embedder)
                gathered.kept.append(each)
            else:
                gathered.skipped.append(each)
        _refuse_same_ids(gathered.documents)
        return gathered

    def chunk(self, documents: Iterable[Document]) -> Iterator[Entry]:
        """Cut documents into passages, or find them in the old snapshot; skip those without any."""
        for document in documents:
            entry = self._known.chunk(document, self._chunker)
            if entry.stored or entry.load().passages:
                yield entry

    def as_they_were(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return documents of the old snapshot, cut anew if they would be cut otherwise today."""
        if self._known.is_cut_as_now:
            return list(entries)
        return list(self.chunk(entry.load().document for entry in entries))

    def _read(self, file: SourceFile, upload: Upload | None) -> list[Entry]:
        """Raises UnreadableFileError, OutOfReachError."""
        if upload:
            refuse_damage(upload, file.path)
        with read_errors_explained():
            modified = upload.modified if upload else _time_of(file.path)
            digest = "" if self._reread else digest_of(file.path)
            known = [] if self._reread else self._known.of(file, digest)
        if known and self._known.is_cut_as_now and not (upload and _differs(known, upload)):
            return [each.with_time(modified) for each in known]
        documents: list[Document] = [each.load().document for each in known]
        if not documents and (renamed := self._known.renamed(file, digest)):
            documents = [renamed]
        if not documents or upload:
            documents = read_file(file)
        described = (upload.describe(each) if upload else each for each in documents)
        found = list(self.chunk(replace(each, modified=modified) for each in described))
        if not found:
            raise UnreadableFileError("nothing in it but headings or markup")
        return found

    def _embed(self, documents: Sequence[Entry], embedder: Embedder) -> None:
        unseen = [each.load() for each in documents if not self._known.is_as_it_was(each)]
        if unseen:
            embedder.add(unseen)

    def _as_they_were(self, name: str, gathered: Gathered) -> list[Entry]:
        """Return what the old snapshot has of a file or folder and nobody else gave anew."""
        known = self._known.below(name)
        return self.as_they_were(each for each in known if each.source not in gathered.places)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UnreadableFileError for one too large to be read."""
    with path.open("rb") as file:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_same_ids(documents: Iterable[Entry]) -> None:
    """Raise SourceError where an upload was given the id of another document."""
    sources: dict[str, str] = {}
    for document in documents:
        other = sources.setdefault(document.id, document.source)
        if other != document.source:
            upload = next(s for s in (document.source, other) if is_upload(s))
            raise SourceError(
                f"{other} and {document.source} would both be the document {document.id}: rename "
                f"the file, or remove the upload with DELETE /v1/documents/{upload_id_of(upload)}."
            )


def refuse_damage(upload: Upload, path: Path) -> None:
    """Raise OutOfReachError unless an upload's content is what was uploaded."""
    try:
        intact = digest_of(path) == upload.content.sha256
    except (OSError, UnreadableFileError):
        intact = False
    if not intact:
        raise OutOfReachError("its content in the store is damaged; upload it again")


def _place_of(file: SourceFile, upload: Upload | None) -> Path:
    """Return where a file lies; an upload lies in no folder of the user's."""
    return Path(file.source) if upload else file.path


def _differs(known: Sequence[Entry], upload: Upload) -> bool:
    return any(each.modified != upload.modified for each in known)


def _time_of(path: Path) -> str:
    changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    return changed.isoformat().replace("+00:00", "Z")
