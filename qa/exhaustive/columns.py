"""The columns of a table, and tests of a row's values: "stock is 0", "due before 2024-06"."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any, Self

from index.records import MetadataValue
from index.search.terms import fold, stem
from qa.exhaustive.table_words import MONEY, Kind, Operator, common

Fields = Mapping[str, MetadataValue]
"""What a row has in its columns; what is empty is missing."""
Phrase = tuple[str, ...]
"""The stems of words that follow one another."""

MOST_COLUMNS = 200
MOST_WORDS_OF_A_VALUE = 8
"""A longer value is a text, which is read."""
_NOT_COLUMNS = frozenset(
    f"{prefix}{name}" for name in ("row", "sheet", "encoding") for prefix in ("", "pincite_")
)
_TOKEN = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?(?![\w-])|[<>]=?|=|[$€£¥]|\d+(?:[.,]\d+)*(?![^\W_])"
    r"|[^\W_]+(?:['’][^\W_]+)*"
)
_PART_OF_A_NAME = re.compile(r"[^\W_]+|[$€£¥]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTHING = frozenset("0 false no none n/a na - null nil out n nein non".split()) | {""}
_SOMETHING = frozenset("1 true yes y x ja oui".split())
_FIGURE = re.compile(
    r"(?:(?:[$€£¥]|[A-Z]{3}\b)\s?)?([-+]?\d[\d.,]*)\s?(?:[$€£¥%]|[^\W\d_]{1,7}\.?)?"
)
_PARTS_THOUSANDS = re.compile(r"(?<=\d)['’\u00a0\u202f ](?=\d{3}(?!\d))")
_DECIMAL_COMMA = re.compile(r"\d,\d{1,2}(?!\d)|\d\.\d{3},")
MONTHS = {
    name: number
    for number, names in enumerate(
        "jan feb mar|mär|mae apr may|mai jun jul aug sep oct|okt nov dec|dez".split(), 1
    )
    for name in names.split("|")
}
_DATE = re.compile(
    rf"""(?P<year>\d{{4}})-(?P<month>\d\d)(?:-(?P<day>\d\d))?(?![\w-])
    |(?<![\d.])(?P<first>\d\d?)(?P<sign>[./])(?P<second>\d\d?)(?P=sign)
     (?P<last>\d{{4}}|\d\d)(?![\d.,/])
    |(?:\b(?P<before>\d\d?)(?:st|nd|rd|th|\.)?\s+(?:of\s+)?)?\b(?P<word>{"|".join(MONTHS)})[a-z]*\.?
     (?:\s+(?P<after>\d\d?)(?:st|nd|rd|th)?,|,)?\s+(?P<its_year>\d{{4}})\b""",
    re.VERBOSE | re.IGNORECASE,
)

COMPARISONS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq,
}  # fmt: skip


def tokens_of(text: str) -> list[str]:
    """Return the words, figures, dates and signs in a text, folded; dates as ISO 8601."""
    return [fold(match.group()) for match in _TOKEN.finditer(_DATE.sub(_iso, text))]


def date_of(text: str, *, month_first: bool = False) -> str | None:
    """Return the date that a text is, as ISO 8601; a day of "05/06/2024" is first if it can be."""
    match = _DATE.match(text.strip())
    rest = text.strip()[match.end() :] if match else "-"
    return _iso(match, month_first=month_first) if match and rest[:1] in ("", " ", "T") else None


def _iso(match: re.Match[str], *, month_first: bool = False) -> str:
    if match["year"]:
        return match.group()
    if match["word"]:
        month, day = MONTHS[match["word"].casefold()], match["before"] or match["after"]
        return f"{match['its_year']}-{month:02}" + (f"-{int(day):02}" if day else "")
    first, second = int(match["first"]), int(match["second"])
    is_american = second > 12 or (month_first and first <= 12)
    month, day_number = (first, second) if is_american else (second, first)
    year = int(match["last"])
    year += 0 if year > 99 else 2000 if year < 70 else 1900  # as POSIX has it
    return f"{year}-{month:02}-{day_number:02}"


def number_of(text: str, *, decimal_comma: bool = False) -> float | None:
    """Return the figure that a text is, without its unit; None for what is none.

    A comma before three digits parts thousands, as in "1,234", and any other one is a decimal's.
    With `decimal_comma`, a point parts thousands.
    """
    match = _FIGURE.fullmatch(_PARTS_THOUSANDS.sub("", text.strip()))
    if not match:
        return None
    figure = match[1]
    if decimal_comma or _DECIMAL_COMMA.search(figure):
        figure = re.sub(r"\.(?=\d{3})", "", figure).replace(",", ".")
    try:
        return float(re.sub(r",(?=\d{3})", "", figure))
    except ValueError:
        return None


def stem_of(token: str) -> str:
    """Return the stem of what stands for a word, and a figure or a date as it is."""
    word = common(token)
    return stem(word) if word[0].isalpha() else word


def stems_of_name(name: str) -> Phrase:
    """Return the stems of the words in a name such as "unit_price" or "dueDate"."""
    parts = _PART_OF_A_NAME.findall(_HUMP.sub(" ", name))
    return tuple(stem_of(fold(part)) for part in parts)


@lru_cache(maxsize=1 << 16)
def phrase_of(text: str) -> Phrase:
    """Return the stems of a value, to be found in a question."""
    return tuple(map(stem_of, tokens_of(text)))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column: its field, the stems of its name, and the phrases and words of its short values.

    `numbers` and `dates` have what can be compared, by the value as it is written.
    """

    field: str
    name: Phrase
    phrases: frozenset[Phrase]
    words: frozenset[str]
    numbers: Mapping[str, float]
    dates: Mapping[str, str]
    is_truth_value: bool

    @classmethod
    def of(cls, field: str, rows: Sequence[Fields]) -> Self:
        """Return the column of rows that a field is."""
        values = {each: None for row in rows for each in written(row.get(field))}
        texts = list(values)
        month_first = any(
            match and match["second"] and int(match["second"]) > 12
            for match in map(_DATE.match, texts)
        )
        comma = any(map(_DECIMAL_COMMA.search, texts))
        dates = {text: date for text in texts if (date := date_of(text, month_first=month_first))}
        numbers = {
            text: number
            for text in texts
            if (number := number_of(text, decimal_comma=comma)) is not None
        }
        phrases = {phrase_of(text) for text in texts}
        short = frozenset(each for each in phrases if 0 < len(each) <= MOST_WORDS_OF_A_VALUE)
        return cls(
            field,
            stems_of_name(field),
            short,
            frozenset(word for phrase in short for word in phrase),
            numbers if 2 * len(numbers) > len(texts) else {},
            dates if 2 * len(dates) > len(texts) else {},
            all(fold(text) in _NOTHING | _SOMETHING for text in texts),
        )

    def holds(self, part: Phrase) -> bool:
        """Tell whether some value holds words."""
        if len(part) == 1:
            alone = (phrase[0] for phrase in self.phrases if len(phrase) == 1)
            return part[0] in self.words or any(are_kin(each, part[0]) for each in alone)
        is_known = self.words.issuperset(part)
        return is_known and any(_holds(phrase, part) for phrase in self.phrases)

    def is_meant(self, text: str, part: Phrase) -> bool:
        """Tell whether a value is one that words mean: all of it if any is, else a part."""
        phrase = phrase_of(text)
        return phrase == part or (part not in self.phrases and _holds(phrase, part))

    def cannot_compare(self, value: MetadataValue | None) -> bool:
        """Tell whether a value says something that is neither a figure nor a date here."""
        texts = [text for text in written(value) if text]
        return any(text not in self.numbers and text not in self.dates for text in texts)

    @property
    def counts(self) -> bool:
        """Whether it counts something, and some rows have none."""
        numbers = self.numbers.values()
        return 0 in numbers and all(number.is_integer() for number in numbers)

    def is_of(self, kind: Kind) -> bool:
        """Whether its numbers are of a kind, by its name, or by its cells: "12 €", "3 days"."""
        named = any(each in kind.units | kind.names for each in self.name)
        return named or (bool(self.numbers) and not self.words.isdisjoint(kind.units))

    def differs(self, units: Collection[str]) -> bool:
        """Whether its name has a unit of money that is none of these."""
        own = MONEY.units.intersection(self.name)
        return bool(own and units) and own.isdisjoint(units)

    @property
    def has_years(self) -> bool:
        """Whether its numbers are years."""
        return bool(self.numbers) and all(1800 <= n <= 2200 for n in self.numbers.values())

    @property
    def numbers_rows(self) -> bool:
        """Whether its numbers are those of the rows, one after another."""
        found = self.numbers.values()
        return len(found) > 3 and max(found) - min(found) == len(found) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a table, `MOST_COLUMNS` at most, and the stems of its name."""

    name: frozenset[str]
    columns: tuple[Column, ...]
    are_all: bool = True

    @classmethod
    def of(cls, name: str, rows: Sequence[Fields]) -> Self:
        """Return the columns of rows."""
        fields = dict.fromkeys(each for row in rows for each in row if each not in _NOT_COLUMNS)
        columns = tuple(Column.of(each, rows) for each in list(fields)[:MOST_COLUMNS])
        return cls(frozenset(stems_of_name(name)), columns, len(fields) <= MOST_COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class RowTest:
    """A test of a row: one of `columns` must pass it.

    "is" takes phrases that the value is, or holds. The comparisons take a figure, or an ISO date of
    which as much is compared as is given. "none" passes what is empty, 0, false or "no", and "some"
    what is not. With `negated`, the test must fail.
    """

    columns: tuple[Column, ...]
    operator: Operator
    phrases: frozenset[Phrase] = frozenset()
    bound: str = ""
    negated: bool = False

    def passes(self, row: Fields) -> bool:
        """Tell whether a row passes."""
        return self.negated != any(self._passes(each, row.get(each.field)) for each in self.columns)

    @property
    def compares(self) -> bool:
        """Whether it compares figures or dates, which not every cell may be."""
        return self.operator in COMPARISONS

    def _passes(self, column: Column, value: MetadataValue | None) -> bool:
        match self.operator:
            case "is":
                texts = list(written(value))
                return any(column.is_meant(text, part) for text in texts for part in self.phrases)
            case "none" | "some":
                return _filled(value) == (self.operator == "some")
        compare = COMPARISONS[self.operator]
        for text in written(value):
            if date := column.dates.get(text):
                return compare(date[: len(self.bound)], self.bound[: len(date)])
            number, bound = column.numbers.get(text), number_of(self.bound)
            if number is not None and bound is not None:
                return compare(number, bound)
        return False


def _holds(phrase: Phrase, part: Phrase) -> bool:
    """Tell whether a value holds words, or is akin to one, as "Italy" to "Italian"."""
    starts = range(len(phrase) - len(part) + 1)
    if any(phrase[at : at + len(part)] == part for at in starts):
        return True
    return len(phrase) == len(part) == 1 and are_kin(phrase[0], part[0])


def are_kin(stem: str, other: str) -> bool:
    """Tell whether two stems are one, or one is the other with an ending: "supply", "supplier"."""
    short, long = sorted((stem, other), key=len)
    is_ending = len(short) > 4 and long.startswith(short) and len(long) - len(short) < 4
    return stem == other or is_ending


def written(value: MetadataValue | None) -> Iterator[str]:
    """Yield the values of a field as texts."""
    for each in value if isinstance(value, tuple) else () if value is None else (value,):
        yield str(each).lower() if isinstance(each, bool) else str(each).strip()


def _filled(value: MetadataValue | None) -> bool:
    return any(fold(text) not in _NOTHING and number_of(text) != 0 for text in written(value))
