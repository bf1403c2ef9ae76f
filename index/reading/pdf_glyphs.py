"""From a page of a PDF to the stretches of characters that stand together on it."""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from index.reading.blocks import visible

_BOLD = re.compile(r"(?i)bold|black|heavy|demi|cmbx|\bbd")
_ITALIC = re.compile(r"(?i)italic|oblique|cmti|cmsl")
_ITALIC_FLAG = 1 << 6
_FORCE_BOLD = 1 << 18
_HYPHENS = (0x02, 0xFFFE)
"""What PDFium writes for a hyphen at the end of a line."""

_FAR_AWAY = 100_000.0
"""No page is as large; what a damaged file puts there, or nowhere (NaN), is not read."""

_WORD_GAP = 0.18
_LARGEST_GAP = 1.0
"""In units of the font's size."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters side by side on one baseline. Units are points, the origin is bottom left.

    `y` is the lower edge, `size` that of the font; `bold` and `italic` tell whether most of it
    is. `blanks` are those between its words: index in `text`, left and right edge.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool = False
    blanks: tuple[tuple[int, float, float], ...] = ()

    def parted_at(self, x: float) -> "list[Fragment]":
        """Return the fragment in two if `x` is in a blank of it, else as it is."""
        for index, left, right in self.blanks:
            if left < x < right:
                before = [each for each in self.blanks if each[0] < index]
                after = [(i - index - 1, a, b) for i, a, b in self.blanks if i > index]
                return [
                    replace(self, text=self.text[:index], x1=left, blanks=tuple(before)),
                    replace(self, text=self.text[index + 1 :], x0=right, blanks=tuple(after)),
                ]
        return [self]


@dataclass(frozen=True, slots=True)
class _Glyph:
    char: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    after_blank: bool


def fragments_of(text_page: Any) -> list[Fragment]:
    """Return what stands on a page, in the order in which the file draws it.

    Text that is turned otherwise than most of the page's is left out.
    """
    turned: dict[int, list[_Glyph]] = {}
    for turn, glyph in _glyphs(text_page):
        turned.setdefault(turn, []).append(glyph)
    if not turned:
        return []
    upright = max(turned, key=lambda turn: (len(turned[turn]), -turn))
    return list(_together(turned[upright]))


def _glyphs(text_page: Any) -> Iterator[tuple[int, _Glyph]]:
    """Yield the characters with the quarter turns they are drawn at, as if they were upright."""
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    styles: dict[int, tuple[int, bool, bool]] = {}
    after_blank = False
    for index in range(pdfium.FPDFText_CountChars(text_page)):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        char = "-" if code in _HYPHENS else chr(code) if code < 0x110000 else ""
        if not char or char.isspace() or pdfium.FPDFText_IsGenerated(text_page, index) == 1:
            after_blank = True
            continue
        if not visible(char) and not 0xD800 <= code <= 0xDFFF:
            continue
        if not pdfium.FPDFText_GetLooseCharBox(text_page, index, box):
            continue
        drawn = pdfium.FPDFText_GetTextObject(text_page, index)
        key = ctypes.addressof(drawn.contents) if drawn else 0
        if key not in styles or not key:
            styles[key] = _style(text_page, index)
        turn, bold, italic = styles[key]
        x0, y0, x1, y1 = _turned(box, turn)
        if not all(abs(edge) < _FAR_AWAY for edge in (x0, y0, x1, y1)):
            continue
        yield turn, _Glyph(char, x0, x1, y0, max(0.1, y1 - y0), bold, italic, after_blank)
        after_blank = False


def _style(text_page: Any, index: int) -> tuple[int, bool, bool]:
    """Return the quarter turns that a character is drawn at, whether bold, whether italic."""
    import pypdfium2.raw as pdfium

    buffer, flags = ctypes.create_string_buffer(256), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, buffer, 256, flags)
    name = buffer.value.decode("utf-8", "replace")
    italic = bool(_ITALIC.search(name)) or bool(flags.value & _ITALIC_FLAG)
    bold = bool(_BOLD.search(name)) or bool(flags.value & _FORCE_BOLD)
    # Where the file tells no weight, PDFium guesses it, for italics too high.
    heavy = not italic and pdfium.FPDFText_GetFontWeight(text_page, index) >= 600
    angle = pdfium.FPDFText_GetCharAngle(text_page, index)
    turn = round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0
    return turn, bold or heavy, italic


def _turned(box: Any, turn: int) -> tuple[float, float, float, float]:
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    if turn == 1:
        return -top, left, -bottom, right
    if turn == 2:
        return -right, -top, -left, -bottom
    if turn == 3:
        return bottom, -right, top, -left
    return left, bottom, right, top


def _together(glyphs: list[_Glyph]) -> Iterator[Fragment]:
    run: list[_Glyph] = []
    blanks: list[int] = []
    for glyph in glyphs:
        last = run[-1] if run else None
        gap = (glyph.x0 - last.x1) / last.size if last else 0.0
        if last and (
            abs(glyph.y - last.y) > 0.2 * last.size
            or abs(glyph.size - last.size) > 0.2 * last.size
            or not -0.6 < gap < _LARGEST_GAP
        ):
            yield from _fragments(run, blanks)
            run, blanks = [], []
        elif last and (gap > _WORD_GAP or (glyph.after_blank and gap > 0.02)):
            blanks.append(len(run))
        run.append(glyph)
    if run:
        yield from _fragments(run, blanks)


def _fragments(run: list[_Glyph], blanks: list[int]) -> Iterator[Fragment]:
    """Yield a run as a fragment; a sign of currency at its end belongs to what comes next."""
    if blanks and blanks[-1] == len(run) - 1 and run[-1].char in "$€£¥":
        yield _fragment(run[:-1], blanks[:-1])
        yield _fragment(run[-1:], [])
    else:
        yield _fragment(run, blanks)


def _fragment(run: list[_Glyph], blanks: list[int]) -> Fragment:
    """Return a run as a fragment, with a blank before each of the glyphs numbered in `blanks`."""
    size = Counter(round(glyph.size, 1) for glyph in run).most_common(1)[0][0]
    gaps: list[tuple[int, float, float]] = []
    text = ""
    start = 0
    for end in [*blanks, len(run)]:
        if start:
            gaps.append((len(text), run[start - 1].x1, run[start].x0))
            text += " "
        text += _readable("".join(glyph.char for glyph in run[start:end]))
        start = end
    return Fragment(
        text=text,
        x0=min(glyph.x0 for glyph in run),
        x1=max(glyph.x1 for glyph in run),
        y=run[0].y,
        size=size,
        bold=2 * sum(glyph.bold for glyph in run) > len(run),
        italic=2 * sum(glyph.italic for glyph in run) > len(run),
        blanks=tuple(gaps),
    )


def _readable(text: str) -> str:
    """Return `text` with ligatures as letters and pairs of surrogates as characters."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(
        unicodedata.normalize("NFKC", char) if "\ufb00" <= char <= "\ufb06" else char
        for char in text
    )
