"""Other documents that hold the words of one that is gone: its file was renamed, or they were
moved.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path

from index.errors import SourceError
from index.records import Document
from index.store.snapshot import Snapshot
from qa.claims import PlaceClaim
from qa.versions import VersionsOf

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
    from index.sources import list_files

    known = {each.source for each in snapshot.chunked.without_texts()}
    roots = [Path(source) for source in snapshot.manifest.sources]
    with suppress(SourceError):
        files, _ = list_files(roots, ignore=snapshot.manifest.ignore)
        unknown = [file for file in files if file.source not in known]
        for file in unknown[:MOST_NEW_FILES]:
            with suppress(UnreadableFileError):
                yield from read_file(file)
