"""From the settled body of a Word document to its blocks, in order, all changes accepted."""

from collections.abc import Iterator
from typing import Any

from index.parsers.blocks import TextBlock, one_line
from index.parsers.word_numbering import Numbering, W
from index.parsers.word_styles import ParagraphStyle, list_of, outline_level

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_LEFT_OUT = frozenset(
    f"{W}{name}" for name in "del moveFrom instrText delText rPr pPr rt txbxContent".split()
)
_WRAPPERS = frozenset(
    f"{W}{name}" for name in "sdt sdtContent ins moveTo customXml smartTag".split()
)
_BLANKS = frozenset((f"{W}tab", f"{W}br", f"{W}cr", f"{W}ptab"))
_OFF = ("0", "false", "off")


class WordBlocks:
    """Turns body elements into blocks; lists are counted on the way.

    `headings_below` is 1 where the document's own title stands above its headings.
    """

    def __init__(
        self,
        styles: dict[str, ParagraphStyle],
        numbering: Numbering,
        footnotes: dict[str, Any],
        headings_below: int,
    ) -> None:
        self._styles = styles
        self._numbering = numbering
        self._footnotes = footnotes
        self._below = headings_below
        self._in_list = False

    def blocks(self, container: Any) -> Iterator[TextBlock]:
        """Yield the blocks of a body, of a text box or of a footnote."""
        for child in children_of(container):
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                self._in_list = False
                yield from self._table(child)

    def _paragraph(self, paragraph: Any) -> Iterator[TextBlock]:
        properties = paragraph.find(f"{W}pPr")
        style = style_of(paragraph, self._styles)
        if style.is_contents:
            return
        text = text_of(paragraph)
        label, depth = self._label(properties, style) if text else ("", 0)
        level = outline_level(properties)
        level = style.heading if level is None else level
        if text:
            labelled = f"{label} {text}" if label else text
            if style.is_title:
                yield TextBlock(text, 1)
            elif level:
                yield TextBlock(labelled if label != "-" else text, level + self._below)
            else:
                tight = bool(label) and self._in_list
                yield TextBlock("  " * depth + labelled if label else text, tight=tight)
            self._in_list = bool(label) and not level
        for box in paragraph.iter(f"{W}txbxContent"):
            yield from self.blocks(box)
        for reference in paragraph.iter(f"{W}footnoteReference", f"{W}endnoteReference"):
            key = f"{reference.tag[len(W) :].removesuffix('Reference')} {reference.get(f'{W}id')}"
            if key in self._footnotes:
                yield from self.blocks(self._footnotes.pop(key))

    def _label(self, properties: Any, style: ParagraphStyle) -> tuple[str, int]:
        direct = list_of(properties)
        list_id, level = direct or (style.list_id, style.list_level)
        if direct and not list_id:
            list_id = style.list_id
        if list_id in ("", "0"):
            return "", 0
        return self._numbering.label(list_id, level), level

    def _table(self, table: Any) -> Iterator[TextBlock]:
        tight = False
        for row in children_of(table, f"{W}tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells: list[str] = []
            for cell in children_of(row, f"{W}tc"):
                properties = cell.find(f"{W}tcPr")
                width, continues = _merged(properties)
                text = "" if continues else self._cell(cell)
                cells += [text, *[""] * (width - 1)]
            if any(cells):
                yield TextBlock(" | ".join(cells).strip(), tight=tight)
                tight = True

    def _cell(self, cell: Any) -> str:
        parts: list[str] = []
        for child in children_of(cell):
            if child.tag == f"{W}p":
                parts += [block.text for block in self._paragraph(child)]
            elif child.tag == f"{W}tbl":
                rows = (row.text.replace(" | ", " ") for row in self._table(child))
                parts += rows
        return one_line(" ".join(parts))


def children_of(container: Any, *tags: str) -> Iterator[Any]:
    """Yield what stands in `container`, content controls and insertions opened."""
    for child in container:
        if child.tag in _WRAPPERS:
            yield from children_of(child, *tags)
        elif isinstance(child.tag, str) and (not tags or child.tag in tags):
            yield child


def style_of(paragraph: Any, styles: dict[str, ParagraphStyle]) -> ParagraphStyle:
    """Return the style of a `w:p`: the one that it names, else the document's default."""
    named = paragraph.find(f"{W}pPr/{W}pStyle")
    style_id = "" if named is None else named.get(f"{W}val") or ""
    return styles.get(style_id) or styles[""]


def text_of(paragraph: Any) -> str:
    """Return what is read of a `w:p`: insertions and links in, deletions and hidden text out."""
    return one_line("".join(_pieces(paragraph)))


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _LEFT_OUT or (tag == f"{W}r" and _is_hidden(child)):
            continue
        if tag in (f"{W}t", f"{_M}t"):
            yield child.text or ""
        elif tag in _BLANKS:
            yield " "
        elif tag == f"{W}noBreakHyphen":
            yield "-"
        elif isinstance(tag, str):
            yield from _pieces(child)


def _is_hidden(run: Any) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(f"{W}val") not in _OFF


def _merged(properties: Any) -> tuple[int, bool]:
    """Return how many columns a cell spans, and whether it continues the one above."""
    if properties is None:
        return 1, False
    span, merge = properties.find(f"{W}gridSpan"), properties.find(f"{W}vMerge")
    written = "" if span is None else span.get(f"{W}val") or ""
    width = int(written) if written.isascii() and written.isdigit() and len(written) < 3 else 1
    return max(1, width), merge is not None and merge.get(f"{W}val") != "restart"
