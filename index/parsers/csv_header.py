"""Whether the first record of a CSV names its columns, and what they are called."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from index.parsers.row_text import NAMES

_MOST = 0.8
_MAX_NAME_CHARS = 100
_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?[0-9][0-9.,'\s]*(?:[eE][-+]?[0-9]+)?\s?[%$€£¥]?\)?")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_DATE = re.compile(
    r"[0-9]{1,4}([-/.])[0-9]{1,2}(?:\1[0-9]{1,4})?(?:[T ]+[0-9]{1,2}:[0-9:.]+\s?\w*)?"
    r"|[0-9]{1,2}:[0-9:.]+",
    re.ASCII,
)
_LINK = re.compile(r"(?i)(?:https?://|www\.)\S+|[^\s@]+@[^\s@]+\.\w+")
_MISSING = frozenset(("", "n/a", "na", "null", "none", "nan", "-", "--", "?"))
_TEXT, _NAMELIKE = "text", frozenset(("text", "question"))
_PERIODS = frozenset(("year", "date"))


def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether `first` names the columns of the records below it.

    In doubt it does, unless it looks like them: a wrong header costs a row and names all others
    wrongly, but texts that are all different tell nothing. Years and dates are names above
    something else.
    """
    cells = [cell.strip().lower() for cell in trimmed(first)]
    kinds = [_kind(cell) for cell in cells]
    if not cells or not set(kinds) <= _NAMELIKE | _PERIODS | {"", "statement"}:
        return False
    columns = [[cell.strip().lower() for cell in column] for column in _columns(below, len(cells))]
    kinds_below = [_common_kind(column) for column in columns]
    periods = [place for place, kind in enumerate(kinds) if kind in _PERIODS]
    if periods and not _are_names(periods, cells, kinds_below):
        return False
    named = {cell for cell in cells if cell in NAMES}
    differs = any(
        kind in _NAMELIKE and other not in ("", "mixed", kind, *(_NAMELIKE - {_TEXT}))
        for kind, other in zip(kinds, kinds_below, strict=True)
    )
    if periods or differs or any(len(name) > 1 for name in named) or len(named) > 1:
        return True
    filled = [cell for cell in cells if cell]
    repeated = any(cell and cell in column for cell, column in zip(cells, columns, strict=True))
    asks = ("question", "question") in zip(kinds, kinds_below, strict=True)
    looks_alike = asks or "statement" in kinds or len(set(filled)) < len(filled) or "" in kinds[1:]
    return not repeated and not looks_alike and max(map(len, filled)) <= _MAX_NAME_CHARS


def names_of(first: Sequence[str]) -> list[str]:
    """Return a name for each cell, no two alike: "column 3" without one, "price 2" for a second."""
    names: list[str] = []
    written = {_line(cell).lower() for cell in first}
    taken: set[str] = set()
    for place, cell in enumerate(trimmed(first), 1):
        name = base = _line(cell) or f"column {place}"
        count = 1
        while name.lower() in taken or (count > 1 and name.lower() in written):
            count += 1
            name = f"{base} {count}"
        taken.add(name.lower())
        names.append(name)
    return names


def trimmed(cells: Sequence[str]) -> list[str]:
    """Return `cells` without the empty ones at the end."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return list(cells[:end])


def _are_names(periods: list[int], cells: list[str], kinds_below: list[str]) -> bool:
    """Tell whether years or dates go up or down, beside a name, above something else."""
    written = [cells[place] for place in periods]
    rises = all(one < other for one, other in pairwise(written))
    falls = all(one > other for one, other in pairwise(written))
    differ = all(kinds_below[place] not in _PERIODS for place in periods)
    return len(periods) > 1 and (rises or falls) and differ and 0 not in periods


def _columns(below: Sequence[Sequence[str]], count: int) -> Iterator[tuple[str, ...]]:
    columns = list(zip_longest(*below, fillvalue=""))
    yield from (columns[place] if place < len(columns) else () for place in range(count))


def _common_kind(column: Sequence[str]) -> str:
    """Return what most that is there is; "" where nothing is, "mixed" for no such kind."""
    kinds = Counter(kind for cell in column if (kind := _kind(cell)))
    if not kinds:
        return ""
    kind, count = kinds.most_common(1)[0]
    return kind if count >= _MOST * kinds.total() else "mixed"


def _kind(cell: str) -> str:
    """Return what a cell holds, "" for nothing."""
    if cell in _MISSING:
        return ""
    for kind, pattern in (("year", _YEAR), ("number", _NUMBER), ("date", _DATE), ("link", _LINK)):
        if pattern.fullmatch(cell):
            return kind
    if cell.endswith("?"):
        return "question"
    return "statement" if cell.endswith((".", "!")) and len(cell.split()) > 2 else _TEXT


def _line(cell: str) -> str:
    return " ".join(cell.split())
