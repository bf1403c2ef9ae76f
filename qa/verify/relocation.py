"""Other documents that hold the words of one that is gone: its file was renamed, or they were
moved.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path

from index.errors import SourceError
from index.records import Document, Span
from index.sources.listing import SourceFile, locate
from index.store.snapshot import Snapshot
from index.store.uploads import Upload, Uploads, is_upload, upload_id_of
from qa.records import Place
from qa.verify.claims import PlaceClaim
from qa.verify.nearest import nearest

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
    from index.ingest import digest_of
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


MOST_NEW_FILES = 200
"""Files that are read because the snapshot does not know them."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The documents there are to look for words in.

    `documents` gives those that are known, `now` one of them as it is at this moment, None if it
    is gone. `characters` tells, about, how much there is to look through.
    """

    documents: Callable[[], Iterable[Document]]
    now: Callable[[Document], Document | None]
    characters: Callable[[], int]

    def holding(self, claim: PlaceClaim) -> Iterator[Document]:
        """Yield the other documents that hold the claim's words now.

        First those whose file or text is the one that was cited, then by source.
        """
        held = [
            document
            for document in self.documents()
            if document.id != claim.document_id and claim.cited_text in document.text
        ]
        for document in sorted(held, key=lambda each: (not _is_same(each, claim), each.source)):
            now = self.now(document)
            if now is not None and claim.cited_text in now.text:
                yield now


def nowhere() -> Elsewhere:
    """Return what has no documents."""
    return Elsewhere(documents=tuple, now=lambda document: document, characters=lambda: 0)


def elsewhere_in_snapshot(snapshot: Snapshot) -> Elsewhere:
    """Return the documents that a snapshot answers from."""
    return Elsewhere(
        documents=lambda: _indexed(snapshot),
        now=lambda document: document,
        characters=partial(_bytes_of_texts, snapshot),
    )


def elsewhere_in_sources(snapshot: Snapshot, versions_of: VersionsOf) -> Elsewhere:
    """Return the documents of a snapshot as `versions_of` has them now, and those of new files.

    Files that are new since it was made are read when they are first asked for, 200 at most.
    """
    new = cache(lambda: tuple(_new_documents(snapshot)))

    def now(document: Document) -> Document | None:
        if document.id not in snapshot.chunked:
            return document
        return next(iter(versions_of(document.id)), None)

    return Elsewhere(
        documents=lambda: chain(_indexed(snapshot), new()),
        now=now,
        characters=lambda: _bytes_of_texts(snapshot) + sum(len(each.text) for each in new()),
    )


def _is_same(document: Document, claim: PlaceClaim) -> bool:
    known = (document.document_sha256, document.text_sha256)
    return claim.document_sha256 == known[0] or claim.text_sha256 == known[1]


def _bytes_of_texts(snapshot: Snapshot) -> int:
    return sum(len(shard.texts) for shard in snapshot.shards.values())


def _indexed(snapshot: Snapshot) -> Iterator[Document]:
    return (each.document for each in snapshot.chunked.values())


def _new_documents(snapshot: Snapshot) -> Iterator[Document]:
    """Yield the documents of files that the snapshot does not know, as far as they can be read."""
    # Readers bring parsers that an answer does not need.
    from index.parsers import UnreadableFileError, read_file
    from index.sources.listing import list_files

    known = {each.source for each in snapshot.chunked.without_texts()}
    roots = [Path(source) for source in snapshot.manifest.sources]
    with suppress(SourceError):
        files, _ = list_files(roots, ignore=snapshot.manifest.ignore)
        unknown = [file for file in files if file.source not in known]
        for file in unknown[:MOST_NEW_FILES]:
            with suppress(UnreadableFileError):
                yield from read_file(file)


MOST_PLACES = 5
MOST_SEARCHES = 20
AROUND = 400_000
"""How far before and after the cited place the nearest text is looked for, in characters."""

_MOST_ALIGNED = 10_000_000
_MOST_READ = 1_000_000_000
_PIECE = 600
_MOST_PIECES = 5

NOT_SEARCHED = "not looked for: too much of this answer is lost to look for all of it"


@dataclass(frozen=True, slots=True)
class Likeness:
    """A place whose words are like those that were cited, and how like, in 0..1."""

    place: Place
    similarity: float


class Budget:
    """How much may still be looked for: so many searches, in so many characters."""

    def __init__(self, searches: int, characters: int) -> None:
        self._searches = searches
        self._characters = characters

    @property
    def is_spent(self) -> bool:
        """Whether no search is left."""
        return not self._searches

    def allows(self, characters: int) -> bool:
        """Take a search in so many characters from what is left, if there is as much."""
        if not self._searches or characters > self._characters:
            return False
        self._searches -= 1
        self._characters -= characters
        return True


class Lost:
    """Looks for the words of claims that do not hold, as far as a verification's bounds go.

    The nearest text is looked for 20 times, in ten million characters in all: where nothing is
    alike, a quote of 600 characters takes about 0.2 s a million, and a longer one is looked for in
    up to five pieces. Other documents with the same words are looked for 20 times, in a thousand
    million characters, which takes a second or two.
    """

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self._alike = Budget(MOST_SEARCHES, _MOST_ALIGNED)
        self._same = Budget(MOST_SEARCHES, _MOST_READ)

    def like(self, claim: PlaceClaim, document: Document) -> tuple[Likeness | None, str]:
        """Return the text nearest to a claim's in its document, and why it was not looked for."""
        cited = min(claim.start_char_index, len(document.text))
        start = max(0, cited - AROUND)
        around = document.text[start : cited + len(claim.cited_text) + AROUND]
        pieces = min(_MOST_PIECES, -(-len(claim.cited_text) // _PIECE))
        if not self._alike.allows(len(around) * pieces):
            return None, NOT_SEARCHED
        found = nearest(claim.cited_text, {document.id: around})
        if found is None:
            return None, ""
        span = Span(found.span.start + start, found.span.end + start)
        return Likeness(Place(document, span), found.similarity), ""

    def elsewhere(self, claim: PlaceClaim) -> tuple[tuple[Place, ...], str]:
        """Return where a claim's words stand in other documents, and why it was not looked."""
        if self._same.is_spent or not self._same.allows(self._elsewhere.characters()):
            return (), NOT_SEARCHED
        holding = islice(self._elsewhere.holding(claim), MOST_PLACES)
        return tuple(_place(claim, document) for document in holding), ""


def standing(words: str, text: str, cited: Span) -> Span | None:
    """Return where `words` stand nearest to where they were cited, the first of two as near."""
    after = text.find(words, cited.start)
    before = text.rfind(words, 0, max(0, cited.start + len(words) - 1))
    starts = [start for start in (before, after) if start >= 0]
    if not starts:
        return None
    start = min(starts, key=lambda start: abs(start - cited.start))
    return Span(start, start + len(words))


def _place(claim: PlaceClaim, document: Document) -> Place:
    cited = Span(claim.start_char_index, claim.end_char_index)
    found = standing(claim.cited_text, document.text, cited)
    return Place(document, found or cited)
