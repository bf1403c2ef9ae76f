"""The files of the SOURCEs, and the names that documents get from them."""

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
from index.store import is_store

IGNORE_FILE = ".pinciteignore"
LEADS_OUT = "a link that leads out of SOURCE; give the target as a SOURCE of its own"
_MADE_BY_TOOLS = "installed packages or a cache; to index it, give it as a SOURCE of its own"
_INSTALLED = frozenset(("node_modules", "bower_components", "site-packages", "__pycache__"))
_SIGNS_OF_TOOLS = ("pyvenv.cfg", "CACHEDIR.TAG")
"""What is in a virtual environment of Python, and in a cache ("Cache Directory Tagging")."""
_LEADS_TO_HIDDEN = "a link to a file that is hidden, ignored, or in a store"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to index; only an uploaded one has an id and a `kind`, such as ".pdf"."""

    path: Path
    source: str  # the name of the SOURCE's folder, and the path below it
    kind: str = ""
    upload_id: str = ""

    @property
    def suffix(self) -> str:
        """The kind of file, such as ".pdf"; may be empty."""
        return self.kind or self.path.suffix.lower()

    @property
    def document_id(self) -> str:
        """The upload's own id, else one made of `source`."""
        return self.upload_id or document_id(self.source)

    def record_id(self, key: str) -> str:
        """Return the id of the record `key`, one of several documents in the file."""
        # The name of an upload's file is the client's, and may be another one next time.
        named = f"upload:{self.upload_id}{self.kind}" if self.upload_id else self.source
        digest = hashlib.sha256(f"{named}#{key}".encode()).hexdigest()[:10]
        return f"{self.document_id}-{digest}"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that was not indexed, by its name, and why."""

    path: str
    reason: str
    out_of_reach: Path | None = None  # its path, if it is there but cannot be read for the moment


def document_id(source: str) -> str:
    """Return an id of lower-case letters, digits and hyphens; its digest makes it unique."""
    ascii_only = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower())[-80:].strip("-")
    digest = hashlib.sha256(source.encode()).hexdigest()[:10]
    return f"{readable}-{digest}" if readable else digest


def resolve_sources(sources: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return absolute paths without repeats, links not followed. Raises SourceError."""
    resolved: dict[Path, None] = {}
    for source in sources:
        try:
            path = Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 - keeps links
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

    The outer of two nested SOURCEs names their files; stores are left out. Raises SourceError
    when two files would have the same name.
    """
    files: dict[str, SourceFile] = {}
    skipped: list[SkippedFile] = []
    seen: set[Path] = set()
    store = store.resolve() if store else None
    for source in sorted(sources, key=lambda source: len(source.parts)):
        base, source_name = str(_base_of(source)).rstrip("/"), _name_of(source)
        for path, reason, out_of_reach in _walk(source, sources, store, ignore):
            listed_by_itself = reason and path != source and path in sources and not out_of_reach
            if path in seen or listed_by_itself:
                continue
            seen.add(path)
            name = source_name + str(path)[len(base) :].replace(os.sep, "/")
            if reason or not _is_text(name):
                why = reason or "its name is not valid UTF-8; rename it"
                there = path if out_of_reach else None
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
    """Return the file that has the name `source`; None if it is gone or leads out of its SOURCE."""
    name, _, below = source.partition("/")
    if ".." in below.split("/"):
        return None
    for root in sources:
        path = _base_of(root) / below
        if (
            name == _name_of(root)
            and _is_file(path)
            and path.is_relative_to(root)
            and not _why_not_followed(path, sources)
        ):
            return path
    return None


def is_within(path: Path | str, root: Path | str) -> bool:
    """Tell whether a path is `root` or lies below it; quicker than comparing their parts."""
    whole, outer = str(path), str(root)
    return whole == outer or whole.startswith(outer if outer.endswith("/") else f"{outer}/")


def is_made_by_tools(folder: Path) -> bool:
    """Tell whether a folder holds installed packages, or a cache that a program can make anew."""
    if folder.name in _INSTALLED:
        return True
    return any(_is_file(folder / name) for name in _SIGNS_OF_TOOLS)


def is_left_out(folder: Path, own_store: Path | None) -> bool:
    """Tell whether a folder is a store, the own one or any other."""
    try:
        return is_store(folder) or folder.resolve() == own_store
    except OSError:
        return False


class Ignored:
    """The given patterns for one SOURCE and those in its `.pinciteignore`. Raises SourceError."""

    def __init__(self, root: Path, patterns: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec  # here and not above: an answer does not need it

        self._root = root
        file = root / IGNORE_FILE
        try:
            lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{file} cannot be read: save it as UTF-8, or remove it.") from error
        lines = [*patterns, *lines]
        self._is_empty = not any(line.strip() for line in lines)
        try:
            self._spec = GitIgnoreSpec.from_lines(lines)
        except ValueError as error:
            raise SourceError(
                f"A pattern of files to ignore cannot be read: {error}. Write it as in .gitignore."
            ) from error

    def has(self, path: Path, *, is_folder: bool = False) -> bool:
        """Tell whether the patterns match `path`."""
        if self._is_empty or path == self._root:
            return False
        below = path.relative_to(self._root).as_posix() + "/" * is_folder
        return self._spec.match_file(below)


_is_file = os.path.isfile  # raises no error where a folder cannot be read, unlike Path.is_file


class _Item(NamedTuple):
    """A file or folder of a SOURCE; `reason` says why it is passed over, "" if it is not."""

    path: Path
    reason: str = ""
    out_of_reach: bool = False


def _walk(
    source: Path, sources: Sequence[Path], store: Path | None, ignore: Sequence[str]
) -> Iterator[_Item]:
    """Yield what a SOURCE holds, except stores; do not follow links to folders."""
    if _is_file(source):
        yield _Item(source)
        return
    ignored = Ignored(source, ignore)
    failed: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=failed.append):
        here = Path(folder)
        entered: list[str] = []
        for name in sorted(name for name in folders if not is_left_out(here / name, store)):
            if name.startswith("."):
                yield _Item(here / name, "hidden")
            elif ignored.has(here / name, is_folder=True):
                yield _Item(here / name, "ignored")
            elif is_made_by_tools(here / name):
                yield _Item(here / name, _MADE_BY_TOOLS)
            elif os.path.islink(here / name):  # noqa: PTH114 - Path.is_symlink raises errors
                yield _Item(here / name, "a link to a folder; index that folder itself")
            else:
                entered.append(name)
        folders[:] = entered
        for path in (here / name for name in sorted(names) if name != IGNORE_FILE):
            yield _Item(path, "ignored") if ignored.has(path) else _inspect(path, sources, ignore)
    for error in failed:
        yield _out_of_reach(Path(error.filename or source), error)


def _inspect(path: Path, sources: Sequence[Path], ignore: Sequence[str]) -> _Item:
    if path.name.startswith("."):
        return _Item(path, "hidden")
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            if reason := _why_not_followed(path, sources, ignore):
                return _Item(path, reason)
            mode = path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return _Item(path, "a link that leads nowhere")
        return _out_of_reach(path, error)
    return _Item(path, "" if stat.S_ISREG(mode) else "not a regular file")


def _out_of_reach(path: Path, error: OSError) -> _Item:
    return _Item(path, f"unreadable ({error.strerror or error})", out_of_reach=True)


def _why_not_followed(path: Path, sources: Sequence[Path], ignore: Sequence[str] = ()) -> str:
    """Return why a path does not count once all links are followed; "" if it does.

    It has to lead to a file that its SOURCE would list.
    """
    target, *roots = (Path(os.path.realpath(each)) for each in (path, *sources))
    around = [root for root in roots if is_within(target, root)]
    if not around:
        return LEADS_OUT
    return "" if any(_would_list(target, root, ignore) for root in around) else _LEADS_TO_HIDDEN


def _would_list(file: Path, source: Path, ignore: Sequence[str]) -> bool:
    below = file.relative_to(source).parts
    folders = [source.joinpath(*below[:depth]) for depth in range(1, len(below))]
    if any(part.startswith(".") for part in below) or any(
        is_left_out(each, None) or is_made_by_tools(each) for each in folders
    ):
        return False
    ignored = Ignored(source, ignore)
    return not (ignored.has(file) or any(ignored.has(each, is_folder=True) for each in folders))


def _base_of(source: Path) -> Path:
    return source.parent if _is_file(source) else source


def _name_of(source: Path) -> str:
    return _base_of(source).name or "root"


def _is_text(name: str) -> bool:
    return _printable(name) == name


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()
