"""What the JSON forms are made of: their base, and the fields that several of them have."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.records import Document, Span
from index.terminal import one_line


class JsonModel(BaseModel):
    """Base of all JSON forms: it refuses unknown fields and text for a number, and is frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _whole(value: Any) -> Any:
    """Take 5.0 for 5, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)  # after a field's bounds, which it would hide from the schema
WholeNumber = Annotated[int, Whole]
DocumentId = Annotated[
    str, Field(description="The document's id, as in /v1/documents/{document_id}.")
]
DocumentTitle = Annotated[
    str, Field(description="The document's own title, or its file's name if it has none.")
]
Source = Annotated[str, Field(description="The file's name as the user knows it.")]
Label = Annotated[
    str,
    Field(
        description="Where it stands, in about 60 characters, for a person: the title or the file, "
        "and the page, the row or the nearest heading."
    ),
]
HeadingPath = Annotated[
    list[str], Field(description="The headings that it stands under, the outermost first.")
]
Words = Annotated[str, Field(description="Equal to the document's text between the two offsets.")]
StartIndex = Annotated[
    int,
    Field(ge=0, description="Where it begins: code points from the start of the document's text."),
    Whole,
]
EndIndex = Annotated[
    int,
    Field(
        ge=0,
        description="Where it ends, exclusive: code points from the start of the document's text.",
    ),
    Whole,
]
StartPage = Annotated[
    WholeNumber | None,
    Field(description="The page on which it begins, from 1; null if the document has no pages."),
]
EndPage = Annotated[
    WholeNumber | None,
    Field(description="The page on which it ends; null if the document has no pages."),
]
RowNumber = Annotated[
    WholeNumber | None,
    Field(description="The row of the file that is the document; null if the file is one."),
]
DocumentSha256 = Annotated[
    str, Field(description="SHA-256 of the source file's bytes, in hexadecimal.")
]
TextSha256 = Annotated[
    str, Field(description="SHA-256 of the document's text in UTF-8, in hexadecimal.")
]
SnapshotId = Annotated[str, Field(description="The id of the snapshot of the index.")]


def place_line(document: Document, *spans: Span) -> str:
    """Return where spans stand, such as "notes/care.pdf:12-40, 52-60 (page 3)"."""
    pages, row = document.pages_of(spans[0]), document.row_number
    in_row = f", row {row}" if row is not None else ""
    on_page = f" (page {pages[0]})" if pages else ""
    ranges = ", ".join(f"{start}-{end}" for start, end in spans)
    return f"{one_line(document.source)}{in_row}:{ranges}{on_page}"


def likeness(similarity: float) -> str:
    """Return a similarity in words. Text that is not the same is never called 100% alike."""
    if similarity == 1:
        return "the same but for blanks, letter case or quotation marks"
    return f"{min(similarity, 0.99):.0%} alike"
