"""The headings, paragraphs, list items and table rows of a text."""

from collections.abc import Callable

from index.records import Document
from index.structure.markdown import outline_markdown
from index.structure.outline import Outline, outline_extracted
from index.structure.plaintext import outline_plaintext

OUTLINERS: dict[str, Callable[[str], Outline]] = {
    "text/plain": outline_plaintext,
    "text/markdown": outline_markdown,
}
"""By the media types whose text shows its layout by its own characters."""


def outline_of(document: Document) -> Outline:
    """Return a document's layout. Raises KeyError for an unknown media type."""
    if document.layout is not None:
        return outline_extracted(document.text, document.layout.headings)
    return OUTLINERS[document.media_type](document.text)
