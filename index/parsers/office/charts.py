"""Charts in office files, as the rows of a table."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from index.parsers.blocks import one_line

MAX_POINTS = 2000
"""Of a series; a longer one is a curve, which nobody reads as a table."""

_DAY_ZERO = date(1899, 12, 30)
_MOST_DAYS = 2_000_000


def chart_rows(root: Any) -> Iterator[list[str]]:
    """Yield a chart's title, then a row with the names of its series, and one for each category.

    `root` is that of its part, with names without namespaces.
    """
    title = root.find("chart/title")
    if title is not None and (text := _text(title)):
        yield [text]
    series = list(root.iter("ser"))
    columns = [_points(each, "val", "yVal") for each in series]
    categories: dict[int, str] = {}
    for each in series:
        categories = categories or _points(each, "cat", "xVal")
    names = [_text(name) if (name := each.find("tx")) is not None else "" for each in series]
    indices = sorted(set(categories).union(*columns))[:MAX_POINTS]
    if any(names):
        yield ["", *names]
    for index in indices:
        yield [categories.get(index, ""), *(column.get(index, "") for column in columns)]


def _points(series: Any, *names: str) -> dict[int, str]:
    """Return the values of a series' first part of these names, by their indices."""
    for name in names:
        part = series.find(name)
        if part is None:
            continue
        code = (part.findtext(".//formatCode") or "").lower()
        level = part.find(".//lvl")
        points = (part if level is None else level).iter("pt")
        return {
            int(point.get("idx")): _shown(point.findtext("v") or "", code)
            for point in points
            if (point.get("idx") or "").isdecimal()
        }
    return {}


def _shown(value: str, code: str) -> str:
    """Return a value as a person reads it: 4.3 for 4.2999999999999998, 12% for 0.12, a date."""
    try:
        number = float(value)
    except ValueError:
        return one_line(value)
    if "y" in code and 0 < number < _MOST_DAYS:
        return (_DAY_ZERO + timedelta(days=int(number))).isoformat()
    if not math.isfinite(number):
        return ""
    return f"{100 * number:.10g}%" if "%" in code else f"{number:.15g}"


def _text(element: Any) -> str:
    pieces = (piece.text or "" for piece in element.iter("t", "v"))
    return one_line(" ".join(pieces))
