"""The characters of a page of a PDF: where each stands, how large it is, in what style."""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from index.parsers.blocks import visible

_BOLD = re.compile(r"(?i)bold|black|heavy|demi|cmbx|\bbd")
_ITALIC = re.compile(r"(?i)italic|oblique|cmti|cmsl")
_ITALIC_FLAG = 1 << 6
_FORCE_BOLD = 1 << 18
_HYPHENS = (0x02, 0xFFFE)
"""What PDFium writes for a hyphen at the end of a line."""

_FAR_AWAY = 100_000.0
"""No page is as large; what a damaged file puts there, or nowhere (NaN), is not read."""

_HEIGHT, _DEPTH = 1.117, 0.212
"""Of a line, and of what is below its baseline, in ems, as in Helvetica."""
_LEAST, _MOST = 0.08, 2.5
"""How tall the tallest character of a font may be, in ems: else its em says nothing."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character, as if it were upright: its edges, and the height of lines in its font."""

    char: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    after_blank: bool


class _Style(NamedTuple):
    """What the characters that are drawn at once have in common.

    `turn` counts quarter turns, `baseline` is its height once turned upright; `em` is the nominal
    size in points, and `font` tells one font from another.
    """

    turn: int
    baseline: float
    em: float
    font: int
    bold: bool
    italic: bool


class _Mark(NamedTuple):
    """A character with its style and its upright box, of which fonts without metrics tell lies."""

    char: str
    style: _Style
    box: tuple[float, float, float, float]
    after_blank: bool


def glyphs_of(text_page: Any) -> list[Glyph]:
    """Return the characters of a page that are turned as most of it, in the file's order."""
    turned: dict[int, list[_Mark]] = {}
    tallest: dict[tuple[int, float], float] = {}
    for mark in _marks(text_page):
        turned.setdefault(mark.style.turn, []).append(mark)
        font = mark.style.font, mark.style.em
        tallest[font] = max(tallest.get(font, 0.1), mark.box[3] - mark.box[1])
    if not turned:
        return []
    upright = max(turned, key=lambda turn: (len(turned[turn]), -turn))
    return [_glyph(mark, tallest[mark.style.font, mark.style.em]) for mark in turned[upright]]


def _glyph(mark: _Mark, tallest: float) -> Glyph:
    """Return a character with its size by the font's em, or by its tallest if that is absurd."""
    style = mark.style
    x0, y0, x1, y1 = mark.box
    size = _HEIGHT * style.em if _LEAST * style.em < tallest < _MOST * style.em else tallest
    near = y0 - size / 2 < style.baseline < y1 + size / 2
    y = style.baseline - size * _DEPTH / _HEIGHT if near else y0
    return Glyph(mark.char, x0, x1, y, size, style.bold, style.italic, mark.after_blank)


def _marks(text_page: Any) -> Iterator[_Mark]:
    import pypdfium2.raw as pdfium

    page = text_page.raw
    box = pdfium.FS_RECTF()
    styles: dict[int, _Style] = {}
    fonts: dict[int, tuple[bool, bool]] = {}
    after_blank = False
    high = 0
    for index in range(pdfium.FPDFText_CountChars(page)):
        code = pdfium.FPDFText_GetUnicode(page, index)
        if 0xD800 <= code < 0xDC00:  # PDFium gives halves of what is beyond 16 bits
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00
        high = 0
        char = "-" if code in _HYPHENS else chr(code) if code < 0x110000 else ""
        if not char or char.isspace() or pdfium.FPDFText_IsGenerated(page, index) == 1:
            after_blank = True
            continue
        if not visible(char) or not pdfium.FPDFText_GetLooseCharBox(page, index, box):
            continue
        drawn = pdfium.FPDFText_GetTextObject(page, index)
        key = ctypes.addressof(drawn.contents) if drawn else 0
        style = styles.get(key) if key else None
        if style is None:
            style = styles[key] = _style(page, index, drawn, fonts)
        upright = x0, y0, x1, y1 = _turned(box.left, box.bottom, box.right, box.top, style.turn)
        if not (_is_near(x0) and _is_near(y0) and _is_near(x1) and _is_near(y1)):
            continue
        yield _Mark(char, style, upright, after_blank)
        after_blank = False


def _is_near(edge: float) -> bool:
    return -_FAR_AWAY < edge < _FAR_AWAY


def _style(page: Any, index: int, drawn: Any, fonts: dict[int, tuple[bool, bool]]) -> _Style:
    import pypdfium2.raw as pdfium

    font = pdfium.FPDFTextObj_GetFont(drawn) if drawn else None
    key = ctypes.addressof(font.contents) if font else 0
    if key not in fonts or not key:
        fonts[key] = _weight_and_slant(page, index)
    angle = pdfium.FPDFText_GetCharAngle(page, index)
    turn = round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0
    matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    em = 0.0
    if pdfium.FPDFText_GetMatrix(page, index, matrix):
        width = math.hypot(matrix.a, matrix.b)
        area = abs(matrix.a * matrix.d - matrix.b * matrix.c)
        em = pdfium.FPDFText_GetFontSize(page, index) * area / width if width else 0.0
    baseline = math.inf
    if pdfium.FPDFText_GetCharOrigin(page, index, x, y):
        baseline = _turned(x.value, y.value, x.value, y.value, turn)[1]
    return _Style(turn, baseline, round(em, 2) if em > 0 else 0.0, key, *fonts[key])


def _weight_and_slant(page: Any, index: int) -> tuple[bool, bool]:
    """Return whether a character's font is bold, and whether it is italic."""
    import pypdfium2.raw as pdfium

    buffer, flags = ctypes.create_string_buffer(256), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(page, index, buffer, 256, flags)
    name = buffer.value.decode("utf-8", "replace")
    italic = bool(_ITALIC.search(name)) or bool(flags.value & _ITALIC_FLAG)
    bold = bool(_BOLD.search(name)) or bool(flags.value & _FORCE_BOLD)
    # Where the file tells no weight, PDFium guesses it, for italics too high.
    return bold or (not italic and pdfium.FPDFText_GetFontWeight(page, index) >= 600), italic


def _turned(
    left: float, bottom: float, right: float, top: float, turn: int
) -> tuple[float, float, float, float]:
    """Return the edges left, lower, right and upper of a box that is turned upright."""
    if turn == 1:
        return -top, left, -bottom, right
    if turn == 2:
        return -right, -top, -left, -bottom
    if turn == 3:
        return bottom, -right, top, -left
    return left, bottom, right, top
