"""Web pages: .html, .htm and .xhtml. Which part is content, and what the page says of itself."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from index.parsers.blocks import TextBlock, document_of, lay_out, one_line
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.web.blocks import HEADINGS, BlockReader, Element, WebBlock, element_tree, parse
from index.parsers.web.decoding import decode_page
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MAX_NAMES, _MAX_VALUE_CHARS = 50, 1000
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

_WITHOUT_TEXT = frozenset(
    "nav svg canvas iframe object embed audio video map dialog rp annotation annotation-xml button "
    "select input textarea datalist".split()
)
_ROLES = frozenset(
    "navigation contentinfo search dialog alertdialog menu menubar toolbar tablist tooltip "
    "comment".split()
)
_ANCHOR_SIGN = re.compile(r"[\s¶#§🔗]*")
_LARGE_SHARE = 0.3
"""A footer of an article with more of the page's text is content."""
_LONG_ENOUGH = 20
"""Fewer characters occur in many places, and count only near where they are expected."""
_NEAR = 200


def read_html(file: SourceFile) -> Iterable[Document]:
    """Yield the content of a web page, without menus, banners, comments and footers."""
    content = bytes_of(file.path)
    markup = decode_page(content)
    page = parse(markup.text)
    root = element_tree(page)
    main_text, metadata = _main_text_and_metadata(page, root)
    blocks, is_small_part = _content_of(root, main_text)
    if not blocks:
        raise UnreadableFileError(_FRAMESET if page.css_first("frameset") else _NO_TEXT)
    meta = _meta_values(page)
    yield document_of(
        file,
        content,
        *lay_out(blocks),
        title=_title(page, meta, blocks),
        media_type="text/html",
        reader=_reader(),
        metadata={**metadata, **_own_metadata(page, meta), "encoding": markup.encoding},
        remarks=(*markup.remarks, *([_MOSTLY_LEFT_OUT] if is_small_part else [])),
    )


def read_fragment(markup: str) -> BlockReader:
    """Return the blocks of a page that is content as a whole: a book's chapter, or a mail.

    Raises UnreadableFileError if it is empty, or nested too deeply.
    """
    root = element_tree(parse(markup))
    _remove_boilerplate(root, in_content=True)
    return BlockReader(root)


def _reader() -> str:
    from selectolax import __version__ as selectolax_version
    from trafilatura import __version__ as trafilatura_version

    return f"html/3 (selectolax {selectolax_version}, trafilatura {trafilatura_version})"


def _main_text_and_metadata(
    page: "LexborHTMLParser", root: Element
) -> tuple[str, dict[str, MetadataValue]]:
    """Return the page's main text and metadata by trafilatura, nothing if the page is too large."""
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
    """Return the content of the page's `meta` elements by name or property."""
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
    """Return the page's language, its keywords, and those `meta` elements that are for people."""
    language = page.root.attributes.get("lang") if page.root else ""
    keywords = meta["keywords"][0].split(",") if "keywords" in meta else []
    named = (
        (name, values[0][:_MAX_VALUE_CHARS])
        for name, values in meta.items()
        if _NAME.fullmatch(name) and name not in _FOR_MACHINES
    )
    return {
        "language": one_line(language or ""),
        "keywords": tuple(filter(None, map(one_line, keywords))),
        "tags": tuple(meta.get("article:tag", ())),
        **dict(islice(named, _MAX_NAMES)),
    }


def _content_of(page: Element, main_text: str) -> tuple[list[TextBlock], bool]:
    """Return the blocks of the page's content, and whether they are less than half of its text.

    They come from the page's `main` or `article` if that holds most of `main_text`, else from the
    innermost element that does. Text in links does not count, for menus are made of links.
    """
    _remove_boilerplate(page)
    reader = BlockReader(page)
    weights = _weights(reader.blocks, main_text)
    region, is_marked = _region(page, reader, weights)
    span = reader.spans[region]
    inside = reader.blocks[span]
    chosen = [
        block
        for block, weight, following in zip(
            inside, weights[span], [*inside[1:], None], strict=False
        )
        if is_marked
        or weight >= _LONG_ENOUGH
        or not block.is_links
        or (block.block.level and following and not following.is_links)
    ]
    if chosen and not any(block.block.level == 1 for block in chosen):
        titles = [block for block in reader.blocks[: span.start] if block.block.level == 1]
        chosen[:0] = titles[-1:]
    plain_chars = sum(block.plain_chars for block in chosen)
    return [block.block for block in chosen], 2 * plain_chars < page.plain_chars


def _remove_boilerplate(page: Element, *, in_content: bool = False) -> None:
    """Remove menus, banners and form fields, in place, unless they hold a `main` or `article`."""
    pending = [(page, in_content)]
    while pending:
        element, in_content = pending.pop()
        in_content = in_content or element.is_main
        element.children = [
            child
            for child in element.children
            if isinstance(child, str)
            or child.holds_main
            or not _is_boilerplate(child, element, page, in_content=in_content)
        ]
        pending += [(child, in_content) for child in element.children if isinstance(child, Element)]


def _is_boilerplate(element: Element, outer: Element, page: Element, *, in_content: bool) -> bool:
    tag = element.tag
    if tag in ("body", "main"):
        return False
    if tag == "button" and outer.tag in (*HEADINGS, "summary"):
        return element.plain_chars != outer.plain_chars  # all of a heading that opens its section
    if tag == "a" and element.linked_chars < 4:
        texts = (part for part in element.walk() if isinstance(part, str))
        return all(map(_ANCHOR_SIGN.fullmatch, texts))
    if (
        tag in _WITHOUT_TEXT
        or element.role in _ROLES
        or element.get("aria-hidden").lower() == "true"
    ):
        return True
    if tag == "footer":
        is_large = element.plain_chars > _LARGE_SHARE * page.plain_chars
        return outer.tag != "blockquote" and not (in_content and is_large)
    if tag == "header" and not in_content:
        heads_its_surroundings = outer.tag != "body" and any(element.find_all(*HEADINGS))
        return not heads_its_surroundings and not any(element.find_all("h1"))
    return tag == "aside" and not in_content


def _weights(blocks: Iterable[WebBlock], main_text: str) -> list[int]:
    """Return how many characters of each block are in the main text."""
    main_text = _squeezed(main_text)
    weights: list[int] = []
    position = 0
    for block in blocks:
        text = _squeezed(block.block.text.lstrip(" -0123456789.|"))
        at = main_text.find(text, position, position + len(text) + _NEAR)
        if at < 0 and len(text) >= _LONG_ENOUGH:
            at = main_text.find(text)
        weights.append(len(text) if at >= 0 else 0)
        position = max(position, at + len(text))
    return weights


def _squeezed(text: str) -> str:
    return "".join(text.replace(" | ", " ").replace("\xad", "").split())


def _region(page: Element, reader: BlockReader, weights: Sequence[int]) -> tuple[Element, bool]:
    """Return the element that holds the content, and whether the page itself marks it so."""
    weight_before = [0, *accumulate(weights)]
    plain_before = [0, *accumulate(block.plain_chars for block in reader.blocks)]

    def held(element: Element, before: Sequence[int]) -> int:
        """Return the sum over an element's blocks, given the sums before each block."""
        span = reader.spans.get(element, slice(0, 0))
        return before[span.stop] - before[span.start]

    blocks_before = range(len(reader.blocks) + 1)
    marked = [element for element in _outermost_marked(page) if held(element, blocks_before)]
    mains = [element for element in marked if element.tag != "article"]
    for candidates in (mains, marked):
        if len(candidates) == 1 and (
            2 * held(candidates[0], weight_before) >= weight_before[-1]
            or 2 * held(candidates[0], plain_before) >= plain_before[-1]
        ):
            return candidates[0], True
    region = page
    if weight_before[-1] <= 0.2 * plain_before[-1]:
        return region, False
    while inner := [
        child
        for child in region.children
        if isinstance(child, Element)
        and held(child, weight_before) >= 0.95 * weight_before[-1]
        and held(child, blocks_before) > 1
    ]:
        region = inner[0]
    return region, False


def _outermost_marked(page: Element) -> Iterator[Element]:
    """Yield the elements that the page marks as content, without those inside of others."""
    pending: list[Element | str] = [page]
    while pending:
        element = pending.pop()
        if isinstance(element, Element):
            if element.is_main:
                yield element
            else:
                pending += element.children
