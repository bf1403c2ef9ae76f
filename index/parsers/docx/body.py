"""The body of a Word document: its tracked changes accepted, then its blocks in order."""

from collections.abc import Iterator
from typing import Any

from index.parsers.blocks import TextBlock, one_line
from index.parsers.docx.styles import Numbering, ParagraphStyle, W, list_of, outline_level
from index.parsers.docx.symbols import UNREAD, is_symbol_font, sign_of

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_LEFT_OUT = frozenset(
    f"{W}{name}" for name in "del moveFrom instrText delText rPr pPr rt txbxContent".split()
)
_WRAPPERS = frozenset(
    f"{W}{name}" for name in "sdt sdtContent ins moveTo customXml smartTag".split()
)
_BLANKS = frozenset((f"{W}tab", f"{W}br", f"{W}cr", f"{W}ptab"))
_OFF = ("0", "false", "off")
_EMBEDDED = "text embedded as another file was left out"
_BETWEEN_BLOCKS = frozenset(
    f"{W}{name}" for name in "bookmarkStart bookmarkEnd proofErr permStart permEnd".split()
) | frozenset(
    f"{W}{kind}Range{end}" for kind in ("comment", "moveFrom", "moveTo") for end in ("Start", "End")
)
_DELETED_MARK = (f"{W}rPr/{W}del", f"{W}rPr/{W}moveFrom")


def normalize(root: Any) -> tuple[str, ...]:
    """Prepare all below `root`, in place, for `Blocks`; return what a person should know of it.

    One of several alternatives stays, symbols become text, and of the tracked changes those are
    accepted that take cells and paragraph marks away.
    """
    _choose_alternatives(root)
    unread = dict.fromkeys((*_write_symbol_runs(root), *_write_symbols(root)))
    for cell in list(root.iter(f"{W}tc")):
        if cell.find(f"{W}tcPr/{W}cellDel") is not None:
            cell.getparent().remove(cell)
    _join_paragraphs(root)
    remarks = tuple(f"symbols of the font {font} could not be read" for font in unread)
    return remarks + ((_EMBEDDED,) if root.find(f".//{W}altChunk") is not None else ())


def _choose_alternatives(root: Any) -> None:
    """Put in the place of alternatives the first with text, else the first."""
    for choice in list(root.iter(f"{_MC}AlternateContent")):
        above = choice.getparent()
        if above is None:
            continue
        offered = [*choice.findall(f"{_MC}Choice"), *choice.findall(f"{_MC}Fallback")]
        chosen = next(filter(_has_text, offered), offered[0] if offered else ())
        place = above.index(choice)
        above[place : place + 1] = list(chosen)


def _has_text(element: Any) -> bool:
    return next(element.iter(f"{W}t", f"{W}sym", f"{_M}t"), None) is not None


def _write_symbols(root: Any) -> Iterator[str]:
    """Make text of each `w:sym`; yield the fonts of those that are not known."""
    for symbol in list(root.iter(f"{W}sym")):
        font = symbol.get(f"{W}font") or ""
        try:
            code = int(symbol.get(f"{W}char") or "", 16)
        except ValueError:
            code = -1
        text = symbol.makeelement(f"{W}t")
        text.text = sign_of(font, code)
        symbol.getparent().replace(symbol, text)
        if text.text == UNREAD:
            yield font or "(none)"


def _write_symbol_runs(root: Any) -> Iterator[str]:
    """Rewrite the text of runs in a symbol font, which shows "m" as a mu; yield its name."""
    for fonts in root.iter(f"{W}rFonts"):
        font = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
        run = fonts.getparent().getparent()
        if not is_symbol_font(font) or run is None or run.tag != f"{W}r":
            continue
        for text in run.findall(f"{W}t"):
            before = text.text or ""
            text.text = "".join(sign_of(font, ord(character)) for character in before)
            if UNREAD in text.text and UNREAD not in before:
                yield font


def _join_paragraphs(root: Any) -> None:
    """Prepend the content of a paragraph whose mark is deleted to the next one."""
    for paragraph in reversed(list(root.iter(f"{W}p"))):
        properties = paragraph.find(f"{W}pPr")
        if properties is None or all(properties.find(mark) is None for mark in _DELETED_MARK):
            continue
        following = paragraph.getnext()
        while following is not None and following.tag in _BETWEEN_BLOCKS:
            following = following.getnext()
        if following is None or following.tag != f"{W}p":
            continue
        own = following.find(f"{W}pPr")
        place = 0 if own is None else following.index(own) + 1
        following[place:place] = [child for child in paragraph if child is not properties]
        paragraph.getparent().remove(paragraph)


class Blocks:
    """Turns the elements of a normalized body into blocks; lists are counted on the way.

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

    def of(self, container: Any) -> Iterator[TextBlock]:
        """Yield the blocks of a body, of a text box or of a footnote."""
        for child in _children(container):
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
        if text := text_of(paragraph):
            label, depth = self._label(properties, style)
            level = outline_level(properties)
            level = style.heading if level is None else level
            if style.is_title:
                yield TextBlock(text, 1)
            elif level:
                numbered = label and label != "-"
                yield TextBlock(f"{label} {text}" if numbered else text, level + self._below)
            elif label:
                yield TextBlock(f"{'  ' * depth}{label} {text}", tight=self._in_list)
            else:
                yield TextBlock(text)
            self._in_list = bool(label) and not level
        for box in paragraph.iter(f"{W}txbxContent"):
            yield from self.of(box)
        for reference in paragraph.iter(f"{W}footnoteReference", f"{W}endnoteReference"):
            key = f"{reference.tag[len(W) :].removesuffix('Reference')} {reference.get(f'{W}id')}"
            if key in self._footnotes:
                yield from self.of(self._footnotes.pop(key))

    def _label(self, properties: Any, style: ParagraphStyle) -> tuple[str, int]:
        """Return what stands before an item, and how deep it is in its list."""
        list_id, level = list_of(properties) or (style.list_id, style.list_level)
        list_id = list_id or style.list_id
        if list_id in ("", "0"):
            return "", 0
        return self._numbering.label(list_id, level), level

    def _table(self, table: Any) -> Iterator[TextBlock]:
        tight = False
        for row in _children(table, f"{W}tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells: list[str] = []
            for cell in _children(row, f"{W}tc"):
                width, continues_above = _merged(cell.find(f"{W}tcPr"))
                cells += ["" if continues_above else self._cell(cell), *[""] * (width - 1)]
            if any(cells):
                yield TextBlock(" | ".join(cells).strip(), tight=tight)
                tight = True

    def _cell(self, cell: Any) -> str:
        parts: list[str] = []
        for child in _children(cell):
            if child.tag == f"{W}p":
                parts += [block.text for block in self._paragraph(child)]
            elif child.tag == f"{W}tbl":
                parts += [row.text.replace(" | ", " ") for row in self._table(child)]
        return one_line(" ".join(parts))


def style_of(paragraph: Any, styles: dict[str, ParagraphStyle]) -> ParagraphStyle:
    """Return the style of a `w:p`: the one that it names, else the document's default."""
    named = paragraph.find(f"{W}pPr/{W}pStyle")
    style_id = "" if named is None else named.get(f"{W}val") or ""
    return styles.get(style_id) or styles[""]


def text_of(paragraph: Any) -> str:
    """Return what is read of a `w:p`: insertions and links in, deletions and hidden text out."""
    return one_line("".join(_pieces(paragraph)))


def _children(container: Any, *tags: str) -> Iterator[Any]:
    """Yield what stands in `container`, content controls and insertions opened."""
    for child in container:
        if child.tag in _WRAPPERS:
            yield from _children(child, *tags)
        elif isinstance(child.tag, str) and (not tags or child.tag in tags):
            yield child


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
