"""From rows to paragraphs: which lines go on in the next one, and how words are put together."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from index.parsers.pdf_direction import is_leftwards
from index.parsers.pdf_rows import Row

_WORD = re.compile(r"\w+(?:-\w+)*")
_BROKEN = re.compile(r"(\w+(?:-\w+)*)-$")
_CONTINUED = re.compile(r"\w+(?:-\w+)*")
_AFTER_HYPHEN = frozenset(
    "and associated based borne bound catalysed catalyzed containing deficient dependent derived"
    " down driven effective encoded fold free in independent induced infected invasive knockout"
    " known level like line linked mediated month negative off old or out positive quality rate"
    " related resistant responsive restricted rich risk scale selective sensitive specific stage"
    " target term time treated type up wide year".split()
)
"""Words that mostly stand after a hyphen where they follow one."""
_ENDS_SENTENCE = re.compile(r"[.!?:;…]['\"”’)\]]*$")
_SAME_SIZE = 0.07
_SAME_PLACE = 1.0
LEADER = re.compile(r"\s*(?:\.\s?){5,}")
"""Dots that lead the eye to a page number."""


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """What most of a document is set in: size, whether bold, and baselines' distance in sizes."""

    size: float
    bold: bool
    line_height: float


@dataclass(frozen=True, slots=True)
class Column:
    """Rows that are read one after the other, and where their lines end on the right.

    `margins` are further places where several lines end, such as those of indented notes.
    """

    page: int
    rows: tuple[Row, ...]
    right: float
    margins: tuple[float, ...] = ()


def column_of(page: int, rows: Sequence[Row]) -> Column:
    """Return a column whose right edge is where its longer lines end."""
    ends = sorted(row.x1 for row in rows if row.is_line and len(row.text.split()) >= 6)
    edge = ends[int(0.9 * (len(ends) - 1))] if ends else max(row.x1 for row in rows)
    margins = [a for a, b, c in zip(ends, ends[1:], ends[2:], strict=False) if c - a < _SAME_PLACE]
    return Column(page, tuple(rows), edge, tuple(margins))


def body_style(columns: Iterable[Column]) -> BodyStyle:
    """Return what most characters are set in."""
    sizes: Counter[float] = Counter()
    bold: Counter[bool] = Counter()
    distances: list[float] = []
    for column in columns:
        above: Row | None = None
        for row in column.rows:
            sizes[round(row.size * 2) / 2] += len(row.text)
            bold[row.bold] += len(row.text)
            if above and above.is_line and row.is_line and len(above.text.split()) >= 6:
                distances.append((above.y - row.y) / row.size)
            above = row
    usual = [distance for distance in distances if 0.9 < distance < 2.6]
    size = max(sizes, key=lambda each: (sizes[each], each), default=10.0)
    return BodyStyle(max(size, 1.0), bold[True] > bold[False], median(usual) if usual else 1.2)


def goes_on(block: Sequence[Row], row: Row, column: Column, body: BodyStyle) -> bool:
    """Tell whether `row`, the next one down the column, continues the paragraph `block`.

    A line that had room for the next one's first word was ended on purpose.
    """
    last = block[-1]
    if not row.is_line or row.is_item or row.bold != last.bold or LEADER.search(last.text):
        return False
    if abs(row.size - last.size) > _SAME_SIZE * last.size:
        return False
    if is_leftwards(row.text) != is_leftwards(last.text):
        return False
    if not 0 < last.y - row.y <= 1.3 * body.line_height * max(last.size, row.size):
        return False
    centred = abs((last.x0 + last.x1) - (row.x0 + row.x1)) < last.size
    return (centred or _is_aligned(block, row)) and not _had_room(last, row, column)


def _is_aligned(block: Sequence[Row], row: Row) -> bool:
    """Tell whether `row` begins where a line of the paragraph or the item may begin."""
    first, last = block[0], block[-1]
    indent = 3.0 if last.is_item else 0.8
    if row.x0 > max(last.x0, last.text_x0) + indent * row.size:
        return False
    hanging = block[1].x0 if len(block) > 1 and first.is_item else row.x0
    return row.x0 > hanging - 0.6 * row.size or row.text[:1].islower()


def runs_over(last: Row, right: float, row: Row) -> bool:
    """Tell whether a paragraph that ends its page or column with `last` goes on with `row`."""
    return (
        last.is_line
        and row.is_line
        and not row.is_item
        and last.bold == row.bold
        and abs(row.size - last.size) <= _SAME_SIZE * last.size
        and not _ENDS_SENTENCE.search(last.text)
        and row.text[:1].islower()
        and len(last.text.split()) >= 4
        and last.x1 > right - 8 * last.size
    )


def _had_room(last: Row, row: Row, column: Column) -> bool:
    words = row.text.split(maxsplit=1)
    width = (row.x1 - row.x0) * len(words[0]) / max(1, len(row.text))
    if last.x1 + width + 0.6 * row.size >= column.right:
        return False
    if any(abs(last.x1 - margin) < _SAME_PLACE for margin in column.margins):
        return False
    breaks_off = not _ENDS_SENTENCE.search(last.text) and row.text[:1].islower()
    long_enough = last.x1 > last.x0 + 0.8 * (column.right - last.x0)
    return not (breaks_off and long_enough and len(last.text.split()) >= 8)


def words_of(rows: Iterable[Row]) -> Counter[str]:
    """Count the words of all rows, without those that a line's end may have broken."""
    words: Counter[str] = Counter()
    for row in rows:
        found = _WORD.findall(row.text.lower())
        if row.text.endswith("-"):
            found = found[:-1]
        words.update(found)
    return words


def join_lines(before: str, line: str, words: Counter[str]) -> tuple[str, int]:
    """Return `before` with `line` put on, and where the line begins in it.

    A hyphen at the end stays if the document has the compound elsewhere, and goes if it has the
    word in one; if it has neither, it goes between small letters, unless what follows is a word
    such as "based".
    """
    broken, continued = _BROKEN.search(before), _CONTINUED.match(line)
    if not broken or not continued:
        return f"{before} {line}", len(before) + 1
    first, second = broken[1].lower(), continued[0].lower()
    compound, whole = words[f"{first}-{second}"], words[first + second]
    keeps = compound > 0 if compound or whole else _is_compound(broken[1], continued[0])
    start = before if keeps else before[:-1]
    return start + line, len(start)


def _is_compound(first: str, second: str) -> bool:
    """Tell whether the halves of a word keep their hyphen, going by nothing but themselves."""
    last = first.rpartition("-")[2]
    acronym = len(last) > 1 and last.isupper()
    figure = any(char.isdigit() for char in last)
    return acronym or figure or not second[0].islower() or second.split("-", 1)[0] in _AFTER_HYPHEN
