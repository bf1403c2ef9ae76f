"""Which SOURCEs a sync is about: those given, else those remembered; and when it must stop."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from index.errors import SourceError, StoreError, StoreMissingError
from index.sources.listing import SkippedFile, resolve_sources
from index.store.manifest import Remembered
from index.store.store import Store


class NothingToIndexError(SourceError):
    """No file of the sources could be indexed; `skipped` says why."""

    def __init__(self, message: str, skipped: Sequence[SkippedFile]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


def refuse_loss(
    count_in: Mapping[Path, int], skipped: Sequence[SkippedFile], old: Remembered | None
) -> None:
    """A SOURCE that lost all it had is a mistake to report, not an order to forget.

    `count_in` tells how many documents are in each SOURCE, `old` how many were. Raises
    NothingToIndexError.
    """
    held = dict(zip(old.sources, old.held, strict=False)) if old else {}
    roots = list(count_in)
    for root in roots:
        if held.get(str(root)) and not count_in[root]:
            raise NothingToIndexError(
                f"{root} held documents before and now has none that can be indexed: nothing was "
                "changed. Bring them back, or run `pincite index SOURCE…` without it.",
                skipped,
            )
    if roots and not any(count_in.values()):
        listed = ", ".join(str(root) for root in roots)
        raise NothingToIndexError(
            f"Nothing in {listed} could be indexed: give files or folders with text, such as "
            ".txt, .md, .html, .pdf or .docx.",
            skipped,
        )


def sources_of(store: Store, sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the sources, else those that the store remembers, be its other files damaged."""
    if sources:
        return resolve_sources(sources)
    try:
        return resolve_sources(store.remembered().sources)
    except StoreMissingError:
        raise SourceError(
            "Nothing to index yet: run `pincite index SOURCE…` with a file or folder."
        ) from None


def remembered_by(store: Store) -> Remembered | None:
    """Return what the store remembers for the next sync; None where that cannot be read."""
    try:
        return store.remembered()
    except StoreError:
        return None


def patterns(given: Sequence[str] | None, remembered: Remembered | None) -> tuple[str, ...]:
    """Return the patterns of files to ignore: those given, else those remembered."""
    if given is not None:
        return tuple(given)
    return remembered.ignore if remembered else ()
