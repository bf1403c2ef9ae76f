"""When a sync must not go through: nothing to index, or a SOURCE that lost all it had."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from index.errors import SourceError
from index.sources import SkippedFile
from index.store.manifest import Remembered


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
