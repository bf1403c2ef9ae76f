"""A document as a line of JSON, without its text and without what the columns tell of passages."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, groupby

import orjson

from index.records import ChunkedDocument, Document, Skipped
from index.store.document_json import document_from_json, document_to_json


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """What is said of a document; the text of `document` is left out, it is empty.

    `section_ends` and `heading_paths` belong together: the passages from one end to the next
    have the heading path. `context` is that of all passages.
    """

    document: Document
    section_ends: tuple[int, ...]
    heading_paths: tuple[tuple[str, ...], ...]
    skipped: tuple[Skipped, ...]
    context: tuple[str, ...] = ()

    def heading_path(self, passage: int) -> tuple[str, ...]:
        """Return the heading path of a passage, numbered from 0."""
        return self.heading_paths[bisect_right(self.section_ends, passage)]


def to_line(chunked: ChunkedDocument) -> bytes:
    """Return the form on disk, with the line break at its end."""
    fields = document_to_json(chunked.document)
    del fields["text"]
    paths = (passage.heading_path for passage in chunked.passages)
    fields["sections"] = [[len(list(each)), path] for path, each in groupby(paths)]
    if chunked.passages and chunked.passages[0].context:
        fields["context"] = chunked.passages[0].context
    fields["skipped"] = [[part.start, part.end, part.reason] for part in chunked.skipped]
    return orjson.dumps(fields) + b"\n"


def from_line(line: bytes) -> DocumentLine:
    """Return what was written."""
    fields = orjson.loads(line)
    sections = fields.pop("sections")
    skipped = tuple(Skipped(*part) for part in fields.pop("skipped"))
    context = tuple(fields.pop("context", ()))
    return DocumentLine(
        document_from_json(fields | {"text": ""}),
        tuple(accumulate(count for count, _ in sections)),
        tuple(tuple(path) for _, path in sections),
        skipped,
        context,
    )
