"""Remarks on a file, for the report: what was left out of it, or read in another way."""

from collections.abc import Sequence

LISTED = 5
_MOST_NUMBERS = 20


def listed(items: Sequence[object], most: int = LISTED) -> str:
    """Return "a, b and 3 more", say."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(map(str, items[:most])) + more


def remark_on(what: str, numbers: Sequence[int], one: str, many: str) -> str:
    """Return "slide 3 is hidden" or "slides 3, 4 are hidden", say; "" without numbers."""
    if len(numbers) < 2:
        return f"{what} {numbers[0]} {one}" if numbers else ""
    return f"{what}s {listed(numbers, _MOST_NUMBERS)} {many}"
