"""Word documents: .docx."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from index.parsers.blocks import extracted_document, lay_out, one_line, own_title
from index.parsers.decoding import WORD_DOCUMENT
from index.parsers.docx.body import Blocks, normalize, style_of, text_of
from index.parsers.docx.styles import ParagraphStyle, W, read_numbering, read_styles
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.office.numbering import Numbering
from index.parsers.office.package import Package, damaged
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_STRICT = b"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"

_OPEN_XML = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_WITH_MACROS = "application/vnd.ms-word"
_MAIN_TYPES = (
    f"{_OPEN_XML}.document.main+xml",
    f"{_OPEN_XML}.template.main+xml",
    f"{_WITH_MACROS}.document.macroEnabled.main+xml",
    f"{_WITH_MACROS}.template.macroEnabledTemplate.main+xml",
)
"""What the main part of a document is: a .docx, .dotx, .docm or .dotm."""


def read_docx(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a Word document as it reads with all tracked changes accepted."""
    from docx import __version__

    content = bytes_of(file.path)
    package = Package(content, WORD_DOCUMENT)
    if _STRICT in package.read("_rels/.rels"):
        raise UnreadableFileError("saved as Strict Open XML; save it as a normal .docx")
    opened = _opened(content)
    body = opened.element.find(f"{W}body")
    styles_part, lists_part = _related(opened, "styles"), _related(opened, "numbering")
    styles = {"": ParagraphStyle()} if styles_part is None else read_styles(styles_part)
    numbering = Numbering() if lists_part is None else read_numbering(lists_part)
    notes = _notes(opened)
    parts = (opened.element, *notes.values())
    remarks = tuple(dict.fromkeys(remark for part in parts for remark in normalize(part)))
    titles = (p for p in body.iter(f"{W}p") if style_of(p, styles).is_title)
    title = next(filter(None, map(text_of, titles)), "")
    blocks = list(Blocks(styles, numbering, notes, 1 if title else 0).of(body))
    if not blocks:
        raise UnreadableFileError("no text in it")
    yield extracted_document(
        file,
        content,
        lay_out(blocks),
        title=own_title(_property(opened, "title")) or title,
        media_type=MEDIA_TYPE,
        reader=f"word_document/2 (python-docx {__version__})",
        metadata=_metadata(opened),
        remarks=remarks,
    )


def _opened(content: bytes) -> Any:
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart

    # docx.Document refuses templates and documents with macros, which read alike.
    PartFactory.part_type_for.update(dict.fromkeys(_MAIN_TYPES, DocumentPart))
    try:
        main: Any = Package.open(io.BytesIO(content)).main_document_part
        opened = main.document
    except MemoryError:
        raise
    except Exception as error:  # a damaged package raises errors of many kinds
        raise damaged(WORD_DOCUMENT) from error
    if opened.element.find(f"{W}body") is None:
        raise damaged(WORD_DOCUMENT)
    return opened


def _related(opened: Any, kind: str) -> Any:
    """Return the root element of a part related to the main one, None without it."""
    from docx.oxml.parser import parse_xml
    from lxml.etree import LxmlError

    for relation in opened.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
            try:
                return parse_xml(relation.target_part.blob)
            except (LxmlError, ValueError):
                return None
    return None


def _notes(opened: Any) -> dict[str, Any]:
    """Return the footnotes and endnotes by names such as "footnote 2"."""
    notes: dict[str, Any] = {}
    for kind in ("footnote", "endnote"):
        root = _related(opened, f"{kind}s")
        for note in () if root is None else root.findall(f"{W}{kind}"):
            notes[f"{kind} {note.get(f'{W}id')}"] = note
    return notes


def _metadata(opened: Any) -> dict[str, MetadataValue]:
    keywords = _property(opened, "keywords").replace(";", ",").split(",")
    return {
        "author": _property(opened, "author"),
        "created": _property(opened, "created"),
        "last_saved": _property(opened, "modified"),
        "subject": _property(opened, "subject"),
        "keywords": tuple(filter(None, map(str.strip, keywords))),
    }


def _property(opened: Any, name: str) -> str:
    """Return a property of the document, a date in ISO 8601, "" if it cannot be read."""
    try:
        value = getattr(opened.core_properties, name)
    except (ValueError, AttributeError, KeyError, TypeError, OverflowError):
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return one_line(value or "")
