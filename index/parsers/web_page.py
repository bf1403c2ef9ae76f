"""Web pages: .html, .htm and .xhtml."""

import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from index.parsers.blocks import extracted_document, lay_out, one_line
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.web_content import content_of
from index.parsers.web_decoding import decode_page
from index.parsers.web_markup import parse_page
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

MEDIA_TYPE = "text/html"
MAX_NAMES, MAX_VALUE_CHARS = 50, 1000
_MOSTLY_LEFT_OUT = "most of the page was taken for menus, banners or comments and left out"
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,60}")
_FOR_MACHINES = frozenset(
    "viewport robots googlebot generator theme-color referrer color-scheme format-detection "
    "csrf-token csrf-param application-name msapplication-config msapplication-tilecolor "
    "msapplication-tileimage google-site-verification".split()
)


def read_web_page(file: SourceFile) -> Iterable[Document]:
    """Yield the content of a web page, without menus, banners, comments and footers."""
    content = bytes_of(file.path)
    markup = decode_page(content)
    page = parse_page(markup.text)
    title, metadata = _title(page), _metadata(page)
    found = content_of(page)
    if not found.blocks:
        raise UnreadableFileError("no text in it besides navigation")
    yield extracted_document(
        file,
        content,
        lay_out(found.blocks),
        title=title,
        media_type=MEDIA_TYPE,
        reader=_reader(),
        metadata=metadata | {"encoding": markup.encoding},
        remarks=(*markup.remarks, *([_MOSTLY_LEFT_OUT] if found.is_small_part else [])),
    )


def _reader() -> str:
    from trafilatura import __version__

    return f"web_page/2 (trafilatura {__version__})"


def _title(page: Any) -> str:
    """Return the only h1 if the page's title contains it, else what the page says is its title."""
    titles = (one_line("".join(element.itertext())) for element in page.iterfind(".//head/title"))
    title = next(filter(None, titles), "")
    headings = [one_line("".join(heading.itertext())) for heading in page.iter("h1")]
    if len(headings) == 1 and headings[0] and (headings[0] in title or not title):
        return headings[0]
    return _property(page, "og:title") or title


def _property(page: Any, name: str) -> str:
    found = page.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return next(filter(None, map(one_line, found)), "")


def _own_names(page: Any) -> dict[str, MetadataValue]:
    """Return what the page's `meta` elements say under names that are not for machines alone."""
    found: dict[str, MetadataValue] = {}
    for meta in page.iterfind(".//meta[@name]"):
        name, value = meta.get("name", "").strip().lower(), one_line(meta.get("content", ""))
        if value and _NAME.fullmatch(name) and name not in _FOR_MACHINES and name != "keywords":
            found.setdefault(name, value[:MAX_VALUE_CHARS])
    return dict(list(found.items())[:MAX_NAMES])


def _metadata(page: Any) -> dict[str, MetadataValue]:
    from lxml.etree import LxmlError
    from trafilatura import extract_metadata

    keywords = [one_line(word) for word in _property(page, "keywords").split(",")]
    tags = map(one_line, page.xpath("//meta[@property='article:tag']/@content"))
    own: dict[str, MetadataValue] = {
        "language": one_line(page.get("lang", "")),
        "keywords": tuple(filter(None, keywords)),
        "tags": tuple(filter(None, tags)),
        **_own_names(page),
    }
    try:
        found = extract_metadata(
            deepcopy(page),
            # The default looks for likely dates anywhere in the text, up to today's.
            date_config={
                "original_date": True,
                "extensive_search": False,
                "max_date": "2199-12-31",
            },
        )
    except (LxmlError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return own
    return {
        "author": one_line(found.author or ""),
        "date": one_line(found.date or ""),
        "description": one_line(found.description or ""),
        "site": one_line(found.sitename or ""),
        "url": one_line(found.url or ""),
        **own,
    }
