"""The title of a PDF: what it records, what its outline is headed by, or its largest words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from index.parsers.blocks import one_line, own_title
from index.parsers.pdf_fragments import Fragment
from index.parsers.pdf_rows import rows_of

MAX_LINES = 4
MAX_CHARS = 200
_LARGER = 1.08
_AS_LARGE = 0.98
_WORD = re.compile(r"[^\W\d_]{2,}")


def title_of(recorded: str, outline: Iterable[Any], pages: Sequence[Sequence[Fragment]]) -> str:
    """Return a document's title; "" if nothing tells it.

    `outline` are the bookmarks in order, with a level from 0 and a title.
    """
    return own_title(recorded) or _root_of(outline) or _largest(pages)


def _root_of(outline: Iterable[Any]) -> str:
    """Return what the outline is headed by, if all of it is below one entry.

    An entry with none below it heads nothing: it may be "Table of Contents".
    """
    marks = list(outline)
    roots = [mark for mark in marks if mark.level == 0]
    if len(roots) != 1 or len(marks) == 1:
        return ""
    try:
        return own_title(roots[0].get_title() or "")
    except UnicodeDecodeError:  # half a surrogate pair
        return ""


def _largest(pages: Sequence[Sequence[Fragment]]) -> str:
    """Return the largest words of the first page, if they are few and larger than most text."""
    rows = [row for row in rows_of(pages[0] if pages else ()) if _WORD.search(row.text)]
    if not rows:
        return ""
    sizes: Counter[float] = Counter()
    for page in pages:
        for fragment in page:
            sizes[round(fragment.size * 2) / 2] += len(fragment.text)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    size = max(row.size for row in rows)
    lines = [one_line(row.text) for row in rows if row.size >= _AS_LARGE * size]
    title = " ".join(lines)
    fits = len(lines) <= MAX_LINES and len(title) <= MAX_CHARS
    return title if fits and size > _LARGER * usual else ""
