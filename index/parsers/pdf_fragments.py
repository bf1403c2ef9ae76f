"""From the characters of a page of a PDF to the stretches that stand together on it."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from index.parsers.pdf_direction import is_rightwards, runs_leftwards
from index.parsers.pdf_glyphs import Glyph, glyphs_of

_WORD_GAP = 0.18
_LARGEST_GAP = 1.0
"""In units of the font's size."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters side by side on one baseline. Units are points, the origin is bottom left.

    `y` is the lower edge, `size` that of the font; `bold` and `italic` tell whether most of it
    is. `blanks` are those between its words: index in `text`, left and right edge. On a page that
    is read from right to left, all is `mirrored`: x grows leftwards, from 0 down at the origin.
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


def fragments_of(text_page: Any) -> list[Fragment]:
    """Return what stands on a page, in the order in which the file draws it.

    Text that is turned otherwise than most of the page's is left out.
    """
    glyphs = glyphs_of(text_page)
    if not runs_leftwards(glyph.char for glyph in glyphs):
        return list(_together(glyphs))
    mirrored = [replace(glyph, x0=-glyph.x1, x1=-glyph.x0) for glyph in glyphs]
    return [replace(each, mirrored=True) for each in _together(mirrored, mirrored=True)]


def _together(glyphs: list[Glyph], *, mirrored: bool = False) -> Iterator[Fragment]:
    run: list[Glyph] = []
    blanks: list[int] = []
    for glyph in glyphs:
        last = run[-1] if run else None
        gap = (glyph.x0 - last.x1) / last.size if last else 0.0
        if last and (
            abs(glyph.y - last.y) > 0.2 * last.size
            or abs(glyph.size - last.size) > 0.2 * last.size
            or not -0.6 < gap < _LARGEST_GAP
            or glyph.x1 < last.x0 + 0.1 * last.size
            or (mirrored and (is_rightwards(glyph.char) or is_rightwards(last.char)))
        ):
            yield from _fragments(run, blanks)
            run, blanks = [], []
        elif last and (gap > _WORD_GAP or (glyph.after_blank and gap > 0.02)):
            blanks.append(len(run))
        run.append(glyph)
    if run:
        yield from _fragments(run, blanks)


def _fragments(run: list[Glyph], blanks: list[int]) -> Iterator[Fragment]:
    """Yield a run as a fragment; a sign of currency at its end belongs to what comes next."""
    if blanks and blanks[-1] == len(run) - 1 and run[-1].char in "$€£¥":
        yield _fragment(run[:-1], blanks[:-1])
        yield _fragment(run[-1:], [])
    else:
        yield _fragment(run, blanks)


def _fragment(run: list[Glyph], blanks: list[int]) -> Fragment:
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
    """Return `text` with ligatures as letters."""
    return "".join(
        unicodedata.normalize("NFKC", char) if "\ufb00" <= char <= "\ufb06" else char
        for char in text
    )
