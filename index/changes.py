"""What became of documents in a sync, or would become of them, told by their files' digests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError
from index.ingest import Ingested, digest_of
from index.parsers import READERS, OutOfReachError, UnreadableFileError, read_errors_explained
from index.parsers.language import foreign
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile, is_within
from index.sources.selection import Selection, select_sources
from index.store.entries import Entry
from index.store.manifest import Manifest
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store

Names = tuple[str, ...]
Renames = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do: sources by what would become of them, each in order.

    A file that turns out to be unreadable is among those added or changed. `renamed` has the old
    and the new name of those whose bytes did not change. `kept` cannot be read for the moment and
    stays as it was. `empty` are the folders among the SOURCEs that hold nothing to index, and
    `dropped` are SOURCEs that will be none any more.
    """

    added: Names
    changed: Names
    removed: Names
    renamed: Renames
    unchanged: Names
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]
    empty: tuple[Path, ...]
    dropped: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SyncReport(Plan):
    """What a sync did, and how many texts had to be embedded.

    `remarks` are those of readers on what was added or changed; `foreign` has, by language, the
    ones of these that are in no language of the model. `repaired` is why the old snapshot was of
    no use. `kept_aside` is the snapshot that a quality gate held back: it was not made live.
    """

    snapshot: str
    passages: int
    embedded: int
    remarks: tuple[SkippedFile, ...]
    foreign: Mapping[str, Sequence[str]]
    repaired: str
    kept_aside: str


def plan(
    store: Store, sources: Sequence[str | Path], *, ignore: Sequence[str] | None = None
) -> Plan:
    """Return what `sync` would do with the same sources. Raises SourceError, StoreError."""
    selection = select_sources(store, sources, ignore)
    try:
        before = _digests(open_snapshot(store).chunked.without_texts())
    except StoreError:
        before = {}
    now: dict[str, str] = {}
    locations: dict[str, Path] = {}
    unread = list(selection.skipped)
    for file, upload in selection.files:
        location = Path(file.source) if upload else file.path
        try:
            now[file.source] = _digest(file)
            locations[file.source] = location
        except UnreadableFileError as error:
            there = location if isinstance(error, OutOfReachError) else None
            unread.append(SkippedFile(file.source, str(error), there))
    skipped: list[SkippedFile] = []
    kept: list[SkippedFile] = []
    for file_or_folder in sorted(unread, key=lambda each: each.path):
        there, name = file_or_folder.out_of_reach, file_or_folder.path
        below = [s for s in before.keys() - now.keys() if s == name or s.startswith(f"{name}/")]
        if there and below:
            now.update((source, before[source]) for source in below)
            locations.update(dict.fromkeys(below, there))
            kept.append(file_or_folder)
        else:
            skipped.append(file_or_folder)
    count_in = {
        source: sum(is_within(location, source) for location in locations.values())
        for source in selection.sources
    }
    selection.refuse_loss(count_in, skipped)
    return Plan(
        *_compare(before, now),
        skipped=tuple(skipped),
        kept=tuple(kept),
        empty=selection.empty(count_in),
        dropped=selection.dropped,
    )


def report(
    old: Snapshot | None,
    ingested: Ingested,
    selection: Selection,
    manifest: Manifest,
    embedded: int,
    *,
    repaired: str,
    languages: frozenset[str] | None,
    kept_aside: str,
) -> SyncReport:
    """Compare what was ingested with the old snapshot.

    `languages` are those that the model is for, None if that is not known.
    """
    before = _digests(old.chunked.without_texts()) if old else {}
    changes = _compare(before, _digests(ingested.documents))
    added, changed, *_ = changes
    sources = {*added, *changed}
    new = [entry.load().document for entry in ingested.documents if entry.source in sources]
    return SyncReport(
        *changes,
        skipped=tuple(ingested.skipped),
        kept=tuple(ingested.kept),
        empty=selection.empty({source: ingested.count_in(source) for source in selection.sources}),
        dropped=selection.dropped,
        snapshot=manifest.id,
        passages=manifest.passages,
        embedded=embedded,
        remarks=tuple(SkippedFile(each.source, remark) for each in new for remark in each.remarks),
        foreign=foreign(new, languages),
        repaired=repaired,
        kept_aside=kept_aside,
    )


def _compare(
    before: Mapping[str, str], now: Mapping[str, str]
) -> tuple[Names, Names, Names, Renames, Names]:
    """Return which sources were added, changed, removed, renamed, and are unchanged.

    Both arguments have the SHA-256 of sources' bytes by their names. A source that is gone was
    renamed if there is a new one of the same bytes, one for each.
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


def _digests(documents: Iterable[Document | Entry]) -> dict[str, str]:
    """Return the SHA-256 of each document's bytes by its source."""
    return {each.source: each.document_sha256 for each in documents}


def _digest(file: SourceFile) -> str:
    """Return a file's SHA-256. Raises UnreadableFileError, also for a type that nothing reads."""
    if file.suffix not in READERS:
        raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
    with read_errors_explained():
        return digest_of(file.path)
