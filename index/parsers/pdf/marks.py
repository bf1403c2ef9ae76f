"""Where words of a document's text stand on their page: rectangles to mark.

The text of a page was made of PDFium's characters, but put into reading order, and its lines and
cells were joined. So letters and digits alone are compared: the span whole, else in pieces of whole
words. Where the same words stand twice on the page, those with the same words around them are
taken. What cannot be told apart is not marked.
"""

import ctypes
import hashlib
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

from index.parsers.files import bytes_of
from index.parsers.pdf.document import opened_pdf
from index.parsers.pdf.glyphs import codes_of
from index.parsers.pdf.page_image import page_of
from index.parsers.pdf.scans import words_of
from index.records import ScannedPage
from index.sources.listing import SourceFile

_MOST_CHARACTERS = 200_000
"""Of a page. One with more is not searched."""
_CONTEXT = 120
"""So many letters and digits around words tell two places apart."""
_SURE = 8
"""So many more of them than at any other place are needed."""
_LEAST_MARKED = 0.5
"""If less of a span is found, none of it is marked."""
_SHORT = 8
"""Fewer letters and digits than these must be whole words on the page, too."""
_UNITS = 100
"""Steps of a page unit in which PDFium tells where a point is on the page as it is shown."""


class Rectangle(NamedTuple):
    """Edges in page units, points as a rule, from the top left corner of the page as shown."""

    left: float
    top: float
    right: float
    bottom: float


_Boxes = Callable[[int, int], Iterator[Rectangle]]
"""Gives the boxes of the characters from one place to another, both included."""


class Letters(NamedTuple):
    """The letters and digits of a text, folded, and where each stands in it."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, characters: Iterator[tuple[int, str]]) -> "Letters":
        """Return those of characters with their places."""
        folded = [
            (place, letter)
            for place, character in characters
            for letter in unicodedata.normalize("NFKC", character).casefold()
            if letter.isalnum()
        ]
        return cls("".join(letter for _, letter in folded), [place for place, _ in folded])

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return which of them stand at places from `start` to `end`, end exclusive."""
        return bisect_left(self.places, start), bisect_left(self.places, end)

    def is_break(self, index: int) -> bool:
        """Tell whether anything but letters and digits stands before the one at `index`."""
        return not 0 < index < len(self.places) or (self.places[index] > self.places[index - 1] + 1)


def page_marks(
    file: SourceFile,
    sha256: str,
    number: int,
    text: str,
    start: int,
    end: int,
    scan: list[Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the size of page `number`, and the rectangles of `text[start:end]` on it.

    `text` is what the document has of the page. `marked` is the share of the span's letters and
    digits that was found. `scan` has the fields of the ScannedPage of a page that OCR has read.
    Nothing is yielded of a file with another SHA-256. Raises UnreadableFileError.
    """
    content = bytes_of(file.path)
    if hashlib.sha256(content).hexdigest() != sha256:
        return
    with opened_pdf(content) as pdf, page_of(pdf, number) as page:
        width, height = page.get_size()
        with closing(page.get_textpage()) as text_page:
            letters = Letters("", [])
            boxes: _Boxes = partial(_boxes, page, text_page)
            if scan:
                letters, boxes = _scanned(ScannedPage(*scan))
            elif text_page.count_chars() <= _MOST_CHARACTERS:
                letters = _letters_of(text_page)
            found, marked = find_span(letters, text, start, end)
            rectangles = _merged([box for run in found for box in boxes(*run)])
    yield {
        "width": width,
        "height": height,
        "rectangles": [tuple(edges) for edges in rectangles],
        "marked": marked,
    }


def find_span(
    page: Letters, text: str, start: int, end: int
) -> tuple[list[tuple[int, int]], float]:
    """Return the runs of the page's characters that are a span of a text, and the share found.

    A run is the places of its first and last character.
    """
    here = Letters.of(enumerate(text))
    first, stop = here.between(start, end)
    if first == stop:
        return [], 0.0
    found: list[tuple[int, int]] = []
    for piece_start, piece_end in _pieces(page, here, first, stop):
        at = _place(page, here, piece_start, piece_end)
        if at is not None:
            found.append((at, at + piece_end - piece_start))
    marked = sum(b - a for a, b in found) / (stop - first)
    if marked < _LEAST_MARKED:
        return [], marked
    return [(page.places[a], page.places[b - 1]) for a, b in found], marked


def _pieces(page: Letters, here: Letters, first: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the span as it stands on the page: whole, else in the longest runs of whole words."""
    ends = [
        index + 1 for index in range(first, stop) if index + 1 == stop or here.is_break(index + 1)
    ]
    starts = [first, *ends[:-1]]
    word = 0
    while word < len(ends):
        low, high = word, len(ends) + 1  # the words up to `low` are on the page
        while high - low > 1:
            middle = (low + high) // 2
            if _is_on(page, here, here.text[starts[word] : ends[middle - 1]]):
                low = middle
            else:
                high = middle
        if low > word:
            yield starts[word], ends[low - 1]
        word = max(low, word + 1)


def _is_on(page: Letters, here: Letters, piece: str) -> bool:
    """Tell whether a page has a piece as often as the text has, or more often.

    Where it has it less often, the piece stands in another order where it is wanted, perhaps.
    """
    on_page = len(list(_occurrences(page, piece)))
    return on_page > 0 and on_page >= len(list(_occurrences(here, piece)))


def _place(page: Letters, here: Letters, start: int, end: int) -> int | None:
    """Return where a piece of a text stands on the page; None if that cannot be told."""
    piece = here.text[start:end]
    occurrences = list(_occurrences(page, piece))
    if len(occurrences) < 2:
        return occurrences[0] if occurrences else None
    around = [_alike_around(page, here, start, end, at) for at in occurrences]
    *_, second, best = sorted(before + after for before, after in around)
    number = next(n for n, (before, after) in enumerate(around) if before + after == best)
    before, after = around[number]
    # What is alike around both must tell the place in the text, too.
    whole = here.text[start - before : end + after]
    is_sure = best >= second + _SURE and here.text.count(whole) == 1
    return occurrences[number] if is_sure else None


def _alike_around(page: Letters, here: Letters, start: int, end: int, at: int) -> tuple[int, int]:
    """Return how many letters before and after a piece are the same where it is on the page."""
    before = here.text[max(0, start - _CONTEXT) : start][::-1]
    before_on_page = page.text[max(0, at - _CONTEXT) : at][::-1]
    after_on_page = page.text[at + end - start :][:_CONTEXT]
    after = here.text[end : end + _CONTEXT]
    return _alike(before, before_on_page), _alike(after, after_on_page)


def _occurrences(page: Letters, piece: str) -> Iterator[int]:
    at = page.text.find(piece)
    while at >= 0:
        end = at + len(piece)
        if len(piece) >= _SHORT or (page.is_break(at) and page.is_break(end)):
            yield at
        at = page.text.find(piece, at + 1)


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts have in common from their start."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _letters_of(text_page: Any) -> Letters:
    return Letters.of(
        (index, chr(code))
        for index, code in codes_of(text_page.raw)
        if code < 0x110000 and not 0xD800 <= code < 0xE000
    )


def _boxes(page: Any, text_page: Any, first: int, last: int) -> Iterator[Rectangle]:
    """Yield the boxes of characters, as the page is shown."""
    import pypdfium2.raw as pdfium

    width, height = (round(side * _UNITS) for side in page.get_size())
    box, x, y = pdfium.FS_RECTF(), ctypes.c_int(), ctypes.c_int()

    def shown(at_x: float, at_y: float) -> tuple[float, float]:
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, width, height, 0, at_x, at_y, x, y)
        return x.value / _UNITS, y.value / _UNITS

    for index in range(first, last + 1):
        code = pdfium.FPDFText_GetUnicode(text_page.raw, index)
        is_seen = not chr(code).isspace() and pdfium.FPDFText_IsGenerated(text_page.raw, index) < 1
        if is_seen and pdfium.FPDFText_GetLooseCharBox(text_page.raw, index, box):
            (x0, y0), (x1, y1) = shown(box.left, box.top), shown(box.right, box.bottom)
            yield Rectangle(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _scanned(page: ScannedPage) -> tuple[Letters, _Boxes]:
    """Return the letters of a scanned page, and what gives the boxes of its characters."""
    characters: list[tuple[str, Rectangle | None]] = []
    for word in words_of(page):
        step = (word.right - word.left) / len(word.text)
        for index, character in enumerate(word.text):
            left = word.left + index * step
            edges = Rectangle(left, word.top, left + step, word.bottom)
            characters.append((character, edges))
        characters.append((" ", None))

    def boxes(first: int, last: int) -> Iterator[Rectangle]:
        return (edges for _, edges in characters[first : last + 1] if edges)

    return Letters.of((i, character) for i, (character, _) in enumerate(characters)), boxes


def _merged(boxes: list[Rectangle]) -> list[Rectangle]:
    """Join the boxes of neighbours in a line, which may run up or down the page, too."""
    lines: list[Rectangle] = []
    for box in boxes:
        if lines and _are_neighbours(lines[-1], box):
            lefts, tops, rights, bottoms = zip(lines.pop(), box, strict=True)
            lines.append(Rectangle(min(lefts), min(tops), max(rights), max(bottoms)))
        else:
            lines.append(box)
    return lines


def _are_neighbours(line: Rectangle, box: Rectangle) -> bool:
    """Tell whether a box goes on with a line, or with a column of letters below each other."""
    across = min(line.right, box.right) - max(line.left, box.left)
    down = min(line.bottom, box.bottom) - max(line.top, box.top)
    height = min(line.bottom - line.top, box.bottom - box.top)
    width = max(line.right - line.left, box.right - box.left)
    return (down > height / 2 and across > -height) or (across > 0.8 * width and down > -width)
