"""The package that a .docx is: a zip archive, looked at before anything is unpacked."""

import io
import zipfile

from index.reading.errors import UnreadableFileError

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 20_000
_SMALL_ENOUGH = 10 * 1024 * 1024
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MAIN_PART = "[Content_Types].xml"


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
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFileError("damaged or not a Word document") from error
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
        raise UnreadableFileError("damaged or not a Word document")
    if _MAIN_PART not in archive.namelist():
        raise UnreadableFileError("damaged or not a Word document")
