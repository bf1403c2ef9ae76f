"""Which period a text speaks of, so that no figure of another period is given for the one asked."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

_NUMBERS = {
    name: number
    for number, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), 1
    )
}
_LENGTH = re.compile(
    rf"\b(?:first )?({'|'.join(_NUMBERS)}|\d{{1,2}})[ -](?:fiscal )?(month|week)s?\b(?: ended)?",
    re.I,
)
_WEEKS_A_MONTH = 4.33
_LENGTHS_BY_NAME = (
    (
        re.compile(
            r"(?:\b(?:first|second|third|fourth|last) )?(?:fiscal )?\bquarter(?:ly)?\b(?: ended)?"
            r"|\bq[1-4]\b",
            re.I,
        ),
        3,
    ),
    (re.compile(r"\bhalf[- ]year\b|\b(?:first|second) half\b", re.I), 6),
    (re.compile(r"\b(?:full|whole|entire) year\b|\bannual(?:ly)?\b|\byears? ended\b", re.I), 12),
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = r"\b(?P<month>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATES = (
    re.compile(rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)", re.I),
    re.compile(rf"\b(?P<day>\d{{1,2}})\.?\s+{_MONTH},?\s+(?P<year>(?:19|20)\d\d)", re.I),
    re.compile(rf"{_MONTH},?\s+(?P<year>(?:19|20)\d\d)\b", re.I),
    re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    re.compile(r"\b(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>(?:19|20)\d\d)\b"),
)
_END_OF_YEAR = re.compile(r"\bend of(?: the year)? ((?:19|20)\d\d)\b", re.I)
_YEAR = re.compile(r"(?<!\d)(?<!\d[.,])(?:19|20)\d\d(?!\d|[.,]\d)")
_FISCAL = re.compile(r"\b(?:fiscal(?: year)?|fy) ?((?:19|20)\d\d)\b", re.I)
_QUARTERS = ("first", "second", "third", "fourth")
_QUARTER = re.compile(
    rf"\b(?:({'|'.join(_QUARTERS)}) (?:fiscal )?quarter|q([1-4]))(?: of)?(?: the)?(?: fiscal)?"
    r"(?: year)?,? ((?:19|20)\d\d)\b",
    re.I,
)
_STATED_END = re.compile(r"\b(?:period|quarter|months|weeks) ended:?\s+(?=[a-z]{3,9} \d)", re.I)
_NEAR_A_QUARTER_S_END = timedelta(days=15)
_OPEN = re.compile(
    r"\b(?:before|after|since|until|till|between|than|from|through|by)\s+(?:\w+ ){0,3}"
    r"(?:\d{1,2},? )?(?:19|20)\d\d\b",
    re.I,
)
"""What a period only begins or ends with: it may lie in any column."""
_FIRST_PAGE = 3000
_TOLERANCE = timedelta(days=7)
"""Quarters end on a Saturday or Sunday near the end of a month."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a text says of a period: its length in `months`, the `dates` it ends at, its `years`.

    Each date is the first and the last day that it may be. What is not said is None or empty.
    `is_fiscal` tells that the years are fiscal ones, and `words` has the words that say all this.
    """

    months: int | None = None
    dates: tuple[tuple[date, date], ...] = ()
    years: frozenset[int] = frozenset()
    is_fiscal: bool = False
    words: str = ""

    def __bool__(self) -> bool:
        """Tell whether the text speaks of a period."""
        return bool(self.months or self.dates or self.years)

    def fits(self, heading: "Period") -> bool | None:
        """Tell whether a heading is of this period; None if it does not say."""
        told: list[bool] = []
        if self.months and heading.months:
            told.append(self.months == heading.months)
        if self.dates and heading.dates:
            pairs = product(self.dates, heading.dates)
            told.append(any(_meet(one, other) for one, other in pairs))
        elif self.years and heading.years:
            told.append(not self.years.isdisjoint(heading.years))
        return all(told) if told else None


@lru_cache(maxsize=2048)
def period_of(text: str) -> Period:
    """Return the period that a text speaks of."""
    words: list[str] = []
    lengths = list(_LENGTH.finditer(text))
    named = [(found, months) for each, months in _LENGTHS_BY_NAME if (found := each.search(text))]
    months = None
    if lengths:
        number, unit = lengths[0].groups()
        count = _NUMBERS.get(number.casefold()) or int(number)
        months = round(count / _WEEKS_A_MONTH) if unit.casefold() == "week" else count
        words += (found.group() for found in lengths)
    elif named:
        months = named[0][1]
    words += (found.group() for found, _ in named)
    dates: list[tuple[date, date]] = []
    for pattern in _DATES:
        for found in pattern.finditer(text):
            dates += _days(found)
            words.append(found.group())
    dates += ((date(int(y), 12, 31),) * 2 for y in _END_OF_YEAR.findall(text))
    years = _YEAR.findall(text)
    fiscal = [found.group() for found in _FISCAL.finditer(text)]
    return Period(
        months=months,
        dates=tuple(dates),
        years=frozenset(map(int, years)),
        is_fiscal=bool(fiscal),
        words=" ".join((*words, *years, *fiscal)),
    )


@lru_cache(maxsize=128)
def asked_period(question: str, text: str = "") -> Period:
    """Return the period that a question asks for, in dates as the document `text` counts them.

    "Q3 2022" is the quarter that ends by so many quarters before or after the one which the
    document is about; a fiscal year is the calendar year that this one began by.
    """
    asked = period_of(_OPEN.sub(" ", question))
    calendar = _calendar(text)
    if asked.dates or not calendar:
        return asked
    number, end = calendar
    if found := _QUARTER.search(question):
        away = 3 * (_number_of(found) - number)
        month = end.year * 12 + end.month - 1 + away
        day = date(month // 12, month % 12 + 1, min(end.day, 28))
        near = (day - _NEAR_A_QUARTER_S_END, day + _NEAR_A_QUARTER_S_END)
        return replace(asked, dates=(near,), years=frozenset())
    if asked.is_fiscal:
        lag = number // 4 - end.year
        return replace(asked, years=frozenset(year - lag for year in asked.years))
    return asked


@lru_cache(maxsize=32)
def _calendar(text: str) -> tuple[int, date] | None:
    """Return which quarter a report is about, counted from year 0, and when that ended.

    It says when on its first page. It speaks most often of this quarter, and of those before.
    """
    stated = _STATED_END.search(text, 0, _FIRST_PAGE)
    ended = _DATES[0].match(text, stated.end()) if stated else None
    numbers = list(map(_number_of, _QUARTER.finditer(text)))
    days = _days(ended) if ended else []
    if not days or not numbers:
        return None
    (of_year, _), *_ = Counter(number % 4 for number in numbers).most_common(1)
    number, end = max(n for n in numbers if n % 4 == of_year), days[0][0]
    return (number, end) if number // 4 - end.year in (0, 1) else None


def _number_of(quarter: re.Match[str]) -> int:
    name, digit, year = quarter.groups()
    return 4 * int(year) + (_QUARTERS.index(name.casefold()) if name else int(digit) - 1)


def fitting(asked: Period, headings: Iterable[str]) -> list[bool | None]:
    """Tell of each heading whether it is of the period asked for; None if it does not say.

    One that says less than others do, such as "Three Months Ended, Change", does not say.
    """
    periods = [period_of(heading) for heading in headings]
    by_any = [any(each) for each in zip(*map(_told, periods), strict=True)]
    needed = [asks and told for asks, told in zip(_told(asked), by_any, strict=True)]

    def fits(period: Period) -> bool | None:
        says_less = any(n and not told for n, told in zip(needed, _told(period), strict=True))
        return asked.fits(period) and (None if says_less else True)

    return list(map(fits, periods))


def _told(period: Period) -> tuple[bool, bool, bool]:
    return bool(period.months), bool(period.dates), bool(period.years)


def _days(found: re.Match[str]) -> list[tuple[date, date]]:
    parts = found.groupdict()
    name, year = parts["month"].casefold(), int(parts["year"])
    month = int(name) if name.isdigit() else _MONTHS.index(name[:3]) + 1
    try:
        if day := parts.get("day"):
            return [(date(year, month, int(day)),) * 2]
        return [(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))]
    except ValueError:  # there is no such day
        return []


def _meet(one: tuple[date, date], other: tuple[date, date]) -> bool:
    return one[0] <= other[1] + _TOLERANCE and other[0] <= one[1] + _TOLERANCE
