"""Packages of office files: archives of XML parts, checked before anything is unpacked."""

import io
import posixpath
import zipfile
import zlib
from contextlib import suppress
from typing import Any

from index.parsers.blocks import one_line
from index.parsers.decoding import COMPOUND_FILE, ENCRYPTED, UNKNOWN_ARCHIVE, kind_of
from index.parsers.files import UnreadableFileError
from index.records import MetadataValue

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 20_000
_SMALL_ENOUGH = 10 * 1024 * 1024
_MANIFEST = "META-INF/manifest.xml"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_USUAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
"""The names of Word's elements in the two forms of the standard."""
_ERRORS = (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError)


def damaged(kind: str) -> UnreadableFileError:
    """Return the error for a file that is none of its kind, or cannot be read as one."""
    return UnreadableFileError(f"damaged or not {kind.split(';', maxsplit=1)[0]}")


def choose_alternatives(root: Any, *text_tags: str) -> None:
    """Replace alternatives below `root`, in place, by the first with text, else by the first."""
    for choice in list(root.iter(f"{_COMPATIBILITY}AlternateContent")):
        above = choice.getparent()
        if above is None:
            continue
        offered = [
            *choice.findall(f"{_COMPATIBILITY}Choice"),
            *choice.findall(f"{_COMPATIBILITY}Fallback"),
        ]
        with_text = (one for one in offered if next(one.iter(*text_tags), None) is not None)
        chosen = next(with_text, offered[0] if offered else ())
        index = above.index(choice)
        above[index : index + 1] = list(chosen)


class Package:
    """An archive of a kind, one of those that `kind_of` returns.

    Raises UnreadableFileError for what is another kind, is encrypted, or would unpack to too much.
    The declared sizes are a bound: with the two compression methods that are allowed, `zipfile`
    unpacks no more of an entry than it declares.
    """

    def __init__(self, content: bytes, kind: str) -> None:
        self._kind = kind
        if not content:
            raise UnreadableFileError("empty")
        if content.startswith(COMPOUND_FILE):
            raise UnreadableFileError(kind_of(content))
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except _ERRORS as error:
            raise self._other_than(kind_of(content)) from error
        self._check(self._archive.infolist())
        if b"encryption-data" in self.read(_MANIFEST):
            raise UnreadableFileError(ENCRYPTED)
        found = kind_of(content)
        if found not in (kind, UNKNOWN_ARCHIVE):
            raise self._other_than(found)

    @property
    def names(self) -> frozenset[str]:
        """The names of the parts."""
        return frozenset(self._archive.namelist())

    def read(self, name: str) -> bytes:
        """Return the bytes of a part, none if it is missing. Raises UnreadableFileError."""
        try:
            return self._archive.read(name)
        except KeyError:
            return b""
        except _ERRORS as error:
            raise damaged(self._kind) from error

    def root(self, name: str) -> Any:
        """Return the root element of a part, None if it is missing. Raises UnreadableFileError."""
        from lxml.etree import LxmlError, XMLParser, fromstring

        content = self.read(name).replace(_STRICT, _USUAL)
        if not content:
            return None
        parser = XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True)
        try:
            return fromstring(content, parser)
        except (LxmlError, ValueError) as error:
            raise damaged(self._kind) from error

    @property
    def main(self) -> str:
        """The name of the main part of an Office Open XML file, "" without one."""
        return next(iter(self.related("", "officeDocument")), "")

    def properties(self) -> tuple[str, dict[str, MetadataValue]]:
        """Return the title and the metadata that an Office Open XML file records."""
        said: dict[str, str] = {}
        with suppress(UnreadableFileError):
            for part in self.related("", "core-properties"):
                root = self.root(part)
                for each in () if root is None else root:
                    said[each.tag.rpartition("}")[2]] = one_line(each.text or "")
        keywords = said.get("keywords", "").replace(";", ",").split(",")
        return said.get("title", ""), {
            "author": said.get("creator", ""),
            "created": said.get("created", ""),
            "last_saved": said.get("modified", ""),
            "subject": said.get("subject", ""),
            "keywords": tuple(filter(None, map(str.strip, keywords))),
        }

    def related(self, part: str, kind: str) -> list[str]:
        """Return the names of the parts that a part refers to as a kind."""
        return [target for type_, target in self.relations(part).values() if type_ == kind]

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return kind and target of each relation of a part, "" for the package, by its id."""
        folder, name = posixpath.split(part)
        root = self.root(posixpath.join(folder, "_rels", f"{name}.rels"))
        targets: dict[str, tuple[str, str]] = {}
        for each in () if root is None else root.iter("{*}Relationship"):
            if each.get("TargetMode") != "External":
                kind = (each.get("Type") or "").rpartition("/")[2]
                path = posixpath.join("/", folder, each.get("Target") or "")
                targets[each.get("Id") or ""] = kind, posixpath.normpath(path).strip("/")
        return targets

    def _check(self, entries: list[zipfile.ZipInfo]) -> None:
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        too_dense = unpacked > _SMALL_ENOUGH and unpacked > MAX_RATIO * max(1, packed)
        if unpacked > MAX_UNPACKED_BYTES or too_dense:
            raise UnreadableFileError(f"it would unpack to {unpacked // 2**20} MiB")
        if len(entries) > MAX_ENTRIES:
            raise UnreadableFileError(f"more than {MAX_ENTRIES} parts in it")
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableFileError(ENCRYPTED)
        methods = {entry.compress_type for entry in entries}
        if methods - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise damaged(self._kind)

    def _other_than(self, found: str) -> UnreadableFileError:
        is_told = found not in ("", UNKNOWN_ARCHIVE, self._kind)
        return UnreadableFileError(found) if is_told else damaged(self._kind)
