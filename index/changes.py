"""What a sync changes, or would change, told by the digests of files."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError
from index.ingest import digest_of, read_files
from index.parsers import READERS, UnreadableFileError, read_errors_explained, read_file
from index.previous import Entry
from index.progress import Progress, no_progress
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile, is_within
from index.sources.selection import select_sources
from index.store.protocols import Store
from index.store.records import StoredDocument, Upload

Names = tuple[str, ...]
Renames = tuple[tuple[str, str], ...]
"""Old and new names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do with each source, in order.

    Without `check` in `plan`, a file that cannot be read is among those added or changed.
    """

    added: Names
    changed: Names
    removed: Names
    renamed: Renames
    unchanged: Names
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]  # they cannot be read for the moment and stay as they were
    empty: tuple[Path, ...]  # SOURCEs that are folders and hold nothing to index
    dropped: tuple[Path, ...]  # no SOURCEs any more


@dataclass(frozen=True, slots=True)
class SyncReport(Plan):
    """What a sync did."""

    snapshot: str
    passages: int
    embedded: int
    remarks: tuple[SkippedFile, ...]  # on what was added or changed, by the parsers
    foreign: Mapping[str, Sequence[str]]  # added or changed sources by language, if not the model's
    repaired: str  # why the old snapshot was of no use
    kept_aside: str  # the id of a snapshot that a quality gate held back


def plan(
    store: Store,
    sources: Sequence[str | Path],
    progress: Progress = no_progress,
    *,
    ignore: Sequence[str] | None = None,
    check: Callable[[Sequence[Document]], None] | None = None,
) -> Plan:
    """Return what `sync` would do with the same sources. Raises SourceError, StoreError.

    With `check`, files that are new or changed are read. It gets the documents of each, and raises
    UnreadableFileError if nothing of them can be indexed.
    """
    selection = select_sources(store, sources, ignore)
    try:
        documents, _ = store.stored_documents(store.open())
        before = digests_of(documents)
    except StoreError:
        before = {}
    digests = set(before.values())
    now: dict[str, str] = {}

    def read(file: SourceFile, upload: Upload | None) -> None:
        if file.suffix not in READERS:
            raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
        with read_errors_explained():
            digest = upload.sha256 if upload else digest_of(file.path)
        if check and not upload and digest not in digests:
            check(read_file(file))
        now[file.source] = digest

    def keep(name: str, read: Container[str]) -> list[str]:
        sources = [s for s in before if s not in read and is_within(s, name)]
        now.update((source, before[source]) for source in sources)
        return sources

    locations, skipped, kept = read_files(selection.files, selection.skipped, read, keep, progress)
    counts = selection.counts(locations.values())
    selection.refuse_loss(counts, skipped)
    return Plan(
        *compare(before, now),
        skipped=tuple(skipped),
        kept=tuple(kept),
        empty=selection.empty(counts),
        dropped=selection.dropped,
    )


def compare(
    before: Mapping[str, str], now: Mapping[str, str]
) -> tuple[Names, Names, Names, Renames, Names]:
    """Return the sources that were added, changed, removed and renamed, and the unchanged ones.

    The arguments have the digests of sources. Each source that is gone was renamed if there is a
    new one with its digest.
    """
    both = sorted(before.keys() & now.keys())
    gone: dict[str, list[str]] = defaultdict(list)
    for source in sorted(before.keys() - now.keys(), reverse=True):
        gone[before[source]].append(source)
    renamed = tuple(
        (gone[now[source]].pop(), source)
        for source in sorted(now.keys() - before.keys())
        if gone.get(now[source])
    )
    old_names, new_names = {old for old, _ in renamed}, {new for _, new in renamed}
    return (
        tuple(sorted(now.keys() - before.keys() - new_names)),
        tuple(source for source in both if before[source] != now[source]),
        tuple(sorted(before.keys() - now.keys() - old_names)),
        renamed,
        tuple(source for source in both if before[source] == now[source]),
    )


def digests_of(documents: Iterable[StoredDocument | Entry]) -> dict[str, str]:
    """Return the digest of each document's file by its source."""
    return {document.source: document.document_sha256 for document in documents}
