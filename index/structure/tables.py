"""Rows of tables in a text, and the lines that head them.

Every format writes a row as one line with "|" between its cells: Markdown as its author did, and
the parsers of PDF, HTML and Word alike. Only Markdown marks its header.
"""

import re
from collections.abc import Sequence

from index.records import Span
from index.structure.wording import is_row

_LINE = re.compile(r"[^\s][^\r\n]*[^\s]|[^\s]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_RULE_BELOW = re.compile(
    r"[ \t]*(?:\r\n|\r|\n)[ \t>]*(?:\|[ \t]*)?:?-+:?[ \t]*"
    r"(?:\|[ \t]*(?::?-+:?[ \t]*)?)*(?=[\r\n]|\Z)"
)
"""The line of dashes below the header of a Markdown table. No two parts of it can match the same
blanks: else a row of empty cells would take for ever."""
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NAME = re.compile(r"\W*(?:[^\W\d_]|(?:19|20)\d\d\b)")
"""A cell that may name a column: its first word is no figure, but for a year."""
_WORD = re.compile(r"[^\W\d_]{2}")
_SIGNS = re.compile(r"[$€£¥%]+")
_PERIOD_ABOVE = re.compile(
    r"(?:(?:\w+|\d+)[ -](?:fiscal )?(?:months?|weeks?)|(?:fiscal )?(?:quarters?|years?)) ended\b"
    r"[^|\n]{0,40}",
    re.I,
)
"""A line that says of which period all columns below it are."""
_MOST_WORDS_OF_A_LABEL = 12
_MOST_LABELS = 3
_FAR_ABOVE = 8000
_MOST_LINES_OF_A_HEADER = 4
_CHARACTERS_ABOVE_HEADER = 600
_UNIT_OF_MEASURE = re.compile(
    r"\([^()\n|]{0,60}\bin (?:thousands|millions|billions)\b[^()\n|]{0,120}\)"
    r"|(?:[$€£]|\b(?:amounts|dollars|euros|pounds|shares)) in (?:thousands|millions|billions)\b"
    r"|\((?:[$€£%]|percent|per cent)[^()\n|\d]{0,40}\)",
    re.I,
)
"""What says in which unit the figures of a table are, such as "(in millions)"."""


def headers(text: str, lines: Sequence[Span]) -> list[Span | None]:
    """Return for each line the header that it stands under; None if there is none.

    `lines` are adjacent lines of `text`, in order. A table may begin above the first of them. A
    label between rows, such as "Operating expenses:", stands under the same header as they do.
    """
    above = _table_above(text, lines)
    all_lines = [*above, *lines]
    amid_a_table = bool(lines) and is_row(_line_above(text, all_lines[0].start))
    headers: list[Span | None] = []
    header: Span | None = None
    for number, line in enumerate(all_lines):
        if header and line.end <= header.end:
            headers.append(None)
            continue
        if is_row(line.of(text)):
            end = _end_of_header(text, all_lines, number, opens=not amid_a_table)
            if end > number:
                header = Span(_start_of_header(text, line), all_lines[end - 1].end)
            amid_a_table = True
        elif amid_a_table and not is_label(text, all_lines, number):
            amid_a_table, header = False, None
        headers.append(None if header and header.contains(line) else header)
    return headers[len(above) :]


def unit_of_measure(text: str, header: Span) -> Span | None:
    """Return what says in which unit the figures below a header are, in it or shortly above it."""
    if within := _UNIT_OF_MEASURE.search(text, *header):
        return Span(*within.span())
    start = max(0, header.start - _CHARACTERS_ABOVE_HEADER)
    above = [Span(*found.span()) for found in _UNIT_OF_MEASURE.finditer(text, start, header.start)]
    if not above:
        return None
    since = text.rfind("\n", 0, above[-1].start) + 1
    amid_a_table = is_row(_line_above(text, header.start))
    of_another = not amid_a_table and any(map(is_row, text[since : header.start].splitlines()))
    return None if of_another else above[-1]


def _table_above(text: str, lines: Sequence[Span]) -> list[Span]:
    """Return the lines of the first one's table before it, from at most 8,000 characters."""
    if not lines or not _is_in_table(text, lines, 0):
        return []
    above: list[Span] = []
    first = max(0, lines[0].start - _FAR_ABOVE)
    if first and (whole := _LINE_END.search(text, first)):
        first = whole.end()
    below = lines[0]
    for match in reversed(list(_LINE.finditer(text, first, lines[0].start))):
        line = Span(*match.span())
        blank = len(_LINE_END.findall(text, line.end, below.start)) > 1
        if blank or not _is_in_table(text, [line, *above, lines[0]], 0):
            break
        above.insert(0, line)
        below = line
    return above


def _end_of_header(text: str, lines: Sequence[Span], first: int, *, opens: bool) -> int:
    """Return the number after the last line that heads columns, from row `first` on.

    Rows with an empty first cell head columns if their other cells are names. Amid a table one of
    them must name years: else they may belong to the row above. The first row of a table may be a
    header with a label of its own (`opens`).
    """
    if opens and _RULE_BELOW.match(text, lines[first].end):
        return first + 1
    end = first
    last = min(len(lines), first + _MOST_LINES_OF_A_HEADER)
    while end < last and _heads_columns(lines[end].of(text)):
        end += 1
    if end > first and (opens or _YEAR.search(text, lines[first].start, lines[end - 1].end)):
        return end
    if opens and first + 1 < len(lines) and _is_in_table(text, lines, first + 1):
        cells, *below = (_cells(line.of(text))[1:] for line in lines[first : first + 2])
        if _are_names(cells) or _are_worded(cells, *below):
            return first + 1
    return first


def _are_worded(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell whether cells have words, such as "8 knots", and those below them figures alone."""
    filled = [cell for cell in cells if cell]
    figures = [cell for cell in below if cell]
    is_worded = bool(filled) and all(map(_WORD.search, filled))
    return is_worded and bool(figures) and not any(map(_WORD.search, figures))


def _start_of_header(text: str, first: Span) -> int:
    """Return where a header starts: with the line above it that names the period of all columns."""
    above = _line_above(text, first.start)
    if not _PERIOD_ABOVE.fullmatch(above):
        return first.start
    return text.rindex(above, 0, first.start)


def _heads_columns(line: str) -> bool:
    """Tell whether a row names columns and not itself; where labels stand, it may have the unit."""
    first, *others = _cells(line)
    if not is_row(line) or line.endswith("|") or not _are_names(others):
        return False
    return not first or bool(_UNIT_OF_MEASURE.match(first))


def _are_names(cells: Sequence[str]) -> bool:
    named = [cell for cell in cells if cell and not _SIGNS.fullmatch(cell)]
    return bool(named) and all(_NAME.match(cell) for cell in named)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _is_in_table(text: str, lines: Sequence[Span], number: int) -> bool:
    return is_row(lines[number].of(text)) or is_label(text, lines, number)


def is_label(text: str, lines: Sequence[Span], number: int) -> bool:
    """Tell whether a line is a label above a row; a few labels may stand above one another."""
    for line in lines[number : number + _MOST_LABELS]:
        words = line.of(text)
        if is_row(words):
            return line is not lines[number]
        if words.endswith((".", "!", "?")) or len(words.split()) > _MOST_WORDS_OF_A_LABEL:
            return False
    following = lines[number + _MOST_LABELS : number + _MOST_LABELS + 1]
    return bool(following) and is_row(following[0].of(text))


def _line_above(text: str, start: int) -> str:
    """Return the nearest line before `start` that is not blank."""
    above = text[max(0, start - _FAR_ABOVE) : start].rstrip()
    return above[max(above.rfind("\n"), above.rfind("\r")) + 1 :].strip()
