"""Layout of Markdown: blocks are whole lines without the blanks and list markers at their ends.

So the cited text keeps its markup and is found in the user's own file.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.records import Skipped, Span
from index.structure.outline import Block, Outline, line_spans, marker_end, trim


def outline_markdown(text: str) -> Outline:
    """Read the layout of `text`; a line that is in no token is a paragraph."""
    lines = line_spans(text)
    layout = _Layout(text)
    first_line = front_matter_lines(text, lines)
    if first_line:
        layout.skipped.append(Skipped(0, lines[first_line - 1].end, "front matter"))
    for leaf in _read_leaves(text, lines, first_line):
        span = trim(text, Span(lines[leaf.first].start, lines[leaf.last - 1].end))
        if span.start == span.end:
            continue
        if leaf.level:
            layout.add_heading(leaf, span)
        else:
            layout.add_text(leaf, span)
    return layout.finish()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Lines of one token of the parser, by its type; `kind` is "" for a line that is in none."""

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


@dataclass(slots=True)
class _Layout:
    """An outline in the making."""

    text: str
    blocks: list[Block] = field(default_factory=list[Block])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    _path: list[_Leaf] = field(default_factory=list[_Leaf])
    _top_headings: list[str] = field(default_factory=list[str])
    _section: int = 0
    _open_heading: tuple[_Leaf, Span] | None = None

    def skip(self, span: Span, reason: str) -> None:
        """Leave `span` out, if anything is in it."""
        span = trim(self.text, span)
        if span.start < span.end:
            self.skipped.append(Skipped(*span, reason))

    def add_heading(self, heading: _Leaf, span: Span) -> None:
        """Open a section. The one before it may have no text."""
        self._close_heading(heading.level)
        self._path = [above for above in self._path if above.level < heading.level] + [heading]
        self._section += 1
        self._open_heading = (heading, span)
        if heading.level == 1:
            self._top_headings.append(heading.title)

    def add_text(self, leaf: _Leaf, span: Span) -> None:
        """Add what is in `span`, without its comments: no passage runs across one."""
        start = span.start
        is_html = leaf.kind == "html_block"
        commented = leaf.kind in _WITH_COMMENTS
        for comment in _find_comments(self.text, span, in_html=is_html) if commented else []:
            self._add_part(Span(start, comment.start))
            self.skip(comment, "comment")
            self._section += 1
            start = comment.end
        rest = Span(start, span.end)
        if start > span.start and _PUNCTUATION.match(self.text, *rest):
            self.skip(rest, "markup")
        else:
            self._add_part(rest)

    def finish(self) -> Outline:
        """Return the outline."""
        self._close_heading(0)
        title = self._top_headings[0] if len(self._top_headings) == 1 else ""
        skipped = sorted(self.skipped, key=lambda part: part.start)
        return Outline(title, tuple(self.blocks), tuple(skipped))

    def _add_part(self, span: Span) -> None:
        span = trim(self.text, span)
        if span.start == span.end:
            return
        if _ALL_MARKUP.match(self.text, *span):
            self.skip(span, "markup")
        elif _LINK_DEFINITION.match(self.text, *span):
            self.skip(span, "link definition")
        else:
            self._close_heading()
            start = _content_start(self.text, span)
            self.skip(Span(span.start, start), "list marker")
            headings = tuple(heading.title for heading in self._path if heading.title)
            self.blocks.append(Block(start, span.end, headings, self._section))

    def _close_heading(self, level: int = 7) -> None:
        """Skip the last heading if text or a deeper heading follows it; else make it a block.

        A heading that is in no passage's path could be neither found nor cited.
        """
        if self._open_heading is None:
            return
        (heading, span), self._open_heading = self._open_heading, None
        if level > heading.level:
            self.skip(span, "heading")
            return
        self._path.remove(heading)
        content = _without_heading_marks(self.text, span)
        self.skip(Span(span.start, content.start), "markup")
        self.add_text(heading, content)
        self.skip(Span(content.end, span.end), "markup")


def _content_start(text: str, span: Span) -> int:
    """Skip quote marks and list markers at the head of a block, nested ones too."""
    start = span.start
    while True:
        quote = _QUOTE_MARK.match(text, start, span.end)
        after = quote.end() if quote else start
        after = marker_end(text, Span(after, span.end))
        if after == start or after >= span.end:
            return start
        start = after


def _without_heading_marks(text: str, span: Span) -> Span:
    """Return where the words of a heading stand."""
    start = _content_start(text, span)
    signs = _NUMBER_SIGNS.match(text, start, span.end)
    start = signs.end() if signs else start
    closing = _HEADING_END.search(text, start, span.end)
    return trim(text, Span(start, closing.start() if closing else span.end))


_LEAVES = {"heading_open", "paragraph_open", "tr_open", "html_block", "fence", "code_block"}

_parser = MarkdownIt("commonmark").enable("table")


def _read_leaves(text: str, lines: list[Span], first_line: int) -> list[_Leaf]:
    """Return the leaves from `first_line` on, in order, without gaps between their lines."""
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
    children = inline.children if inline else None
    words = [child.content or " " for child in children or () if not _is_comment(child)]
    return " ".join("".join(words).split())


def _is_comment(token: Token) -> bool:
    return token.type == "html_inline" and token.content.startswith("<!--")


_OPENING = re.compile(r"\\[\s\S]|`+|<!--")
_OPENING_IN_HTML = re.compile(r"<!--")
_EMPTY = re.compile(r"<!---?>")
_BACKTICKS = re.compile(r"`+")


def _find_comments(text: str, span: Span, *, in_html: bool) -> list[Span]:
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


# The kinds of lines, each with the letter that stands for it below.
_KINDS = (
    ("b", re.compile(r"\s*\Z")),
    ("i", re.compile(r"[ \t]")),
    ("r", re.compile(r"---[ \t]*\Z")),
    ("o", re.compile(r"(?:\w[\w.-]*|\"[^\"]+\"|'[^']+')[ \t]*:[ \t]*\Z")),
    ("k", re.compile(r"(?:\w[\w.-]*|\"[^\"]+\"|'[^']+')[ \t]*:[ \t]")),
    ("-", re.compile(r"-(?:[ \t]|\Z)")),
    ("c", re.compile(r"#")),
)
_LAST = "rx"
# A key with its value, or one that opens a list; after a blank line only what is indented.
_FRONT_MATTER = re.compile(r"rc*(?:k(?:c|b*i)*|o(?:-|c|b*i)*)+r")


def front_matter_lines(text: str, lines: list[Span]) -> int:
    """Return how many lines the front matter takes, both rules included; 0 if there is none.

    Prose between two thematic breaks is none: each line has to be a `key:`, an item below
    a key without a value, a comment, or indented.
    """
    kinds = ""
    for span in lines:
        kinds += _kind(span.of(text).rstrip("\r\n"))
        if kinds != "r" and not (kinds.startswith("r") and kinds[-1] not in _LAST):
            break
    return len(kinds) if _FRONT_MATTER.fullmatch(kinds) else 0


def _kind(line: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.match(line)), "x")
