"""Which row and column of a table a question asks for, told by its words, years and periods."""

import re
from collections.abc import Sequence

from index.structure.wording import STOPWORDS, plain_words

_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBERS = {
    name: str(number)
    for number, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), 1
    )
}
_PERIOD = re.compile(rf"\b({'|'.join(_NUMBERS)}|\d{{1,2}})[ -](?:fiscal )?(month|week)s?\b", re.I)
_PERIODS_BY_NAME = (
    (re.compile(r"\bquarter(?:ly)?\b|\bq[1-4]\b", re.I), "3 month"),
    (re.compile(r"\b(?:half[- ]year|first half|second half)\b", re.I), "6 month"),
    (re.compile(r"\b(?:full|fiscal|whole|entire) year\b|\bannual(?:ly)?\b", re.I), "12 month"),
    (re.compile(r"\byears? ended\b", re.I), "12 month"),
)
_DIGIT = re.compile(r"\d")


def asked_column(
    columns: Sequence[str], row: Sequence[str], question: str, *, first: bool = True
) -> int | None:
    """Return the column of a row that a question asks for; None if that cannot be told.

    No column that names another year or another period is meant. Of the others it is the only one
    with something in this row, or the one whose heading has most of the question's words. `first`
    tells that the first column has labels, not values.
    """
    asked = _features(question)
    headings = [_features(column) for column in columns]
    start = 1 if first else 0
    values = [number for number in range(start, len(row)) if row[number]]
    fitting = [number for number in values if not _contradicts(headings[number], asked)]
    if len(values) == 1 and fitting:
        return fitting[0]
    common = frozenset[str]().union(*headings[start:]).intersection(*headings[start:])
    scores = {number: len((headings[number] - common) & asked) for number in fitting}
    return _only_best(scores)


def asked_row(rows: Sequence[Sequence[str]], question: str) -> int | None:
    """Return the row that a question asks for: the only one, or that with most of its words."""
    if len(rows) == 1:
        return 0
    asked = _features(question)
    return _only_best(
        {number: len(_features(row[0]) & asked) for number, row in enumerate(rows) if row}
    )


def _only_best(scores: dict[int, int]) -> int | None:
    best = max(scores.values(), default=0)
    leaders = [number for number, score in scores.items() if score == best]
    return leaders[0] if best and len(leaders) == 1 else None


def _contradicts(heading: frozenset[str], asked: frozenset[str]) -> bool:
    return any(
        kind(heading) and kind(asked) and not kind(heading) & kind(asked)
        for kind in (_years, _periods)
    )


def _years(features: frozenset[str]) -> frozenset[str]:
    return frozenset(filter(_YEAR.fullmatch, features))


def _periods(features: frozenset[str]) -> frozenset[str]:
    return frozenset(feature for feature in features if " " in feature)


def _features(text: str) -> frozenset[str]:
    """Return the words of a text that tell columns apart, and its periods such as "3 month"."""
    periods = {
        f"{_NUMBERS.get(number.lower(), number)} {unit.lower()}"
        for number, unit in _PERIOD.findall(text)
    }
    periods |= {name for pattern, name in _PERIODS_BY_NAME if pattern.search(text)}
    words = {
        word if _DIGIT.search(word) else word.removesuffix("'s").removesuffix("s")
        for word in plain_words(_PERIOD.sub(" ", text))
        if word not in STOPWORDS
    }
    return frozenset(words | periods)
