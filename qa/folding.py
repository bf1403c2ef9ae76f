"""Texts as a reader compares them: whatever the blanks, the letter case, the quotation marks."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from index.records import Span

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛‹›′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and where its characters stand in the text it was made from.

    From `text[starts[i]]` on, a character stands `shifts[i]` further on in the original.
    """

    text: str
    starts: tuple[int, ...]
    shifts: tuple[int, ...]

    def find(self, folded_quote: str) -> Iterator[Span]:
        """Yield where a folded quote stands, in the original; those that overlap once."""
        start = self.text.find(folded_quote)
        while folded_quote and start >= 0:
            end = start + len(folded_quote)
            yield self.original(Span(start, end))
            start = self.text.find(folded_quote, end)

    def original(self, span: Span) -> Span:
        """Return where a stretch that is not empty stands in the original."""
        return Span(self._original(span.start), self._original(span.end - 1) + 1)

    def _original(self, position: int) -> int:
        return position + self.shifts[bisect_right(self.starts, position) - 1]


def fold(text: str) -> Folded:
    """Make one blank of each run of them, small letters of capitals, typewriter marks of others.

    Nothing but runs of blanks changes in length.
    """
    pieces: list[str] = []
    starts, shifts = [0], [0]
    done = length = 0
    for blanks in _BLANKS.finditer(text):
        if blanks.group() == " ":
            continue
        pieces += (text[done : blanks.start()], " ")
        length += blanks.start() - done + 1
        done = blanks.end()
        starts.append(length)
        shifts.append(done - length)
    pieces.append(text[done:])
    return Folded(_small("".join(pieces).translate(_ALIKE)), tuple(starts), tuple(shifts))


def fold_quote(quote: str) -> str:
    """Return a quote folded, without blanks around it: what to look for in folded texts."""
    return fold(quote).text.strip()


def _small(text: str) -> str:
    small = text.lower()
    if len(small) == len(text):
        return small
    # "İ" becomes two characters.
    return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)
