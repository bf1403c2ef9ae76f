"""The package that a .docx is: a zip archive, looked at before anything is unpacked."""

import io
import zipfile

from index.parsers.disguise import UNKNOWN_ARCHIVE, WORD_DOCUMENT, name_of
from index.parsers.files import UnreadableFileError

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 20_000
_SMALL_ENOUGH = 10 * 1024 * 1024
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CONTENT_TYPES = "[Content_Types].xml"
_OTHER_MAIN_PARTS = ("ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin")
_RELATIONS = "_rels/.rels"
_STRICT = b"http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"
_DAMAGED = "damaged or not a Word document"

_OPEN_XML = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_WITH_MACROS = "application/vnd.ms-word"
MAIN_TYPES = (
    f"{_OPEN_XML}.document.main+xml",
    f"{_OPEN_XML}.template.main+xml",
    f"{_WITH_MACROS}.document.macroEnabled.main+xml",
    f"{_WITH_MACROS}.template.macroEnabledTemplate.main+xml",
)
"""What the main part of a document is: a .docx, .dotx, .docm or .dotm."""


def check_package(content: bytes) -> None:
    """Raise UnreadableFileError for what is no .docx, is encrypted, or would unpack to too much.

    The sizes that the archive declares are a bound: `zipfile` unpacks no more of an entry than is
    declared for it, with the two methods of compression that are let through.
    """
    if not content:
        raise UnreadableFileError("empty")
    if content.startswith(_COMPOUND_FILE):
        if _ENCRYPTED in content:
            raise UnreadableFileError("encrypted; save it without a password")
        raise UnreadableFileError("an old Word file; save it as .docx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist())
            _check_kind(archive, content)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFileError(_name_of_other(content)) from error


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    too_dense = unpacked > _SMALL_ENOUGH and unpacked > MAX_RATIO * max(1, packed)
    if unpacked > MAX_UNPACKED_BYTES or too_dense:
        raise UnreadableFileError(f"it would unpack to {unpacked // 2**20} MiB")
    if len(entries) > MAX_ENTRIES:
        raise UnreadableFileError(f"more than {MAX_ENTRIES} parts in it")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFileError("encrypted; save it without a password")
    methods = {entry.compress_type for entry in entries}
    if methods - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableFileError(_DAMAGED)


def _check_kind(archive: zipfile.ZipFile, content: bytes) -> None:
    """Raise UnreadableFileError if it is another kind of package than python-docx reads."""
    names = set(archive.namelist())
    if _CONTENT_TYPES not in names or not names.isdisjoint(_OTHER_MAIN_PARTS):
        raise UnreadableFileError(_name_of_other(content))
    if _RELATIONS in names and _STRICT in archive.read(_RELATIONS):
        raise UnreadableFileError("saved as Strict Open XML; save it as a normal .docx")


def _name_of_other(content: bytes) -> str:
    name = name_of(content)
    return _DAMAGED if name in ("", UNKNOWN_ARCHIVE, WORD_DOCUMENT) else name
