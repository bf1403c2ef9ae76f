"""What a file is whose suffix says otherwise."""

import re

_HEAD_BYTES = 4096
_MARKUP = re.compile(
    r"\s*(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*)*+(?:<!doctype\s+html\b|<html[\s>])", re.S | re.I
)
_ELEMENT = re.compile(r"</?(?:head|body|title|div|p|html)[\s>]", re.I)
_JSON_START = re.compile(r'\s*(?:\[\s*[\[{]\s*["\]}]|\{\s*")')
_BLANK_OR_MARK = b"\xef\xbb\xbf \t\r\n"
_WEB_PAGE = "a web page; name it .html"
_BY_START = (
    (b"{\\rtf", "RTF; save it as text, .docx or PDF"),
    (b"%PDF-", "a PDF; name it .pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file; save it as .docx, .csv or PDF"),
)
WORD_DOCUMENT = "a Word document; name it .docx"
UNKNOWN_ARCHIVE = "an archive; unpack it"
_BY_PART = (
    (b"word/document", WORD_DOCUMENT),
    (b"ppt/presentation", "a PowerPoint presentation; save it as PDF"),
    (b"xl/workbook", "an Excel workbook; save it as .csv"),
)
_BY_MEDIA_TYPE = (
    (b"epub", "an EPUB book; save it as .html or PDF"),
    (b"opendocument.text", "an OpenDocument text; save it as .docx or PDF"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet; save it as .csv"),
    (b"opendocument.presentation", "an OpenDocument presentation; save it as PDF"),
)


def name_of(content: bytes) -> str:
    """Return what the first bytes show a file to be, and what to do; "" for a text or unknown."""
    head = content[:_HEAD_BYTES].lstrip(_BLANK_OR_MARK)
    for start, name in _BY_START:
        if head.startswith(start):
            return name
    if content.startswith(b"PK\x03\x04"):
        return _name_of_archive(content)
    return _WEB_PAGE if is_web_page(head.decode("latin-1")) else ""


def is_web_page(text: str) -> bool:
    """Tell whether a text is all HTML; one that begins with a word on `<html>` is not."""
    start = _MARKUP.match(text[:_HEAD_BYTES])
    return start is not None and _ELEMENT.search(text, start.end()) is not None


def is_json(text: str) -> bool:
    """Tell whether a text begins as JSON does, with an object or with an array of such."""
    return _JSON_START.match(text[:_HEAD_BYTES]) is not None and text.rstrip()[-1:] in ("]", "}")


def _name_of_archive(content: bytes) -> str:
    """Go by its names: a stored archive within comes before the directory of the outer one."""
    if content[30:38] == b"mimetype":
        media_type = content[38:138]
        return next((name for part, name in _BY_MEDIA_TYPE if part in media_type), UNKNOWN_ARCHIVE)
    last, name = max((content.rfind(part), name) for part, name in _BY_PART)
    return name if last >= 0 else UNKNOWN_ARCHIVE
