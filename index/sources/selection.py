"""The SOURCEs of a sync: those given, else those of the last one; and when a sync must stop."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import SourceError, StoreError, StoreMissingError, StoreUnusableError
from index.sources.listing import (
    SkippedFile,
    SourceFile,
    is_within,
    list_files,
    resolve_sources,
)
from index.store.protocols import Store
from index.store.records import SnapshotInfo, Upload


class NothingToIndexError(SourceError):
    """No file of the sources could be indexed; `skipped` says why."""

    def __init__(self, message: str, skipped: Sequence[SkippedFile]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


@dataclass(frozen=True, slots=True)
class Selection:
    """The SOURCEs of a sync, the patterns to ignore, and the files to read, uploads last."""

    sources: tuple[Path, ...]
    ignore: tuple[str, ...]
    files: list[tuple[SourceFile, Upload | None]]
    skipped: list[SkippedFile]
    remembered: SnapshotInfo | None  # of the last sync, if it can be read

    @property
    def dropped(self) -> tuple[Path, ...]:
        """The SOURCEs of the last sync that lie in none of those selected."""
        before = map(Path, self.remembered.sources if self.remembered else ())
        return tuple(
            path for path in before if not any(is_within(path, source) for source in self.sources)
        )

    def after_repair(self, store: Store) -> "Selection":
        """Return the same with the uploads that the store has now."""
        files = [(file, upload) for file, upload in self.files if upload is None]
        return replace(self, files=files + _uploads(store))

    def counts(self, locations: Iterable[Path]) -> dict[Path, int]:
        """Return how many documents each SOURCE holds, given where each document lies."""
        located = Counter(locations)
        return {
            source: sum(n for location, n in located.items() if is_within(location, source))
            for source in self.sources
        }

    def empty(self, counts: Mapping[Path, int]) -> tuple[Path, ...]:
        """Return the folders among the SOURCEs that hold no document."""
        return tuple(source for source in self.sources if source.is_dir() and not counts[source])

    def refuse_loss(self, counts: Mapping[Path, int], skipped: Sequence[SkippedFile]) -> None:
        """Raise NothingToIndexError if a SOURCE lost all it had, or if all are empty.

        That is more likely a mistake, such as a disk that is not mounted.
        """
        old = self.remembered
        held = dict(zip(old.sources, old.held, strict=False)) if old else {}
        for source in self.sources:
            if held.get(str(source)) and not counts[source]:
                raise NothingToIndexError(
                    f"{source} held documents before and now has none that can be indexed: "
                    "nothing was changed. Bring them back, or run `pincite index SOURCE…` "
                    "without it.",
                    skipped,
                )
        if self.sources and not any(counts.values()):
            listed = ", ".join(map(str, self.sources))
            raise NothingToIndexError(
                f"Nothing in {listed} could be indexed: give files or folders with text, such as "
                ".txt, .md, .html, .pdf or .docx.",
                skipped,
            )


def select_sources(
    store: Store, sources: Sequence[str | Path], ignore: Sequence[str] | None
) -> Selection:
    """Select the SOURCEs and patterns that are given, else those of the last sync.

    Those are found even if the store is damaged. Raises SourceError, StoreError.
    """
    remembered = None
    try:
        remembered = store.live()
    except StoreMissingError:
        if not sources:
            raise SourceError(
                "Nothing to index yet: run `pincite index SOURCE…` with a file or folder."
            ) from None
    except StoreError:
        if not sources:
            raise
    roots = resolve_sources(sources or (remembered.sources if remembered else ()))
    patterns = (remembered.ignore if remembered else ()) if ignore is None else tuple(ignore)
    listed, skipped = list_files(roots, store.folder, patterns)
    files: list[tuple[SourceFile, Upload | None]] = [(file, None) for file in listed]
    return Selection(roots, patterns, files + _uploads(store), skipped, remembered)


def _uploads(store: Store) -> list[tuple[SourceFile, Upload | None]]:
    try:
        uploads = store.uploads.all()
    except StoreUnusableError:  # what can be read of them is taken over when it is repaired
        return []
    return [
        (SourceFile(Path(upload.source), upload.source, upload.kind, upload.id), upload)
        for upload in uploads
    ]
