"""From the element tree of a web page to its blocks, in the order in which they are seen."""

from collections.abc import Iterator
from dataclasses import dataclass

from index.parsers.blocks import TextBlock, one_line, visible
from index.parsers.web.tree import Element

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


@dataclass(frozen=True, slots=True)
class WebBlock:
    """A block, and how many of its characters stand in links, blanks apart."""

    block: TextBlock
    linked_chars: int = 0

    @property
    def plain_chars(self) -> int:
        """How many of its characters stand outside of links, blanks apart."""
        return len("".join(self.block.text.split())) - self.linked_chars

    @property
    def is_links(self) -> bool:
        """Whether nearly all of it are links, as in a menu."""
        return self.linked_chars >= 4 * self.plain_chars


class BlockReader:
    """One pass over a page; what is inline gathers until a block begins or ends.

    `blocks` are paragraphs, headings, items with markers, rows, and lines of code. `spans` tells
    which of them an element holds that is no part of a line.
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
        """Add the lines of preformatted text, with their indentation."""
        self._flush()
        parts = (
            part if isinstance(part, str) else "\n" * (part.tag == "br") for part in element.walk()
        )
        tight = False
        for line in visible("".join(parts)).splitlines():
            if line.strip():
                self.blocks.append(WebBlock(TextBlock(line.rstrip(), tight=tight)))
            tight = bool(line.strip())

    def _add_table(self, table: Element) -> None:
        self._flush()
        tight = False
        for row, linked_chars in _rows_of(table):
            self.blocks.append(WebBlock(TextBlock(row, tight=tight), linked_chars))
            tight = True


def _number(written: str, default: int) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 7 else default


def _is_data_table(table: Element) -> bool:
    """Tell whether a table's rows are to be read as rows, not as the frame of a page."""
    if table.role in ("presentation", "none"):
        return False
    if any(table.find_all("table", "h1", "h2", "h3", *_CODE)):
        return False
    widths = [len(_cells(row)) for row in table.find_all("tr")]
    prose_limit = _PROSE_CELL_CHARS * sum(widths)
    return max(widths, default=0) > 1 and table.plain_chars + table.linked_chars <= prose_limit


def _rows_of(table: Element) -> Iterator[tuple[str, int]]:
    """Yield the caption and each row that is not empty, with how much of it is links.

    A cell that spans several columns or rows is written once, with empty cells beside or below it.
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
    cells = [child for child in row.children if isinstance(child, Element)]
    return [cell for cell in cells if cell.tag in ("td", "th")]


def _skip_spanned(texts: list[str], rows_below: dict[int, int]) -> None:
    """Add the empty cells that a cell further up covers."""
    while rows_below.get(len(texts), 0) > 0:
        rows_below[len(texts)] -= 1
        texts.append("")


def _span(cell: Element, name: str) -> int:
    return min(max(1, _number(cell.get(name), 1)), _MAX_SPAN)


def _text_of(element: Element) -> str:
    return one_line(" ".join(each.block.text for each in BlockReader(element).blocks))
