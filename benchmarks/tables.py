"""Tables of Markdown, and figures as they are written in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def at(figures: Mapping[str, Any], place: Iterable[str]) -> Any:
    """Return what stands at a place of nested figures; None where nothing does."""
    found: Any = figures
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def middle(value: Any) -> float | None:
    """Return a figure, the median of one that was measured several times."""
    found: float | None = value["median"] if isinstance(value, Mapping) else value
    return found


def shown(value: Any) -> str:
    """Write a figure with three significant digits, and its least and greatest if known."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if value["least"] == value["most"]:  # measured once
            return shown(value["median"])
        return f"{shown(value['median'])} ({shown(value['least'])} to {shown(value['most'])})"
    if isinstance(value, str):
        return value
    if value and abs(value) < 100:
        return f"{value:#.3g}".rstrip(".")
    return f"{value:,.0f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table; all columns but the first are numbers, and stand to the right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[shown(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
