"""What became of documents, told by the digests of their files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import StoreError
from index.ingest import Gathered, digest_of
from index.parsers import READERS, OutOfReachError, UnreadableFileError, read_errors_explained
from index.parsers.language import foreign
from index.records import Document
from index.sources.listing import SkippedFile, SourceFile, is_within, list_files
from index.sources.remembered import patterns, refuse_loss, remembered_by, sources_of
from index.store.entries import Entry
from index.store.manifest import Manifest, Remembered
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store


@dataclass(frozen=True, slots=True)
class Changes:
    """Sources by what became of them, each in order; `renamed` has old and new names."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    unchanged: tuple[str, ...]


def compare(before: Mapping[str, str], now: Mapping[str, str]) -> Changes:
    """Compare the SHA-256 of sources' bytes, by their names.

    A source that is gone was renamed if there is a new one of the same bytes, one for each.
    """
    both = sorted(before.keys() & now.keys())
    gone: dict[str, list[str]] = defaultdict(list)
    for source in sorted(before.keys() - now.keys(), reverse=True):
        gone[before[source]].append(source)
    renamed = [
        (gone[now[source]].pop(), source)
        for source in sorted(now.keys() - before.keys())
        if gone.get(now[source])
    ]
    old_names, new_names = {old for old, _ in renamed}, {new for _, new in renamed}
    return Changes(
        added=tuple(sorted(now.keys() - before.keys() - new_names)),
        changed=tuple(source for source in both if before[source] != now[source]),
        removed=tuple(sorted(before.keys() - now.keys() - old_names)),
        renamed=tuple(renamed),
        unchanged=tuple(source for source in both if before[source] == now[source]),
    )


def digests(documents: Iterable[Document | Entry]) -> dict[str, str]:
    """Return the SHA-256 of each document's bytes by its source."""
    return {each.source: each.document_sha256 for each in documents}


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: sources by name, and how many texts had to be embedded.

    `renamed` has the old and the new name of documents whose bytes did not change; `remarks` are
    those of readers on what was added or changed, `foreign` has of these the ones that are in no
    language of the model, by language. `kept` could not be read for the moment and
    stays as it was; `empty` are the folders among the SOURCEs that hold nothing to index;
    `repaired` is why the old snapshot was of no use. `kept_aside` is the snapshot that was not
    made live, because a quality gate held it back. `dropped` are the SOURCEs of the old snapshot
    that are none any more.
    """

    snapshot: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    unchanged: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]
    empty: tuple[Path, ...]
    passages: int
    embedded: int
    remarks: tuple[SkippedFile, ...] = ()
    foreign: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    repaired: str = ""
    kept_aside: str = ""
    dropped: tuple[Path, ...] = ()


def report(
    old: Snapshot | None,
    gathered: Gathered,
    roots: Sequence[Path],
    manifest: Manifest,
    embedded: int,
    *,
    repaired: str,
    remembered: Remembered | None,
    languages: frozenset[str] | None = None,
    kept_aside: str = "",
) -> SyncReport:
    """Compare what was gathered from `roots` with the old snapshot.

    `remembered` is what the store remembered before, `languages` are those that the model is for,
    None if that is not known.
    """
    before = digests(old.chunked.without_texts()) if old else {}
    changes = compare(before, digests(gathered.documents))
    sources = {*changes.added, *changes.changed}
    new = [each.load().document for each in gathered.documents if each.source in sources]
    return SyncReport(
        snapshot=manifest.id,
        added=changes.added,
        changed=changes.changed,
        removed=changes.removed,
        renamed=changes.renamed,
        unchanged=changes.unchanged,
        skipped=tuple(gathered.skipped),
        kept=tuple(gathered.kept),
        empty=tuple(r for r in roots if r.is_dir() and not gathered.count_in(r)),
        passages=manifest.passages,
        embedded=embedded,
        remarks=tuple(SkippedFile(each.source, remark) for each in new for remark in each.remarks),
        foreign=foreign(new, languages),
        repaired=repaired,
        kept_aside=kept_aside,
        dropped=dropped_sources(remembered, roots),
    )


def dropped_sources(old: Remembered | None, roots: Sequence[Path]) -> tuple[Path, ...]:
    """Return the SOURCEs that were remembered and lie in none of `roots`."""
    before = map(Path, old.sources if old else ())
    return tuple(each for each in before if not any(is_within(each, root) for root in roots))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of files, and which would be passed over.

    A file that turns out to be unreadable when it is parsed is among those added or changed.
    `empty` and `dropped` are SOURCEs: folders with nothing to index, and those no longer indexed.
    """

    changes: Changes
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]
    empty: tuple[Path, ...] = ()
    dropped: tuple[Path, ...] = ()


def plan(
    store: Store, sources: Sequence[str | Path], *, ignore: Sequence[str] | None = None
) -> Plan:
    """Return what `sync` would do with the same sources. Raises SourceError, StoreError."""
    roots = sources_of(store, sources)
    remembered = remembered_by(store)
    files, skipped = list_files(roots, store.folder, patterns(ignore, remembered))
    uploads = [store.uploads.file(upload) for upload in store.uploads.all()]
    try:
        old = open_snapshot(store)
    except StoreError:
        old = None
    before = digests(old.chunked.without_texts()) if old else {}
    now: dict[str, str] = {}
    places: dict[str, Path] = {}
    passed_over = list(skipped)
    for file in [*files, *uploads]:
        try:
            now[file.source] = _digest(file)
            places[file.source] = Path(file.source) if file.upload_id else file.path
        except UnreadableFileError as error:
            there = file.path if isinstance(error, OutOfReachError) else None
            passed_over.append(SkippedFile(file.source, str(error), there))
    told: dict[bool, list[SkippedFile]] = {True: [], False: []}
    for each in sorted(passed_over, key=lambda each: each.path):
        place = each.out_of_reach
        known = [s for s in before if s == each.path or s.startswith(f"{each.path}/")]
        kept = [source for source in known if source not in now] if place else []
        now.update((source, before[source]) for source in kept)
        if place:
            places.update(dict.fromkeys(kept, place))
        told[bool(kept)].append(each)
    held = {root: sum(is_within(place, root) for place in places.values()) for root in roots}
    refuse_loss(held, told[False], remembered)
    return Plan(
        compare(before, now),
        skipped=tuple(told[False]),
        kept=tuple(told[True]),
        empty=tuple(root for root in roots if root.is_dir() and not held[root]),
        dropped=dropped_sources(remembered, roots),
    )


def _digest(file: SourceFile) -> str:
    if file.suffix not in READERS:
        raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
    with read_errors_explained():
        return digest_of(file.path)
