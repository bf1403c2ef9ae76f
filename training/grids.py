"""Questions for a cell of published tables that name their rows and columns."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from training.phrasing import as_typed
from training.rows import Row

_GRID_TEMPLATES = (
    *("What is the {column} of {key}?", "{key} {column}", "{column} of {key}", "{column} {key}"),
    *("Which {column} does {key} have?", "What {column} is given for {key}?", "{key}'s {column}?"),
)
_OTHER_ROWS = 0.6
_NAME = re.compile(r"[A-Z][a-z]+")


def rows_of_grids(rows: Sequence[Row], random: Random) -> Iterator[Row]:
    """Yield questions for a cell of published tables that have a name a row and a column's name.

    For each one comes the same question to another row of the table, or for a column it lacks.
    """
    by_table: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.source == "wtq" and row.made in {"", "row"} and row.text.count("\n") == 1:
            by_table[row.document][row.text] = row
    columns = sorted(
        {name for own in by_table.values() for row in own.values() for name in _grid(row)[0]}
    )
    for own in by_table.values():
        for row in own.values():
            names, cells = _grid(row)
            keys = [at for at, cell in enumerate(cells) if _NAME.match(cell)]
            if len(names) != len(cells) or not keys or len(names) < 2:
                continue
            key = keys[0]
            at = random.choice([each for each in range(len(names)) if each != key])
            if not names[at] or not cells[at]:
                continue
            template = random.choice(_GRID_TEMPLATES)
            question = template.format(key=cells[key], column=names[at].lower())
            start = row.text.index("\n") + 1 + _offset(row.text.split("\n")[1], at)
            span = (start, start + len(cells[at]))
            yield replace(row, made="grid", question=as_typed(question, random), span=span)
            others = [
                each
                for each in own.values()
                if each.text != row.text and cells[key] not in each.text
            ]
            if others and random.random() < _OTHER_ROWS:
                text = random.choice(others).text
            else:
                text = row.text
                column = random.choice(columns)
                if column in text.lower():
                    continue
                question = template.format(key=cells[key], column=column)
            yield replace(
                row, made="grid", question=as_typed(question, random), text=text, span=None
            )


def _grid(row: Row) -> tuple[list[str], list[str]]:
    names, cells = row.text.split("\n")
    return [each.strip() for each in names.split("|")], [each.strip() for each in cells.split("|")]


def _offset(line: str, at: int) -> int:
    """Return where the cell `at` begins in a line, behind its blanks."""
    cells = line.split("|")
    before = sum(len(cell) + 1 for cell in cells[:at])
    return before + len(cells[at]) - len(cells[at].lstrip())
