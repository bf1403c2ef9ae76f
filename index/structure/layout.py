"""The headings, paragraphs, list items and table rows of a text."""

from collections.abc import Callable

from index.records import Document
from index.structure.mail import outline_mail
from index.structure.markdown import outline_markdown
from index.structure.markup import outline_latex, outline_restructured_text
from index.structure.outline import Outline, outline_extracted
from index.structure.plaintext import outline_plaintext
from index.structure.source import outline_settings, outline_source

OUTLINERS: dict[str, Callable[[str], Outline]] = {
    "text/plain": outline_plaintext,
    "text/markdown": outline_markdown,
    "text/x-rst": outline_restructured_text,
    "text/x-tex": outline_latex,
    "text/x-source": outline_source,
    "text/x-log": outline_source,
    "application/yaml": outline_source,
    "application/toml": outline_settings,
    "text/x-ini": outline_settings,
    "application/rtf": outline_plaintext,
    "message/rfc822": outline_mail,
}
"""By the media types whose text shows its layout by its own characters."""


def outline_of(document: Document) -> Outline:
    """Return a document's layout. Raises KeyError for an unknown media type."""
    if document.layout is not None:
        return outline_extracted(document.text, document.layout.headings)
    return OUTLINERS[document.media_type](document.text)
