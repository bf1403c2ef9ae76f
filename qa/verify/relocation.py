"""Where do these words stand now? In their document, in its nearest text, in other documents."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from index.errors import SourceError
from index.records import Document, Span
from index.sources.listing import SourceFile, list_files, locate
from index.store.protocols import Snapshot, Uploads
from index.store.records import is_upload, upload_id_of
from qa.records import Place
from qa.verify.answer_json import GivenPlace
from qa.verify.nearest import Nearest, nearest, pieces_of

MOST_NEW_FILES = 200
"""How many files are read that the snapshot lacks."""
MOST_FOUND = 5
MOST_SEARCHES = 20
AROUND = 400_000
"""How far before and after the cited place the nearest text is looked for, in characters."""
MOST_ALIGNED = 10_000_000
"""Characters to look for the nearest text in: a quote of 600 takes about 0.2 s a million."""
MOST_READ = 1_000_000_000
"""Characters to look for the same words in, which takes a second or two."""
NOT_SEARCHED = "not looked for: too much of this answer is lost to look for all of it"


class Documents(ABC):
    """The documents that an answer is checked against; each is read once."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[Document, ...]] = {}

    def versions_of(self, document_id: str) -> tuple[Document, ...]:
        """Return a document as it is now, then as it was indexed; nothing if there is none now."""
        if document_id not in self._versions:
            self._versions[document_id] = self._read_versions(document_id)
        return self._versions[document_id]

    @abstractmethod
    def _read_versions(self, document_id: str) -> tuple[Document, ...]: ...

    @abstractmethod
    def __iter__(self) -> Iterator[Document]:
        """Yield all documents, as they are now or as they were indexed."""


class SnapshotDocuments(Documents):
    """The documents that a snapshot answers from."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    def _read_versions(self, document_id: str) -> tuple[Document, ...]:
        chunked = self._snapshot.chunked(document_id)
        return (chunked.document,) if chunked else ()

    def __iter__(self) -> Iterator[Document]:
        return (chunked.document for chunked in self._snapshot.documents())


class SourceDocuments(SnapshotDocuments):
    """The documents of a snapshot as their files and uploads are now, and those of new files.

    A file that has the bytes that were indexed is not parsed again: the text that was cited is
    the one that was extracted then.
    """

    def __init__(self, snapshot: Snapshot, uploads: Uploads) -> None:
        super().__init__(snapshot)
        self._uploads = uploads
        self._roots = [Path(source) for source in snapshot.info.sources]

    def __iter__(self) -> Iterator[Document]:
        yield from super().__iter__()
        yield from self._new_documents

    def _read_versions(self, document_id: str) -> tuple[Document, ...]:
        # Parsers take long to import, and an answer from a snapshot does not need them.
        from index.parsers import UnreadableFileError

        chunked = self._snapshot.chunked(document_id)
        if chunked is None:
            return tuple(new for new in self._new_documents if new.id == document_id)[:1]
        with suppress(UnreadableFileError):
            for document in self._read_again(chunked.document):
                if document.id == document_id:
                    return (document, chunked.document)
        return ()

    def _read_again(self, indexed: Document) -> list[Document]:
        """Return the documents that are now in a document's file or upload."""
        from index.ingest import digest_of, upload_as_file
        from index.parsers import read_errors_explained, read_file

        if is_upload(indexed.source):
            upload = self._uploads.find(upload_id_of(indexed.source))
            if upload is None:
                return []
            if upload.sha256 == indexed.document_sha256:
                return [indexed]
            with upload_as_file(upload, self._uploads.content(upload)) as file:
                return [upload.describe(document) for document in read_file(file)]
        path = locate(indexed.source, self._roots)
        if path is None:
            return []
        with read_errors_explained():
            if digest_of(path) == indexed.document_sha256:
                return [indexed]
        return read_file(SourceFile(path, indexed.source))

    @cached_property
    def _new_documents(self) -> list[Document]:
        from index.parsers import UnreadableFileError, read_file

        indexed = {document.source for document in self._snapshot.descriptions()}
        documents: list[Document] = []
        with suppress(SourceError):
            files, _ = list_files(self._roots, ignore=self._snapshot.info.ignore)
            for file in islice((f for f in files if f.source not in indexed), MOST_NEW_FILES):
                with suppress(UnreadableFileError):
                    documents += read_file(file)
        return documents


def place_of_words(words: str, document: Document, cited: Span) -> Place | None:
    """Return where words stand nearest to where they were cited, the first of two as near."""
    after = document.text.find(words, cited.start)
    before = document.text.rfind(words, 0, max(0, cited.start + len(words) - 1))
    starts = [start for start in (before, after) if start >= 0]
    if not starts:
        return None
    start = min(starts, key=lambda start: abs(start - cited.start))
    return Place(document, Span(start, start + len(words)))


@dataclass(slots=True)
class _Budget:
    """How much may still be looked for: so many searches, in about so many characters."""

    characters: int
    searches: int

    def take_search(self) -> bool:
        """Take a search from what is left; False if nothing is."""
        if self.searches <= 0 or self.characters <= 0:
            return False
        self.searches -= 1
        return True


class Relocation:
    """Looks for lost words of an answer: so often, and in so much text, that it takes seconds."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._nearest_budget = _Budget(MOST_ALIGNED, MOST_SEARCHES)
        self._same_budget = _Budget(MOST_READ, MOST_SEARCHES)

    def nearest_text(self, given: GivenPlace, document: Document) -> tuple[Nearest | None, str]:
        """Return the text nearest to what was cited, and why it was not looked for."""
        if not self._nearest_budget.take_search():
            return None, NOT_SEARCHED
        cited = min(given.start_char_index, len(document.text))
        end = cited + len(given.cited_text) + AROUND
        around = Place(document, Span(max(0, cited - AROUND), end))
        self._nearest_budget.characters -= len(around.text) * pieces_of(given.cited_text)
        return nearest(given.cited_text, [around]), ""

    def same_words_elsewhere(self, given: GivenPlace) -> tuple[tuple[Place, ...], str]:
        """Return where other documents have the same words, and why it was not looked for.

        Documents with the file or the text that was cited come first, then by source; 5 at most.
        """
        if not self._same_budget.take_search():
            return (), NOT_SEARCHED
        words, cited = given.cited_text, Span(given.start_char_index, given.end_char_index)
        with_words: list[Document] = []
        for document in self._documents:
            if self._same_budget.characters <= 0:
                break
            self._same_budget.characters -= len(document.text)
            if document.id != given.document_id and words in document.text:
                with_words.append(document)
        with_words.sort(key=lambda document: (not _is_same(document, given), document.source))
        versions = (self._documents.versions_of(document.id) for document in with_words)
        places_now = (place_of_words(words, now, cited) for now, *_ in filter(None, versions))
        places = tuple(islice(filter(None, places_now), MOST_FOUND))
        cut_short = not places and self._same_budget.characters <= 0
        return places, NOT_SEARCHED if cut_short else ""


def _is_same(document: Document, given: GivenPlace) -> bool:
    return (
        document.document_sha256 == given.document_sha256
        or document.text_sha256 == given.text_sha256
    )
