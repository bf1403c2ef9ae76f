"""The stretch of some documents that is most like a quote which stands in none of them."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from index.records import Span
from qa.records import Place

FLOOR = 0.65
"""Sentences that have nothing to do with one another reach 0.4 to 0.6."""
PIECE = 600
MOST_PIECES = 5
"""Aligning a long quote takes long, so up to 5 pieces of 600 characters are aligned instead."""

_ROUGH_FLOOR = 0.5
_MOST_COMPARED = 2000
_SENTENCE_ENDS = ".!?…"
_INNER_END = re.compile(r"[.!?…](?=\s)")
_WORD_START = re.compile(r"(?<!\S)\S|(?<![^\W_])[^\W_]")
_WORD_END = re.compile(r"(?<=\S)(?!\S)|(?<=[^\W_])(?![^\W_])")
_BLANKS = re.compile(r"\s+")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛‹›′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "İ": "I",  # its small letter would be two characters
    }
)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The place that is most like a quote, and how like it is, in 0..1.

    The similarity is rapidfuzz's `ratio`: the share of characters that both have in the same
    order. Blanks, letter case and the shape of quotation marks do not count.
    """

    place: Place
    similarity: float


def nearest(quote: str, places: Sequence[Place]) -> Nearest | None:
    """Return the stretch of `places` that is most like a quote; None if nothing is.

    The very words come first, then those that differ only in blanks, letter case or quotation
    marks; both have a similarity of 1. Any other stretch consists of whole words.
    """
    wanted = fold_quote(quote)
    if not wanted:
        return None
    for place in places:
        start = place.text.find(quote)
        if start >= 0:
            return _nearest(place, Span(start, start + len(quote)), 1.0)
    folded_texts = [fold(place.text) for place in places]
    for place, folded in zip(places, folded_texts, strict=True):
        for span in folded.find(wanted):
            return _nearest(place, span, 1.0)
    if stretch := _most_alike(wanted, folded_texts):
        number, span, similarity = stretch
        return _nearest(places[number], folded_texts[number].original(span), similarity)
    return None


def _nearest(within: Place, span: Span, similarity: float) -> Nearest:
    first = within.span.start
    return Nearest(Place(within.document, Span(first + span.start, first + span.end)), similarity)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text: from `text[starts[i]]` on, it stands `shifts[i]` later in the original."""

    text: str
    starts: tuple[int, ...]
    shifts: tuple[int, ...]

    def find(self, folded_quote: str) -> Iterator[Span]:
        """Yield where a folded quote, not empty, stands in the original, without overlaps."""
        for found in re.finditer(re.escape(folded_quote), self.text):
            yield self.original(Span(*found.span()))

    def original(self, span: Span) -> Span:
        """Return where a stretch that is not empty stands in the original."""
        return Span(self._original(span.start), self._original(span.end - 1) + 1)

    def _original(self, position: int) -> int:
        return position + self.shifts[bisect_right(self.starts, position) - 1]


def fold(text: str) -> Folded:
    """Make each run of blanks one blank, letters small, and dashes and quotation marks plain."""
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
    return Folded("".join(pieces).translate(_ALIKE).lower(), tuple(starts), tuple(shifts))


def fold_quote(quote: str) -> str:
    """Return what to look for in folded texts: a quote folded, without blanks around it."""
    return fold(quote).text.strip()


def _most_alike(wanted: str, texts: Sequence[Folded]) -> tuple[int, Span, float] | None:
    """Return which text has the stretch most like the quote, where, and how like it is."""
    best: tuple[int, int] | None = None
    best_score = 100 * _ROUGH_FLOOR
    for offset, piece in _pieces(wanted):
        for number, folded in enumerate(texts):
            score, start = _align(piece, folded.text, best_score)
            if score > best_score:
                best_score, best = score, (number, max(0, start - offset))
    if best is None:
        return None
    number, start = best
    text = texts[number].text
    span = _whole_words(wanted, text, Span(start, min(len(text), start + len(wanted))))
    similarity = fuzz.ratio(wanted, span.of(text)) / 100
    if similarity < FLOOR:
        return None
    completed = _completed(wanted, text, span)
    completed_similarity = fuzz.ratio(wanted, completed.of(text)) / 100
    if completed_similarity >= FLOOR:
        return number, completed, completed_similarity
    return number, span, similarity


def _pieces(wanted: str) -> Iterator[tuple[int, str]]:
    """Yield the quote, or pieces from all over a long one, each with its offset."""
    count = pieces_of(wanted)
    for number in range(count):
        offset = number * (len(wanted) - PIECE) // (count - 1) if number else 0
        yield offset, wanted[offset : offset + PIECE]


def pieces_of(quote: str) -> int:
    """Return how many pieces of a quote are looked for, and so how often a text is read."""
    return min(MOST_PIECES, -(-len(quote) // PIECE))


def _align(piece: str, text: str, cutoff: float) -> tuple[float, int]:
    """Return how like the piece a stretch of the same length is, in 0..100, and its start."""
    if len(text) <= len(piece):
        return fuzz.ratio(piece, text, score_cutoff=cutoff), 0
    alignment = fuzz.partial_ratio_alignment(piece, text, score_cutoff=cutoff)
    return (alignment.score, alignment.dest_start) if alignment else (0.0, 0)


def _whole_words(wanted: str, text: str, span: Span) -> Span:
    """Move both ends to where words start and end, and to where it is most like the quote."""
    start, end = span
    compared = len(wanted) <= _MOST_COMPARED
    reach = max(30, len(wanted) // 2) if compared else 100

    def likeness(start: int, end: int) -> float:
        return fuzz.ratio(wanted, text[start:end]) if compared else 0.0

    near = range(max(0, start - reach), min(end, start + reach))
    starts = [at for at in near if _WORD_START.match(text, at)]
    start = max(starts, key=lambda at: (likeness(at, end), -abs(at - span.start)), default=start)
    near = range(max(start, end - reach) + 1, min(len(text), end + reach) + 1)
    ends = [at for at in near if _WORD_END.match(text, at)]
    end = max(ends, key=lambda at: (likeness(start, at), -abs(at - span.end)), default=end)
    return Span(start, end)


def _completed(wanted: str, text: str, span: Span) -> Span:
    """Add as many words at either end as the quote has there without a counterpart.

    A word that changed altogether makes the stretch no more alike, and is what one wants to see.
    Nothing beyond the end of a sentence is added.
    """
    inner_ends = len(_INNER_END.findall(span.of(text)))
    if len(wanted) > _MOST_COMPARED or inner_ends > len(_INNER_END.findall(wanted)):
        return span
    steps = Levenshtein.opcodes(wanted.split(), span.of(text).split())
    before, after = (
        step.src_end - step.src_start if step.tag == "delete" else 0
        for step in (steps[0], steps[-1])
    )
    start, end = span
    for _ in range(before):
        earlier = text[:start].rstrip()
        if not earlier or earlier[-1] in _SENTENCE_ENDS:
            break
        start = earlier.rfind(" ") + 1
    for _ in range(after):
        rest, later = text[end:].partition(" ")[::2]
        if not later or text[end + len(rest) - 1] in _SENTENCE_ENDS:
            break
        end += len(rest) + 1 + len(later.partition(" ")[0])
    return Span(start, end)
