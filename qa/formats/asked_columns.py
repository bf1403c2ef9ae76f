"""Which row and column of a table a question asks for, told by its words and its period."""

import re
from collections.abc import Sequence

from index.structure.wording import STOPWORDS, plain_words
from qa.answer.periods import Period, fitting

_DIGIT = re.compile(r"\d")
_OF_TIME = re.compile(r"(?:^|[\W_])(?:year|date|season|period|quarter|month)(?:[\W_]|$)", re.I)


def asked_column(
    columns: Sequence[str],
    row: Sequence[str],
    question: str,
    fits: Sequence[bool | None],
    *,
    first: bool = True,
) -> int | None:
    """Return the column of a row that a question asks for; None if that cannot be told.

    `fits` tells of each column whether it is of the period asked for. None that is of another is
    meant. Of those that fit, or else of the others, it is the only one with something in this row,
    or the one whose heading has most of the question's words. `first` tells that the first column
    has labels, not values.
    """
    start = 1 if first else 0
    values = [number for number in range(start, len(row)) if row[number]]
    possible = [number for number in values if fits[number] is not False]
    if len(values) == 1 and possible:
        return possible[0]
    fitting = [number for number in possible if fits[number]]
    if len(fitting) == 1:
        return fitting[0]
    asked = _features(question)
    headings = [_features(column) for column in columns]
    common = frozenset[str]().union(*headings[start:]).intersection(*headings[start:])
    scores = {n: len((headings[n] - common) & asked) for n in fitting or possible}
    return _only_best(scores)


def asked_row(rows: Sequence[Sequence[str]], question: str) -> int | None:
    """Return the row that a question asks for: the only one, or that with most of its words."""
    if len(rows) == 1:
        return 0
    asked = _features(question)
    return _only_best(
        {number: len(_features(row[0]) & asked) for number, row in enumerate(rows) if row}
    )


def columns_of_period(
    asked: Period, columns: Sequence[str], row: Sequence[str], label: str = ""
) -> list[bool | None]:
    """Tell of each column of a row whether it is of the period asked for; None if nothing says.

    Beside the column's heading, the corner of the table, the row's first cell, the `label` that it
    stands under, and cells such as that of a column "Year" say so.
    """
    if not asked:
        return [None] * len(row)
    of_row = [cell for name, cell in zip(columns, row, strict=True) if _OF_TIME.search(name)]
    beside = ", ".join((label, row[0], *of_row))
    return fitting(asked, [f"{beside}, {columns[0]} {column}" for column in columns])


def _only_best(scores: dict[int, int]) -> int | None:
    best = max(scores.values(), default=0)
    leaders = [number for number, score in scores.items() if score == best]
    return leaders[0] if best and len(leaders) == 1 else None


def _features(text: str) -> frozenset[str]:
    """Return the words of a text that tell columns apart."""
    return frozenset(
        word if _DIGIT.search(word) else word.removesuffix("'s").removesuffix("s")
        for word in plain_words(text)
        if word not in STOPWORDS
    )
