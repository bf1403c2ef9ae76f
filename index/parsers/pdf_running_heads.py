"""Running heads and feet: what recurs at the top or the bottom of most pages."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from index.parsers.pdf_fragments import Fragment
from index.parsers.pdf_rows import group_by_height
from index.parsers.progress import progressed

_SAME_HEIGHT = 4.0
_FEW_PAGES = 5
_NEARLY_ALL = 0.8
_MAX_STRETCHES = 3
_NUMBER = re.compile(r"\d+")
_FOLIO = re.compile(r"[0-9]{1,4}")
_ROMAN = re.compile(r"(?i)\W*(?:page\s+)?[ivxlc]{1,7}\W*")


class _Edge(NamedTuple):
    """A row near a page's edge: on which page, how high, which words, which numbers.

    `folio` is a number that stands apart at one of its ends, as page numbers do; -1 for none.
    """

    page: int
    y: float
    words: str
    numbers: tuple[int, ...]
    stretches: int
    folio: int


def without_running_heads(pages: Sequence[Sequence[Fragment]]) -> list[list[Fragment]]:
    """Return the pages' fragments without page numbers and what else recurs on most pages.

    A row goes if its words stand at the same height on most pages and its numbers are the same on
    all of them, or count the pages; and only if nothing that stays lies between it and the edge.
    """
    rows: list[list[list[Fragment]]] = []
    for page in pages:
        rows.append(group_by_height(page))
        progressed()
    for bottom in (False, True):
        while _drop_outermost(rows, bottom=bottom):
            progressed()
    return [[each for row in page for each in row] for page in rows]


def _drop_outermost(rows: list[list[list[Fragment]]], *, bottom: bool) -> bool:
    """Take the outermost row off the pages where it recurs; tell whether there were any."""
    edges = [_edge(number, page[-1 if bottom else 0]) for number, page in enumerate(rows) if page]
    dropped = False
    for group in _alike(edges):
        if _recurs(group, sum(1 for page in rows if page)):
            for edge in group:
                del rows[edge.page][-1 if bottom else 0]
            dropped = True
    return dropped


def _edge(page: int, row: Sequence[Fragment]) -> _Edge:
    text = " ".join(each.text for each in row)
    words = "i" if _ROMAN.fullmatch(text) else " ".join(_NUMBER.sub("#", text).split())
    numbers = tuple(int(number[:9]) for number in _NUMBER.findall(text))
    stretches = [row[0].text]
    for before, each in pairwise(row):
        if each.x0 - before.x1 > 2 * before.size:
            stretches.append(each.text)
        else:
            stretches[-1] += f" {each.text}"
    folios = [int(end) for end in (stretches[0], stretches[-1]) if _FOLIO.fullmatch(end)]
    return _Edge(page, row[0].y, words, numbers, len(stretches), next(iter(folios), -1))


def _alike(edges: Sequence[_Edge]) -> Iterator[list[_Edge]]:
    """Yield the rows that are numbered as the pages are, and those with the same words.

    These are at the same height unless they count the pages.
    """
    offsets = [edge.folio - edge.page for edge in edges if edge.folio >= 0]
    usual = max(set(offsets), key=lambda each: (offsets.count(each), each), default=None)
    numbered = [edge for edge in edges if edge.folio >= 0 and edge.folio - edge.page == usual]
    if len(numbered) >= max(_FEW_PAGES, 0.6 * len(edges)):
        yield numbered
        return
    by_words: dict[str, list[_Edge]] = {}
    for edge in edges:
        by_words.setdefault(edge.words, []).append(edge)
    for same_words in by_words.values():
        if any(_counts_pages(same_words, slot) for slot in range(len(same_words[0].numbers))):
            yield same_words
            continue
        heights: list[list[_Edge]] = []
        for edge in same_words:
            for group in heights:
                if abs(group[0].y - edge.y) <= _SAME_HEIGHT:
                    group.append(edge)
                    break
            else:
                heights.append([edge])
        yield from heights


def _recurs(group: Sequence[_Edge], pages: int) -> bool:
    # Left and right pages may have heads of their own; of few pages, chance makes two alike.
    needed = max(2, (0.6 if pages <= _FEW_PAGES else 0.4) * pages)
    if len({edge.words for edge in group}) > 1:
        return True
    if len(group) < needed or group[0].stretches > _MAX_STRETCHES:
        return False
    return all(
        _is_same(group, slot) or _counts_pages(group, slot) for slot in range(len(group[0].numbers))
    )


def _is_same(group: Sequence[_Edge], slot: int) -> bool:
    """Tell whether a number is the same on nearly all of the pages."""
    values = [edge.numbers[slot] for edge in group]
    return max(values.count(value) for value in set(values)) >= _NEARLY_ALL * len(group)


def _counts_pages(group: Sequence[_Edge], slot: int) -> bool:
    """Tell whether a number rises with the pages."""
    offsets = [edge.numbers[slot] - edge.page for edge in group]
    most = max(offsets.count(offset) for offset in set(offsets))
    return len(group) > 1 and most >= _NEARLY_ALL * len(group)
