"""The body of a Word document: its tracked changes accepted, then its blocks in order."""

from collections.abc import Iterator
from typing import Any

from index.parsers.blocks import TextBlock, one_line, rows_of_table
from index.parsers.docx.styles import (
    ParagraphStyle,
    W,
    list_of,
    outline_level,
    value_of,
)
from index.parsers.office.numbering import Numbering, integer
from index.parsers.office.package import choose_alternatives

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_LEFT_OUT = frozenset(
    f"{W}{name}" for name in "del moveFrom instrText delText rPr pPr rt txbxContent".split()
)
_WRAPPERS = frozenset(
    f"{W}{name}" for name in "sdt sdtContent ins moveTo customXml smartTag".split()
)
_BLANKS = frozenset((f"{W}tab", f"{W}br", f"{W}cr", f"{W}ptab"))
_BETWEEN_BLOCKS = frozenset(
    f"{W}{name}" for name in "bookmarkStart bookmarkEnd proofErr permStart permEnd".split()
) | frozenset(
    f"{W}{kind}Range{end}" for kind in ("comment", "moveFrom", "moveTo") for end in ("Start", "End")
)
_DELETED_MARK = (f"{W}rPr/{W}del", f"{W}rPr/{W}moveFrom")

_UNREAD = "\ufffd"
_PRIVATE = 0xF000
"""Word writes the code 0x6D of a symbol font as 0xF06D as often as plainly."""


def normalize(root: Any) -> tuple[str, ...]:
    """Prepare all below `root`, in place, for `Blocks`, and return the remarks on it.

    One of several alternatives stays, and symbols become text. Tracked changes that delete cells or
    paragraph marks are accepted.
    """
    choose_alternatives(root, f"{W}t", f"{W}sym", f"{_M}t")
    unread = dict.fromkeys((*_write_symbol_runs(root), *_write_symbols(root)))
    for cell in list(root.iter(f"{W}tc")):
        if cell.find(f"{W}tcPr/{W}cellDel") is not None:
            cell.getparent().remove(cell)
    _join_paragraphs(root)
    remarks = [f"symbols of the font {font} could not be read" for font in unread]
    if root.find(f".//{W}altChunk") is not None:
        remarks.append("text embedded as another file was left out")
    return tuple(remarks)


def _write_symbols(root: Any) -> Iterator[str]:
    """Replace each `w:sym` by its text, and yield the fonts of unknown ones."""
    for symbol in list(root.iter(f"{W}sym")):
        font = symbol.get(f"{W}font") or ""
        try:
            code = int(symbol.get(f"{W}char") or "", 16)
        except ValueError:
            code = -1
        text = symbol.makeelement(f"{W}t")
        text.text = _sign_of(font, code)
        symbol.getparent().replace(symbol, text)
        if text.text == _UNREAD:
            yield font or "(none)"


def _write_symbol_runs(root: Any) -> Iterator[str]:
    """Rewrite runs in a symbol font, which shows "m" as a mu, and yield unknown fonts."""
    for fonts in root.iter(f"{W}rFonts"):
        font = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or ""
        run = fonts.getparent().getparent()
        if not _is_symbol_font(font) or run is None or run.tag != f"{W}r":
            continue
        for text in run.findall(f"{W}t"):
            before = text.text or ""
            text.text = "".join(_sign_of(font, ord(character)) for character in before)
            if _UNREAD in text.text and _UNREAD not in before:
                yield font


def _join_paragraphs(root: Any) -> None:
    """Prepend the content of each paragraph whose mark is deleted to the next one."""
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
        start = 0 if own is None else following.index(own) + 1
        following[start:start] = [child for child in paragraph if child is not properties]
        paragraph.getparent().remove(paragraph)


class Blocks:
    """Turns the elements of a normalized body into blocks, and counts list items on the way.

    `title_level` is 1 if the document's own title stands above its headings, else 0.
    """

    def __init__(
        self,
        styles: dict[str, ParagraphStyle],
        numbering: Numbering,
        footnotes: dict[str, Any],
        title_level: int,
    ) -> None:
        self._styles = styles
        self._numbering = numbering
        self._footnotes = footnotes
        self._title_level = title_level
        self._in_list = False

    def of(self, container: Any) -> Iterator[TextBlock]:
        """Yield the blocks of a body, of a text box or of a footnote."""
        for child in _children(container):
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                self._in_list = False
                yield from rows_of_table(self._rows(child))

    def _paragraph(self, paragraph: Any) -> Iterator[TextBlock]:
        properties = paragraph.find(f"{W}pPr")
        style = style_of(paragraph, self._styles)
        if style.is_contents:
            return
        if text := text_of(paragraph):
            list_id, depth = list_of(properties) or (style.list_id, style.list_level)
            label = self._numbering.label(list_id or style.list_id, depth)
            level = outline_level(properties)
            level = style.heading if level is None else level
            if style.is_title:
                yield TextBlock(text, 1)
            elif level:
                numbered = label and label != "-"
                yield TextBlock(f"{label} {text}" if numbered else text, level + self._title_level)
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

    def _rows(self, table: Any) -> Iterator[list[str]]:
        for row in _children(table, f"{W}tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells: list[str] = []
            for cell in _children(row, f"{W}tc"):
                width, continues_above = _merged(cell.find(f"{W}tcPr"))
                cells += ["" if continues_above else self._cell(cell), *[""] * (width - 1)]
            yield cells

    def _cell(self, cell: Any) -> str:
        parts: list[str] = []
        for child in _children(cell):
            if child.tag == f"{W}p":
                parts += [block.text for block in self._paragraph(child)]
            elif child.tag == f"{W}tbl":
                parts += [" ".join(cells) for cells in self._rows(child)]
        return one_line(" ".join(parts))


def style_of(paragraph: Any, styles: dict[str, ParagraphStyle]) -> ParagraphStyle:
    """Return the style that a `w:p` names, else the document's default."""
    return styles.get(value_of(paragraph.find(f"{W}pPr"), "pStyle")) or styles[""]


def text_of(paragraph: Any) -> str:
    """Return the text of a `w:p` with insertions and links, without deletions and hidden text."""
    return one_line("".join(_pieces(paragraph)))


def _children(container: Any, *tags: str) -> Iterator[Any]:
    """Yield the children of `container`, and those of content controls and insertions in it."""
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
    return vanish is not None and vanish.get(f"{W}val") not in ("0", "false", "off")


def _merged(properties: Any) -> tuple[int, bool]:
    """Return how many columns a cell spans, and whether it continues the one above."""
    width = integer(value_of(properties, "gridSpan"), 1)
    merge = None if properties is None else properties.find(f"{W}vMerge")
    continues_above = merge is not None and merge.get(f"{W}val") != "restart"
    return width if 0 < width < 100 else 1, continues_above


# Symbol fonts, in which codes stand for other signs than in Unicode. "symbol" is Adobe's Symbol
# encoding; of the Wingdings, only what texts use is here.


def _is_symbol_font(font: str) -> bool:
    name = font.strip().lower()
    return name in _FONTS or name in _FONTS_WITHOUT_TABLE


def _sign_of(font: str, code: int) -> str:
    """Return the sign that a font has at a code, U+FFFD if it is unknown."""
    is_private = _PRIVATE <= code <= _PRIVATE + 0xFF
    font_code = code - _PRIVATE if is_private else code
    if _is_symbol_font(font) and font_code <= 0xFF:
        return _FONTS.get(font.strip().lower(), {}).get(font_code, _UNREAD)
    is_character = not is_private and 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xF900
    return chr(code) if is_character else _UNREAD


def _signs(first: int, signs: str) -> dict[int, str]:
    return dict(enumerate(signs, first))


_SYMBOL = (
    _signs(0x20, " !∀#∃%&∋()∗+,−./0123456789:;<=>?")
    | _signs(0x40, "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_")
    | _signs(0x60, "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼")
    | _signs(0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵")
    | _signs(0xC0, "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓")
    | _signs(0xE0, "◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪")
    | _signs(0xF1, "⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭")
)
_WINGDINGS = (
    _signs(0x20, " ✏✂✁")
    | _signs(0x28, "☎✆✉")
    | {0x36: "⌛", 0x3F: "✍"}
    | _signs(0x41, "✌👌👍👎☜☞☝☟")
    | {0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x4E: "☠", 0x51: "✈", 0x52: "☼", 0x54: "❄", 0x58: "✠"}
    | _signs(0x6C, "●❍■□❐❑❒⬧⧫◆❖⬥☒")
    | {0x7A: "⌘", 0x7D: "❝", 0x7E: "❞", 0x80: "⓪", 0x8B: "⓿"}
    | _signs(0x81, "①②③④⑤⑥⑦⑧⑨⑩")
    | _signs(0x8C, "❶❷❸❹❺❻❼❽❾❿")
    | _signs(0x9E, "·•▪○")
    | {0xA4: "◉", 0xA5: "◎", 0xA7: "▪", 0xA8: "□", 0xAA: "✦", 0xAB: "★", 0xB5: "✪", 0xB6: "✰"}
    | {0xD5: "⌫", 0xD6: "⌦", 0xD8: "➢", 0xDC: "➲"}
    | _signs(0xDF, "←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳")
    | _signs(0xFB, "✗✓☒☑")
)
_WINGDINGS_2 = {0x20: " ", 0x4F: "✗", 0x50: "✓", 0x97: "●", 0xA3: "□"} | _signs(0x51, "☒☑☒☒")
_WEBDINGS = {0x20: " ", 0x61: "✓", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "webdings": _WEBDINGS,
}
_FONTS_WITHOUT_TABLE = frozenset(
    ("wingdings 3", "marlett", "zapfdingbats", "monotype sorts", "mt extra")
)
