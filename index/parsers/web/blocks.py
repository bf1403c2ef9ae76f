"""From the markup of a web page to its elements, as browsers build them, and to its blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from index.parsers.blocks import TextBlock, one_line, visible
from index.parsers.files import UnreadableFileError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 2000

_XHTML = re.compile(r"\s*<\?xml|\s*<!doctype[^>]+xhtml", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
_CHARACTER_DATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
# XHTML may close any empty element like this, which HTML takes for a start tag.
_CLOSED_AT_ONCE = re.compile(
    r"<(script|style|title|textarea|iframe|div|span|a|p|td|th|li|i|b|em|h[1-6])(\s[^<>]*)?/>",
    re.IGNORECASE,
)
_NEVER_SEEN = frozenset("head script style template noscript noframes noembed".split())
_FORMATTING = frozenset("b big em font i s small strike strong tt u".split())
_HIDDEN_STYLE = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_HIDDEN_CLASSES = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text mw-editsection".split()
)
"""What the style sheets of Bootstrap, WordPress and MediaWiki hide."""

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav "
    "ol p pre search section summary table tbody td tfoot th thead tr ul caption".split()
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_CODE = frozenset(("pre", "listing", "xmp", "plaintext"))
_PROSE_CELL_CHARS = 500
_MAX_SPAN = 100


@dataclass(slots=True, eq=False)
class Element:
    """An element of a page, and how many characters it holds outside and inside of links.

    Blanks do not count. `holds_main` tells whether there is a `main` or an `article` in it.
    """

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)
    plain_chars: int = 0
    linked_chars: int = 0
    holds_main: bool = False

    def get(self, name: str) -> str:
        """Return an attribute's value, "" without one."""
        return (self.attributes.get(name) or "").strip()

    @property
    def role(self) -> str:
        """What the page says the element is for."""
        return self.get("role").lower()

    @property
    def is_main(self) -> bool:
        """Whether the page says that the element is content."""
        return self.tag in ("main", "article") or self.role == "main"

    def walk(self) -> Iterator["Element | str"]:
        """Yield the elements and texts inside, in their order."""
        pending = self.children[::-1]
        while pending:
            child = pending.pop()
            yield child
            if isinstance(child, Element):
                pending += child.children[::-1]

    def find_all(self, *tags: str) -> Iterator["Element"]:
        """Yield the elements inside that have one of the tags."""
        return (inner for inner in self.walk() if isinstance(inner, Element) and inner.tag in tags)


def parse(markup: str) -> "LexborHTMLParser":
    """Return the page as browsers parse it. Raises UnreadableFileError if it is empty."""
    from selectolax.lexbor import LexborHTMLParser

    if not markup.strip():
        raise UnreadableFileError("empty")
    if _XHTML.match(markup):
        markup = _XML_DECLARATION.sub("", markup, count=1)
        # HTML takes CDATA sections for comments. Each one in `before + end` has an end.
        before, end, after = markup.rpartition("]]>")
        sections = _CHARACTER_DATA.sub(lambda data: escape(data[1], quote=False), before + end)
        markup = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", sections + after)
    return LexborHTMLParser(markup.encode("utf-8", "replace"), scripting=True)


def element_tree(page: "LexborHTMLParser") -> Element:
    """Return the root of what browsers show. Raises UnreadableFileError if nested too deeply."""
    root = Element("html")
    open_elements = [root]
    node = page.root.first_child if page.root else None
    while node is not None:
        is_open = _add(node, open_elements)
        if is_open and node.first_child is not None:
            node = node.first_child
            continue
        if is_open:
            _close(open_elements)
        while node is not None and node.next is None and len(open_elements) > 1:
            _close(open_elements)
            node = node.parent
        node = node.next if node is not None else None
    return root


def _add(node: "LexborNode", open_elements: list[Element]) -> bool:
    """Add a text or an element to the innermost open element, and tell whether it is open now."""
    outer = open_elements[-1]
    if node.is_text_node:
        text = node.text_content or ""
        outer.children.append(text)
        outer.plain_chars += len("".join(text.split()))
    if not node.is_element_node:
        return False
    element = Element(node.tag or "", node.attributes)
    if _is_hidden(element):
        return False
    says_more = "role" in element.attributes or "aria-hidden" in element.attributes
    if element.tag in _FORMATTING and outer.tag in _FORMATTING and not says_more:
        # Browsers open an unclosed one again in each paragraph: thousands would nest.
        open_elements.append(outer)
        return True
    outer.children.append(element)
    open_elements.append(element)
    if len(open_elements) > MAX_DEPTH:
        raise UnreadableFileError(f"elements nested more than {MAX_DEPTH} deep")
    return True


def _close(open_elements: list[Element]) -> None:
    element, outer = open_elements.pop(), open_elements[-1]
    if element is outer:
        return
    if element.tag == "a":
        element.linked_chars += element.plain_chars
        element.plain_chars = 0
    outer.plain_chars += element.plain_chars
    outer.linked_chars += element.linked_chars
    outer.holds_main |= element.holds_main or element.is_main


def _is_hidden(element: Element) -> bool:
    if element.tag == "body":
        return False
    return (
        element.tag in _NEVER_SEEN
        or "hidden" in element.attributes
        or bool(_HIDDEN_STYLE.search(element.get("style")))
        or not _HIDDEN_CLASSES.isdisjoint(element.get("class").split())
    )


@dataclass(frozen=True, slots=True)
class WebBlock:
    """A block, and how many of its characters, without blanks, are in links."""

    block: TextBlock
    linked_chars: int = 0

    @property
    def plain_chars(self) -> int:
        """How many of its characters, without blanks, are outside of links."""
        return len("".join(self.block.text.split())) - self.linked_chars

    @property
    def is_links(self) -> bool:
        """Whether it is nearly all links, as a menu is."""
        return self.linked_chars >= 4 * self.plain_chars


class BlockReader:
    """Reads a page into `blocks`: paragraphs, headings, list items, rows and lines of code.

    `spans` tells which of them each block element holds.
    """

    def __init__(self, page: Element) -> None:
        self.blocks: list[WebBlock] = []
        self.spans: dict[Element, slice] = {}
        self._inline: list[str] = []
        self._linked_chars = self._links = self._breaks = 0
        self._open: list[Element] = []
        self._numbers: list[int | None] = []
        self._opens_list = False
        self._marker = ""
        self._read(page)

    def _read(self, page: Element) -> None:
        self._open.append(page)
        unread = [(page, 0, iter(page.children))]
        while unread:
            element, start, children = unread[-1]
            child = next(children, None)
            if child is None:
                unread.pop()
                self._leave(element, start)
            elif isinstance(child, str):
                self._take(child)
            elif child.tag in _CODE:
                self._add_code(child)
            elif child.tag == "table" and _is_data_table(child):
                self._add_table(child)
            else:
                self._enter(child)
                unread.append((child, len(self.blocks), iter(child.children)))

    def _enter(self, element: Element) -> None:
        tag = element.tag
        if tag in _BLOCKS or element.is_main:
            self._flush()
            self._open.append(element)
        if tag in _LISTS:
            self._opens_list = self._opens_list or not self._numbers
            self._numbers.append(_number(element.get("start"), 1) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker(element)
        elif tag == "a":
            self._links += 1
        elif tag == "br":
            self._breaks += 1
            self._inline.append(" ")
            if self._breaks > 1:
                self._flush()

    def _leave(self, element: Element, start: int) -> None:
        if self._open[-1] is element:
            self._flush()
            self._open.pop()
            self.spans[element] = slice(start, len(self.blocks))
        if element.tag in _LISTS:
            self._numbers.pop()
        elif element.tag == "li":
            self._marker = ""
        elif element.tag == "a":
            self._links -= 1

    def _take(self, text: str) -> None:
        self._inline.append(text)
        if not text.isspace():
            self._breaks = 0
            if self._links:
                self._linked_chars += len("".join(text.split()))

    def _flush(self) -> None:
        text = one_line("".join(self._inline))
        linked_chars = self._linked_chars
        self._inline.clear()
        self._linked_chars = self._breaks = 0
        if not text:
            return
        level = next((int(outer.tag[1]) for outer in self._open if outer.tag in HEADINGS), 0)
        if level and not self._numbers:
            self.blocks.append(WebBlock(TextBlock(text, level), linked_chars))
            return
        tight = (bool(self._numbers) and not self._opens_list) or self._open[-1].tag == "dd"
        indent = "  " * (len(self._numbers) - 1)
        block = TextBlock(indent + self._marker + text, tight=tight)
        self.blocks.append(WebBlock(block, linked_chars))
        self._marker = ""
        self._opens_list = False

    def _next_marker(self, item: Element) -> str:
        if not self._numbers or self._numbers[-1] is None:
            return "- "
        number = _number(item.get("value"), self._numbers[-1])
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _add_code(self, element: Element) -> None:
        self._flush()
        parts = (p if isinstance(p, str) else "\n" * (p.tag == "br") for p in element.walk())
        tight = False
        for line in visible("".join(parts)).splitlines():
            if line.strip():
                self.blocks.append(WebBlock(TextBlock(line.rstrip(), tight=tight)))
            tight = bool(line.strip())

    def _add_table(self, table: Element) -> None:
        self._flush()
        for index, (row, linked_chars) in enumerate(_rows_of(table)):
            self.blocks.append(WebBlock(TextBlock(row, tight=index > 0), linked_chars))


def _number(written: str, default: int) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 7 else default


def _is_data_table(table: Element) -> bool:
    """Tell whether a table holds data, and is not the frame of a page."""
    if table.role in ("presentation", "none"):
        return False
    if any(table.find_all("table", "h1", "h2", "h3", *_CODE)):
        return False
    widths = [len(_cells(row)) for row in table.find_all("tr")]
    prose_limit = _PROSE_CELL_CHARS * sum(widths)
    return max(widths, default=0) > 1 and table.plain_chars + table.linked_chars <= prose_limit


def _rows_of(table: Element) -> Iterator[tuple[str, int]]:
    """Yield the caption and each row that is not empty, with its number of characters in links.

    A cell that spans several columns or rows has empty cells beside or below it.
    """
    for caption in table.find_all("caption"):
        if text := _text_of(caption):
            yield text, 0
    rows_below: dict[int, int] = {}
    for row in table.find_all("tr"):
        texts: list[str] = []
        for cell in _cells(row):
            _skip_spanned(texts, rows_below)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            rows_below |= {len(texts) + i: height - 1 for i in range(width) if height > 1}
            texts += [_text_of(cell), *[""] * (width - 1)]
        _skip_spanned(texts, rows_below)
        if any(texts):
            yield " | ".join(texts).strip(), row.linked_chars


def _cells(row: Element) -> list[Element]:
    return [c for c in row.children if isinstance(c, Element) and c.tag in ("td", "th")]


def _skip_spanned(texts: list[str], rows_below: dict[int, int]) -> None:
    """Add the empty cells that a cell further up covers."""
    while rows_below.get(len(texts), 0) > 0:
        rows_below[len(texts)] -= 1
        texts.append("")


def _span(cell: Element, name: str) -> int:
    return min(max(1, _number(cell.get(name), 1)), _MAX_SPAN)


def _text_of(element: Element) -> str:
    return one_line(" ".join(block.block.text for block in BlockReader(element).blocks))
