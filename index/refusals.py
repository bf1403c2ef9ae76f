"""When a sync must not go through: nothing to index, or a SOURCE that lost all it had."""

from collections.abc import Sequence
from pathlib import Path

from index.errors import SourceError
from index.gathering import Gathered
from index.manifest import Manifest
from index.sources import SkippedFile


class NothingToIndexError(SourceError):
    """No file of the sources could be indexed; `skipped` says why."""

    def __init__(self, message: str, skipped: Sequence[SkippedFile]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


def refuse_loss(roots: Sequence[Path], gathered: Gathered, old: Manifest | None) -> None:
    """A SOURCE that lost all it had is a mistake to report, not an order to forget.

    Raises NothingToIndexError.
    """
    held = dict(zip(old.sources, old.held, strict=False)) if old else {}
    for root in roots:
        if held.get(str(root)) and not gathered.count_in(root):
            raise NothingToIndexError(
                f"{root} held documents before and now has none that can be indexed: nothing was "
                "changed. Bring them back, or run `pincite index SOURCE…` without it.",
                gathered.skipped,
            )
    if roots and not gathered.documents:
        listed = ", ".join(str(root) for root in roots)
        raise NothingToIndexError(
            f"Nothing in {listed} could be indexed: give files or folders with text, such as "
            ".txt, .md, .html, .pdf or .docx.",
            gathered.skipped,
        )
