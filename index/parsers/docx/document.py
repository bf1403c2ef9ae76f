"""Word documents: .docx, whose package is checked before anything is unpacked."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from index.parsers.blocks import extracted_document, lay_out, one_line, own_title
from index.parsers.decoding import UNKNOWN_ARCHIVE, WORD_DOCUMENT, kind_of
from index.parsers.docx.body import Blocks, normalize, style_of, text_of
from index.parsers.docx.styles import Numbering, ParagraphStyle, W, read_numbering, read_styles
from index.parsers.files import UnreadableFileError, bytes_of
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 20_000
_SMALL_ENOUGH = 10 * 1024 * 1024
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_MAIN_PARTS = ("ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin")
_RELATIONS = "_rels/.rels"
_STRICT = b"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"
_DAMAGED = "damaged or not a Word document"
_ENCRYPTED = "encrypted; save it without a password"

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
    _check_package(content)
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


def _check_package(content: bytes) -> None:
    """Raise UnreadableFileError for what is no .docx, is encrypted, or would unpack to too much.

    The declared sizes are a bound: with the two compression methods that are allowed, `zipfile`
    unpacks no more of an entry than it declares.
    """
    if not content:
        raise UnreadableFileError("empty")
    if content.startswith(_COMPOUND_FILE):
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in content
        reason = _ENCRYPTED if is_encrypted else "an old Word file; save it as .docx"
        raise UnreadableFileError(reason)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist())
            names = set(archive.namelist())
            if "[Content_Types].xml" not in names or not names.isdisjoint(_OTHER_MAIN_PARTS):
                raise UnreadableFileError(_kind_of_other(content))
            if _RELATIONS in names and _STRICT in archive.read(_RELATIONS):
                raise UnreadableFileError("saved as Strict Open XML; save it as a normal .docx")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFileError(_kind_of_other(content)) from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    too_dense = unpacked > _SMALL_ENOUGH and unpacked > MAX_RATIO * max(1, packed)
    if unpacked > MAX_UNPACKED_BYTES or too_dense:
        raise UnreadableFileError(f"it would unpack to {unpacked // 2**20} MiB")
    if len(entries) > MAX_ENTRIES:
        raise UnreadableFileError(f"more than {MAX_ENTRIES} parts in it")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFileError(_ENCRYPTED)
    methods = {entry.compress_type for entry in entries}
    if methods - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableFileError(_DAMAGED)


def _kind_of_other(content: bytes) -> str:
    kind = kind_of(content)
    return _DAMAGED if kind in ("", UNKNOWN_ARCHIVE, WORD_DOCUMENT) else kind


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
        raise UnreadableFileError(_DAMAGED) from error
    if opened.element.find(f"{W}body") is None:
        raise UnreadableFileError(_DAMAGED)
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
