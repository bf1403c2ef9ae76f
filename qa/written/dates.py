"""Dates in a text, down to weekdays and quarters, and whether a text states one of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAMES = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|"
    r"December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
)
_AFTER = "in on of until by since mid- from early late through".split()
_SPOKEN_OF = "|".join(f"(?<={word if word[-1] == '-' else word + ' '})" for word in _AFTER)
"""What stands before May and March, which are words, too."""
_WHOLE_NAMES = (
    r"(?P<month>January|February|April|June|July|August|September|October|November|December|"
    rf"(?:{_SPOKEN_OF})(?:March|May))\b"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d/%]|[.,]\d)"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?!\d)"
_QUARTERS = ("first", "second", "third", "fourth")
_QUARTER = (
    r"\b(?:(?P<quarter>(?:first|second|third|fourth|1st|2nd|3rd|4th)(?: (?:fiscal|calendar))? "
    r"quarter|Q[1-4])(?:,? (?:of )?(?:the )?(?:fiscal )?(?:year )?(?:FY ?)?|[ -/]?)"
)
_WEEKDAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_PATTERNS = tuple(
    re.compile(pattern, re.I if flags else re.NOFLAG)
    for pattern, flags in (
        (rf"\b{_NAMES} ?{_DAY},? {_YEAR}", True),
        (rf"\b{_DAY}\.?(?: of)? {_NAMES},? {_YEAR}", True),
        (rf"\b{_DAY}[ -]{_NAMES}[ -]{_YEAR}", True),
        (rf"\b{_NAMES},?(?: of)? {_YEAR}", True),
        (
            r"(?<![\d.])(?P<year>(?:1[5-9]|20)\d\d)-(?P<month>[01]\d)-(?P<day>[0-3]\d)(?:T[\d:.+-]*\d)?(?!\d)",
            True,
        ),
        (
            r"(?<![\d./])(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>(?:1[5-9]|20)?\d\d)(?![\d/])",
            True,
        ),
        (
            r"(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:1[5-9]|20)\d\d)(?!\d)",
            True,
        ),
        (rf"{_QUARTER}{_YEAR})", True),
        (r"\b(?P<quarter>[1-4]Q)[ -]?(?P<year>(?:20)?\d\d)(?!\d)", True),
        (rf"{_QUARTER})", True),
        (rf"\b{_NAMES} {_DAY}", False),
        (rf"\b{_DAY}(?: of)? {_NAMES}", False),
        (rf"\b{_WHOLE_NAMES}", False),
        (r"\b(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b", True),
        (rf"\b(?P<weekday>{_WEEKDAYS})\b(?=[.,]{{0,2}} ?[\d\x00]|-(?:{_WEEKDAYS})\b)", False),
        (rf"(?<=\x00-)(?P<weekday>{_WEEKDAYS})\b", False),
        (r"(?<![\d.,-])(?P<year>(?:1[5-9]|20)\d\d)[-/](?P<short>\d\d)(?![\d/-])", True),
        (r"\b(?:FY|fiscal)\s?'?(?P<year>\d\d)\b", True),
        (r"(?<![\w.,$€£/])(?P<year>(?:1[5-9]|20)\d\d)(?![\w%]|[.,:]\d|\s?[%°])", True),
    )
)
_COUNTED = re.compile(
    r"(?:hundred|thousand|million|billion|percent|people|patients|participants|units|employees|"
    r"shares|dollars|euros|mg|kg|g|km|m|cm|mm|ml|l|kcal|calories|feet|miles|hours|days|times)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Date:
    """What a text says of a date; what it does not say is None. `weekday` has three letters."""

    text: str
    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None
    weekday: str | None = None
    other: tuple[int, int] | None = None
    """Month and day of "6/7/2022", read the other way round."""


def undated(sentence: str, cited: str) -> str | None:
    """Return the first date of a sentence that `cited` does not state, if any."""
    stated = dates(cited)
    years = {date.year for date in stated if date.year} | set(map(int, _any_years(cited)))
    for date in dates(sentence):
        if not _is_stated(date, stated, years):
            return date.text
    return None


def without_dates(text: str, *, years: bool = True) -> str:
    """Return a text with null characters for its dates; `years` tells whether for bare years."""
    letters = list(text)
    for date in dates(text):
        if years or date.month or date.quarter:
            letters[date.start : date.end] = "\x00" * (date.end - date.start)
    return "".join(letters)


def _is_stated(date: Date, stated: tuple[Date, ...], years: set[int]) -> bool:
    if date.weekday:
        return any(each.weekday == date.weekday for each in stated)
    if date.quarter:
        alike = [each for each in stated if each.quarter == date.quarter]
    elif date.month:
        alike = [each for each in stated if _same_day(date, each)]
    else:
        return date.year in years
    if not alike:
        return False
    if date.year is None or any(each.year == date.year for each in alike):
        return True
    return any(each.year is None for each in alike) and date.year in years


def _same_day(date: Date, other: Date) -> bool:
    days = [(each.month, each.day) for each in (date, other)]
    ways = [{day, one.other or day} for day, one in zip(days, (date, other), strict=True)]
    if date.day is None:
        return any(month == date.month for month, _ in ways[1])
    return not ways[0].isdisjoint(ways[1])


@lru_cache(maxsize=256)
def dates(text: str) -> tuple[Date, ...]:
    """Return the dates that a text states, in order."""
    found: list[Date] = []
    left = text
    for pattern in _PATTERNS:
        for match in pattern.finditer(left):
            found += _dates_of(match)
        left = pattern.sub(_blank, left)
    return tuple(sorted(found, key=lambda date: date.start))


def _blank(match: re.Match[str]) -> str:
    return "\x00" * len(match[0]) if list(_dates_of(match)) else match[0]


def _dates_of(match: re.Match[str]) -> Iterator[Date]:
    parts = match.groupdict()
    month, day = _month(parts.get("month")), int(parts["day"]) if parts.get("day") else None
    year = _whole_year(parts.get("year"))
    if day is not None and not 0 < day <= 31:
        return
    other = None
    if (written := parts.get("month")) and written.isdigit() and month and day:
        if month > 12 >= day:
            month, day = day, month
        elif day <= 12 and "/" in match[0]:
            other = (day, month)
    if month is not None and not 0 < month <= 12:
        return
    only_year = year and not (month or parts.get("quarter") or parts.get("short"))
    if only_year and _COUNTED.match(match.string, match.end() + 1):
        return
    quarter = parts.get("quarter")
    number = _quarter(quarter) if quarter else None
    weekday = (parts.get("weekday") or "").lower()[:3] or None
    yield Date(match[0], *match.span(), year, month, day, number, weekday, other)
    if (short := parts.get("short")) and year:
        last = year - year % 100 + int(short)
        yield Date(match[0], *match.span(), last)


def _month(written: str | None) -> int | None:
    if not written:
        return None
    return int(written) if written.isdigit() else _MONTHS.index(written.lower()[:3]) + 1


def _whole_year(written: str | None) -> int | None:
    if not written:
        return None
    return 2000 + int(written) if len(written) == 2 else int(written)


def _quarter(written: str) -> int:
    digit = re.search(r"\d", written)
    return int(digit[0]) if digit else _QUARTERS.index(written.lower().split()[0]) + 1


def _any_years(text: str) -> list[str]:
    return re.findall(r"(?<![\d.,])(?:1[5-9]|20)\d\d(?!\d|[.,]\d)", text)
