"""What the package of an EPUB says of the book: its pages in order, contents and metadata."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

from index.parsers.blocks import one_line
from index.parsers.decoding import EPUB_BOOK
from index.parsers.files import UnreadableFileError
from index.parsers.office.package import Package, damaged
from index.parsers.web.blocks import parse
from index.parsers.web.decoding import decode_page
from index.records import MetadataValue

_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml"))
_OLD_CONTENTS = "application/x-dtbncx+xml"
_EVENT = "{http://www.idpf.org/2007/opf}event"
_OF_FONTS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
"""How fonts are hidden in books that are not protected."""
_PROTECTED = "protected against copying (DRM); index a copy without protection"
_MAX_ENTRIES = 20_000
_MAX_LEVEL = 5
_MAX_DEPTH = 50
_MAX_VALUE_CHARS = 1000
_TAG = re.compile(r"<[^<>]*>")


class Entry(NamedTuple):
    """A line of the table of contents. `anchor` is the id of an element in the page, or empty."""

    title: str
    level: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A book: its pages, by their names in the package, and the lines of contents for each."""

    pages: tuple[str, ...]
    contents: Mapping[str, Sequence[Entry]]
    title: str
    metadata: Mapping[str, MetadataValue]


def read_book(package: Package) -> Book:
    """Return what a package says of its book.

    Raises UnreadableFileError if it is damaged, or protected against copying.
    """
    container = package.root("META-INF/container.xml")
    files = [] if container is None else list(container.iter("{*}rootfile"))
    path = files[0].get("full-path") or "" if files else ""
    root = package.root(path) if path else None
    spine = None if root is None else next(root.iter("{*}spine"), None)
    if root is None or spine is None:
        raise damaged(EPUB_BOOK)
    items = {item.get("id"): item for item in root.iter("{*}item")}
    names = {key: _name(path, item.get("href") or "") for key, item in items.items()}
    navigation = [
        key for key, item in items.items() if "nav" in (item.get("properties") or "").split()
    ]
    older = [key for key, item in items.items() if item.get("media-type") == _OLD_CONTENTS]
    order = dict.fromkeys(reference.get("idref") for reference in spine.iter("{*}itemref"))
    pages = tuple(
        dict.fromkeys(
            names[key]
            for key in order
            if key in items and items[key].get("media-type") in _PAGES and key not in navigation
        )
    )
    _refuse_protected(package, pages)
    contents = _contents(package, [names[key] for key in navigation], _entries)
    if not contents:
        contents = _contents(package, [names[key] for key in older], _old_entries)
    title, metadata = _about(root)
    return Book(pages, contents, title, metadata)


def _refuse_protected(package: Package, pages: Sequence[str]) -> None:
    """Raise UnreadableFileError if a page is encrypted. Fonts may be."""
    encryption = package.root("META-INF/encryption.xml")
    for data in () if encryption is None else encryption.iter("{*}EncryptedData"):
        methods = {method.get("Algorithm") for method in data.iter("{*}EncryptionMethod")}
        names = {unquote(each.get("URI") or "") for each in data.iter("{*}CipherReference")}
        if not names.isdisjoint(pages) and not (methods and methods <= _OF_FONTS):
            raise UnreadableFileError(_PROTECTED)


_Lines = Iterator[tuple[str, int, str]]
"""The lines of a table of contents: title, level from 1, and where it leads to."""


def _contents(
    package: Package, names: Sequence[str], read: Callable[[Package, str], _Lines]
) -> Mapping[str, Sequence[Entry]]:
    """Return the lines of a table of contents by page, none for one that cannot be read."""
    by_page: dict[str, list[Entry]] = defaultdict(list)
    for name in names:
        with suppress(UnreadableFileError):
            for title, level, target in islice(read(package, name), _MAX_ENTRIES):
                page, _, anchor = target.partition("#")
                if title and page:
                    entry = Entry(title, min(level, _MAX_LEVEL), unquote(anchor))
                    by_page[_name(name, page)].append(entry)
    return dict(by_page)


def _entries(package: Package, name: str) -> _Lines:
    """Yield the lines of an EPUB 3's contents, which is a page with lists of links."""
    page = parse(decode_page(package.read(name)).text)
    lists = page.css("nav")
    marked = [each for each in lists if "toc" in (each.attributes.get("epub:type") or "").split()]
    for link in (marked or lists)[0].css("a") if lists else ():
        level, outer = 0, link.parent
        for _ in range(_MAX_DEPTH):
            if outer is None or outer.tag == "nav":
                break
            level += outer.tag == "ol"
            outer = outer.parent
        yield one_line(link.text()), max(1, level), link.attributes.get("href") or ""


def _old_entries(package: Package, name: str) -> _Lines:
    """Yield the lines of an EPUB 2's contents (NCX)."""
    root = package.root(name)
    for point in () if root is None else root.iter("{*}navPoint"):
        label = point.find("{*}navLabel/{*}text")
        content = point.find("{*}content")
        if label is not None and content is not None:
            level = 1 + sum(1 for _ in point.iterancestors("{*}navPoint"))
            yield _text(label), level, content.get("src") or ""


def _about(root: Any) -> tuple[str, dict[str, MetadataValue]]:
    """Return the title and the metadata, by Dublin Core's names or ours."""
    values: dict[str, list[str]] = defaultdict(list)
    dates: dict[str, str] = {}
    about = next(root.iter("{*}metadata"), None)
    for element in () if about is None else about.iter("{http://purl.org/dc/elements/1.1/}*"):
        name, text = element.tag.rpartition("}")[2], _text(element)[:_MAX_VALUE_CHARS]
        if text and text not in values[name]:
            values[name].append(text)
            if name == "date":
                dates[element.get(_EVENT) or "publication"] = text
    first = {name: texts[0] for name, texts in values.items() if texts}
    authors = values["creator"]
    return first.get("title", ""), {
        "author": authors[0] if len(authors) == 1 else tuple(authors),
        "date": dates.get("publication") or first.get("date", ""),
        "language": first.get("language", ""),
        "publisher": first.get("publisher", ""),
        "description": one_line(_TAG.sub(" ", first.get("description", ""))),
        "keywords": tuple(values["subject"]),
    }


def _name(base: str, reference: str) -> str:
    """Return the name of the part that a reference in another part leads to."""
    folder = posixpath.dirname(base)
    return posixpath.normpath(posixpath.join(folder, unquote(reference))).lstrip("/")


def _text(element: Any) -> str:
    return one_line("".join(element.itertext()))
