"""What a SOURCE holds: which files, under which names."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import SourceError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a SOURCE: `source` is the SOURCE folder's own name and the path below it."""

    path: Path
    source: str

    @property
    def document_id(self) -> str:
        """An opaque, URL-safe name derived from `source`."""
        return document_id(self.source)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that was not indexed, and why."""

    path: str
    reason: str


def document_id(source: str) -> str:
    """Return the id of the document known as `source`: letters, digits, hyphens.

    The readable part may be shared by two sources; the digest keeps them apart.
    """
    ascii_only = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower())[-80:].strip("-")
    digest = hashlib.sha256(source.encode()).hexdigest()[:10]
    return f"{readable}-{digest}" if readable else digest


def resolve_sources(sources: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return absolute paths without repeats; a link keeps the name that the user gave it.

    Raises SourceError for one that does not exist.
    """
    resolved: dict[Path, None] = {}
    for source in sources:
        try:
            path = Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 (no links)
            exists = path.exists()
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(f"{source} cannot be read: {error}") from error
        if not _is_text(str(path)):
            raise SourceError(f"{_printable(str(path))}: the name is not valid UTF-8; rename it.")
        if not exists:
            raise SourceError(
                f"{source} does not exist: nothing was changed. "
                "Check the path, or run `pincite index SOURCE…` with the sources you want."
            )
        resolved[path] = None
    return tuple(resolved)


def list_files(sources: Sequence[Path]) -> tuple[list[SourceFile], list[SkippedFile]]:
    """Return the files of `sources` in a fixed order, and what was passed over and why.

    Raises SourceError when two files would bear the same name.
    """
    files: dict[str, SourceFile] = {}
    skipped: list[SkippedFile] = []
    for source in sources:
        for path, reason in _walk(source):
            name = f"{_name_of(source)}/{path.relative_to(_base_of(source)).as_posix()}"
            if reason or not _is_text(name):
                why = reason or "its name is not valid UTF-8; rename it"
                skipped.append(SkippedFile(_printable(name), why))
                continue
            file = SourceFile(path, name)
            other = files.setdefault(file.document_id, file)
            if other.path != file.path:
                raise SourceError(
                    f"{other.path} and {file.path} would both be the document {file.source}: "
                    "rename one of the folders, or index their common parent."
                )
    return sorted(files.values(), key=lambda file: file.source), skipped


def locate(source: str, sources: Sequence[Path]) -> Path | None:
    """Return the file that is known as `source`, or None if it is no longer there.

    A `source` that leads out of its folder names no file.
    """
    name, _, below = source.partition("/")
    if ".." in below.split("/"):
        return None
    for root in sources:
        path = _base_of(root) / below
        if name == _name_of(root) and path.is_file() and path.is_relative_to(root):
            return path
    return None


def _base_of(source: Path) -> Path:
    return source.parent if source.is_file() else source


def _name_of(source: Path) -> str:
    return _base_of(source).name or "root"


def _walk(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield (path, "" or why it is passed over); links to folders are not followed."""
    if source.is_file():
        yield source, ""
        return
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=unreadable.append):
        here = Path(folder)
        for name in sorted(folders):
            if name.startswith("."):
                yield here / name, "hidden"
            elif (here / name).is_symlink():
                yield here / name, "a link to a folder; index that folder itself"
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield here / name, _why_not(here / name)
    for error in unreadable:
        yield Path(error.filename), f"unreadable ({error.strerror})"


def _why_not(path: Path) -> str:
    """Return why a file is passed over, "" if it is not."""
    if path.name.startswith("."):
        return "hidden"
    if not path.exists():
        return "a link that leads nowhere"
    return "" if path.is_file() else "not a regular file"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()
