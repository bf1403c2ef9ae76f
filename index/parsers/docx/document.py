"""Word documents: .docx."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from index.parsers.blocks import document_of, lay_out, own_title
from index.parsers.decoding import WORD_DOCUMENT
from index.parsers.docx.body import Blocks, normalize, style_of, text_of
from index.parsers.docx.styles import ParagraphStyle, W, read_numbering, read_styles
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.office.numbering import Numbering
from index.parsers.office.package import Package, damaged
from index.records import Document
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def read_docx(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a Word document as it reads with all tracked changes accepted."""
    content = bytes_of(file.path)
    package = Package(content, WORD_DOCUMENT)
    root = package.root(package.main)
    body = None if root is None else root.find(f"{W}body")
    if body is None:
        raise damaged(WORD_DOCUMENT)
    styles_part, lists_part = _related(package, "styles"), _related(package, "numbering")
    styles = {"": ParagraphStyle()} if styles_part is None else read_styles(styles_part)
    numbering = Numbering() if lists_part is None else read_numbering(lists_part)
    notes = _notes(package)
    parts = (root, *notes.values())
    remarks = tuple(dict.fromkeys(remark for part in parts for remark in normalize(part)))
    titles = (p for p in body.iter(f"{W}p") if style_of(p, styles).is_title)
    title = next(filter(None, map(text_of, titles)), "")
    blocks = list(Blocks(styles, numbering, notes, 1 if title else 0).of(body))
    if not blocks:
        raise UnreadableFileError("no text in it")
    recorded, metadata = package.properties()
    yield document_of(
        file,
        content,
        *lay_out(blocks),
        title=own_title(recorded) or title,
        media_type=MEDIA_TYPE,
        reader="word_document/3",
        metadata=metadata,
        remarks=remarks,
    )


def _related(package: Package, kind: str) -> Any:
    """Return the root element of a part related to the main one, None without it."""
    with suppress(UnreadableFileError):
        for part in package.related(package.main, kind):
            return package.root(part)
    return None


def _notes(package: Package) -> dict[str, Any]:
    """Return the footnotes and endnotes by names such as "footnote 2"."""
    notes: dict[str, Any] = {}
    for kind in ("footnote", "endnote"):
        root = _related(package, f"{kind}s")
        for note in () if root is None else root.findall(f"{W}{kind}"):
            notes[f"{kind} {note.get(f'{W}id')}"] = note
    return notes
