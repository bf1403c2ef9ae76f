"""The periods of a table's columns, as its header gives them, and as questions call them."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

MONTHS = tuple(calendar.month_name)
_MONTH = "|".join(MONTHS[1:])
_DATE = re.compile(
    rf"\b({_MONTH})[ \t]*(\d{{1,2}})(?:[ \t]*,?[ \t]*((?:19|20)\d\d))?(?!\d)", re.IGNORECASE
)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}}) ({_MONTH})\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LENGTH = re.compile(
    r"\b(?:(three|six|nine|twelve) months(?: period)?|(quarter)s?|(?:fiscal )?years?)"
    r"[ -]end(?:ed|ing)",
    re.IGNORECASE,
)
_LENGTHS = {"three": 3, "six": 6, "nine": 9, "twelve": 12}
_WORDS = {3: "three", 6: "six", 9: "nine", 12: "twelve"}
_ORDINALS = ("first", "second", "third", "fourth")
_MOST_DAYS_OVER = 7
"""A quarter that ends on April 1 is the one of March."""

INSTANT = 0
"""The months of what is told as of a day."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a column tells of: `months` before its end, INSTANT for a day, None if that is not told.

    `month` and `day` are None where the header gives a year alone. `closes` is the month in which
    the document's fiscal year ends.
    """

    months: int | None
    year: int
    month: int | None = None
    day: int | None = None
    closes: int = 12

    @property
    def last_month(self) -> int:
        """The month that the period ends with; December if none is told."""
        if self.month is None:
            return 12
        over = self.day is not None and self.day <= _MOST_DAYS_OVER
        return (self.month - 2) % 12 + 1 if over else self.month

    @property
    def last_year(self) -> int:
        """The year of the last month."""
        return self.year - (self.month == 1 and self.last_month == 12)

    @property
    def quarter(self) -> int:
        """The quarter of the calendar that it ends in."""
        return (self.last_month - 1) // 3 + 1

    @property
    def fiscal_quarter(self) -> int:
        """The quarter of the fiscal year that it ends in."""
        return (self.last_month - self.closes - 1) % 12 // 3 + 1

    @property
    def fiscal_year(self) -> int:
        """The year in which its fiscal year ends."""
        return self.last_year + (self.last_month > self.closes)


def periods_of(header: str) -> list[Period]:
    """Return the periods of a header's columns, in order; none if they are not plain to see.

    Lengths such as "Three Months Ended" and days such as "September 30," stand over as many years
    each.
    """
    lengths = [_length(match) for match in _LENGTH.finditer(header)]
    header = _DAY_FIRST.sub(r"\2 \1", header)
    dates = list(_DATE.finditer(header))
    whole = [match for match in dates if match[3]]
    ends: list[tuple[int, int | None, int | None]]
    if whole:
        ends = [(int(m[3]), _month_of(m[1]), int(m[2])) for m in whole]
    else:
        days = [(_month_of(m[1]), int(m[2])) for m in dates]
        years = [int(m.group()) for m in _YEAR.finditer(header)]
        if not days:
            ends = [(year, None, None) for year in years]
        elif years and len(years) % len(days) == 0:
            each = len(years) // len(days)
            ends = [(year, *days[at // each]) for at, year in enumerate(years)]
        else:
            return []
    if not ends or (lengths and len(ends) % len(lengths)):
        return []
    each = len(ends) // max(1, len(lengths))
    return [Period(lengths[at // each] if lengths else None, *end) for at, end in enumerate(ends)]


def _length(match: re.Match[str]) -> int:
    if match[1]:
        return _LENGTHS[match[1].lower()]
    return 3 if match[2] else 12


def _month_of(name: str) -> int:
    return MONTHS.index(name.capitalize())


def called(period: Period, random: Random) -> tuple[str, str]:
    """Return a wording of a period as it stands in a sentence, and as a keyword."""
    if period.month is None or (period.months is None and random.random() < 0.5):
        year = str(period.year)
        return random.choice((f"in {year}", f"in {year}", f"for {year}")), year
    if period.months == INSTANT and random.random() < 0.88:
        bare = random.choice(_day_wordings(period, random))
        words = ("as of", "at") if bare.startswith("the end") else ("as of", "as of", "on", "at")
        return f"{random.choice(words)} {bare}", bare
    if period.months == INSTANT:
        period = replace(period, months=3)
    bare = random.choice(_span_wordings(period, random))
    return f"{random.choice(('in', 'in', 'for', 'during'))} {bare}", bare


def date_wording(period: Period, random: Random) -> str:
    """Return the day that a period ends on, in one of the ways to write it."""
    if period.month is None or period.day is None:
        return str(period.year)
    name, day, year = MONTHS[period.month], period.day, period.year
    return random.choice(
        (
            *(f"{name} {day}, {year}",) * 5,
            f"{name} {day} {year}",
            f"{name[:3]} {day}, {year}",
            f"{day} {name} {year}",
            f"{period.month}/{day}/{year}",
        )
    )


def _month_wording(period: Period) -> str:
    return f"{MONTHS[period.last_month]} {period.last_year}"


def _day_wordings(period: Period, random: Random) -> list[str]:
    return [
        *(date_wording(period, random) for _ in range(5)),
        _month_wording(period),
        f"the end of {_month_wording(period)}",
        f"the end of {random.choice(_quarter_wordings(period))}",
        f"the end of the {MONTHS[period.last_month]} quarter",
    ]


def _span_wordings(period: Period, random: Random) -> list[str]:
    date, month = date_wording(period, random), _month_wording(period)
    if period.months is None:
        return [f"the period ended {date}", f"the period to {month}", f"{period.year}"]
    if period.months == 3:
        name = MONTHS[period.last_month]
        return [
            *_quarter_wordings(period) * 2,
            *(f"the quarter ended {date}",) * 4,
            f"the quarter ending {date}",
            *(f"the three months ended {date}",) * 2,
            f"the three months to {month}",
            f"the {month} quarter",
            f"the {name} quarter of {period.last_year}",
            f"the quarter to {month}",
        ]
    words = _WORDS[period.months]
    wordings = [f"the {words} months ended {date}"] * 3
    wordings += [f"the {words} months to {month}", f"the {words} months through {month}"]
    begins_the_year = period.fiscal_quarter * 3 == period.months
    if period.months == 12:
        wordings += [
            f"the year ended {date}",
            f"the year to {month}",
            f"the twelve months to {date}",
        ]
        if begins_the_year:
            wordings += [f"fiscal {period.fiscal_year}", f"fiscal year {period.fiscal_year}"]
            wordings += [f"FY{period.fiscal_year}", f"the full year {period.fiscal_year}"]
    elif begins_the_year:
        for year in _fiscal_years(period):
            wordings += [f"the first {words} months of {year}", f"the year to date through {month}"]
            if period.months == 6:
                wordings += [f"the first half of {year}"] * 2 + [f"H1 {year}"]
            else:
                wordings += [f"the first three quarters of {year}"]
    return wordings


def _quarter_wordings(period: Period) -> list[str]:
    """Return what the quarter is called, by the fiscal year and by the calendar."""
    number, year = period.fiscal_quarter, period.fiscal_year
    ordinal = _ORDINALS[number - 1]
    if period.closes == 12:
        return [
            *(f"Q{number} {year}", f"Q{number} {year}", f"the {ordinal} quarter of {year}"),
            *(f"Q{number} of {year}", f"{year} Q{number}", f"{ordinal}-quarter {year}"),
        ]
    by_calendar = f"Q{period.quarter} {period.last_year}"
    return [
        *(
            f"fiscal Q{number} {year}",
            f"Q{number} of fiscal {year}",
            f"Q{number} FY{year % 100:02}",
        ),
        *(f"the {ordinal} quarter of fiscal {year}", f"Q{number} fiscal {year}"),
        *(f"the {ordinal} fiscal quarter of {year}", f"Q{number} {year}", by_calendar),
    ]


def _fiscal_years(period: Period) -> Sequence[str]:
    year = period.fiscal_year
    if period.closes == 12:
        return (str(year), str(year))
    return (f"fiscal {year}", f"fiscal year {year}", f"its fiscal {year}", f"FY{year}")


def other_than(periods: Sequence[Period], random: Random) -> Period | None:
    """Return a period like these that is none of them; None if they are too little told.

    It is another year, or the same day's with a length that no column has, or another quarter.
    """
    like = random.choice(periods)
    lengths = {each.months for each in periods}
    chance = random.random()
    if chance < 0.3 and None not in lengths and INSTANT not in lengths and like.month:
        free = [each for each in (3, 6, 9, 12) if each not in lengths]
        if free:
            return replace(like, months=random.choice(free))
    if chance < 0.5 and like.month and like.months is not None:
        moved = _moved(like, random.choice((-6, 6, -3, 3)))
        if not any(ends_alike(moved, each) for each in periods):
            return moved
    told = {year for each in periods for year in _years(each)}
    years = [at for near in (1, 1, 2, 3, 4, 6, 8) for at in (like.year - near, like.year + near)]
    others = [replace(like, year=year) for year in years]
    others = [each for each in others if not told & set(_years(each))]
    return random.choice(others) if others else None


def _years(period: Period) -> tuple[int, ...]:
    return period.year, period.last_year, period.fiscal_year


def _moved(period: Period, months: int) -> Period:
    """Return a period some months later, or earlier, that ends with a month."""
    index = period.last_year * 12 + period.last_month - 1 + months
    year, month = index // 12, index % 12 + 1
    return replace(period, year=year, month=month, day=calendar.monthrange(year, month)[1])


def ends_alike(one: Period, other: Period) -> bool:
    """Tell whether a wording of one may mean the other: by the calendar or the fiscal year."""
    names = {(one.quarter, one.last_year), (one.fiscal_quarter, one.fiscal_year)}
    return bool(
        names & {(other.quarter, other.last_year), (other.fiscal_quarter, other.fiscal_year)}
    )


def shifted(text: str, years: int, months: int) -> str:
    """Return a text with all its years, months and days moved.

    Years do not carry over: a header's "September 30, | 2022" has them apart.
    """

    def month(match: re.Match[str]) -> str:
        name = MONTHS[(_month_of(match[1]) - 1 + months) % 12 + 1]
        day = min(int(match[2]), 28 if name == "February" else 30)
        written = name.upper() if match[1].isupper() else name
        return f"{written} {day if months else match[2]}" + (f", {match[3]}" if match[3] else "")

    text = _DATE.sub(month, text) if months else text
    return _YEAR.sub(lambda match: str(int(match.group()) + years), text)
