"""From the element tree of a web page to its blocks, in the order in which they are seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from index.parsers.blocks import TextBlock, one_line, visible
from index.parsers.web_tables import is_data_table, rows_of

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p "
    "pre section summary table tbody td tfoot th thead tr ul caption".split()
)
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_TIGHT = frozenset(("li", "dd", "tr"))


@dataclass(frozen=True, slots=True)
class WebBlock:
    """A block, the element it stands in, and how many of its characters are links."""

    block: TextBlock
    element: Any
    linked: int = 0

    @property
    def is_links(self) -> bool:
        """Whether nearly all of it are links, as in a menu."""
        return self.linked >= 0.8 * len("".join(self.block.text.split()))


def blocks_of(page: Any) -> Iterator[WebBlock]:
    """Yield the page's blocks: paragraphs, headings, items with markers, rows, lines of code."""
    return _Walk(page).blocks()


class _Walk:
    """One pass over a page; what is inline gathers until a block begins or ends."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._inline: list[str] = []
        self._linked = 0
        self._in_link = 0
        self._breaks = 0
        self._open: list[Any] = []
        self._numbers: list[int | None] = []
        self._marker = ""

    def blocks(self) -> Iterator[WebBlock]:
        from lxml import etree

        walk = etree.iterwalk(self._page, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                yield from self._leave(element)
                self._take(element.tail)
            elif element.tag == "pre":
                yield from self._code(element)
                walk.skip_subtree()
            elif element.tag == "table" and is_data_table(element):
                yield from self._table(element)
                walk.skip_subtree()
            else:
                yield from self._enter(element)
                self._take(element.text)
        yield from self._flush()

    def _enter(self, element: Any) -> Iterator[WebBlock]:
        tag = element.tag
        if tag in _BLOCKS:
            yield from self._flush()
            self._open.append(element)
        if tag in _LISTS:
            self._numbers.append(_number(element.get("start"), 1) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker(element)
        elif tag == "a":
            self._in_link += 1
        elif tag == "br":
            self._breaks += 1
            self._inline.append(" ")
            if self._breaks > 1:
                yield from self._flush()

    def _leave(self, element: Any) -> Iterator[WebBlock]:
        tag = element.tag
        if self._open and self._open[-1] is element:
            yield from self._flush()
            self._open.pop()
        if tag in _LISTS and self._numbers:
            self._numbers.pop()
        elif tag == "li":
            self._marker = ""
        elif tag == "a":
            self._in_link -= 1

    def _take(self, text: str | None) -> None:
        if not text:
            return
        self._inline.append(text)
        if not text.isspace():
            self._breaks = 0
            if self._in_link:
                self._linked += len("".join(text.split()))

    def _flush(self) -> Iterator[WebBlock]:
        text, linked = one_line("".join(self._inline)), self._linked
        self._inline, self._linked, self._breaks = [], 0, 0
        if not text:
            return
        element = self._open[-1] if self._open else self._page
        level = next((int(e.tag[1]) for e in reversed(self._open) if _is_heading(e)), 0)
        if level and not self._numbers:
            yield WebBlock(TextBlock(text, level), element, linked)
            return
        depth = max(0, len(self._numbers) - 1)
        opens_list = depth == 0 and self._opens_list()
        tight = (bool(self._numbers) and not opens_list) or element.tag == "dd"
        marker, self._marker = self._marker, ""
        yield WebBlock(TextBlock("  " * depth + marker + text, tight=tight), element, linked)

    def _opens_list(self) -> bool:
        """Tell whether the text that is to come is the first of its list."""
        item = next((e for e in reversed(self._open) if e.tag == "li"), None)
        return item is not None and item.getprevious() is None and bool(self._marker)

    def _next_marker(self, item: Any) -> str:
        if not self._numbers or self._numbers[-1] is None:
            return "- "
        number = _number(item.get("value"), self._numbers[-1])
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _code(self, element: Any) -> Iterator[WebBlock]:
        """Yield the lines of preformatted text, with their indentation."""
        yield from self._flush()
        for line_break in element.iter("br"):
            line_break.text = "\n"
        tight = False
        for line in visible("".join(element.itertext())).splitlines():
            if line.strip():
                yield WebBlock(TextBlock(line.rstrip(), tight=tight), element)
            tight = bool(line.strip())

    def _table(self, element: Any) -> Iterator[WebBlock]:
        yield from self._flush()
        tight = False
        for row, linked in rows_of(element):
            yield WebBlock(TextBlock(row, tight=tight), element, linked)
            tight = True


def _is_heading(element: Any) -> bool:
    return len(element.tag) == 2 and element.tag[0] == "h" and element.tag[1] in "123456"


def _number(written: str | None, default: int) -> int:
    text = (written or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
