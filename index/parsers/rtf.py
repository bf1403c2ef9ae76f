"""Rich Text Format: .rtf, by striprtf. Its text shows its layout as plain text does."""

import hashlib
import re
from collections.abc import Callable, Iterable

from index.parsers.blocks import has_text, one_line, own_title, visible
from index.parsers.decoding import kind_of
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.metadata import without_surrogates
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile
from index.structure.layout import OUTLINERS

MEDIA_TYPE = "application/rtf"
_START = b"{\\rtf"
_FOOTNOTE = "{\\footnote"
_PROPERTY = r"\{{\\{name}[ \r\n]((?:[^{{}}\\]|\\'[0-9a-fA-F]{{2}}|\\u-?[0-9]+ ?|\\[{{}}\\])*+)\}}"
_MOMENT = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_CODE_PAGE = re.compile(r"\\ansicpg\d+")
_CELL = re.compile(r"(?<![ \t])[ \t]*+\|[ \t]*+(?=\S)")
_LAST_CELL = re.compile(r"(?<![ \t])[ \t]*+\|[ \t]*+$", re.M)
_MAX_HEAD_CHARS = 100_000


def read_rtf(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a document."""
    from importlib.metadata import version

    content = bytes_of(file.path)
    written = content.lstrip()
    if not written.startswith(_START):
        reason = "empty" if not written else kind_of(content) or "damaged or not RTF"
        raise UnreadableFileError(reason)
    source = written.decode("cp1252", "replace")
    text = _text(source)
    if not has_text(text):
        raise UnreadableFileError("no text in it")
    title = own_title(_property(source, "title"))
    metadata: dict[str, MetadataValue] = {
        "author": _property(source, "author"),
        "subject": _property(source, "subject"),
        "keywords": tuple(filter(None, map(one_line, _property(source, "keywords").split(",")))),
        "created": _created(source),
    }
    yield Document(
        id=file.document_id,
        source=file.source,
        title=title or OUTLINERS[MEDIA_TYPE](text).title,
        text=text,
        media_type=MEDIA_TYPE,
        reader=f"rtf/1 (striprtf {version('striprtf')})",
        document_sha256=hashlib.sha256(content).hexdigest(),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        metadata={name: value for name, value in metadata.items() if value},
        remarks=("footnotes are not read",) if _FOOTNOTE in source else (),
    )


def _text(source: str) -> str:
    from striprtf import striprtf

    rtf_to_text: Callable[..., str] = striprtf.rtf_to_text
    try:
        written = rtf_to_text(source, errors="replace")
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise UnreadableFileError("damaged or not RTF") from error
    text = visible(without_surrogates(written).replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_CELL.sub(" | ", _LAST_CELL.sub("", line)).rstrip() for line in text.split("\n"))
    return "\n".join(lines).strip("\n")


def _property(source: str, name: str) -> str:
    """Return what the document's head says of it, "" if nothing."""
    head = source[:_MAX_HEAD_CHARS]
    if not (written := re.search(_PROPERTY.format(name=name), head)):
        return ""
    code_page = _CODE_PAGE.search(head)
    return one_line(_text(f"{{\\rtf1{code_page[0] if code_page else ''} {written[1]}}}"))


def _created(source: str) -> str:
    moment = _MOMENT.search(source, 0, _MAX_HEAD_CHARS)
    return f"{moment[1]}-{moment[2]:0>2}-{moment[3]:0>2}" if moment else ""
