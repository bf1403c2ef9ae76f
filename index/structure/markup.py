"""The layout of reStructuredText and LaTeX, whose paragraphs stand between blank lines.

Blocks keep their markup, so the user finds cited text in the file.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from index.records import Span
from index.structure.outline import Outline, OutlineBuilder, line_spans, marker_end, trim

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+\Z")
_SHORT_ADORNMENT = 4
"""An underline is as long as its title, but a short one of so many signs is one, too."""
_ITEM_OF_RST = re.compile(r"(?:\.\.|:[^:\s][^:\r\n]*:|#\.)(?=\s|\Z)")
"""What begins a directive, a comment, a field or an item that is numbered by itself."""

_SECTION = re.compile(
    r"\\(part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?"
    r"[ \t]*(?:\[[^\]\r\n]*\])?[ \t]*\{"
)
_LEVELS = {"part": 1, "chapter": 2, "section": 3, "subsection": 4, "subsubsection": 5}
_INNERMOST = 6
_TITLE = re.compile(r"\\title[ \t]*(?:\[[^\]\r\n]*\])?[ \t]*\{")
_BODY = re.compile(r"^[ \t]*\\begin[ \t]*\{document\}", re.M)
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+\*?[ \t]*|[^a-zA-Z])|[{}]")
_ITEM_OF_LATEX = re.compile(r"\\(?:item|caption)\b")
_ONLY_COMMANDS = re.compile(
    r"(?:\\(?:begin|end|label|input|include|centering|hline|maketitle|tableofcontents|newpage|"
    r"clearpage|bibliography|bibliographystyle)\b(?:\[[^\]\r\n]*\]|\{[^{}\r\n]*\})*[ \t]*)+\Z"
)
_MAX_TITLE_CHARS = 500
_WORDS = re.compile(r"\w")


class _ParagraphOutline(OutlineBuilder):
    """Builds an outline from lines. A line that matches `item` begins a paragraph."""

    def __init__(self, text: str, item: re.Pattern[str]) -> None:
        super().__init__(text)
        self._item = item
        self._paragraph: list[Span] = []

    def add_line(self, line: Span) -> None:
        """Add a line, without the blanks around it; an empty one ends a paragraph."""
        is_empty = line.start == line.end
        opens = self._item.match(self.text, *line) or marker_end(self.text, line) > line.start
        if is_empty or opens:
            self.end_paragraph()
        if not is_empty:
            self._paragraph.append(line)

    def end_paragraph(self) -> None:
        """Make a block of the lines since the last paragraph."""
        if not self._paragraph:
            return
        whole = Span(self._paragraph[0].start, self._paragraph[-1].end)
        self._paragraph.clear()
        if _WORDS.search(self.text, *whole):
            self.add_item(whole)
        else:
            self.skip(whole, "markup")


def outline_restructured_text(text: str) -> Outline:
    """Return the layout of reStructuredText; titles are the lines that are underlined."""
    lines = [trim(text, line) for line in line_spans(text)]
    outline = _ParagraphOutline(text, _ITEM_OF_RST)
    styles: list[str] = []
    top_titles: list[str] = []
    number = 0
    while number < len(lines):
        title = _title_at(text, lines, number)
        if title is None:
            outline.add_line(lines[number])
            number += 1
            continue
        outline.end_paragraph()
        if title.style not in styles:
            styles.append(title.style)
        level = min(_INNERMOST, 1 + styles.index(title.style))
        outline.add_heading(level, title.words, Span(lines[number].start, title.end))
        top_titles += [title.words] if level == 1 else []
        number += title.lines
    outline.end_paragraph()
    return outline.finish(top_titles[0] if len(top_titles) == 1 else "")


class _Title(NamedTuple):
    words: str
    style: str  # the signs around it
    lines: int
    end: int


def _title_at(text: str, lines: Sequence[Span], number: int) -> _Title | None:
    """Return the title that begins with a line, perhaps one of signs above its words."""
    if number and lines[number - 1].of(text):
        return None
    above = _adornment(text, lines, number)
    at = number + bool(above)
    words = lines[at].of(text) if at < len(lines) else ""
    below = _adornment(text, lines, at + 1)
    if not words or _adornment(text, lines, at) or not below or (above and above != below):
        return None
    if len(words) > _MAX_TITLE_CHARS or len(below) < min(len(words), _SHORT_ADORNMENT):
        return None
    return _Title(words, above[:1] + below[0], 2 + bool(above), lines[at + 1].end)


def _adornment(text: str, lines: Sequence[Span], number: int) -> str:
    """Return a line that is one sign many times, "" if it is not."""
    line = lines[number].of(text) if number < len(lines) else ""
    return line if _ADORNMENT.match(line) else ""


def outline_latex(text: str) -> Outline:
    """Return the layout of LaTeX. Comments, and what stands above the document, are skipped."""
    outline = _ParagraphOutline(text, _ITEM_OF_LATEX)
    body = _BODY.search(text)
    start = body.end() if body else 0
    outline.skip(Span(0, start), "preamble")
    done = start
    for whole in line_spans(text[start:]):
        after = max(done, start + whole.start)
        line = trim(text, Span(after, max(after, start + whole.end)))
        if after >= start + whole.end:
            continue  # a title that was longer than its line
        while section := _SECTION.match(text, *line):
            done = _closing_brace(text, section.end())
            if not done:
                break
            outline.end_paragraph()
            words = _plain(text[section.end() : done - 1])
            outline.add_heading(_LEVELS.get(section[1], _INNERMOST), words, Span(line.start, done))
            line = trim(text, Span(done, max(done, line.end)))
        if text.startswith("%", line.start, line.end):
            outline.end_paragraph()
            outline.skip(line, "comment")
        elif _ONLY_COMMANDS.match(text, *line):
            outline.end_paragraph()
            outline.skip(line, "markup")
        else:
            outline.add_line(line)
    outline.end_paragraph()
    title = _TITLE.search(text)
    end = _closing_brace(text, title.end()) if title else 0
    return outline.finish(_plain(text[title.end() : end - 1]) if title and end else "")


def _closing_brace(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` is closed; 0 if it is not soon."""
    depth = 1
    for position in range(start, min(len(text), start + _MAX_TITLE_CHARS)):
        if text[position - 1] != "\\":
            depth += (text[position] == "{") - (text[position] == "}")
        if not depth:
            return position + 1
    return 0


def _plain(latex: str) -> str:
    return " ".join(_COMMAND.sub(" ", latex).split())
