"""The heading path of plain text, whose headings have no levels.

A file may hold several articles run together: a long heading after a concluding section
(or the first heading of a file, if it is long) opens a new one.
"""

import re
from dataclasses import dataclass

MIN_TITLE_WORDS = 4

_CLOSING_HEADING = re.compile(
    r"(in )?(conclusions?|summary|final thoughts|(the )?bottom line|takeaways?|wrapping up)\b", re.I
)
_CLOSING_PARAGRAPH = re.compile(
    r"(in|to) (conclusion|conclude|summary|summari[sz]e|sum up|closing)\b", re.I
)


@dataclass(slots=True)
class HeadingPath:
    """Where in its articles and sections a text stands, from headings without levels."""

    current: tuple[str, ...] = ()
    title_of_file: str = ""
    _root: tuple[str, ...] = ()
    _sections: int = 0
    _closed: bool = True

    def enter(self, stack: list[str], *, opens_file: bool) -> None:
        """Take the headings that stand directly above the next paragraph."""
        opens_article = self._closed and (len(stack) > 1 or is_title(stack[0]))
        if opens_article:
            self._root = tuple(stack[:-1]) or (stack[0],)
            title = next(filter(is_title, self._root), self._root[0])
            self.title_of_file = title if opens_file else ""
            self._sections = 0
            self.current = tuple(stack)
        else:
            self._sections += 1
            self.current = (*self._root, *stack)
        self._closed = self._sections > 0 and bool(_CLOSING_HEADING.match(stack[-1]))

    def pass_paragraph(self, paragraph: str) -> None:
        """Note that an article draws to its end."""
        self._closed |= bool(_CLOSING_PARAGRAPH.match(paragraph))


def is_title(heading: str) -> bool:
    """Tell a title from a section's heading: it is longer; a question heads its own answer."""
    return len(heading.split()) >= MIN_TITLE_WORDS and not heading.endswith("?")
