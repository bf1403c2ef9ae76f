"""Web pages: .html, .htm and .xhtml."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from index.parsers.blocks import TextBlock, extracted_document, lay_out, one_line
from index.parsers.errors import UnreadableFileError
from index.parsers.files import bytes_of
from index.parsers.web.content import content_of
from index.parsers.web.decoding import decode_page
from index.parsers.web.tree import Element, element_tree, parse
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MEDIA_TYPE = "text/html"
MAX_NAMES, MAX_VALUE_CHARS = 50, 1000
_MAX_CHARS_TO_WEIGH, _MAX_TAGS_TO_WEIGH = 1_000_000, 200_000
_NO_TEXT = "no text in it besides navigation"
_FRAMESET = "a frameset without text of its own; index the pages in its frames"
_MOSTLY_LEFT_OUT = "most of the page was taken for menus, banners or comments and left out"
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,60}")
_FOR_MACHINES = frozenset(
    "viewport robots googlebot generator theme-color referrer color-scheme format-detection "
    "csrf-token csrf-param application-name msapplication-config msapplication-tilecolor "
    "msapplication-tileimage google-site-verification keywords".split()
)


def read_html(file: SourceFile) -> Iterable[Document]:
    """Yield the content of a web page, without menus, banners, comments and footers."""
    content = bytes_of(file.path)
    markup = decode_page(content)
    page = parse(markup.text)
    root = element_tree(page)
    main_text, metadata = _weighed(page, root)
    found = content_of(root, main_text)
    if not found.blocks:
        raise UnreadableFileError(_FRAMESET if page.css_first("frameset") else _NO_TEXT)
    meta = _meta_values(page)
    yield extracted_document(
        file,
        content,
        lay_out(found.blocks),
        title=_title(page, meta, found.blocks),
        media_type=MEDIA_TYPE,
        reader=_reader(),
        metadata={**metadata, **_own_metadata(page, meta), "encoding": markup.encoding},
        remarks=(*markup.remarks, *([_MOSTLY_LEFT_OUT] if found.is_small_part else [])),
    )


def _reader() -> str:
    from selectolax import __version__ as selectolax_version
    from trafilatura import __version__ as trafilatura_version

    return f"html/3 (selectolax {selectolax_version}, trafilatura {trafilatura_version})"


def _weighed(page: "LexborHTMLParser", root: Element) -> tuple[str, dict[str, MetadataValue]]:
    """Return what trafilatura takes for the page's main text and for its metadata.

    Without its advice, all that is no boilerplate is content.
    """
    is_large = root.plain_chars + root.linked_chars > _MAX_CHARS_TO_WEIGH
    markup = "" if is_large else page.html or ""
    if not markup or markup.count("<") > _MAX_TAGS_TO_WEIGH:
        return "", {}
    from lxml import etree, html
    from trafilatura import bare_extraction, extract_metadata

    parser = html.HTMLParser(encoding="utf-8", no_network=True)
    # The default looks for likely dates anywhere in the text, up to today's.
    dates = {"original_date": True, "extensive_search": False, "max_date": "2199-12-31"}
    try:
        tree = html.document_fromstring(markup.encode(), parser=parser)
        etree.strip_attributes(tree, "colspan", "rowspan")  # a few large ones take it minutes
        about: Any = extract_metadata(deepcopy(tree), date_config=dates)
        extracted: Any = bare_extraction(tree, include_comments=False, favor_recall=True)
    except (etree.LxmlError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return "", {}
    return "".join(extracted.body.itertext()) if extracted is not None else "", {
        "author": one_line(about.author or ""),
        "date": one_line(about.date or ""),
        "description": one_line(about.description or ""),
        "site": one_line(about.sitename or ""),
        "url": one_line(about.url or ""),
    }


def _meta_values(page: "LexborHTMLParser") -> dict[str, list[str]]:
    """Return what the page's `meta` elements say, by name or property."""
    values: dict[str, list[str]] = {}
    for element in page.css("meta"):
        name = element.attributes.get("name") or element.attributes.get("property") or ""
        if value := one_line(element.attributes.get("content") or ""):
            values.setdefault(name.strip().lower(), []).append(value)
    return values


def _title(
    page: "LexborHTMLParser", meta: Mapping[str, Sequence[str]], blocks: Iterable[TextBlock]
) -> str:
    """Return the only h1 if the page's title contains it, else what the page says is its title."""
    element = page.css_first("head title")
    title = one_line(element.text()) if element else ""
    headings = [block.text for block in blocks if block.level == 1]
    if len(headings) == 1 and (headings[0] in title or not title):
        return headings[0]
    return meta["og:title"][0] if "og:title" in meta else title


def _own_metadata(
    page: "LexborHTMLParser", meta: Mapping[str, Sequence[str]]
) -> dict[str, MetadataValue]:
    """Return the page's language, its keywords, and what its `meta` elements say for people."""
    language = page.root.attributes.get("lang") if page.root else ""
    keywords = meta["keywords"][0].split(",") if "keywords" in meta else []
    named = {
        name: values[0][:MAX_VALUE_CHARS]
        for name, values in meta.items()
        if _NAME.fullmatch(name) and name not in _FOR_MACHINES
    }
    return {
        "language": one_line(language or ""),
        "keywords": tuple(filter(None, map(one_line, keywords))),
        "tags": tuple(meta.get("article:tag", ())),
        **dict(list(named.items())[:MAX_NAMES]),
    }
