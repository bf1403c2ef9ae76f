"""What a SOURCE holds: which files, under which names."""

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index.errors import SourceError
from index.store.store_folder import LIVE, OBJECTS

IGNORE_FILE = ".pinciteignore"
LEADS_OUT = "a link that leads out of SOURCE; give the target as a SOURCE of its own"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a SOURCE: `source` is the SOURCE folder's own name and the path below it.

    One that was uploaded has the `upload_id` that it was given, and a `kind` such as ".pdf",
    which is otherwise told by its name.
    """

    path: Path
    source: str
    kind: str = ""
    upload_id: str = ""

    @property
    def suffix(self) -> str:
        """What kind of file it is, such as ".pdf"; "" for a name without a suffix."""
        return self.kind or self.path.suffix.lower()

    @property
    def document_id(self) -> str:
        """An opaque, URL-safe name: the upload's own, else derived from `source`."""
        return self.upload_id or document_id(self.source)

    def record_id(self, key: str) -> str:
        """Return the id of one of several documents in the file: that of the record `key`."""
        digest = hashlib.sha256(f"{self.source}#{key}".encode()).hexdigest()[:10]
        return f"{self.document_id}-{digest}"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that was not indexed, and why.

    `out_of_reach` is where it lies if it is there and only cannot be read for the moment.
    """

    path: str
    reason: str
    out_of_reach: Path | None = None


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


def list_files(
    sources: Sequence[Path], store: Path | None = None, ignore: Sequence[str] = ()
) -> tuple[list[SourceFile], list[SkippedFile]]:
    """Return the files of `sources` in a fixed order, and what was passed over and why.

    A file that lies in two of them is in the list once, named by the outer one. The folder
    `store`, and any other that is a store, is left out, and so are what a pattern of `ignore` or
    of the SOURCE's own file names, and links that lead out of all `sources`. Raises SourceError
    when two files would bear the same name.
    """
    files: dict[str, SourceFile] = {}
    skipped: list[SkippedFile] = []
    seen: set[Path] = set()
    for source in sorted(sources, key=lambda source: len(source.parts)):
        base, named = str(_base_of(source)).rstrip("/"), _name_of(source)
        for item in _walk(source, sources, store.resolve() if store else None, ignore):
            path = item.path
            itself_a_source = item.reason and path != source and path in sources
            if path in seen or (itself_a_source and not item.out_of_reach):
                continue
            seen.add(path)
            name = named + str(path)[len(base) :].replace(os.sep, "/")
            if item.reason or not _is_text(name):
                why = item.reason or "its name is not valid UTF-8; rename it"
                there = path if item.out_of_reach else None
                skipped.append(SkippedFile(_printable(name), why, there))
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

    A `source` that leads out of its folder, also by a link, names no file.
    """
    name, _, below = source.partition("/")
    if ".." in below.split("/"):
        return None
    for root in sources:
        path = _base_of(root) / below
        if (
            name == _name_of(root)
            and _is_file(path)
            and path.is_relative_to(root)
            and _leads_into(path, sources)
        ):
            return path
    return None


def is_within(path: Path, root: Path) -> bool:
    """Tell whether a path is `root` or lies below it; quicker than comparing their parts."""
    whole, outer = str(path), str(root)
    return whole == outer or whole.startswith(outer if outer.endswith("/") else f"{outer}/")


def is_store(folder: Path, own: Path | None) -> bool:
    """Tell whether a folder is a store: `own`, or any other."""
    try:
        made_here = (folder / LIVE).is_file() and (folder / OBJECTS).is_dir()
        return made_here or folder.resolve() == own
    except OSError:
        return False


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


# Unlike the methods of Path, these raise no error where a folder cannot be read.
_is_file = os.path.isfile
_is_link = os.path.islink


class _Item(NamedTuple):
    """What stands in a SOURCE; `reason` says why it is passed over, "" if it is not."""

    path: Path
    reason: str = ""
    out_of_reach: bool = False


def _walk(
    source: Path, sources: Sequence[Path], store: Path | None, ignore: Sequence[str]
) -> Iterator[_Item]:
    """Yield what a SOURCE holds, stores left out; links to folders are not followed."""
    if _is_file(source):
        yield _Item(source)
        return
    ignored = Ignored(source, ignore)
    failed: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=failed.append):
        here = Path(folder)
        entered: list[str] = []
        for name in sorted(name for name in folders if not is_store(here / name, store)):
            if name.startswith("."):
                yield _Item(here / name, "hidden")
            elif ignored.has(here / name, is_folder=True):
                yield _Item(here / name, "ignored")
            elif _is_link(here / name):
                yield _Item(here / name, "a link to a folder; index that folder itself")
            else:
                entered.append(name)
        folders[:] = entered
        for path in (here / name for name in sorted(names) if name != IGNORE_FILE):
            yield _Item(path, "ignored") if ignored.has(path) else _look_at(path, sources)
    for error in failed:
        yield _out_of_reach(Path(error.filename or source), error)


def _look_at(path: Path, sources: Sequence[Path]) -> _Item:
    """Tell whether a file is passed over."""
    if path.name.startswith("."):
        return _Item(path, "hidden")
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            if not _leads_into(path, sources):
                return _Item(path, LEADS_OUT)
            mode = path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return _Item(path, "a link that leads nowhere")
        return _out_of_reach(path, error)
    return _Item(path, "" if stat.S_ISREG(mode) else "not a regular file")


def _out_of_reach(path: Path, error: OSError) -> _Item:
    return _Item(path, f"unreadable ({error.strerror or error})", out_of_reach=True)


def _leads_into(path: Path, sources: Sequence[Path]) -> bool:
    """Tell whether a path lies in one of the SOURCEs once all links are followed."""
    target, *roots = (Path(os.path.realpath(each)) for each in (path, *sources))
    return any(is_within(target, root) for root in roots)


def _base_of(source: Path) -> Path:
    return source.parent if _is_file(source) else source


def _name_of(source: Path) -> str:
    return _base_of(source).name or "root"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()
