"""What a sync would do, told without doing it: no file is parsed, nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import remembered_patterns, sources_of
from index.changes import Changes, compare, digests
from index.errors import StoreError
from index.gathering import digest_of
from index.reading import READERS, OutOfReachError, UnreadableFileError, read_errors_explained
from index.refusals import refuse_loss
from index.snapshot import open_snapshot
from index.sources import SkippedFile, SourceFile, is_within, list_files
from index.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of files, and which would be passed over.

    A file that turns out to be unreadable when it is parsed is among those added or changed.
    """

    changes: Changes
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]


def plan(
    store: Store, sources: Sequence[str | Path], *, ignore: Sequence[str] | None = None
) -> Plan:
    """Return what `sync` would do with the same sources. Raises SourceError, StoreError."""
    roots = sources_of(store, sources)
    ignored = remembered_patterns(store) if ignore is None else tuple(ignore)
    files, skipped = list_files(roots, store.folder, ignored)
    files += [store.uploads.file(upload) for upload in store.uploads.all()]
    try:
        old = open_snapshot(store, to_upgrade=True)
    except StoreError:
        old = None
    before = digests(old.chunked.values()) if old else {}
    now: dict[str, str] = {}
    places: dict[str, Path] = {}
    kept: list[SkippedFile] = []
    for file in files:
        try:
            now[file.source] = _digest(file)
            places[file.source] = file.path
        except OutOfReachError as error:
            each = SkippedFile(file.source, str(error), file.path)
            if file.source in before:
                kept.append(each)
                now[file.source] = before[file.source]
            else:
                skipped.append(each)
        except UnreadableFileError as error:
            skipped.append(SkippedFile(file.source, str(error)))
    held = {root: sum(is_within(place, root) for place in places.values()) for root in roots}
    refuse_loss(held, skipped, old.manifest if old else None)
    return Plan(
        compare(before, now), tuple(sorted(skipped, key=lambda each: each.path)), tuple(kept)
    )


def _digest(file: SourceFile) -> str:
    if file.suffix not in READERS:
        raise UnreadableFileError(f"unsupported type {file.suffix or '(no suffix)'}")
    with read_errors_explained():
        return digest_of(file.path)
