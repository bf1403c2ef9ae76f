"""What must hold for whatever a reader of a format makes of a file."""

import hashlib
import random
from pathlib import Path

from index.parsers import UnreadableFileError, read_file
from index.records import Document
from index.sources.listing import SourceFile


def read_bytes(folder: Path, name: str, content: bytes) -> Document:
    """Return the one document in a file of that name with that content."""
    path = folder / name
    path.write_bytes(content)
    (document,) = read_file(SourceFile(path, f"{folder.name}/{name}"))
    assert document.document_sha256 == hashlib.sha256(content).hexdigest()
    assert_well_formed(document)
    return document


def reason_for(folder: Path, name: str, content: bytes) -> str:
    """Return why a file cannot be indexed; "" if it can."""
    try:
        read_bytes(folder, name, content)
    except UnreadableFileError as error:
        return str(error)
    return ""


def headings_of(document: Document) -> list[tuple[int, str]]:
    """Return level and text of each heading."""
    assert document.layout is not None
    return [(each.level, document.text[each.start : each.end]) for each in document.layout.headings]


def page_texts(document: Document) -> list[str]:
    """Return what stands on each page."""
    assert document.layout is not None
    starts = document.layout.pages
    return [
        document.text[start:end]
        for start, end in zip(starts, (*starts[1:], len(document.text)), strict=True)
    ]


def assert_well_formed(document: Document) -> None:
    text, layout = document.text, document.layout
    assert layout is not None
    assert text.strip()
    assert document.text_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert "\r" not in text
    assert "\0" not in text
    position = 0
    for start, end, level in layout.headings:
        assert position <= start < end
        position = end
        assert 1 <= level <= 6
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", start)
        line = text[line_start : line_end if line_end >= 0 else len(text)]
        assert text[start:end] == line.strip()
    if layout.pages:
        assert layout.pages[0] == 0
        assert list(layout.pages) == sorted(layout.pages)
        assert layout.pages[-1] <= len(text)
        assert "".join(page_texts(document)) == text
    for value in document.metadata.values():
        assert value
        assert isinstance(value, str | tuple)


def damaged(content: bytes, seed: int) -> bytes:
    """Return `content` cut short or with some bits turned, the same for the same `seed`."""
    chance = random.Random(seed)
    if chance.random() < 0.3:
        return content[: chance.randrange(len(content))]
    broken = bytearray(content)
    for _ in range(chance.choice([1, 3, 10, 100])):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)
