"""Rich Text Format: .rtf, by striprtf.

Where paragraphs say that they are headings, these make the layout; else the text shows it as plain
text does.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from index.parsers.blocks import (
    TextBlock,
    document_of,
    has_text,
    lay_out,
    one_line,
    own_title,
    visible,
)
from index.parsers.decoding import kind_of
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.metadata import without_surrogates
from index.records import Document, Layout, MetadataValue
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

# Code points that are no characters mark in the text what striprtf does not tell.
_BINARY = re.compile(r"\\(?:(\\)|bin(?:[a-z]+-?\d*|(\d{0,9})) ?)")
_CONTROL = re.compile(r"\\(?:outlinelevel([0-8])|(trowd)|row)(?![a-z0-9])")
_FIRST_HEADING = "\ufdd0"
_HEADING = re.compile("[\ufdd0-\ufdd8]")
_ROW_BEGINS, _ROW_ENDS = "\ufdda", "\ufddb"
_MARKS = re.compile("[\ufdd0-\ufddb]")


def read_rtf(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a document."""
    from importlib.metadata import version

    content = bytes_of(file.path)
    written = content.lstrip()
    if not written.startswith(_START):
        reason = "empty" if not written else kind_of(content) or "damaged or not RTF"
        raise UnreadableFileError(reason)
    source = written.decode("cp1252", "replace")
    marked = _text(_CONTROL.sub(_marked, _without_binary(source)))
    if not has_text(_MARKS.sub("", marked)):
        raise UnreadableFileError("no text in it")
    text, layout = _laid_out(marked)
    title = own_title(_property(source, "title"))
    metadata: dict[str, MetadataValue] = {
        "author": _property(source, "author"),
        "subject": _property(source, "subject"),
        "keywords": tuple(filter(None, map(one_line, _property(source, "keywords").split(",")))),
        "created": _created(source),
    }
    yield document_of(
        file,
        content,
        text,
        layout,
        title=title or ("" if layout else OUTLINERS[MEDIA_TYPE](text).title),
        media_type=MEDIA_TYPE,
        reader=f"rtf/2 (striprtf {version('striprtf')})",
        metadata=metadata,
        remarks=("footnotes are not read",) if _FOOTNOTE in source else (),
    )


def _without_binary(source: str) -> str:
    r"""Return a source without bytes of pictures, and with every backslash of the text as `\'5c`.

    Where striprtf meets `\bin`, be it in the text or the printer's (`\binfsxn`), it may lose all
    that is below.
    """
    kept: list[str] = []
    start = 0
    while control := _BINARY.search(source, start):
        kept += [source[start : control.start()], "\\'5c" if control[1] else ""]
        start = control.end() + int(control[2] or 0)
    return "".join(kept) + source[start:]


def _marked(control: re.Match[str]) -> str:
    """Return a control word behind its mark."""
    level, begins = control.groups()
    mark = chr(ord(_FIRST_HEADING) + int(level)) if level else _ROW_BEGINS if begins else _ROW_ENDS
    return mark + control[0]


def _rows_on_one_line(marked: str) -> Iterator[str]:
    """Yield the text up to each end of a row, and the rest, with each row on one line."""
    *parts, rest = marked.split(_ROW_ENDS)
    for part in parts:
        before, begins, row = part.partition(_ROW_BEGINS)
        yield before + begins + row.replace("\n", " ")
    yield rest


def _laid_out(marked: str) -> tuple[str, Layout | None]:
    """Return the text without its marks, a row of a table on one line, and its layout if told."""
    marked = _ROW_ENDS.join(_rows_on_one_line(marked))
    if not _HEADING.search(marked):
        return "\n".join(map(_line, marked.split("\n"))).strip("\n"), None
    blocks: list[TextBlock] = []
    is_row = False
    for line in filter(has_text, marked.split("\n")):
        is_below_row, is_row = is_row, _ROW_ENDS in line
        heading = None if is_row else _HEADING.search(line)
        level = ord(heading[0]) - ord(_FIRST_HEADING) + 1 if heading else 0
        if text := _line(line).strip():
            blocks.append(TextBlock(text, level, tight=is_row and is_below_row))
    return lay_out(blocks)


def _line(marked: str) -> str:
    return _CELL.sub(" | ", _LAST_CELL.sub("", _MARKS.sub("", marked))).rstrip()


def _text(source: str) -> str:
    from striprtf import striprtf

    rtf_to_text: Callable[..., str] = striprtf.rtf_to_text
    try:
        written = rtf_to_text(source, errors="replace")
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise UnreadableFileError("damaged or not RTF") from error
    return visible(without_surrogates(written).replace("\r\n", "\n").replace("\r", "\n"))


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
