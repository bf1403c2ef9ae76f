"""The layout of Markdown. Blocks keep their markup, so the user finds cited text in the file."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.records import Skipped, Span
from index.structure.outline import Outline, OutlineBuilder, line_spans, marker_end, trim


def outline_markdown(text: str) -> Outline:
    """Return the layout of `text`."""
    lines = line_spans(text)
    outline = _MarkdownOutline(text)
    first_line = front_matter_lines(text, lines)
    if first_line:
        outline.skipped.append(Skipped(0, lines[first_line - 1].end, "front matter"))
    top_headings: list[str] = []
    for leaf in _read_leaves(text, lines, first_line):
        span = trim(text, Span(lines[leaf.first].start, lines[leaf.last - 1].end))
        if span.start == span.end:
            continue
        if leaf.level:
            outline.add_heading(leaf.level, leaf.title, span)
        else:
            outline.add_text(span, leaf.kind)
        if leaf.level == 1:
            top_headings.append(leaf.title)
    return outline.finish(top_headings[0] if len(top_headings) == 1 else "")


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The lines of one token; `kind` is its type, "" for a line that is in no token."""

    first: int
    last: int
    kind: str
    level: int = 0
    title: str = ""


_WITH_COMMENTS = {"heading_open", "paragraph_open", "tr_open", "html_block"}
_ALL_MARKUP = re.compile(r"[\s|:=~`*_#>+-]*\Z")
# Label and destination only: a footnote's text and "[Note]: …" are prose.
_LINK_DEFINITION = re.compile(
    r"[ >]*\[[^\]]+\]:\s*(?:<[^<>]*>|\S+)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\Z"
)
_PUNCTUATION = re.compile(r"[\s.,;:!?…)\]\"'”’]*\Z")
_QUOTE_MARK = re.compile(r"(?:>[ \t]*)+")
_NUMBER_SIGNS = re.compile(r"#{1,6}[ \t]+")
_HEADING_END = re.compile(r"(?:[ \t]#+|[\r\n][ \t>]*(?:=+|-+))[ \t]*\Z")


class _MarkdownOutline(OutlineBuilder):
    def add_text(self, span: Span, kind: str) -> None:
        """Add `span` without its comments; no passage runs across a comment."""
        start = span.start
        comments: list[Span] = []
        if kind in _WITH_COMMENTS:
            comments = _find_comments(self.text, span, in_html=kind == "html_block")
        for comment in comments:
            self._add_part(Span(start, comment.start))
            self.skip(comment, "comment")
            self.section += 1
            start = comment.end
        rest = Span(start, span.end)
        if start > span.start and _PUNCTUATION.match(self.text, *rest):
            self.skip(rest, "markup")
        else:
            self._add_part(rest)

    def add_heading_text(self, span: Span) -> None:
        content = _without_heading_marks(self.text, span)
        self.skip(Span(span.start, content.start), "markup")
        self.add_text(content, "heading_open")
        self.skip(Span(content.end, span.end), "markup")

    def _add_part(self, span: Span) -> None:
        span = trim(self.text, span)
        if span.start == span.end:
            return
        if _ALL_MARKUP.match(self.text, *span):
            self.skip(span, "markup")
        elif _LINK_DEFINITION.match(self.text, *span):
            self.skip(span, "link definition")
        else:
            start = _content_start(self.text, span)
            self.skip(Span(span.start, start), "list marker")
            self.add_block(start, span.end)


def _content_start(text: str, span: Span) -> int:
    """Return where a block begins after its quote marks and list markers."""
    start = span.start
    while True:
        quote = _QUOTE_MARK.match(text, start, span.end)
        after = quote.end() if quote else start
        after = marker_end(text, Span(after, span.end))
        if after == start or after >= span.end:
            return start
        start = after


def _without_heading_marks(text: str, span: Span) -> Span:
    start = _content_start(text, span)
    signs = _NUMBER_SIGNS.match(text, start, span.end)
    start = signs.end() if signs else start
    closing = _HEADING_END.search(text, start, span.end)
    return trim(text, Span(start, closing.start() if closing else span.end))


_LEAVES = {"heading_open", "paragraph_open", "tr_open", "html_block", "fence", "code_block"}

_parser = MarkdownIt("commonmark").enable("table")


def _read_leaves(text: str, lines: list[Span], first_line: int) -> list[_Leaf]:
    """Return leaves for all lines from `first_line` on."""
    if first_line == len(lines):
        return []
    tokens = _parser.parse("\n" * first_line + text[lines[first_line].start :])
    leaves: list[_Leaf] = []
    done = first_line
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None or token.type not in _LEAVES:
            continue
        first, last = max(token.map[0], done), min(token.map[1], len(lines))
        if first >= last:
            continue
        leaves.extend(_Leaf(line, line + 1, "") for line in range(done, first))
        is_heading = token.type == "heading_open"
        heading = (int(token.tag[1]), _plain(following)) if is_heading else (0, "")
        leaves.append(_Leaf(first, last, token.type, *heading))
        done = last
    leaves.extend(_Leaf(line, line + 1, "") for line in range(done, len(lines)))
    return leaves


def _plain(inline: Token | None) -> str:
    """Return a heading's words without its markup and its comments."""
    words = [
        child.content or " "
        for child in (inline.children if inline else None) or ()
        if not (child.type == "html_inline" and child.content.startswith("<!--"))
    ]
    return " ".join("".join(words).split())


_OPENING = re.compile(r"\\[\s\S]|`+|<!--")
_OPENING_IN_HTML = re.compile(r"<!--")
_EMPTY = re.compile(r"<!---?>")
_BACKTICKS = re.compile(r"`+")


def _find_comments(text: str, span: Span, *, in_html: bool) -> list[Span]:
    """Return the closed comments within `span`, in time linear in it.

    Outside HTML none begins in a code span or after a backslash.
    """
    opening = _OPENING_IN_HTML if in_html else _OPENING
    backticks: dict[int, list[int]] = {}  # where the runs of each length begin
    for run in _BACKTICKS.finditer(text, span.start, span.end):
        backticks.setdefault(len(run.group()), []).append(run.start())
    comments: list[Span] = []
    position = span.start
    while match := opening.search(text, position, span.end):
        position = match.end()
        if match.group().startswith("`"):
            length = len(match.group())
            starts = backticks.get(length, [])
            closing = bisect_left(starts, position)
            position = starts[closing] + length if closing < len(starts) else position
        elif match.group() == "<!--":
            empty = _EMPTY.match(text, match.start(), span.end)
            close = text.find("-->", match.end(), span.end)
            if not empty and close < 0:
                break
            position = empty.end() if empty else close + len("-->")
            comments.append(Span(match.start(), position))
    return comments


# The kinds of lines, each with a letter for it.
_KINDS = (
    ("b", re.compile(r"\s*\Z")),
    ("i", re.compile(r"[ \t]")),
    ("r", re.compile(r"---[ \t]*\Z")),
    ("o", re.compile(r"(?:\w[\w.-]*|\"[^\"]+\"|'[^']+')[ \t]*:[ \t]*\Z")),
    ("k", re.compile(r"(?:\w[\w.-]*|\"[^\"]+\"|'[^']+')[ \t]*:[ \t]")),
    ("-", re.compile(r"-(?:[ \t]|\Z)")),
    ("c", re.compile(r"#")),
)
# Rules around keys: a key with a value, or with a list. After a blank line all is indented.
_FRONT_MATTER = re.compile(r"rc*(?:k(?:c|b*i)*|o(?:-|c|b*i)*)+r")


def front_matter_lines(text: str, lines: list[Span]) -> int:
    """Return how many lines the front matter takes with both its rules; 0 if there is none.

    Each line must be a `key:`, a list item of a key, a comment, or indented: all else between two
    thematic breaks is prose.
    """
    kinds = ""
    for span in lines:
        line = span.of(text).rstrip("\r\n")
        kinds += next((kind for kind, pattern in _KINDS if pattern.match(line)), "x")
        if kinds != "r" and (kinds[0] != "r" or kinds[-1] in "rx"):
            break
    return len(kinds) if _FRONT_MATTER.fullmatch(kinds) else 0
