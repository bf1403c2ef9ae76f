"""Where words that do not stand where they were cited may be now, looked for within a bound."""

from dataclasses import dataclass
from itertools import islice

from index.records import Document, Span
from qa.claims import PlaceClaim
from qa.elsewhere import Elsewhere
from qa.nearest import nearest
from qa.records import Place

MOST_PLACES = 5
MOST_SEARCHES = 20
AROUND = 400_000
"""How far before and after the cited place the nearest text is looked for, in characters."""

_MOST_ALIGNED = 10_000_000
_MOST_READ = 1_000_000_000
_PIECE = 600
_MOST_PIECES = 5

NOT_SEARCHED = "not looked for: too much of this answer is lost to look for all of it"


@dataclass(frozen=True, slots=True)
class Likeness:
    """A place whose words are like those that were cited, and how like, in 0..1."""

    place: Place
    similarity: float


class Budget:
    """How much may still be looked for: so many searches, in so many characters."""

    def __init__(self, searches: int, characters: int) -> None:
        self._searches = searches
        self._characters = characters

    @property
    def is_spent(self) -> bool:
        """Whether no search is left."""
        return not self._searches

    def allows(self, characters: int) -> bool:
        """Take a search in so many characters from what is left, if there is as much."""
        if not self._searches or characters > self._characters:
            return False
        self._searches -= 1
        self._characters -= characters
        return True


class Lost:
    """Looks for the words of claims that do not hold, as far as a verification's bounds go.

    The nearest text is looked for 20 times, in ten million characters in all: where nothing is
    alike, a quote of 600 characters takes about 0.2 s a million, and a longer one is looked for in
    up to five pieces. Other documents with the same words are looked for 20 times, in a thousand
    million characters, which takes a second or two.
    """

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self._alike = Budget(MOST_SEARCHES, _MOST_ALIGNED)
        self._same = Budget(MOST_SEARCHES, _MOST_READ)

    def like(self, claim: PlaceClaim, document: Document) -> tuple[Likeness | None, str]:
        """Return the text nearest to a claim's in its document, and why it was not looked for."""
        cited = min(claim.start_char_index, len(document.text))
        start = max(0, cited - AROUND)
        around = document.text[start : cited + len(claim.cited_text) + AROUND]
        pieces = min(_MOST_PIECES, -(-len(claim.cited_text) // _PIECE))
        if not self._alike.allows(len(around) * pieces):
            return None, NOT_SEARCHED
        found = nearest(claim.cited_text, {document.id: around})
        if found is None:
            return None, ""
        span = Span(found.span.start + start, found.span.end + start)
        return Likeness(Place(document, span), found.similarity), ""

    def elsewhere(self, claim: PlaceClaim) -> tuple[tuple[Place, ...], str]:
        """Return where a claim's words stand in other documents, and why it was not looked."""
        if self._same.is_spent or not self._same.allows(self._elsewhere.characters()):
            return (), NOT_SEARCHED
        holding = islice(self._elsewhere.holding(claim), MOST_PLACES)
        return tuple(_place(claim, document) for document in holding), ""


def standing(words: str, text: str, cited: Span) -> Span | None:
    """Return where `words` stand nearest to where they were cited, the first of two as near."""
    after = text.find(words, cited.start)
    before = text.rfind(words, 0, max(0, cited.start + len(words) - 1))
    starts = [start for start in (before, after) if start >= 0]
    if not starts:
        return None
    start = min(starts, key=lambda start: abs(start - cited.start))
    return Span(start, start + len(words))


def _place(claim: PlaceClaim, document: Document) -> Place:
    cited = Span(claim.start_char_index, claim.end_char_index)
    found = standing(claim.cited_text, document.text, cited)
    return Place(document, found or cited)
