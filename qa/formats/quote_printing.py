"""Quotes and passages at a terminal: prose wrapped, tables in columns, code line by line.

Only a terminal gets columns. What goes into a file or a pipe keeps the words as they stand.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from index.records import Document, Span
from index.structure.wording import is_complete, is_lead_in, is_row
from index.terminal import one_line, printable
from qa.formats.blocks import FENCE, blocks_of, is_code
from qa.formats.table_layout import each_once, laid_out
from qa.formats.tables import Table, table_of
from qa.records import Answer, AnswerSpan, Citation, Hit


def print_quotes(answer: Answer, console: Console) -> None:
    """Print the words of an answer with its marks; each part of a quote begins a line."""
    for number, print_block in enumerate(_blocks_to_print(answer, console)):
        if number:
            console.print()
        print_block()


def _blocks_to_print(answer: Answer, console: Console) -> Iterator[Callable[[], None]]:
    """Yield what prints each block: the prose of adjacent quotes, a table, or code."""
    answer_text = answer.text or ""
    citations = {citation.number: citation for citation in answer.citations}
    style = "bold" if console.is_terminal else ""
    prose = Text(style=style)
    end = 0

    def gathered() -> Iterator[Callable[[], None]]:
        nonlocal prose
        blanks = len(prose.plain) - len(prose.plain.lstrip())
        if prose.plain.strip():
            yield partial(print_indented, prose[blanks:], console, 2)
        prose = Text(style=style)

    for quote in _quotes(answer):
        parts = [_Part(span, citations[span.citations[0]]) for span in quote]
        table = _table(parts, answer.whole_question) if console.is_terminal else None
        for part in parts:
            span, citation = part.span, part.citation
            prose.append(answer_text[end : span.start])
            end = span.end
            if table and table.is_record:
                lead = Span(citation.start, max(citation.start, table.places[0].start))
                prose.append(unwrapped(lead.of(citation.document.text)))
            elif table and _is_shown(table, citation.document, citation.span):
                continue
            elif is_code(citation.document, citation.span):
                yield from gathered()
                yield partial(_print_code, citation.cited_text, console, 4, style, part.marks)
            else:
                prose.append(f"{unwrapped(answer_text[span.start : span.end])} ")
                prose.append(part.marks, style="cyan")
        if table:
            table = _untitled(table) if table.is_record and prose.plain.strip() else table
            yield from gathered()
            marks = [_marks_at(place, parts) for place in table.places]
            above = (_marks_at(table.measure, parts), _marks_at(table.header, parts))
            yield partial(_print_table, table, console, 2, [style] * len(marks), marks, above)
    yield from gathered()


def print_passage(hit: Hit, console: Console, indent: int) -> None:
    """Print a passage with its highlights; only a terminal shows them, in bold."""
    document, span = hit.document, hit.passage.span
    blocks = list(blocks_of(document, span))
    tables = {
        block: replace(table, unit="" if _is_within(table.measure, span) else table.unit)
        for block in blocks
        if console.is_terminal and block.kind == "table"
        if (table := table_of(document, [block.span]))
        if table.rows and not table.is_record and _is_shown(table, document, block.span)
    }
    if not tables and all(block.kind != "code" for block in blocks):
        print_indented(_highlighted(hit, span), console, indent)
        return
    for before, block in pairwise([None, *blocks]):
        assert block  # noqa: S101 (only the first of all is None)
        between = document.text[before.span.end : block.span.start] if before else ""
        if between.count("\n") > 1 or between.count("\r") > 1:
            console.print()
        if table := tables.get(block):
            styles = [_style_at(hit, place) for place in table.places]
            _print_table(table, console, indent, styles)
        elif block.kind == "code":
            _print_lines(_highlighted(hit, block.span), console, indent)
        else:
            print_indented(_highlighted(hit, block.span), console, indent)


def print_indented(text: Text, console: Console, indent: int) -> None:
    """Print text wrapped to the console's width, without blanks at line ends."""
    for line in text.wrap(console, max(1, console.width - indent - 2)):
        line.rstrip()
        console.print(Text(" " * indent if line else "").append_text(line))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a quote: where it is in the answer, and what it cites."""

    span: AnswerSpan
    citation: Citation

    @property
    def marks(self) -> str:
        return "".join(f"[{number}]" for number in self.span.citations)


def _quotes(answer: Answer) -> Iterator[list[AnswerSpan]]:
    """Yield the parts of each quote: a line end is between them, and a blank between quotes."""
    quote: list[AnswerSpan] = []
    for span in answer.spans:
        if quote and (answer.text or "")[quote[-1].end : span.start] != "\n":
            yield quote
            quote = []
        quote.append(span)
    if quote:
        yield quote


def _table(parts: Sequence[_Part], question: str) -> Table | None:
    document = parts[0].citation.document
    spans = [part.citation.span for part in parts if part.citation.document.id == document.id]
    table = table_of(document, spans, question)
    return table if table and table.rows else None


def _is_shown(table: Table, document: Document, span: Span) -> bool:
    """Tell whether a table shows all lines of a span."""
    shown = [place for place in (table.measure, table.header, *table.places) if place]
    lines = (m.span() for m in re.finditer(r"[^\s|:-][^\r\n]*", span.of(document.text)))
    places = (Span(span.start + start, span.start + end) for start, end in lines)
    return all(any(place.overlaps(each) for each in shown) for place in places)


def _untitled(record: Table) -> Table:
    """Leave out a record's title, which stands above it."""
    if not record.columns or record.columns[0]:
        return record
    cell = (0, record.cell[1] - 1) if record.cell else None
    return replace(record, columns=record.columns[1:], rows=(record.rows[0][1:],), cell=cell)


def _is_within(place: Span | None, span: Span) -> bool:
    return place is not None and span.contains(place)


def _marks_at(place: Span | None, parts: Sequence[_Part]) -> str:
    cited = [part for part in parts if place and place.overlaps(part.citation.span)]
    return "".join(part.marks for part in cited)


def unwrapped(words: str) -> str:
    """Join the lines of a sentence; rows, and what follows a whole sentence, begin a line."""
    joined = before = ""
    for line in (" ".join(line.split()) for line in printable(words).split("\n")):
        if line:
            ends = is_row(before) or is_row(line) or is_complete(before) or is_lead_in(before)
            joined += f"\n{line}" if ends else f" {line}"
            before = line
    return joined.strip()


def _highlighted(hit: Hit, span: Span) -> Text:
    text = Text()
    position = span.start
    for mark in hit.highlights:
        start, end = max(position, mark.start), min(mark.end, span.end)
        if start < end:
            text.append(printable(Span(position, start).of(hit.document.text)), style="dim")
            text.append(printable(Span(start, end).of(hit.document.text)), style="bold yellow")
            position = end
    return text.append(printable(hit.document.text[position : span.end]), style="dim")


def _style_at(hit: Hit, place: Span) -> str:
    return "bold yellow" if any(mark.overlaps(place) for mark in hit.highlights) else "dim"


def _print_code(code: str, console: Console, indent: int, style: str, marks: str) -> None:
    """Print code, at a terminal without the fences around it."""
    lines = code.rstrip().split("\n")
    bare = [line for line in lines if not (console.is_terminal and FENCE.match(line))]
    text = Text(printable("\n".join(bare)), style=style)
    _print_lines(text.append(f" {marks}", style="cyan"), console, indent)


def _print_lines(text: Text, console: Console, indent: int) -> None:
    """Print lines as they are, however long."""
    for line in text.split("\n"):
        line.rstrip()
        whole = Text(" " * indent if line else "").append_text(line)
        console.print(whole, soft_wrap=True)


def _print_table(
    table: Table,
    console: Console,
    indent: int,
    styles: Sequence[str],
    marks: Sequence[str] = (),
    above: tuple[str, str] = ("", ""),
) -> None:
    """Print a table below its unit.

    `styles` and `marks` are those of the rows, `above` the marks of the unit and of the header.
    """
    unit_marks, header_marks = above
    if table.unit and table.unit not in " ".join(table.columns or ()):
        line = Text(one_line(table.unit)).append(f" {unit_marks}", style="cyan")
        print_indented(line, console, indent)
    else:
        header_marks = each_once(unit_marks + header_marks)
    grid = laid_out(table, console.width - indent - 1, styles, marks, header_marks)
    console.print(Padding(grid, (0, 0, 0, indent), expand=False))
