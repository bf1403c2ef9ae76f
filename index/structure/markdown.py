"""Layout of Markdown, read by markdown-it (CommonMark and tables).

The parser gives line numbers, not offsets; blocks are cut at whole lines and then
trimmed, so the cited text keeps its markup and is found in the user's own file.
"""

import re
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.records import Skipped, Span
from index.structure.outline import Block, Outline, line_spans, marker_end, trim

_LEAVES = {"paragraph_open", "tr_open", "fence", "code_block", "html_block"}
_ALL_MARKUP = re.compile(r"[\s|:=~`*_#>+-]*\Z")
# Label and destination only: a footnote's text and "[Note]: …" are prose.
_LINK_DEFINITION = re.compile(
    r"[ >]*\[[^\]]+\]:\s*(?:<[^<>]*>|\S+)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\Z"
)
# Line ends are atomic: were \r\n also tried as \r and \n, time would grow exponentially.
_FRONT_MATTER = re.compile(
    r"---[ \t]*(?>\r\n|\r|\n)(?:[^\r\n]*(?>\r\n|\r|\n))*?---[ \t]*(?:\r\n|\r|\n|\Z)"
)
_QUOTE_MARK = re.compile(r"(?:>[ \t]*)+")

_parser = MarkdownIt("commonmark").enable("table")


def outline_markdown(text: str) -> Outline:
    """Read the layout of `text`; a line that the parser claims for nothing is a paragraph."""
    lines = line_spans(text)
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    front_matter = _FRONT_MATTER.match(text)
    first_line = 0
    if front_matter:
        skipped.append(Skipped(0, front_matter.end(), "front matter"))
        first_line = sum(line.end <= front_matter.end() for line in lines)
    body = "\n" * first_line + text[lines[first_line].start :] if first_line < len(lines) else ""
    leaves = _leaves(_parser.parse(body), first_line, len(lines))
    path: list[tuple[int, str]] = []
    top_headings: list[str] = []
    section = 0
    for first, last, heading in leaves:
        span = trim(text, Span(lines[first].start, lines[last - 1].end))
        if span.start == span.end:
            continue
        if heading is not None:
            level, title = heading
            path = [above for above in path if above[0] < level] + [heading]
            section += 1
            if level == 1:
                top_headings.append(title)
            skipped.append(Skipped(*span, "heading"))
        elif _ALL_MARKUP.match(text[span.start : span.end]):
            skipped.append(Skipped(*span, "markup"))
        elif _LINK_DEFINITION.match(text[span.start : span.end]):
            skipped.append(Skipped(*span, "link definition"))
        else:
            start = _content_start(text, span)
            if start > span.start:
                skipped.append(Skipped(span.start, start, "list marker"))
            headings = tuple(title for _, title in path if title)
            blocks.append(Block(start, span.end, headings, section))
    title = top_headings[0] if len(top_headings) == 1 else ""
    return Outline(title, tuple(blocks), tuple(skipped))


def _leaves(
    tokens: list[Token], first_line: int, line_count: int
) -> list[tuple[int, int, tuple[int, str] | None]]:
    """Return (first line, last line + 1, (level, title) of a heading) in order, without gaps."""
    leaves: list[tuple[int, int, tuple[int, str] | None]] = []
    done = first_line
    for token, following in zip_longest(tokens, tokens[1:]):
        is_heading = token.type == "heading_open"
        if token.map is None or not (is_heading or token.type in _LEAVES):
            continue
        first, last = max(token.map[0], done), min(token.map[1], line_count)
        if first >= last:
            continue
        leaves.extend((line, line + 1, None) for line in range(done, first))
        heading = (int(token.tag[1]), _plain(following)) if is_heading else None
        leaves.append((first, last, heading))
        done = last
    leaves.extend((line, line + 1, None) for line in range(done, line_count))
    return leaves


def _plain(inline: Token | None) -> str:
    """Return a heading's words without its markup."""
    children = inline.children if inline else None
    return " ".join("".join(child.content or " " for child in children or ()).split())


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
