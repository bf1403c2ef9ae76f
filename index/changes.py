"""What a sync changes, or would change, told by the digests of files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError
from index.ingest import Ingested, digest_of, read_files
from index.parsers import READERS, UnreadableFileError, read_errors_explained
from index.parsers.language import foreign
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile, is_within
from index.sources.selection import Selection, select_sources
from index.store.entries import Entry
from index.store.manifest import Manifest
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from index.store.uploads import Upload

Names = tuple[str, ...]
Renames = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do with each source, in order.

    A file that turns out to be unreadable is among those added or changed. `renamed` has old and
    new names. What is `kept` cannot be read for the moment and stays as it was. `empty` are
    folders among the SOURCEs that hold nothing to index; `dropped` are no SOURCEs any more.
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

    `remarks` are the parsers' on what was added or changed; `foreign` has those sources that are
    in no language of the model, by language. `repaired` says why the old snapshot was of no use.
    `kept_aside` is the id of a snapshot that a quality gate held back.
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

    def read(file: SourceFile, _: Upload | None) -> None:
        if file.suffix not in READERS:
            raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
        with read_errors_explained():
            now[file.source] = digest_of(file.path)

    def keep(name: str) -> list[str]:
        sources = [s for s in before if s not in now and is_within(s, name)]
        now.update((source, before[source]) for source in sources)
        return sources

    locations, skipped, kept = read_files(selection.files, selection.skipped, read, keep)
    counts = selection.counts(locations.values())
    selection.refuse_loss(counts, skipped)
    return Plan(
        *_compare(before, now),
        skipped=tuple(skipped),
        kept=tuple(kept),
        empty=selection.empty(counts),
        dropped=selection.dropped,
    )


def report(
    old: Snapshot | None,
    ingested: Ingested,
    selection: Selection,
    counts: Mapping[Path, int],
    manifest: Manifest,
    embedded: int,
    *,
    repaired: str,
    languages: frozenset[str] | None,
    kept_aside: str,
) -> SyncReport:
    """Compare what was ingested with the old snapshot.

    `counts` has the number of documents in each SOURCE; `languages` are the model's, None if
    unknown.
    """
    before = _digests(old.chunked.without_texts()) if old else {}
    changes = _compare(before, _digests(ingested.documents))
    added, changed, *_ = changes
    new_sources = {*added, *changed}
    new = [e.load().document for e in ingested.documents if e.source in new_sources]
    return SyncReport(
        *changes,
        skipped=tuple(ingested.skipped),
        kept=tuple(ingested.kept),
        empty=selection.empty(counts),
        dropped=selection.dropped,
        snapshot=manifest.id,
        passages=manifest.passages,
        embedded=embedded,
        remarks=tuple(SkippedFile(d.source, remark) for d in new for remark in d.remarks),
        foreign=foreign(new, languages),
        repaired=repaired,
        kept_aside=kept_aside,
    )


def _compare(
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


def _digests(documents: Iterable[Document | Entry]) -> dict[str, str]:
    return {each.source: each.document_sha256 for each in documents}
