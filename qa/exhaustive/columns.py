"""The columns of a table file, and tests of a row's values: "stock is 0", "town is Bergen"."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any, Literal, Self

from index.records import MetadataValue
from index.search.terms import fold, stem

Fields = Mapping[str, MetadataValue]
"""What a row has in its columns; what is empty is missing."""

MOST_WORDS_OF_A_VALUE = 8
"""A longer value is a text, which is read."""
_NUMBERS_OF_ROWS = frozenset(("row", "pincite_row", "encoding", "pincite_encoding"))
_TOKEN = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?(?![\w-])|[<>]=?|=|\d+(?:[.,]\d+)*(?![^\W_])|[^\W_]+(?:['’][^\W_]+)*"
)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CURRENCY = re.compile(r"\A[$€£]\s*|\s*[%€£]\Z")
_ISO_DATE = re.compile(r"\d{4}-\d\d")
_PART_OF_A_NAME = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTHING = frozenset(("", "0", "false", "no", "none", "n/a", "na", "-", "null", "nil", "out", "n"))
_SOMETHING = frozenset(("1", "true", "yes", "y", "x"))

Operator = Literal["in", "holds", "gt", "gte", "lt", "lte", "none", "some", "given"]
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


def tokens_of(text: str) -> list[str]:
    """Return the words, figures, ISO dates and signs of comparison in a text, folded."""
    return [fold(match.group()) for match in _TOKEN.finditer(text)]


def phrase_of(value: MetadataValue) -> tuple[str, ...]:
    """Return the stems of a value, to be found in a question."""
    return _phrase(_written(value))


@lru_cache(maxsize=1 << 16)
def _phrase(text: str) -> tuple[str, ...]:
    return tuple(map(stem_of, tokens_of(text)))


def stem_of(token: str) -> str:
    """Return the stem of a word, and a figure or a date as it is."""
    return stem(token) if token[0].isalpha() else token


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its field, the stems of its name, and its short values by their phrases.

    It `has_order` if a value can be compared with a figure or a date.
    """

    field: str
    name: tuple[str, ...]
    values: Mapping[tuple[str, ...], frozenset[MetadataValue]]
    is_truth_value: bool
    has_order: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, and the stems of its name."""

    name: frozenset[str]
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, name: str, rows: Sequence[Fields]) -> Self:
        """Return the columns of rows."""
        fields = dict.fromkeys(each for row in rows for each in row if each not in _NUMBERS_OF_ROWS)
        return cls(frozenset(_stems_of_name(name)), tuple(_column(f, rows) for f in fields))


def _column(field: str, rows: Sequence[Fields]) -> Column:
    values: dict[tuple[str, ...], set[MetadataValue]] = {}
    truth = True
    for value in dict.fromkeys(_each(row.get(field)) for row in rows):
        for one in value:
            phrase = phrase_of(one)
            truth &= fold(_written(one)) in _NOTHING | _SOMETHING
            if 0 < len(phrase) <= MOST_WORDS_OF_A_VALUE:
                values.setdefault(phrase, set()).add(one)
    frozen = {phrase: frozenset(raw) for phrase, raw in values.items()}
    ordered = any(_has_order(value) for raw in frozen.values() for value in raw)
    return Column(field, tuple(_stems_of_name(field)), frozen, truth, ordered)


def _has_order(value: MetadataValue) -> bool:
    if isinstance(value, bool):
        return False
    return number_of(value) is not None or _ISO_DATE.match(_written(value)) is not None


def _stems_of_name(name: str) -> list[str]:
    return [stem(fold(part)) for part in _PART_OF_A_NAME.findall(_HUMP.sub(" ", name))]


@dataclass(frozen=True, slots=True)
class RowTest:
    """A test of a row: one of `fields` must pass it.

    "in" and "holds" take phrases that the value is, or holds; the comparisons take a figure or an
    ISO date. "none" passes what is empty, 0, false or "no", "some" what is not, and "given"
    whatever is filled in. With `negated`, the test must fail.
    """

    fields: tuple[str, ...]
    operator: Operator
    phrases: frozenset[tuple[str, ...]] = frozenset()
    bound: str = ""
    negated: bool = False

    def passes(self, row: Fields) -> bool:
        """Tell whether a row passes."""
        return self.negated != any(self._passes(_each(row.get(field))) for field in self.fields)

    def _passes(self, values: Iterable[MetadataValue]) -> bool:
        match self.operator:
            case "in":
                return any(phrase_of(value) in self.phrases for value in values)
            case "holds":
                return any(self.matches(phrase_of(value)) for value in values)
            case "none" | "some":
                filled = any(fold(_written(value)) not in _NOTHING for value in map(_zero, values))
                return filled == (self.operator == "some")
            case "given":
                return any(_written(value) for value in values)
            case _:
                return any(self._compares(value) for value in values)

    def matches(self, phrase: tuple[str, ...]) -> bool:
        """Tell whether a phrase holds one of those of the test."""
        return any(_holds(phrase, part) for part in self.phrases)

    def _compares(self, value: MetadataValue) -> bool:
        compare = _COMPARISONS[self.operator]
        number = None if isinstance(value, bool) else number_of(value)
        bound = number_of(self.bound)
        if number is not None and bound is not None:
            return compare(number, bound)
        written = _written(value)
        return bool(_ISO_DATE.match(written)) and compare(written[: len(self.bound)], self.bound)


def number_of(value: MetadataValue) -> float | None:
    """Return the figure that a value or a token is; None for what is none.

    A comma before three digits parts thousands, as in "1,234", and any other one is a decimal's.
    """
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    written = _CURRENCY.sub("", value)
    written = written.replace(",", "" if _THOUSANDS.fullmatch(written) else ".")
    try:
        return float(written)
    except ValueError:
        return None


def _zero(value: MetadataValue) -> MetadataValue:
    return 0 if value == 0.0 and not isinstance(value, bool) else value


def _each(value: MetadataValue | None) -> tuple[MetadataValue, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _written(value: MetadataValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, tuple) else str(value).strip()


def _holds(phrase: tuple[str, ...], part: tuple[str, ...]) -> bool:
    starts = range(len(phrase) - len(part) + 1)
    if any(phrase[at : at + len(part)] == part for at in starts):
        return True
    return len(part) == 1 and any(
        re.fullmatch(rf"{re.escape(part[0])}-.*", each) for each in phrase
    )
