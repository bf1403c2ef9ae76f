"""A part of a document that a language model can take in."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field

from index.records import Document, Span
from index.store.snapshot import Snapshot
from qa.errors import QuestionError
from qa.formats.fields import WireModel
from qa.formats.marked_text import place_line
from qa.protocol.arguments import OpenArguments
from qa.records import Place

MOST_CHARACTERS = 8000
"""About 2000 of a language model's tokens: a long document comes in parts."""


class NotThereError(QuestionError):
    """There is no such document, or not that part of it."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a document; `next_start` is where to read on, None at the end."""

    document: Document
    span: Span
    next_start: int | None

    @property
    def text(self) -> str:
        """The excerpt, with where it stands before it and how to read on behind it."""
        length = len(self.document.text)
        place = place_line(Place(self.document, self.span), ids=True)
        words = self.span.of(self.document.text)
        told = f"{place}, of {length}:\n\n{words}"
        if self.next_start is None:
            return told
        return f"{told}\n\n(The document goes on: open it with start={self.next_start}.)"


def open_excerpt(snapshot: Snapshot, wanted: OpenArguments) -> Excerpt:
    """Return the part of a document that is wanted, cut off at MOST_CHARACTERS.

    Raises NotThereError.
    """
    chunked = snapshot.chunked.get(wanted.document_id)
    if chunked is None:
        raise NotThereError(
            "There is no document of that id: give the document_id of a citation or a passage."
        )
    length = len(chunked.document.text)
    start, end = wanted.start, length if wanted.end is None else min(wanted.end, length)
    if start >= end:
        raise NotThereError(
            f"start must lie before end, and both within the document's {length} characters."
        )
    if wanted.end is not None:
        start, end = max(0, start - wanted.context), min(length, end + wanted.context)
    end = min(end, start + MOST_CHARACTERS)
    return Excerpt(chunked.document, Span(start, end), end if end < length else None)


class ExcerptJson(WireModel):
    """A part of a document."""

    document_id: str = Field(description="The id that it was opened by.")
    document_title: str = Field(description="Its title, or the file's name.")
    source: str = Field(description="The file's name as the user knows it.")
    text: str = Field(description="The document's text between the two offsets.")
    start_char_index: int = Field(description="Code points from the start of the document's text.")
    end_char_index: int = Field(description="End, exclusive.")
    start_page_number: int | None = Field(
        description="From 1; null where the document has no pages."
    )
    end_page_number: int | None = Field(description="Where the text ends.")
    characters: int = Field(description="How long the whole document is.")
    next_start: int | None = Field(
        description="Give it as `start` to read on; null at the document's end."
    )
    document_sha256: str = Field(description="Of the source file's bytes.")
    text_sha256: str = Field(description="Of the whole document's text in UTF-8.")

    @classmethod
    def of(cls, excerpt: Excerpt) -> Self:
        """Return the JSON form of `excerpt`."""
        document, span = excerpt.document, excerpt.span
        first, last = document.pages_of(span) or (None, None)
        return cls(
            document_id=document.id,
            document_title=document.display_title,
            source=document.source,
            text=span.of(document.text),
            start_char_index=span.start,
            end_char_index=span.end,
            start_page_number=first,
            end_page_number=last,
            characters=len(document.text),
            next_start=excerpt.next_start,
            document_sha256=document.document_sha256,
            text_sha256=document.text_sha256,
        )
