"""The layout of a mail: the lines of its head, paragraphs, and what it quotes of other mails.

No heading is guessed, for "Hi Ann" and "Best regards" look like one. No passage runs from a mail's
own words into those that it quotes. The line that says who is quoted ("Ann wrote:") heads these.
"""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from index.records import Span
from index.structure.outline import Outline, OutlineBuilder, line_spans, marker_end, trim
from index.structure.plaintext import unwrapped

_QUOTE_MARK = re.compile(r"(?:>[ \t]*)+")
_FIELD = re.compile(r"[A-Z][A-Za-z-]*: ")
_DIVIDER = re.compile(r"[-_=*]{2,}(?:[ \t]*[^\W_][^\r\n]{0,60}[-_=*]{2,})?\Z")
"""What stands above a mail that is forwarded, and above a signature."""
_ATTRIBUTION = re.compile(
    r"(?:\b(?:wrote|writes|said|schrieb|écrit|escribió|scritto|escreveu|skrev|schreef|napisał\w?)\b|"
    r"@\w|\b\d{1,2}:\d\d\b).*:\Z",
    re.S | re.I,
)
_MAX_ATTRIBUTION_CHARS = 300


@dataclass(slots=True)
class _Part:
    """Lines that are quoted, or that are not: groups of them between blank lines."""

    is_quoted: bool
    groups: list[list[Span]] = field(default_factory=list[list[Span]])


def outline_mail(text: str) -> Outline:
    """Return the layout of a mail's text as `index.parsers.mail` writes it."""
    outline = OutlineBuilder(text)
    attribution: tuple[str, ...] = ()
    parts = _parts(outline)
    for part, following in zip_longest(parts, parts[1:]):
        outline.enter(attribution)
        attribution = ()
        if following and following.is_quoted and _is_attribution(text, part.groups[-1]):
            whole = _whole(part.groups.pop())
            outline.skip(whole, "heading")
            attribution = (" ".join(whole.of(text).split()),)
        for lines in part.groups:
            if _DIVIDER.match(text, *_whole(lines)):
                outline.skip(_whole(lines), "markup")
                outline.section += 1
                continue
            is_head = all(_FIELD.match(text, *line) for line in lines)
            for span in lines if is_head else unwrapped(text, lines):
                start = _content_start(text, span)
                outline.skip(Span(span.start, start), "list marker")
                outline.add_block(start, span.end, "marked" if part.is_quoted else "sentences")
    return outline.finish()


def _parts(outline: OutlineBuilder) -> list[_Part]:
    """Return the parts of a mail. Marks of quotations without a word are skipped."""
    text = outline.text
    parts: list[_Part] = []
    opens_group = True
    depth = 0
    for whole in line_spans(text):
        line = trim(text, whole)
        mark = _QUOTE_MARK.match(text, *line)
        if line.start == line.end or (mark and mark.end() == line.end):
            if mark:
                outline.skip(line, "quotation mark")
            opens_group = True
            continue
        if not parts or parts[-1].is_quoted != bool(mark):
            parts.append(_Part(bool(mark)))
            opens_group = True
        depth_before, depth = depth, mark[0].count(">") if mark else 0
        divides = _DIVIDER.match(text, *line) is not None
        if opens_group or divides or depth != depth_before:
            parts[-1].groups.append([])
        parts[-1].groups[-1].append(line)
        opens_group = divides
    return parts


def _is_attribution(text: str, lines: list[Span]) -> bool:
    whole = _whole(lines)
    is_short = whole.end - whole.start <= _MAX_ATTRIBUTION_CHARS
    return is_short and _ATTRIBUTION.search(text, *whole) is not None


def _content_start(text: str, span: Span) -> int:
    """Return where a block begins after the marks of a quotation and of a list."""
    mark = _QUOTE_MARK.match(text, *span)
    start = mark.end() if mark else span.start
    return marker_end(text, Span(start, span.end))


def _whole(lines: list[Span]) -> Span:
    return Span(lines[0].start, lines[-1].end)
