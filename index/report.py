"""What a sync did, told by the names of the documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.changes import compare, digests
from index.gathering import Gathered
from index.parsers.language import foreign
from index.sources import SkippedFile, is_within
from index.store.manifest import Manifest, Remembered
from index.store.snapshot import Snapshot


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
