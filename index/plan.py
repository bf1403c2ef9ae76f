"""What a sync would do, told without doing it: no file is parsed, nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import patterns, remembered_by, sources_of
from index.changes import Changes, compare, digests
from index.errors import StoreError
from index.gathering import digest_of
from index.parsers import READERS, OutOfReachError, UnreadableFileError, read_errors_explained
from index.refusals import refuse_loss
from index.report import dropped_sources
from index.sources import SkippedFile, SourceFile, is_within, list_files
from index.store.snapshot import open_snapshot
from index.store.store import Store


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
