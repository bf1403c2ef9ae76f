"""The glyphs of a PDF page, and the runs of text that they form on their baselines."""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from index.parsers.blocks import visible
from index.parsers.pdf.bidi import is_left_to_right, is_mostly_right_to_left

_BOLD = re.compile(r"(?i)bold|black|heavy|demi|cmbx|\bbd")
_ITALIC = re.compile(r"(?i)italic|oblique|cmti|cmsl")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_ITALIC_FLAG = 1 << 6
_FORCE_BOLD = 1 << 18
_HYPHENS = (0x02, 0xFFFE)
"""PDFium's codes for a hyphen at the end of a line."""

FAR_AWAY = 100_000.0
"""No page is as large. Glyphs of damaged files beyond it, or at NaN, are not read."""

_HEIGHT, _DEPTH = 1.117, 0.212
"""The height of a line, and the part of it below the baseline, in ems, as in Helvetica."""
_LEAST, _MOST = 0.08, 2.5
"""The tallest glyph of a font is between these, in ems, or the em is absurd."""
_WORD_GAP = 0.18


@dataclass(frozen=True, slots=True)
class TextRun:
    """Glyphs side by side on one baseline, in points, with the origin at the bottom left.

    `y` is the lower edge. `blanks` between words have an index in `text`, a left and a right edge.
    A page that is read from right to left is `mirrored`: x grows leftwards. A row of a ruled table
    is one run, too, and `ruled_cells` are the lines of each cell.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool = False
    blanks: tuple[tuple[int, float, float], ...] = ()
    mirrored: bool = False
    ruled_cells: tuple[tuple[str, ...], ...] = ()

    def parted_at(self, x: float) -> "list[TextRun]":
        """Return the run in two if `x` is in a blank of it, else as it is."""
        for index, left, right in self.blanks:
            if left < x < right:
                before = [blank for blank in self.blanks if blank[0] < index]
                after = [(i - index - 1, a, b) for i, a, b in self.blanks if i > index]
                return [
                    replace(self, text=self.text[:index], x1=left, blanks=tuple(before)),
                    replace(self, text=self.text[index + 1 :], x0=right, blanks=tuple(after)),
                ]
        return [self]


def text_runs(text_page: Any) -> tuple[list[TextRun], int]:
    """Return the runs of a page, in the order of the file, and its quarter turns.

    Text that is turned otherwise than most of the page is left out.
    """
    glyphs, turn = _upright_glyphs(text_page)
    if not is_mostly_right_to_left("".join(glyph.char for glyph in glyphs)):
        return list(_runs(glyphs)), turn
    mirrored = [replace(glyph, x0=-glyph.x1, x1=-glyph.x0) for glyph in glyphs]
    return [replace(run, mirrored=True) for run in _runs(mirrored, mirrored=True)], turn


@dataclass(frozen=True, slots=True)
class _Glyph:
    """A character turned upright. `size` is the height of a line."""

    char: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    after_blank: bool


class _Style(NamedTuple):
    """What the glyphs that are drawn at once have in common.

    `turn` counts quarter turns, `baseline` is the height once turned upright, `em` is in points.
    """

    turn: int
    baseline: float
    em: float
    font: int
    bold: bool
    italic: bool


class _Mark(NamedTuple):
    """A character with its style and its upright box, which is wrong for fonts without metrics."""

    char: str
    style: _Style
    box: tuple[float, float, float, float]
    after_blank: bool


def _upright_glyphs(text_page: Any) -> tuple[list[_Glyph], int]:
    by_turn: dict[int, list[_Mark]] = {}
    tallest: dict[tuple[int, float], float] = {}
    for mark in _marks(text_page):
        by_turn.setdefault(mark.style.turn, []).append(mark)
        font = mark.style.font, mark.style.em
        tallest[font] = max(tallest.get(font, 0.1), mark.box[3] - mark.box[1])
    if not by_turn:
        return [], 0
    turn = max(by_turn, key=lambda turn: (len(by_turn[turn]), -turn))
    marks = by_turn[turn]
    return [_glyph(mark, tallest[mark.style.font, mark.style.em]) for mark in marks], turn


def _glyph(mark: _Mark, tallest: float) -> _Glyph:
    """Return a glyph with its size by the font's em, or by its tallest glyph if that is absurd."""
    style = mark.style
    x0, y0, x1, y1 = mark.box
    size = _HEIGHT * style.em if _LEAST * style.em < tallest < _MOST * style.em else tallest
    near = y0 - size / 2 < style.baseline < y1 + size / 2
    y = style.baseline - size * _DEPTH / _HEIGHT if near else y0
    return _Glyph(mark.char, x0, x1, y, size, style.bold, style.italic, mark.after_blank)


def _marks(text_page: Any) -> Iterator[_Mark]:
    import pypdfium2.raw as pdfium

    page = text_page.raw
    box = pdfium.FS_RECTF()
    styles: dict[int, _Style] = {}
    fonts: dict[int, tuple[bool, bool]] = {}
    after_blank = False
    for index, code in codes_of(page):
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
        upright = turned(box.left, box.bottom, box.right, box.top, style.turn)
        if all(-FAR_AWAY < edge < FAR_AWAY for edge in upright):
            yield _Mark(char, style, upright, after_blank)
            after_blank = False


def codes_of(page: Any) -> Iterator[tuple[int, int]]:
    """Yield the index and the code point of each character of a raw text page."""
    import pypdfium2.raw as pdfium

    high = 0
    for index in range(pdfium.FPDFText_CountChars(page)):
        code = pdfium.FPDFText_GetUnicode(page, index)
        if 0xD800 <= code < 0xDC00:  # PDFium gives surrogate pairs as two characters
            high = code
            continue
        if 0xDC00 <= code < 0xE000 and high:
            code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00
        high = 0
        yield index, code


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
        baseline = turned(x.value, y.value, x.value, y.value, turn)[1]
    return _Style(turn, baseline, round(em, 2) if em > 0 else 0.0, key, *fonts[key])


def _weight_and_slant(page: Any, index: int) -> tuple[bool, bool]:
    import pypdfium2.raw as pdfium

    buffer, flags = ctypes.create_string_buffer(256), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(page, index, buffer, 256, flags)
    name = buffer.value.decode("utf-8", "replace")
    italic = bool(_ITALIC.search(name)) or bool(flags.value & _ITALIC_FLAG)
    bold = bool(_BOLD.search(name)) or bool(flags.value & _FORCE_BOLD)
    # PDFium guesses the weight if the file has none, and too high for italics.
    return bold or (not italic and pdfium.FPDFText_GetFontWeight(page, index) >= 600), italic


def turned(
    left: float, bottom: float, right: float, top: float, turn: int
) -> tuple[float, float, float, float]:
    """Return the left, lower, right and upper edge of a box that is turned upright."""
    for _ in range(turn):
        left, bottom, right, top = -top, left, -bottom, right
    return left, bottom, right, top


def _runs(glyphs: list[_Glyph], *, mirrored: bool = False) -> Iterator[TextRun]:
    run: list[_Glyph] = []
    blanks: list[int] = []
    for glyph in glyphs:
        last = run[-1] if run else None
        gap = (glyph.x0 - last.x1) / last.size if last else 0.0
        if last and (
            abs(glyph.y - last.y) > 0.2 * last.size
            or abs(glyph.size - last.size) > 0.2 * last.size
            or not -0.6 < gap < 1.0
            or glyph.x1 < last.x0 + 0.1 * last.size
            or (mirrored and (is_left_to_right(glyph.char) or is_left_to_right(last.char)))
        ):
            yield from _with_currency_apart(run, blanks)
            run, blanks = [], []
        elif last and (gap > _WORD_GAP or (glyph.after_blank and gap > 0.02)):
            blanks.append(len(run))
        run.append(glyph)
    if run:
        yield from _with_currency_apart(run, blanks)


def _with_currency_apart(run: list[_Glyph], blanks: list[int]) -> Iterator[TextRun]:
    """Yield a run. A currency sign at its end is a run of its own, to go with what follows."""
    if blanks and blanks[-1] == len(run) - 1 and run[-1].char in "$€£¥":
        yield _text_run(run[:-1], blanks[:-1])
        yield _text_run(run[-1:], [])
    else:
        yield _text_run(run, blanks)


def _text_run(run: list[_Glyph], blanks: list[int]) -> TextRun:
    """Return a run with a blank before each glyph whose index is in `blanks`."""
    gaps: list[tuple[int, float, float]] = []
    text = ""
    for start, end in zip([0, *blanks], [*blanks, len(run)], strict=True):
        if start:
            gaps.append((len(text), run[start - 1].x1, run[start].x0))
            text += " "
        text += _LIGATURE.sub(
            lambda match: unicodedata.normalize("NFKC", match[0]),
            "".join(glyph.char for glyph in run[start:end]),
        )
    return TextRun(
        text=text,
        x0=min(glyph.x0 for glyph in run),
        x1=max(glyph.x1 for glyph in run),
        y=run[0].y,
        size=Counter(round(glyph.size, 1) for glyph in run).most_common(1)[0][0],
        bold=2 * sum(glyph.bold for glyph in run) > len(run),
        italic=2 * sum(glyph.italic for glyph in run) > len(run),
        blanks=tuple(gaps),
    )
