"""From the bytes of a web page to its element tree."""

import codecs
import re
from collections.abc import Iterator
from typing import Any

from index.reading.blocks import visible
from index.reading.errors import UnreadableFileError

MAX_DEPTH = 2000
"""The parser drops what lies deeper than 2,048 elements."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_XHTML = re.compile(r"\s*<\?xml|\s*<!doctype[^>]+xhtml", re.IGNORECASE)
# In XHTML any empty element may be closed like this; HTML takes it for a start tag.
_CLOSED_AT_ONCE = re.compile(
    r"<(script|style|title|textarea|iframe|div|span|a|p|td|th|li|i|b|em|h[1-6])(\s[^<>]*)?/>",
    re.IGNORECASE,
)
_BLANKS = re.compile("[\x0b\x0c\x1c-\x1f]")
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")


def parse_page(content: bytes) -> Any:
    """Return the page's root element, an `lxml.html.HtmlElement`.

    Raises UnreadableFileError for what is empty, no text, or nested too deeply.
    """
    from lxml import etree, html

    markup = _decode(content)
    if not markup.strip():
        raise UnreadableFileError("empty")
    if _XHTML.match(markup):
        markup = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", _XML_DECLARATION.sub("", markup, count=1))
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True
    )
    try:
        page = html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableFileError("no HTML in it") from error
    if depth_of(page) > MAX_DEPTH:
        raise UnreadableFileError(f"elements nested more than {MAX_DEPTH} deep")
    for element in page.iter():
        element.text, element.tail = _legible(element.text), _legible(element.tail)
    return page


def _legible(text: str | None) -> str | None:
    """Return text without the control characters that references such as "&#1;" stand for."""
    return text if text is None or text.isprintable() else visible(_BLANKS.sub(" ", text))


def depth_of(page: Any) -> int:
    """Return how many elements the innermost one lies in, itself included."""
    from lxml import etree

    deepest = depth = 0
    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _decode(content: bytes) -> str:
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        break
    else:
        text = content.decode("cp1252", "replace")
    text = text.removeprefix("\ufeff")
    sample = text[:100_000]
    odd = sum((char < " " and char not in "\t\n\r\f") or char == "\ufffd" for char in sample)
    if "\0" in sample or odd > len(sample) / 50:
        raise UnreadableFileError("binary")
    return text.replace("\0", "")


def _encodings(content: bytes) -> Iterator[str]:
    """Yield what the page may be encoded in, as browsers go about it: mark, declaration, UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            yield encoding
    if content.startswith((b"<\0", b"\n\0", b"\r\0")):
        yield "utf-16-le"
    if content.startswith((b"\0<", b"\0\n", b"\0\r")):
        yield "utf-16-be"
    declared = _DECLARED.search(content, 0, 4096)
    if declared:
        name = (declared[1] or declared[2]).decode("ascii", "replace").lower()
        # A declaration that can be read as ASCII is not in UTF-16, and Latin-1 means Windows's.
        if not name.startswith("utf-16"):
            yield "cp1252" if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii") else name
    yield "utf-8"
