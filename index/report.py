"""What a sync did, told by the names of the documents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.gathering import Gathered
from index.manifest import Manifest
from index.records import ChunkedDocument
from index.snapshot import Snapshot
from index.sources import SkippedFile


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: sources by name, and how many texts had to be embedded.

    `kept` could not be read for the moment and stays as it was; `empty` are the folders among
    the SOURCEs that hold nothing to index; `repaired` is why the old snapshot was of no use.
    `kept_aside` is the id of the new snapshot where it did not go live.
    """

    snapshot: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    kept: tuple[SkippedFile, ...]
    empty: tuple[Path, ...]
    passages: int
    embedded: int
    repaired: str = ""
    kept_aside: str = ""


def report(
    old: Snapshot | None,
    gathered: Gathered,
    roots: Sequence[Path],
    manifest: Manifest,
    embedded: int,
    repaired: str,
) -> SyncReport:
    """Compare what was gathered from `roots` with the old snapshot."""
    before = _digests(old.chunked.values()) if old else {}
    now = _digests(gathered.documents)
    both = sorted(before.keys() & now.keys())
    return SyncReport(
        snapshot=manifest.id,
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(source for source in both if before[source] != now[source]),
        removed=tuple(sorted(before.keys() - now.keys())),
        unchanged=tuple(source for source in both if before[source] == now[source]),
        skipped=tuple(gathered.skipped),
        kept=tuple(gathered.kept),
        empty=tuple(r for r in roots if r.is_dir() and not gathered.count_in(r)),
        passages=manifest.passages,
        embedded=embedded,
        repaired=repaired,
    )


def _digests(documents: Iterable[ChunkedDocument]) -> dict[str, str]:
    """Return the SHA-256 of each document's bytes by its source."""
    return {each.document.source: each.document.document_sha256 for each in documents}
