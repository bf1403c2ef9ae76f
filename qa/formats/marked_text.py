"""An answer as plain text with marks like [1] and a list of sources: for chats and for models."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.records import Document, Span
from index.terminal import one_line
from qa.formats.labels import label
from qa.formats.links import link
from qa.records import Answer, Citation, WrittenAnswer, WrittenSentence

CLOSEST = "Closest passages:"
_BRACKETS, _ESCAPED = re.compile(r"[\\\[\]]"), r"\\\g<0>"


@dataclass(frozen=True, slots=True)
class Quoted:
    """Where in a text the words of a citation stand, or a written sentence that rests on it."""

    start: int
    end: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class CitedText:
    """A text in pieces, and what in the whole of them is quoted."""

    pieces: tuple[str, ...]
    quoted: tuple[Quoted, ...]

    @property
    def text(self) -> str:
        """The whole."""
        return "".join(self.pieces)


def cited_text(answer: Answer, *, ids: bool = False, nearest: int = 3) -> CitedText:
    """Return an answer with its sources, or that there is none and where the nearest passages are.

    What a language model wrote stands in place of the quotes if there is any; each of its sentences
    is a piece. With `ids`, each source is named with its document's id, too.
    """
    written = answer.written
    ended = [_escaped(one_line(written.ended))] if written and written.ended else []
    told = (*remarks(answer), *ended, *(written_remarks(written) if written else ()))
    notes = [f"\n\n{remark}" for remark in told]
    if written and written.sentences:
        return _written_text(written, notes, ids=ids)
    if not answer.answered:
        passages = [(hit.document, hit.passage) for hit in answer.hits[:nearest]]
        closest = "\n".join(
            f"- {full_place(document, passage.span, passage.heading_path, ids=ids)}"
            for document, passage in passages
        )
        after = [f"\n\n{CLOSEST}\n{closest}"] if closest else []
        return CitedText((why_not(answer), *notes, *after), ())
    pieces: list[str] = []
    quoted: list[Quoted] = []
    length, done = 0, 0
    citations = {citation.number: citation for citation in answer.citations}
    text = answer.text or ""
    for span in answer.spans:
        between = text[done : span.start].replace("\n", "  \n")  # Markdown keeps such a line end
        words = text[span.start : span.end]
        start = length + len(between)
        quoted += (Quoted(start, start + len(words), citations[n]) for n in span.citations)
        marks = "".join(f"[{number}]" for number in span.citations)
        pieces.append(f"{between}{words} {marks}")
        length, done = length + len(pieces[-1]), span.end
    return CitedText((*pieces, *notes, _sources(answer.citations, ids=ids)), tuple(quoted))


def sentence_piece(sentence: WrittenSentence, *, first: bool) -> str:
    """Return a sentence with its marks; one that is not the first begins with a blank."""
    marks = "".join(f"[{citation.number}]" for citation in sentence.citations)
    return f"{'' if first else ' '}{sentence.text} {marks}"


def _written_text(written: WrittenAnswer, notes: Sequence[str], *, ids: bool) -> CitedText:
    pieces: list[str] = []
    quoted: list[Quoted] = []
    length = 0
    for sentence in written.sentences:
        start = length + bool(pieces)
        end = start + len(sentence.text)
        pieces.append(sentence_piece(sentence, first=not pieces))
        quoted += (Quoted(start, end, citation) for citation in sentence.citations)
        length += len(pieces[-1])
    return CitedText((*pieces, *notes, _sources(written.citations, ids=ids)), tuple(quoted))


def written_remarks(written: WrittenAnswer, *, how_to_see: str = "") -> Iterator[str]:
    """Yield what was dropped of a written answer, and that nothing is left of it, a line each.

    `how_to_see` says how to see the dropped sentences.
    """
    if written.declined and not written.sentences:
        yield "The language model found no answer in the passages."
    if count := len(written.dropped):
        told = (
            "1 sentence was dropped: the checks did not find it in what it cites"
            if count == 1
            else f"{count} sentences were dropped: the checks did not find them in what they cite"
        )
        yield f"{told} ({how_to_see})." if how_to_see else f"{told}."
    if not written.sentences:
        yield "The answer is in quotes instead."


def _sources(citations: Sequence[Citation], *, ids: bool) -> str:
    lines = "\n".join(_source(citation, ids=ids) for citation in citations)
    return f"\n\nSources:\n{lines}"


def _source(citation: Citation, *, ids: bool) -> str:
    place = full_place(citation.document, citation.span, citation.heading_path, ids=ids)
    line = f"- [{citation.number}] {place}"
    return f"{line}; {citation.agreeing} documents say this" if citation.agreeing > 1 else line


def full_place(
    document: Document, span: Span, heading_path: tuple[str, ...] = (), *, ids: bool = False
) -> str:
    """Return where a span stands, on one line: for a person, and then exactly.

    Such as "Care, Night (notes/care.md, characters 12-40)". A document that knows its web page is
    named by a link to the words there, in Markdown.
    """
    name, source = label(document, span, heading_path), one_line(document.source)
    is_named = name == source or name.startswith(f"{source}, ")
    if url := link(document, span):
        name = f"[{_escaped(name)}]({url})"
    exactly = (
        "" if is_named else source,
        f"document {document.id}" if ids else "",
        f"characters {span.start}-{span.end}",
    )
    return f"{name} ({', '.join(filter(None, exactly))})"


def _escaped(line: str) -> str:
    """Return a line that makes no link or image in Markdown."""
    return _BRACKETS.sub(_ESCAPED, line)


def why_not(answer: Answer) -> str:
    """Return why there is no answer."""
    if answer.hits:
        return "Your documents do not seem to answer this."
    return "Nothing was searched: no document matches the filters, or none is indexed."


def remarks(answer: Answer, *, undo: str = "") -> Iterator[str]:
    """Yield how the question was read and what of it the documents lack, a line each.

    `undo` says how to ask a question that leans on an earlier one by itself.
    """
    if answer.searched is not None:
        carried_over = ", ".join(map(one_line, answer.carried_over))
        how = "; ".join(filter(None, (f"carried over: {carried_over}", undo)))
        yield f"Searched: {one_line(answer.searched)} ({how})"
    for correction in answer.corrections:
        written, read = one_line(correction.written), one_line(correction.read)
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
