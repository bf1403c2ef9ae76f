"""The header of a table: whether its first row is one, and the names that it gives to columns."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise, zip_longest
from typing import TypeVar

from index.parsers.row_text import NAMES

HEADER_ROWS = 200
"""So many rows below the first tell whether it is a header."""
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

_Value = TypeVar("_Value")


def is_header(
    first: Sequence[str], below: Sequence[Sequence[str]], *, in_doubt: bool = True
) -> bool:
    """Tell whether `first` names the columns of the records below it.

    Where nothing proves it, `in_doubt` says so, unless `first` looks like the records. Years and
    dates are names only above other kinds.
    """
    cells = [cell.strip().lower() for cell in trimmed(first)]
    kinds = [_kind(cell) for cell in cells]
    if not cells or not set(kinds) <= _NAMELIKE | _PERIODS | {"", "statement"}:
        return False
    columns = [
        [cell.strip().lower() for cell in column] for column in zip_longest(*below, fillvalue="")
    ]
    columns = [*columns, *([] for _ in cells)][: len(cells)]
    kinds_below = [_common_kind(column) for column in columns]
    periods = [column for column, kind in enumerate(kinds) if kind in _PERIODS]
    if periods and not _are_names(periods, cells, kinds_below):
        return False
    usual = {cell for cell in cells if cell in NAMES}
    differs = any(
        kind in _NAMELIKE and other not in ("", "mixed", kind, *(_NAMELIKE - {_TEXT}))
        for kind, other in zip(kinds, kinds_below, strict=True)
    )
    if periods or differs or any(len(name) > 1 for name in usual) or len(usual) > 1:
        return True
    if not in_doubt:
        return False
    filled = [cell for cell in cells if cell]
    repeated = any(cell and cell in column for cell, column in zip(cells, columns, strict=True))
    asks = ("question", "question") in zip(kinds, kinds_below, strict=True)
    looks_alike = asks or "statement" in kinds or len(set(filled)) < len(filled) or "" in kinds[1:]
    return not repeated and not looks_alike and max(map(len, filled)) <= _MAX_NAME_CHARS


def column_names(first: Sequence[str]) -> list[str]:
    """Return a name for each cell, "column 3" for an empty one, "price 2" for a second "price"."""
    names: list[str] = []
    written = {" ".join(cell.split()).lower() for cell in first}
    taken: set[str] = set()
    for number, cell in enumerate(trimmed(first), 1):
        name = base = " ".join(cell.split()) or f"column {number}"
        count = 1
        while name.lower() in taken or (count > 1 and name.lower() in written):
            count += 1
            name = f"{base} {count}"
        taken.add(name.lower())
        names.append(name)
    return names


def named(names: Sequence[str], cells: Sequence[_Value]) -> dict[str, _Value]:
    """Return a row's cells by the names of their columns, "column 1" for the first without one."""
    unnamed = (f"column {n}" for n in range(len(names) + 1, len(cells) + 1))
    return dict(zip(chain(names, unnamed), cells, strict=False))


def trimmed(cells: Sequence[str]) -> list[str]:
    """Return `cells` without the empty ones at the end."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return list(cells[:end])


def _are_names(periods: list[int], cells: list[str], kinds_below: list[str]) -> bool:
    """Tell whether years or dates go up or down, beside a name, above something else."""
    written = [cells[column] for column in periods]
    rises = all(one < other for one, other in pairwise(written))
    falls = all(one > other for one, other in pairwise(written))
    differ = all(kinds_below[column] not in _PERIODS for column in periods)
    return len(periods) > 1 and (rises or falls) and differ and 0 not in periods


def _common_kind(column: Sequence[str]) -> str:
    """Return the kind of most filled cells, "mixed" if there is none, "" if all are empty."""
    kinds = Counter(kind for cell in column if (kind := _kind(cell)))
    if not kinds:
        return ""
    kind, count = kinds.most_common(1)[0]
    return kind if count >= _MOST * kinds.total() else "mixed"


def _kind(cell: str) -> str:
    if cell in _MISSING:
        return ""
    for kind, pattern in (("year", _YEAR), ("number", _NUMBER), ("date", _DATE), ("link", _LINK)):
        if pattern.fullmatch(cell):
            return kind
    if cell.endswith("?"):
        return "question"
    return "statement" if cell.endswith((".", "!")) and len(cell.split()) > 2 else _TEXT
