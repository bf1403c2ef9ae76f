"""Word documents: .docx."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from index.parsers.blocks import TextBlock, extracted_document, lay_out, one_line, own_title
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.word_blocks import WordBlocks, style_of, text_of
from index.parsers.word_numbering import Numbering, W, read_numbering
from index.parsers.word_package import MAIN_TYPES, check_package
from index.parsers.word_settling import settle
from index.parsers.word_styles import ParagraphStyle, read_styles
from index.records import Document, MetadataValue
from index.sources import SourceFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DAMAGED = "damaged or not a Word document"


def read_word_document(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a Word document as it reads with all tracked changes accepted."""
    content = bytes_of(file.path)
    check_package(content)
    opened = _open(content)
    styles = _styles(opened)
    notes = _notes(opened)
    parts = (opened.element, *notes.values())
    remarks = tuple(dict.fromkeys(remark for part in parts for remark in settle(part)))
    title, blocks = _title_and_blocks(opened, styles, notes)
    if not blocks:
        raise UnreadableFileError("no text in it")
    yield extracted_document(
        file,
        content,
        lay_out(blocks),
        title=title,
        media_type=MEDIA_TYPE,
        reader=_reader(),
        metadata=_metadata(opened),
        remarks=remarks,
    )


def _reader() -> str:
    from docx import __version__

    return f"word_document/2 (python-docx {__version__})"


def _open(content: bytes) -> Any:
    import zipfile
    import zlib

    from docx.opc.exceptions import OpcError
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart
    from lxml.etree import LxmlError

    # docx.Document refuses templates and documents with macros, which are read alike.
    PartFactory.part_type_for.update(dict.fromkeys(MAIN_TYPES, DocumentPart))
    try:
        main: Any = Package.open(io.BytesIO(content)).main_document_part
        opened = main.document
    except (
        OpcError,
        LxmlError,
        zipfile.BadZipFile,
        zlib.error,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        NotImplementedError,
        AssertionError,
    ) as error:
        raise UnreadableFileError(_DAMAGED) from error
    if opened.element.find(f"{W}body") is None:
        raise UnreadableFileError(_DAMAGED)
    return opened


def _styles(opened: Any) -> dict[str, ParagraphStyle]:
    root = _related(opened, "styles")
    return {"": ParagraphStyle()} if root is None else read_styles(root)


def _title_and_blocks(
    opened: Any, styles: dict[str, ParagraphStyle], notes: dict[str, Any]
) -> tuple[str, list[TextBlock]]:
    body = opened.element.find(f"{W}body")
    paragraphs = (p for p in body.iter(f"{W}p") if style_of(p, styles).is_title)
    written = next(filter(None, map(text_of, paragraphs)), "")
    lists = _related(opened, "numbering")
    numbering = Numbering() if lists is None else read_numbering(lists)
    reader = WordBlocks(styles, numbering, notes, 1 if written else 0)
    title = own_title(_property(opened, "title")) or written
    return title, list(reader.blocks(body))


def _related(opened: Any, kind: str) -> Any:
    """Return the root element of the part that the main one calls its `kind`; None without."""
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
    """Return the footnotes and endnotes by kind and id, such as "footnote 2"."""
    notes: dict[str, Any] = {}
    for kind in ("footnote", "endnote"):
        root = _related(opened, f"{kind}s")
        for note in () if root is None else root.findall(f"{W}{kind}"):
            notes[f"{kind} {note.get(f'{W}id')}"] = note
    return notes


def _property(opened: Any, name: str) -> str:
    try:
        return one_line(getattr(opened.core_properties, name) or "")
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


def _metadata(opened: Any) -> dict[str, MetadataValue]:
    keywords = _property(opened, "keywords").replace(";", ",").split(",")
    return {
        "author": _property(opened, "author"),
        "created": _moment(opened, "created"),
        "last_saved": _moment(opened, "modified"),
        "subject": _property(opened, "subject"),
        "keywords": tuple(filter(None, map(str.strip, keywords))),
    }


def _moment(opened: Any, name: str) -> str:
    try:
        moment = getattr(opened.core_properties, name)
    except (ValueError, AttributeError, KeyError, TypeError, OverflowError):
        return ""
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else ""
