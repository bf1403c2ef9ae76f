"""The cells of a row, and the headings of its columns: one each, made of all lines that head it."""

import re
from collections.abc import Sequence
from itertools import groupby

_BAR = re.compile(r"(?<!\\)\|")
_BAR_ALONE = re.compile(r"(?:^|(?<=\s))\|(?=\s|$)")
_OPENING = re.compile(r"(?:(?:US|CA?|AU?|HK|NZ)?[$€£¥₹])?\(?")
_CLOSING = re.compile(r"\)?[%‰]?\)?")
_LOOSE_OPENING = re.compile(r"([$€£¥₹(])\s+(?=[$€£¥₹(.\d])")
_LOOSE_CLOSING = re.compile(r"(?<=[\d)])\s+(?=[)%‰]+(?:\s|$))")
_PERIOD = re.compile(r"\b(?:weeks?|months?|quarters?|years?)\b", re.I)
_DAY = re.compile(
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? \d{1,2},?", re.I
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def split_row(line: str, *, is_markdown: bool = False) -> list[str]:
    """Return the cells of a row. In Markdown, a bar at each end is the table's frame."""
    if not is_markdown:
        return _BAR_ALONE.split(line)
    cells = [cell.replace("\\|", "|") for cell in _BAR.split(line)]
    framed = len(cells) > 2 and not cells[0].strip() and not cells[-1].strip()
    return cells[1:-1] if framed else cells


def cells_of(line: str, *, is_markdown: bool = False) -> list[str]:
    """Return the cells with a figure's signs where a person writes them: "$12", "(5)", "7%"."""
    return [_tidy(cell) for cell in split_row(line, is_markdown=is_markdown)]


def with_one_heading_each(header: str, row: str) -> str:
    """Return a header of several lines as one line that heads the cells of `row`."""
    lines = [line for line in header.splitlines() if line.strip()]
    if len(lines) < 2:
        return header
    columns, _ = headed(list(map(cells_of, lines)), [cells_of(row)])
    return " | ".join(columns or ()).strip()


def headed(
    heads: Sequence[Sequence[str]], body: Sequence[Sequence[str]], width: int = 0
) -> tuple[tuple[str, ...] | None, list[list[str]]]:
    """Return a heading for each column, None without any, and the rows, all of one width.

    A line of one cell heads all columns. Columns of mere signs, as "$" and ")", are joined with
    their figures, and empty ones left out. The table has at least `width` columns.
    """
    width = max(map(len, [*heads, *body, [""] * width]))
    whole = [["", *list(cells) * (width - 1)] if len(cells) == 1 else cells for cells in heads]
    labelled = [["", *cells] if cells[0] and len(cells) == width - 1 else cells for cells in whole]
    padded_heads, rows = _without_spacers(_padded(labelled, width), _padded(body, width))
    return _columns(padded_heads), rows


def _tidy(cell: str) -> str:
    joined = _LOOSE_OPENING.sub(r"\1", " ".join(cell.split()))
    return _LOOSE_CLOSING.sub("", joined)


def _padded(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    return [[*cells, *[""] * (width - len(cells))] for cells in rows]


def _without_spacers(
    heads: list[list[str]], body: list[list[str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Join columns of mere signs, as "$" and ")", with their figures, and leave out empty ones."""

    def join(left: int, right: int) -> None:
        for cells in (*heads, *body):
            cells[left : right + 1] = [f"{cells[left]}{cells[right]}"]

    def all_match(column: int, signs: re.Pattern[str]) -> bool:
        return bool(body) and all(signs.fullmatch(cells[column]) for cells in body)

    width = len((heads or body)[0])
    for column in range(width - 1, 0, -1):
        is_headed = any(cells[column] for cells in heads)
        if all_match(column, _CLOSING) and not is_headed:
            join(column - 1, column)
    column = 1
    while column + 1 < len((heads or body)[0]):
        conflict = any(cells[column] and cells[column + 1] for cells in heads)
        has_figures = any(cells[column + 1] for cells in body)
        if all_match(column, _OPENING) and has_figures and not conflict:
            join(column, column + 1)
        column += 1
    return heads, body


def _columns(heads: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return one heading a column, of all lines; a heading that spans columns heads each."""
    if not heads:
        return None
    *above, last = heads
    spread = [*(_spread(cells, last) for cells in above), last]
    columns = tuple(
        " ".join(name for name, _ in groupby(filter(None, names)))
        for names in zip(*spread, strict=True)
    )
    return columns if any(columns) else None


def _spread(cells: Sequence[str], last: Sequence[str]) -> list[str]:
    """Repeat headings that span as many columns each, or one that is the only one.

    They begin where their columns do. Only periods are known to head columns from the middle, too:
    "Fair" in the middle may belong to "Value" below it. The first period heads the years before it,
    in the `last` line of the header.
    """
    first, *others = cells
    filled = [number for number, cell in enumerate(others) if cell]
    span = len(others) // len(filled) if filled else 0
    if len(filled) == 1 and len(others) > filled[0] > 0 and len(others) > 2:
        return [first, *[others[filled[0]]] * len(others)]
    is_one_each = [number // max(1, span) for number in filled] == list(range(len(filled)))
    are_first = all(number % span == 0 for number in filled)
    if span * len(filled) == len(others) and is_one_each:
        if are_first or all(_PERIOD.search(others[number]) for number in filled):
            return [first, *(others[filled[number // span]] for number in range(len(others)))]
    elif filled and (_PERIOD.search(name := others[filled[0]]) or _DAY.fullmatch(name)):
        years = [number for number in range(filled[0]) if _YEAR.fullmatch(last[number + 1])]
        return [first, *(name if number in years else each for number, each in enumerate(others))]
    return list(cells)
