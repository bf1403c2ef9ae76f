"""Where a Markdown file's front matter ends, if what stands between its rules is YAML."""

import re

from index.records import Span

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
