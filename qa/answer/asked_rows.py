"""Which rows of tables a question does not ask for: those of another period, or another thing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from index.search.terms import terms
from index.structure.wording import is_row
from qa.answer.periods import asked_period
from qa.answer.units import ReadWindow
from qa.formats.tables import Table, rows_below, table_of
from qa.question.query import Query

_CHARACTERS_ABOVE = 300
"""So much of the text above a header tells what its table is about."""


def of_asked_rows(query: Query, windows: Iterable[ReadWindow]) -> Iterator[ReadWindow]:
    """Yield the windows but for rows of other periods, or of other things, than are asked for.

    A row that has the period holds the words that ask for it: "Q3", under "Three Months Ended".
    """
    coverage, question = query.coverage, query.question
    period = coverage.held_in(asked_period(question).words)
    for read in windows:
        table = _table(read, question)
        has_period = table.has_period if table else None
        if has_period is False or (table and _names_another_row(read, table, question)):
            continue
        if has_period:
            held = read.window.held
            held = held._replace(above=held.above | period, whole=held.whole | period)
            window = replace(read.window, held=held)
            yield ReadWindow.of(read.candidate, window, coverage, read.logit, read.tokens)
        else:
            yield read


def _table(read: ReadWindow, question: str) -> Table | None:
    document, is_row = read.candidate.document, read.window.units[0].kind == "row"
    if not is_row and document.row_number is None:
        return None
    spans = read.window.parts if is_row else [read.candidate.passage.span]
    return table_of(document, spans, question)


def _names_another_row(read: ReadWindow, table: Table, question: str) -> bool:
    """Tell whether a question names a row of another table that this row says nothing of.

    "iPad operating income" names "Operating income" beside "iPad", so no net sales of the iPad are
    asked for. Several rows of one table may be asked for at once.
    """
    text, window = read.candidate.document.text, read.window
    if not table.header:
        return False
    beside = (_first_cell(row.of(text)) for row in rows_below(text, table.header))
    others = _names_of_rows(text) - set(map(_name, beside))
    asked = _name(question) - _name(asked_period(question).words)
    start = window.parts[0].start
    lines_above = text[max(0, start - _CHARACTERS_ABOVE) : start].splitlines()
    above = " ".join(line for line in lines_above if not is_row(line))
    said = _name(f"{window.above}\n{above}\n{window.text}")
    return any(name <= asked and not name <= said for name in others)


@lru_cache(maxsize=32)
def _names_of_rows(text: str) -> frozenset[frozenset[str]]:
    lines = text.splitlines() if "|" in text else ()
    pairs = pairwise((*lines, ""))
    rows = (row for row, below in pairs if is_row(row) and "--" not in below)  # no header
    return frozenset(_name(_first_cell(row)) for row in rows) - {frozenset()}


def _first_cell(row: str) -> str:
    return row.strip("| ").partition("|")[0]


@lru_cache(maxsize=2048)
def _name(text: str) -> frozenset[str]:
    """Return the terms of a row's name, or of other words; a note such as "(1)" is no part."""
    return frozenset(term for term in terms(text) if not term.isdigit())
