"""What the JSON forms are made of: their base, and the fields that several share.

Each field says what it means and has an example; a test of the OpenAPI document insists on it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.records import Document, Span
from index.terminal import one_line


class WireModel(BaseModel):
    """Base of all JSON forms: nothing unknown gets in, "5" is no number, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _whole(value: Any) -> Any:
    """Take 5.0 for 5, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)  # after a field's bounds, which it would hide from the schema
WholeNumber = Annotated[int, Whole]
DocumentId = Annotated[
    str,
    Field(
        description="The document's id, as in /v1/documents/{document_id}.",
        examples=["seeds-002-cd3ae78a834cc04f-txt-7f355ea8ae"],
    ),
]
DocumentTitle = Annotated[
    str,
    Field(
        description="What the document calls itself, else its file's name.",
        examples=["002_cd3ae78a834cc04f.txt"],
    ),
]
Source = Annotated[
    str,
    Field(
        description="The file's name as the user knows it.",
        examples=["seeds/002_cd3ae78a834cc04f.txt"],
    ),
]
HeadingPath = Annotated[
    list[str],
    Field(
        description="The headings that it stands under, the outermost first.",
        examples=[["Understanding the Side Effects of Microneedling", "Common Side Effects"]],
    ),
]
Words = Annotated[
    str,
    Field(
        description="Equal to the document's text between the two offsets.",
        examples=["One of the most frequently reported side effects is temporary redness."],
    ),
]
StartIndex = Annotated[
    int,
    Field(
        ge=0,
        description="Where it begins: Unicode code points from the start of the document's text.",
        examples=[2235],
    ),
    Whole,
]
EndIndex = Annotated[
    int,
    Field(
        ge=0,
        description="Where it ends, exclusive: Unicode code points from the start of the "
        "document's text.",
        examples=[2335],
    ),
    Whole,
]
StartPage = Annotated[
    WholeNumber | None,
    Field(
        description="The page on which it begins, from 1; null where the document has no pages.",
        examples=[3, None],
    ),
]
EndPage = Annotated[
    WholeNumber | None,
    Field(
        description="The page on which it ends; null where the document has no pages.",
        examples=[3, None],
    ),
]
RowNumber = Annotated[
    WholeNumber | None,
    Field(
        description="Which row of its file the document is; null where a file is one document.",
        examples=[None, 12],
    ),
]
DocumentSha256 = Annotated[
    str,
    Field(
        description="SHA-256 of the source file's bytes, in hexadecimal.",
        examples=["0d79377aabf69e41dc17fa68a72bf4bc125ca0bcc66fddae3025b3fd1535e2ca"],
    ),
]
TextSha256 = Annotated[
    str,
    Field(
        description="SHA-256 of the document's text in UTF-8, in hexadecimal.",
        examples=["0d79377aabf69e41dc17fa68a72bf4bc125ca0bcc66fddae3025b3fd1535e2ca"],
    ),
]
SnapshotId = Annotated[
    str,
    Field(description="The id of the snapshot of the index.", examples=["aade9e53c2932227"]),
]


def place_line(document: Document, span: Span) -> str:
    """Return the name of a document's file, its row or page if it has one, and the offsets."""
    pages, row = document.pages_of(span), document.row_number
    in_row = f", row {row}" if row is not None else ""
    on_page = f" (page {pages[0]})" if pages else ""
    return f"{one_line(document.source)}{in_row}:{span.start}-{span.end}{on_page}"


def likeness(similarity: float) -> str:
    """Return how like a text is in words; what is not the same is never called 100% alike."""
    if similarity == 1:
        return "the same but for blanks, letter case or quotation marks"
    return f"{min(similarity, 0.99):.0%} alike"
