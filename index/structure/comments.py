"""HTML comments in Markdown: what their writer hid from readers is not to be quoted."""

import re
from bisect import bisect_left

from index.records import Span

_OPENING = re.compile(r"\\[\s\S]|`+|<!--")
_OPENING_IN_HTML = re.compile(r"<!--")
_EMPTY = re.compile(r"<!---?>")
_BACKTICKS = re.compile(r"`+")


def find_comments(text: str, span: Span, *, in_html: bool) -> list[Span]:
    """Return the comments within `span` of `text`: one that is never closed is text.

    In HTML a backtick or a backslash means nothing; elsewhere they keep what only
    looks like a comment, in a code span or escaped. Takes time linear in the span.
    """
    opening = _OPENING_IN_HTML if in_html else _OPENING
    code_ends = {} if in_html else _backtick_runs(text, span)
    found: list[Span] = []
    position = span.start
    while match := opening.search(text, position, span.end):
        position = match.end()
        if match.group().startswith("`"):
            position = _code_end(code_ends, match.end(), len(match.group()))
        elif match.group() == "<!--":
            empty = _EMPTY.match(text, match.start(), span.end)
            close = text.find("-->", match.end(), span.end)
            if not empty and close < 0:
                break
            position = empty.end() if empty else close + len("-->")
            found.append(Span(match.start(), position))
    return found


def _backtick_runs(text: str, span: Span) -> dict[int, list[int]]:
    """Return where the runs of each length begin."""
    runs: dict[int, list[int]] = {}
    for match in _BACKTICKS.finditer(text, span.start, span.end):
        runs.setdefault(len(match.group()), []).append(match.start())
    return runs


def _code_end(runs: dict[int, list[int]], after: int, length: int) -> int:
    """Return the end of the code span that opened before `after`, or `after` if none closes it."""
    starts = runs.get(length, [])
    following = bisect_left(starts, after)
    return starts[following] + length if following < len(starts) else after
