"""Is a sentence about the row of a table that it cites, and about the column that it names?"""

import re
from collections.abc import Iterator, Sequence

from index.search.terms import terms
from index.structure.columns import cells_of
from qa.read.windows import Window
from qa.records import Check

_NAMED = 0.6
"""The share of a row's name that a sentence about it says."""
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_FIGURE = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w-])")


def mistaken_row(sentence: str, window: Window) -> Check | None:
    """Return what is wrong if a sentence takes a row for another, or one of its columns.

    It has to say most of what the row is called. A figure has to stand in the column whose heading
    shares most with the sentence; of several figures, each in one whose heading shares some.
    """
    if not window.units or window.units[0].kind != "row":
        return None
    *above, row = window.text.split("\n")
    is_markdown = row.startswith("|")
    name, *cells = cells_of(row, is_markdown=is_markdown)
    said = _terms(sentence)
    called = _terms(_BRACKETS.sub(" ", name)) or _terms(name)
    if called and len(called & said) < _NAMED * len(called):
        return Check("name", f"The row that it cites is called “{name.strip()}”.")
    headings = cells_of(above[0], is_markdown=is_markdown)[1:] if above else []
    if len(headings) != len(cells):
        return None
    shared = list(_shared(headings, said))
    figures = list(_figures(sentence, cells))
    most = max(shared, default=0)
    least = most if len(figures) == 1 else min(1, most)
    for figure, columns in figures:
        if all(shared[column] < least for column in columns):
            return Check("date", f"“{figure}” stands below “{headings[columns[0]].strip()}”.")
    return None


def _shared(headings: Sequence[str], said: frozenset[str]) -> Iterator[int]:
    """Yield how many of a sentence's words each heading has that tell it from another."""
    own = [_terms(heading) for heading in headings]
    in_all = frozenset.intersection(*own) if own else frozenset()
    for each in own:
        yield len((each - in_all) & said)


def _figures(sentence: str, cells: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield the figures of a sentence that stand in cells, and in which."""
    held = [[_plain(each) for each in _FIGURE.findall(cell)] for cell in cells]
    for figure in _FIGURE.findall(sentence):
        columns = [at for at, figures in enumerate(held) if _plain(figure) in figures]
        if columns:
            yield figure, columns


def _plain(figure: str) -> str:
    return figure.replace(",", "").rstrip(".")


def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))
