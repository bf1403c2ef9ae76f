"""The layout of plain text, where only their shape tells headings.

A heading is a short line without a full stop above a longer one that has one. If it might state
a fact, it is a lead: it opens a section, too, but is text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from unicodedata import normalize

from index.records import Span
from index.structure.outline import Outline, OutlineBuilder, line_spans, marker_end, trim

_MAX_HEADING_CHARS = 100
_MAX_HEADING_WORDS = 16
_MIN_BODY_CHARS = 40
_MIN_BODY_RATIO = 1.5
_MAX_WRAPPED_LINE = 120
_MAX_UNTITLED_HEADINGS = 2
_MAX_HEADINGS = 4

_NOT_LEAD_END = tuple(".,;:!…。！；，")
_PROSE_END = re.compile(r"[.!?:…。！？][\"'”’)\]]*$")


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph of one line, or of several that were wrapped."""

    span: Span
    text: str
    blank_before: bool


class _Role(Enum):
    TEXT = auto()
    LEAD = auto()
    HEADING = auto()


def outline_plaintext(text: str) -> Outline:
    """Return the layout of `text`."""
    lines = [line for run in _runs(text) for line in _unwrap(text, run)]
    outline, path = OutlineBuilder(text), _HeadingPath()
    headings: list[str] = []
    for number, (line, role) in enumerate(zip(lines, _find_roles(lines), strict=True)):
        if role is _Role.HEADING:
            headings.append(line.text)
            outline.skip(line.span, "heading")
            continue
        if headings:
            path.enter(headings, opens_file=number == len(headings))
        if headings or role is _Role.LEAD:
            outline.enter(path.current)
        headings = []
        path.pass_paragraph(line.text)
        outline.add_item(line.span)
    return outline.finish(path.title_of_file)


def _runs(text: str) -> list[list[_Line]]:
    """Group the lines of `text` between blank lines."""
    runs: list[list[_Line]] = []
    blank_before = True
    for line in line_spans(text):
        span = trim(text, line)
        if span.start < span.end:
            if blank_before:
                runs.append([])
            runs[-1].append(_Line(span, span.of(text), blank_before))
        blank_before = span.start == span.end
    return runs


def unwrapped(text: str, lines: Sequence[Span]) -> list[Span]:
    """Return adjacent lines, those of a wrapped paragraph or list item as one."""
    run = [_Line(line, line.of(text), blank_before=False) for line in lines]
    return [line.span for line in _unwrap(text, run)]


def _unwrap(text: str, run: list[_Line]) -> list[_Line]:
    """Join the lines of a wrapped paragraph, or of each of its list items."""
    if not _is_wrapped(run):
        return run
    joined = run[:1]
    for line in run[1:]:
        if marker_end(text, line.span) > line.span.start:
            joined.append(line)
        else:
            span = Span(joined[-1].span.start, line.span.end)
            joined[-1] = _Line(span, span.of(text), joined[-1].blank_before)
    return joined


def _is_wrapped(run: list[_Line]) -> bool:
    """Tell whether most lines of a group break off in the middle of a sentence."""
    if len(run) < 2:
        return False
    widths = [len(line.text) for line in run]
    if max(widths) > _MAX_WRAPPED_LINE or min(widths[:-1]) < max(widths) / 2:
        return False
    *upper_end, last_ends = (bool(_PROSE_END.search(line.text)) for line in run)
    return last_ends and 2 * sum(upper_end) <= len(upper_end)


def _find_roles(lines: list[_Line]) -> list[_Role]:
    roles = [_Role.TEXT] * len(lines)
    body = 0
    for i in range(len(lines) - 2, -1, -1):  # backwards: a heading needs something below it
        line, below = lines[i], lines[i + 1]
        ends_paragraph = below.blank_before and not line.blank_before
        is_stacked = roles[i + 1] is not _Role.TEXT
        is_above = below.blank_before if is_stacked else _leads_to(line.text, below.text)
        if ends_paragraph or not is_above or not _may_lead(line.text):
            continue
        if not is_stacked:
            body = len(below.text)
            roles[i] = _Role.LEAD
        needed = _body_needed(line.text)
        if needed is not None and body >= needed:
            roles[i] = _Role.HEADING
    _break_up_lists(lines, roles)
    return roles


def _may_lead(line: str) -> bool:
    return (
        len(line) <= _MAX_HEADING_CHARS
        and len(line.split()) <= _MAX_HEADING_WORDS
        and "\n" not in line
        and "\r" not in line
        and not line.endswith(_NOT_LEAD_END)
        and line[0] not in "-*•‣◦▪·–>|"
        and any(character.isalpha() for character in line)
    )


def _leads_to(line: str, below: str) -> bool:
    """Tell whether `line` is like a heading of `below`, or a question before its answer."""
    if line.endswith("?"):
        return not below.endswith("?")
    enough = max(_MIN_BODY_CHARS, _MIN_BODY_RATIO * len(line))
    return len(below) >= enough and bool(_PROSE_END.search(below))


def _break_up_lists(lines: list[_Line], roles: list[_Role]) -> None:
    """Keep only the last of many headings in a row: the others are a list."""
    start = 0
    for is_heading, group in groupby(roles, key=lambda role: role is _Role.HEADING):
        end = start + len(list(group))
        has_title = any(_is_title(line.text) for line in lines[start:end])
        if is_heading and end - start > (_MAX_HEADINGS if has_title else _MAX_UNTITLED_HEADINGS):
            roles[start : end - 1] = [_Role.TEXT] * (end - 1 - start)
        start = end


_MIN_TITLE_WORDS = 4

_CLOSING_HEADING = re.compile(
    r"(in )?(conclusions?|summary|final thoughts|(the )?bottom line|takeaways?|wrapping up)\b", re.I
)
_CLOSING_PARAGRAPH = re.compile(
    r"(in|to) (conclusion|conclude|summary|summari[sz]e|sum up|closing)\b", re.I
)


@dataclass(slots=True)
class _HeadingPath:
    """The path of articles and sections, from headings without levels."""

    current: tuple[str, ...] = ()
    title_of_file: str = ""
    _root: tuple[str, ...] = ()
    _sections: int = 0
    _closed: bool = True

    def enter(self, headings: list[str], *, opens_file: bool) -> None:
        """Take the headings directly above the next paragraph."""
        if self._closed and (len(headings) > 1 or _is_title(headings[0])):  # a new article
            self._root = tuple(headings[:-1]) or (headings[0],)
            title = next(filter(_is_title, self._root), self._root[0])
            self.title_of_file = title if opens_file else ""
            self._sections = 0
            self.current = tuple(headings)
        else:
            self._sections += 1
            self.current = (*self._root, *headings)
        self._closed = self._sections > 0 and bool(_CLOSING_HEADING.match(headings[-1]))

    def pass_paragraph(self, paragraph: str) -> None:
        """Note whether the paragraph announces the end of its article."""
        self._closed |= bool(_CLOSING_PARAGRAPH.match(paragraph))


def _is_title(heading: str) -> bool:
    """Tell whether a heading is an article's, not a section's: longer, and no question."""
    return len(heading.split()) >= _MIN_TITLE_WORDS and not heading.endswith("?")


_MAX_SHORT_WORDS = 4
_MAX_SHORT_CONTENT_WORDS = 3
_MIN_SUBTITLED = 6
_MIN_BODY_OF_DOUBTFUL = 100
"""So many characters must follow a heading in small letters, or with a subtitle."""

# "2.1 Methods", "Figure 3", "Box 1. Golden Rice"; "12 Oak Street" is an address.
_NUMBERING = re.compile(
    r"(?:(?:chapter|part|section|article|appendix|figure|table|box|step|phase|lesson|module|volume)"
    r"\s+[A-Z]?\d{1,3}(?:\.\d{1,3})*[.:)]?|\d{1,2}(?:\.\d{1,2})*[.)]|[1-9]\d?(?:\.\d{1,2})+)(?:\s+|\Z)",
    re.I,
)
_SENTENCE_END_INSIDE = re.compile(r"[^\W\dA-Z_]{2}[.!?…][\"'”’)\]]*\s")
_SENTENCE_END = re.compile(r"[.,;:!…。！；，][\"'”’)\]]*\Z")
_LABEL = re.compile(r":|\s[-–—](?=\s|\Z)")
_SUBTITLE = re.compile(r"\s*(?:an?|the|how|what|when|where|which|who|why)\b|.*\b(?:and|or)\b", re.I)
_ASKING = re.compile(r"(?:how|what|when|where|which|who|why)\b", re.I)
_LISTED = re.compile(r"\s(?:and|or|&)\s", re.I)
_FACTUAL_CHARACTER = re.compile(r"[^\w\s\-‐‑–—'’\"“”‘()\[\]&/,:.?!]|[\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑'’][^\W\d_]+)*")

_SMALL_WORDS = frozenset(
    "a about after among an and as at before behind below between but by during for from "
    "in into it its nor of off on onto or over per than that the through to toward under "
    "until up upon versus via vs with within without you your".split()
)
_STATING_WORDS = frozenset(
    "am are became began bought broke came can can't cannot could did didn't do does doesn't "
    "don't fell found gave goes got grew had has have he held him is isn't kept knew left lost "
    "made may met might moved must my paid said sat saw sent shall she should sold spent stood "
    "them they told took was wasn't we went were will won won't would wrote".split()
)
_VERB_ENDING = re.compile(r".*(?:[^\Wisu]s|[^\We]ed)\Z")


def _body_needed(line: str) -> int | None:
    """Return how many characters must follow `line` as a heading; None if it is text."""
    numbering = _NUMBERING.match(line)
    name = normalize("NFC", line[numbering.end() :] if numbering else line)
    if _SENTENCE_END.search(line) or _SENTENCE_END_INSIDE.search(name):
        return None
    if line.endswith("?") or not name:
        return 0
    if _FACTUAL_CHARACTER.search(name) or ("," in name and not _LISTED.search(name)):
        return None
    words = _WORD.findall(name)
    if _states_something(words) and not _ASKING.match(name):
        return None
    label = _LABEL.search(name)
    content = [word for word in words if word not in _SMALL_WORDS]
    if not _is_title_case(content):
        is_doubtful = not label and not numbering and _is_short(words, content)
    elif label:
        is_doubtful = len(words) >= _MIN_SUBTITLED and bool(_SUBTITLE.match(name, label.end()))
    else:
        return 0
    return _MIN_BODY_OF_DOUBTFUL if is_doubtful else None


def _is_title_case(content: list[str]) -> bool:
    """Tell whether at most one word in six has no capital."""
    small = sum(not any(character.isupper() for character in word) for word in content)
    return bool(content) and 6 * small <= len(content)


def _is_short(words: list[str], content: list[str]) -> bool:
    """Tell whether there are few words, in a script that has small letters."""
    has_case = any(character.lower() != character.upper() for character in "".join(words))
    return has_case and len(words) <= _MAX_SHORT_WORDS and len(content) <= _MAX_SHORT_CONTENT_WORDS


def _states_something(words: list[str]) -> bool:
    """Tell whether a word is a finite verb, or looks like one and is neither first nor last."""
    if words[:1] == ["I"] or any(word.replace("’", "'") in _STATING_WORDS for word in words):
        return True
    inner = (word for word in words[1:-1] if word.islower() and word not in _SMALL_WORDS)
    return any(map(_VERB_ENDING.match, inner))
