"""From the rows of all pages to blocks: headings, paragraphs, items and table rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.parsers.blocks import TextBlock, one_line
from index.parsers.pdf_fragments import Fragment
from index.parsers.pdf_headings import heading_style, nested_levels
from index.parsers.pdf_justified import stretched_joined
from index.parsers.pdf_paragraphs import (
    LEADER,
    BodyStyle,
    Column,
    body_style,
    column_of,
    goes_on,
    join_lines,
    runs_over,
    words_of,
)
from index.parsers.pdf_reading_order import columns_of
from index.parsers.pdf_rows import Row, rows_of
from index.parsers.pdf_tables import end_of_table, table_lines
from index.parsers.progress import progressed


@dataclass(slots=True)
class _Draft:
    """A block in the making: its rows and the page of each; `line` is that of a table row."""

    rows: list[Row]
    pages: list[int]
    right: float
    line: str | None = None
    opens_table: bool = False


def blocks_of(pages: Sequence[Sequence[Fragment]]) -> list[TextBlock]:
    """Return the blocks of a document, given what stands on each of its pages."""
    columns: list[Column] = []
    for number, page in enumerate(pages, 1):
        read = (stretched_joined(rows_of(column)) for column in columns_of(page))
        columns += [column_of(number, rows) for rows in read]
        progressed()
    body = body_style(columns)
    words = words_of(row for column in columns for row in column.rows)
    drafts = list(_across_columns(columns, body))
    return list(_finished(drafts, body, words))


def _across_columns(columns: Sequence[Column], body: BodyStyle) -> Iterator[_Draft]:
    """Yield the drafts of all columns, with paragraphs that run over put together."""
    open_draft: _Draft | None = None
    for column in columns:
        progressed()
        for position, draft in enumerate(_drafts(column, body)):
            if (
                open_draft
                and position == 0
                and open_draft.line is None
                and draft.line is None
                and runs_over(open_draft.rows[-1], open_draft.right, draft.rows[0])
            ):
                open_draft.rows += draft.rows
                open_draft.pages += draft.pages
                open_draft.right = draft.right
                continue
            if open_draft:
                yield open_draft
            open_draft = draft
    if open_draft:
        yield open_draft


def _drafts(column: Column, body: BodyStyle) -> Iterator[_Draft]:
    rows, page = column.rows, column.page
    block: list[Row] = []
    index = 0
    while index < len(rows):
        end = end_of_table(rows, index, body.line_height)
        if end > index:
            if block:
                yield _Draft(block, [page] * len(block), column.right)
                block = []
            for number, (row, line) in enumerate(table_lines(rows[index:end])):
                yield _Draft([row], [page], column.right, line, opens_table=number == 0)
            index = end
            continue
        row = rows[index]
        if block and not goes_on(block, row, column, body):
            yield _Draft(block, [page] * len(block), column.right)
            block = []
        block.append(row)
        index += 1
    if block:
        yield _Draft(block, [page] * len(block), column.right)


def _finished(
    drafts: Sequence[_Draft], body: BodyStyle, words: Counter[str]
) -> Iterator[TextBlock]:
    texts = [_text(draft, words) for draft in drafts]
    styles = [
        heading_style(text, draft.rows[0], body) if draft.line is None else None
        for draft, (text, _) in zip(drafts, texts, strict=True)
    ]
    levels = iter(nested_levels(style for style in styles if style))
    after_item = False
    for draft, (text, breaks), style in zip(drafts, texts, styles, strict=True):
        if not text:
            continue
        is_item = draft.line is None and draft.rows[0].is_item and not style
        tight = (draft.line is not None and not draft.opens_table) or (is_item and after_item)
        after_item = is_item
        yield TextBlock(text, next(levels) if style else 0, tight, draft.pages[0], breaks)


def _text(draft: _Draft, words: Counter[str]) -> tuple[str, tuple[int, ...]]:
    """Return a draft's text, and the offsets at which further pages begin in it."""
    if draft.line is not None:
        return one_line(LEADER.sub(" … ", draft.line)).removesuffix(" |"), ()
    text = one_line(LEADER.sub(" … ", draft.rows[0].text))
    breaks: list[int] = []
    page = draft.pages[0]
    for row, row_page in zip(draft.rows[1:], draft.pages[1:], strict=True):
        text, start = join_lines(text, one_line(row.text), words)
        breaks += [start] * (row_page - page)
        page = row_page
    return text, tuple(breaks)
