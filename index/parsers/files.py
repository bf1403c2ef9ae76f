"""The bytes of a file, within bounds."""

from pathlib import Path

from index.parsers.errors import UnreadableFileError

MAX_FILE_BYTES = 64 * 1024 * 1024


def bytes_of(path: Path) -> bytes:
    """Return what is in the file. Raises UnreadableFileError if that is too much, OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(f"larger than {MAX_FILE_BYTES // 2**20} MiB; split it")
    return content
