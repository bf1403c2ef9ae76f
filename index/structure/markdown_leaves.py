"""The lines of Markdown that belong together, read by markdown-it (CommonMark and tables).

The parser gives line numbers, not offsets.
"""

from dataclasses import dataclass
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.records import Span

_LEAVES = {"heading_open", "paragraph_open", "tr_open", "html_block", "fence", "code_block"}

_parser = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Lines that belong together, by what claimed them ("" if nothing did)."""

    first: int
    last: int
    claimed_by: str
    level: int = 0
    title: str = ""


def read_leaves(text: str, lines: list[Span], first_line: int) -> list[Leaf]:
    """Return the leaves from `first_line` on, in order, without gaps between their lines."""
    if first_line == len(lines):
        return []
    tokens = _parser.parse("\n" * first_line + text[lines[first_line].start :])
    leaves: list[Leaf] = []
    done = first_line
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None or token.type not in _LEAVES:
            continue
        first, last = max(token.map[0], done), min(token.map[1], len(lines))
        if first >= last:
            continue
        leaves.extend(Leaf(line, line + 1, "") for line in range(done, first))
        is_heading = token.type == "heading_open"
        heading = (int(token.tag[1]), _plain(following)) if is_heading else (0, "")
        leaves.append(Leaf(first, last, token.type, *heading))
        done = last
    leaves.extend(Leaf(line, line + 1, "") for line in range(done, len(lines)))
    return leaves


def _plain(inline: Token | None) -> str:
    """Return a heading's words without its markup and its comments."""
    children = inline.children if inline else None
    words = [child.content or " " for child in children or () if not _is_comment(child)]
    return " ".join("".join(words).split())


def _is_comment(token: Token) -> bool:
    return token.type == "html_inline" and token.content.startswith("<!--")
