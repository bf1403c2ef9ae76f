"""Which SOURCEs a sync is about: those given, else those remembered; and when it must stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import SourceError, StoreError, StoreMissingError
from index.sources.listing import (
    SkippedFile,
    SourceFile,
    is_within,
    list_files,
    resolve_sources,
)
from index.store.manifest import Remembered
from index.store.store import Store
from index.store.uploads import Upload


class NothingToIndexError(SourceError):
    """No file of the sources could be indexed; `skipped` says why."""

    def __init__(self, message: str, skipped: Sequence[SkippedFile]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


@dataclass(frozen=True, slots=True)
class Selection:
    """The SOURCEs of a sync, the patterns of what to ignore, and what is there to be read.

    `files` are those of the SOURCEs, then the uploads. `remembered` is what the store remembers
    of the last sync, None where that cannot be read.
    """

    sources: tuple[Path, ...]
    ignore: tuple[str, ...]
    files: list[tuple[SourceFile, Upload | None]]
    skipped: list[SkippedFile]
    remembered: Remembered | None

    @property
    def dropped(self) -> tuple[Path, ...]:
        """The SOURCEs that are remembered and lie in none of those selected."""
        before = map(Path, self.remembered.sources if self.remembered else ())
        return tuple(
            path for path in before if not any(is_within(path, source) for source in self.sources)
        )

    def empty(self, count_in: Mapping[Path, int]) -> tuple[Path, ...]:
        """Return the folders among the SOURCEs that hold no document."""
        return tuple(source for source in self.sources if source.is_dir() and not count_in[source])

    def refuse_loss(self, count_in: Mapping[Path, int], skipped: Sequence[SkippedFile]) -> None:
        """Raise NothingToIndexError for a SOURCE that lost all it had, or if all are empty.

        That is a mistake to report, not an order to forget. `count_in` tells how many documents
        are in each SOURCE.
        """
        old = self.remembered
        held = dict(zip(old.sources, old.held, strict=False)) if old else {}
        for source in self.sources:
            if held.get(str(source)) and not count_in[source]:
                raise NothingToIndexError(
                    f"{source} held documents before and now has none that can be indexed: "
                    "nothing was changed. Bring them back, or run `pincite index SOURCE…` "
                    "without it.",
                    skipped,
                )
        if self.sources and not any(count_in.values()):
            listed = ", ".join(map(str, self.sources))
            raise NothingToIndexError(
                f"Nothing in {listed} could be indexed: give files or folders with text, such as "
                ".txt, .md, .html, .pdf or .docx.",
                skipped,
            )


def select_sources(
    store: Store, sources: Sequence[str | Path], ignore: Sequence[str] | None
) -> Selection:
    """Return the SOURCEs, and the patterns to ignore, that are given, else those remembered.

    Those remembered are found even if the store's other files are damaged. Raises SourceError,
    StoreError.
    """
    remembered = None
    try:
        remembered = store.remembered()
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
    files += [(store.uploads.file(upload), upload) for upload in store.uploads.all()]
    return Selection(roots, patterns, files, skipped, remembered)
