"""An answer as plain text with marks like [1] and a list of sources: for chats and for models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.records import Document
from index.terminal import one_line
from qa.records import Answer, Citation, Place

NOT_ANSWERED = "Your documents do not seem to answer this."
NOTHING_SEARCHED = "Nothing was searched: no document matches the filters, or none is indexed."
CLOSEST = "Closest passages:"
_LINE_BREAK = "  \n"
"""A line end that Markdown keeps."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Where the words of a citation stand in a text: `text[start:end] == citation.cited_text`."""

    start: int
    end: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class CitedText:
    """A text in pieces, which joined are the whole, and what in it is quoted."""

    pieces: tuple[str, ...]
    quoted: tuple[Quoted, ...]

    @property
    def text(self) -> str:
        """The whole."""
        return "".join(self.pieces)


def cited_text(answer: Answer, *, ids: bool = False, nearest: int = 3) -> CitedText:
    """Return an answer with its sources, or that there is none.

    Without an answer, the text tells where the `nearest` passages stand, so many of them. With
    `ids`, each source is named with its document's id, too.
    """
    notes = [f"\n\n{remark}" for remark in remarks(answer)]
    if not answer.answered:
        not_answered = NOT_ANSWERED if answer.hits else NOTHING_SEARCHED
        return CitedText((not_answered, *notes, *_closest(answer, nearest, ids=ids)), ())
    pieces: list[str] = []
    quoted: list[Quoted] = []
    length, done = 0, 0
    citations = {citation.number: citation for citation in answer.citations}
    text = answer.text or ""
    for span in answer.spans:
        between = text[done : span.start].replace("\n", _LINE_BREAK)
        words = text[span.start : span.end]
        start = length + len(between)
        quoted += (Quoted(start, start + len(words), citations[n]) for n in span.citations)
        marks = "".join(f"[{number}]" for number in span.citations)
        pieces.append(f"{between}{words} {marks}")
        length, done = length + len(pieces[-1]), span.end
    sources = "\n".join(_source(citation, ids=ids) for citation in answer.citations)
    return CitedText((*pieces, *notes, f"\n\nSources:\n{sources}"), tuple(quoted))


def _source(citation: Citation, *, ids: bool) -> str:
    place = Place(citation.document, citation.span)
    line = f"- [{citation.number}] {place_line(place, citation.heading_path, ids=ids)}"
    return f"{line}; {citation.agreeing} documents say this" if citation.agreeing > 1 else line


def _closest(answer: Answer, nearest: int, *, ids: bool) -> Iterator[str]:
    lines = [
        place_line(Place(hit.document, hit.passage.span), hit.passage.heading_path, ids=ids)
        for hit in answer.hits[:nearest]
    ]
    if lines:
        yield f"\n\n{CLOSEST}\n" + "\n".join(f"- {line}" for line in lines)


def place_line(place: Place, heading_path: tuple[str, ...] = (), *, ids: bool = False) -> str:
    """Return where something stands, on one line: the source, pages, characters and headings."""
    document, span = place.document, place.span
    line = one_line(document.source)
    if ids:
        line += f" (document {document.id})"
    if pages := document.pages_of(span):
        line += f", page {pages[0]}" if pages[0] == pages[1] else f", pages {pages[0]}-{pages[1]}"
    line += f", characters {span.start}-{span.end}"
    headings = _headings(document, heading_path)
    return f"{line}, under “{headings}”" if headings else line


def _headings(document: Document, heading_path: tuple[str, ...]) -> str:
    headings = dict.fromkeys(one_line(each).strip() for each in (document.title, *heading_path))
    return " › ".join(filter(None, headings))


def remarks(answer: Answer) -> Iterator[str]:
    """Yield how the question was read and what of it the documents lack, a line each.

    A word of a missing name is not named a second time as a word that no document holds.
    """
    for each in answer.corrections:
        written, read = one_line(each.written), one_line(each.read)
        yield f"“{written}” was read as “{read}”, as the documents say."
    if answer.missing_names:
        yield f"No document found has the name {_one_of(answer.missing_names)}."
    in_names = {word.casefold() for name in answer.missing_names for word in name.split()}
    unknown = [word for word in answer.unknown_words if _bare(word) not in in_names]
    if unknown:
        yield f"No document holds {_one_of(unknown)}."


def _bare(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("’s")


def _one_of(words: Sequence[str]) -> str:
    """Return the words in quotation marks, "or" before the last."""
    *first, last = (f"“{one_line(word)}”" for word in words)
    return f"{', '.join(first)} or {last}" if first else last
