"""From the rows of all pages to blocks: headings, paragraphs, list items and table rows."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from index.parsers.blocks import TextBlock, one_line
from index.parsers.files import progressed
from index.parsers.pdf.bidi import is_mostly_right_to_left
from index.parsers.pdf.glyphs import TextRun
from index.parsers.pdf.headings import (
    LEADER,
    BodyStyle,
    OutlineEntry,
    heading_style,
    nested_levels,
    outline_headings,
)
from index.parsers.pdf.layout import columns_in_reading_order
from index.parsers.pdf.rows import Row, rows_of, with_justified_lines_joined
from index.parsers.pdf.tables import end_of_table, table_lines

_WORD = re.compile(r"\w+(?:-\w+)*")
_BROKEN = re.compile(r"(\w+(?:-\w+)*)-$")
_AFTER_HYPHEN = frozenset(
    "and associated based borne bound catalysed catalyzed containing deficient dependent derived"
    " down driven effective encoded fold free in independent induced infected invasive knockout"
    " known level like line linked mediated month negative off old or out positive quality rate"
    " related resistant responsive restricted rich risk scale selective sensitive specific stage"
    " target term time treated type up wide year".split()
)
"""Words that mostly keep a hyphen before them."""
_ENDS_SENTENCE = re.compile(r"[.!?:;…]['\"”’)\]]*$")
_SAME_SIZE = 0.07
_SAME_PLACE = 1.0


@dataclass(frozen=True, slots=True)
class _Column:
    """Rows that are read one after the other, and their right edge.

    Several lines end at each of `margins`, such as those of indented notes. `headings` are those of
    the outline: the index of the first row, that after the last, and the level.
    """

    page: int
    rows: tuple[Row, ...]
    right: float
    margins: tuple[float, ...] = ()
    headings: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """The rows of a block and the page of each.

    `level` is that of a heading in the outline, 0 for others. `cells` are the lines of each cell of
    a table's row.
    """

    rows: list[Row]
    pages: list[int]
    right: float
    level: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    opens_table: bool = False


def blocks_of(
    pages: Sequence[Sequence[TextRun]], outline: Sequence[OutlineEntry]
) -> list[TextBlock]:
    """Return the blocks of a document, given the runs of its pages."""
    columns: list[_Column] = []
    entries: dict[int, list[OutlineEntry]] = {}
    for entry in outline:
        entries.setdefault(entry.page, []).append(entry)
    for number, page in enumerate(pages, 1):
        for runs in columns_in_reading_order(page):
            rows = with_justified_lines_joined(rows_of(runs))
            columns.append(_column(number, rows, entries.get(number, ())))
        progressed()
    body = _body_style(columns)
    words: Counter[str] = Counter()
    for row in (row for column in columns for row in column.rows):
        row_words = _WORD.findall(row.text.lower())
        words.update(row_words[:-1] if row.text.endswith("-") else row_words)
    return list(_blocks(list(_drafts(columns, body)), body, words))


def _column(page: int, rows: Sequence[Row], entries: Sequence[OutlineEntry]) -> _Column:
    ends = sorted(row.x1 for row in rows if row.is_line and len(row.text.split()) >= 6)
    edge = ends[int(0.9 * (len(ends) - 1))] if ends else max(row.x1 for row in rows)
    margins = [a for a, b, c in zip(ends, ends[1:], ends[2:], strict=False) if c - a < _SAME_PLACE]
    return _Column(page, tuple(rows), edge, tuple(margins), outline_headings(rows, entries))


def _body_style(columns: Iterable[_Column]) -> BodyStyle:
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
    size = max(sizes, key=lambda size: (sizes[size], size), default=10.0)
    return BodyStyle(max(size, 1.0), bold[True] > bold[False], median(usual) if usual else 1.2)


def _drafts(columns: Sequence[_Column], body: BodyStyle) -> Iterator[_Draft]:
    """Yield the drafts of all columns, and join paragraphs that run over."""
    last: _Draft | None = None
    for column in columns:
        progressed()
        for position, draft in enumerate(_drafts_of_column(column, body)):
            if last and position == 0 and _runs_over(last, draft):
                last.rows += draft.rows
                last.pages += draft.pages
                last.right = draft.right
                continue
            if last:
                yield last
            last = draft
    if last:
        yield last


def _drafts_of_column(column: _Column, body: BodyStyle) -> list[_Draft]:
    drafts: list[_Draft] = []
    paragraph: _Draft | None = None
    in_table = False
    index = 0
    while index < len(column.rows):
        row = column.rows[index]
        end, others = _heading_or_table(column, index, body, in_table=in_table)
        in_table = bool(others and others[-1].cells)
        if others:
            drafts += others
            paragraph = None
            index = end
            continue
        if paragraph and _goes_on(paragraph.rows, row, column, body):
            paragraph.rows.append(row)
            paragraph.pages.append(column.page)
        else:
            paragraph = _Draft([row], [column.page], column.right)
            drafts.append(paragraph)
        index += 1
    return drafts


def _heading_or_table(
    column: _Column, index: int, body: BodyStyle, *, in_table: bool
) -> tuple[int, list[_Draft]]:
    """Return where the outline's heading or the table that begins here ends, and its drafts."""
    rows, pages = column.rows, [column.page]
    if index in column.headings:
        end, level = column.headings[index]
        return end, [_Draft(list(rows[index:end]), pages * (end - index), column.right, level)]
    if cells := rows[index].ruled_cells:
        row = _Draft([rows[index]], pages, column.right, 0, cells, opens_table=not in_table)
        return index + 1, [row]
    end = end_of_table(rows, index, body.line_height, column.headings)
    lines = table_lines(rows[index:end]) if end > index else []
    return end, [
        _Draft([row], [column.page], column.right, 0, ((line,),), opens_table=number == 0)
        for number, (row, line) in enumerate(lines)
    ]


def _goes_on(block: Sequence[Row], row: Row, column: _Column, body: BodyStyle) -> bool:
    """Tell whether `row`, the next one in the column, continues the paragraph `block`.

    A line with room for the next one's first word ends on purpose.
    """
    last = block[-1]
    if not row.is_line or row.is_item or row.bold != last.bold or LEADER.search(last.text):
        return False
    if abs(row.size - last.size) > _SAME_SIZE * last.size:
        return False
    if is_mostly_right_to_left(row.text) != is_mostly_right_to_left(last.text):
        return False
    if not 0 < last.y - row.y <= 1.3 * body.line_height * max(last.size, row.size):
        return False
    centred = abs((last.x0 + last.x1) - (row.x0 + row.x1)) < last.size
    return (centred or _is_aligned(block, row)) and not _has_room(last, row, column)


def _is_aligned(block: Sequence[Row], row: Row) -> bool:
    """Tell whether `row` begins where a line of the paragraph or list item may begin."""
    first, last = block[0], block[-1]
    indent = 3.0 if last.is_item else 0.8
    if row.x0 > max(last.x0, last.text_x0) + indent * row.size:
        return False
    hanging = block[1].x0 if len(block) > 1 and first.is_item else row.x0
    return row.x0 > hanging - 0.6 * row.size or row.text[:1].islower()


def _has_room(last: Row, row: Row, column: _Column) -> bool:
    words = row.text.split(maxsplit=1)
    width = (row.x1 - row.x0) * len(words[0]) / max(1, len(row.text))
    if last.x1 + width + 0.6 * row.size >= column.right:
        return False
    if any(abs(last.x1 - margin) < _SAME_PLACE for margin in column.margins):
        return False
    breaks_off = not _ENDS_SENTENCE.search(last.text) and row.text[:1].islower()
    long_enough = last.x1 > last.x0 + 0.8 * (column.right - last.x0)
    return not (breaks_off and long_enough and len(last.text.split()) >= 8)


def _runs_over(above: _Draft, below: _Draft) -> bool:
    """Tell whether a paragraph at the end of a page or column goes on in the next one."""
    last, row = above.rows[-1], below.rows[0]
    return (
        not (above.cells or below.cells or above.level or below.level)
        and last.is_line
        and row.is_line
        and not row.is_item
        and last.bold == row.bold
        and abs(row.size - last.size) <= _SAME_SIZE * last.size
        and not _ENDS_SENTENCE.search(last.text)
        and row.text[:1].islower()
        and len(last.text.split()) >= 4
        and last.x1 > above.right - 8 * last.size
    )


def _blocks(drafts: Sequence[_Draft], body: BodyStyle, words: Counter[str]) -> Iterator[TextBlock]:
    texts = [_text(draft, words) for draft in drafts]
    headings = [
        draft.level or (None if draft.cells else heading_style(text, draft.rows[0], body))
        for draft, (text, _) in zip(drafts, texts, strict=True)
    ]
    levels = iter(nested_levels(heading for heading in headings if heading))
    after_item = False
    for draft, (text, breaks), heading in zip(drafts, texts, headings, strict=True):
        if not text:
            continue
        is_item = not draft.cells and draft.rows[0].is_item and not heading
        tight = (bool(draft.cells) and not draft.opens_table) or (is_item and after_item)
        after_item = is_item
        yield TextBlock(text, next(levels) if heading else 0, tight, draft.pages[0], breaks)


def _text(draft: _Draft, words: Counter[str]) -> tuple[str, tuple[int, ...]]:
    """Return a draft's text, and the offsets in it at which further pages begin."""
    if draft.cells:
        line = " | ".join(_cell_text(lines, words) for lines in draft.cells)
        return one_line(LEADER.sub(" … ", line)).removesuffix(" |"), ()
    text = one_line(LEADER.sub(" … ", draft.rows[0].text))
    breaks: list[int] = []
    page = draft.pages[0]
    for row, row_page in zip(draft.rows[1:], draft.pages[1:], strict=True):
        text, start = _join_lines(text, one_line(row.text), words)
        breaks += [start] * (row_page - page)
        page = row_page
    return text, tuple(breaks)


def _cell_text(lines: Sequence[str], words: Counter[str]) -> str:
    text = lines[0] if lines else ""
    for line in lines[1:]:
        text, _ = _join_lines(text, line, words)
    return text


def _join_lines(before: str, line: str, words: Counter[str]) -> tuple[str, int]:
    """Return `before` with `line` appended, and where the line begins in it.

    A hyphen at the end stays if the document has the compound elsewhere, and goes if it has the
    whole word. If it has neither, `_is_compound` decides.
    """
    broken, continued = _BROKEN.search(before), _WORD.match(line)
    if not broken or not continued:
        return f"{before} {line}", len(before) + 1
    first, second = broken[1].lower(), continued[0].lower()
    compound, whole = words[f"{first}-{second}"], words[first + second]
    keeps = compound > 0 if compound or whole else _is_compound(broken[1], continued[0])
    start = before if keeps else before[:-1]
    return start + line, len(start)


def _is_compound(first: str, second: str) -> bool:
    """Tell whether two parts of a word look like a compound with a hyphen."""
    last = first.rpartition("-")[2]
    acronym = len(last) > 1 and last.isupper()
    figure = any(char.isdigit() for char in last)
    return acronym or figure or not second[0].islower() or second.split("-", 1)[0] in _AFTER_HYPHEN
