"""Which files of a SOURCE are passed over, by patterns as in a .gitignore file."""

from collections.abc import Sequence
from pathlib import Path

from index.errors import SourceError

IGNORE_FILE = ".pinciteignore"


class Ignored:
    """The patterns for one SOURCE: those given, then those in its file `.pinciteignore`.

    Raises SourceError for a pattern or file that cannot be read.
    """

    def __init__(self, root: Path, patterns: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec  # here and not above: an answer does not need it

        self._root = root
        own = root / IGNORE_FILE
        try:
            written = own.read_text(encoding="utf-8").splitlines() if own.is_file() else []
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{own} cannot be read: save it as UTF-8, or remove it.") from error
        lines = [*patterns, *written]
        self._is_empty = not any(line.strip() for line in lines)
        try:
            self._spec = GitIgnoreSpec.from_lines(lines)
        except ValueError as error:
            raise SourceError(
                f"A pattern of files to ignore cannot be read: {error}. Write it as in .gitignore."
            ) from error

    def has(self, path: Path, *, is_folder: bool = False) -> bool:
        """Tell whether what stands at `path` is passed over."""
        if self._is_empty or path == self._root:
            return False
        below = path.relative_to(self._root).as_posix() + "/" * is_folder
        return self._spec.match_file(below)
