"""What the lines of a quote or a passage are: prose, rows of a table, or code."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from index.records import Document, Span
from index.structure.outline import LIST_MARKER, line_spans, trim
from index.structure.tables import is_label
from index.structure.wording import is_row

Kind = Literal["prose", "table", "code"]

_OF_CODE = frozenset(
    ("text/x-source", "text/x-log", "text/x-ini", "application/yaml", "application/toml")
)
"""Media types whose every line is code, or to be read as it stands as code is."""
FENCE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})", re.M)
"""What begins a line above or below code in Markdown."""
_INDENTED = re.compile(r"(?: {2,}|\t)[ \t]*\S")
_FAR = 4000
"""So many characters around a line are looked at to tell whether it is code."""


class TextBlock(NamedTuple):
    """Adjacent lines of one kind, without blanks at either end."""

    kind: Kind
    span: Span


def blocks_of(document: Document, span: Span) -> Iterator[TextBlock]:
    """Yield the blocks of a span of a document, in order."""
    text = document.text
    lines = [Span(*line) for line in _lines_in(text, span)]
    kinds = [_kind(document, lines, number) for number in range(len(lines))]
    for kind, group in groupby(zip(kinds, lines, strict=True), key=lambda pair: pair[0]):
        of_kind = [line for _, line in group]
        whole = Span(of_kind[0].start, of_kind[-1].end)
        inner = trim(text, whole)
        if inner.start < inner.end:
            # The indent of the first line of code belongs to it.
            start = whole.start if kind == "code" else inner.start
            yield TextBlock(kind, Span(start, inner.end))


def is_code(document: Document, span: Span) -> bool:
    """Tell whether a span is code: a fence is around it, or lines of its block are indented.

    Of extracted text, only lines of code begin with blanks, and nested items of lists.
    """
    if document.media_type in _OF_CODE:
        return True
    text = document.text
    if document.layout is None:
        if document.media_type != "text/markdown":
            return False
        opens = FENCE.match(text, span.start) is not None
        return opens or len(FENCE.findall(text, 0, span.start)) % 2 == 1
    start = text.rfind("\n\n", max(0, span.start - _FAR), span.start + 1) + 1
    end = text.find("\n\n", span.end, span.end + _FAR)
    start = max(start, span.start - _FAR)
    block = text[start : end if end >= 0 else min(len(text), span.end + _FAR)]
    return any(
        _INDENTED.match(line) and not LIST_MARKER.match(line.lstrip())
        for line in block.splitlines()
    )


def _lines_in(text: str, span: Span) -> Iterator[Span]:
    for line in line_spans(span.of(text)):
        yield Span(span.start + line.start, span.start + line.end)


def _kind(document: Document, lines: list[Span], number: int) -> Kind:
    text, line = document.text, trim(document.text, lines[number])
    if is_code(document, line):
        return "code"
    if is_row(line.of(text)):
        return "table"
    trimmed = [trim(text, each) for each in lines[number : number + 5]]
    amid = number > 0 and is_row(lines[number - 1].of(text).strip())
    return "table" if amid and line.start < line.end and is_label(text, trimmed, 0) else "prose"
