"""From the markup of a web page to its element tree."""

import re
from html import escape
from typing import Any

from index.parsers.blocks import visible
from index.parsers.files import UnreadableFileError

MAX_DEPTH = 2000
"""The parser drops what lies deeper than 2,048 elements."""

_XHTML = re.compile(r"\s*<\?xml|\s*<!doctype[^>]+xhtml", re.IGNORECASE)
# In XHTML any empty element may be closed like this; HTML takes it for a start tag.
_CLOSED_AT_ONCE = re.compile(
    r"<(script|style|title|textarea|iframe|div|span|a|p|td|th|li|i|b|em|h[1-6])(\s[^<>]*)?/>",
    re.IGNORECASE,
)
_BLANKS = re.compile("[\x0b\x0c\x1c-\x1f]")
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")


def parse_page(markup: str) -> Any:
    """Return the page's root element, an `lxml.html.HtmlElement`.

    Raises UnreadableFileError for what is empty, no HTML, or nested too deeply.
    """
    from lxml import etree, html

    if not markup.strip():
        raise UnreadableFileError("empty")
    if _XHTML.match(markup):
        markup = _XML_DECLARATION.sub("", markup, count=1)
        markup = _without_sections(_CLOSED_AT_ONCE.sub(r"<\1\2></\1>", markup))
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


def _without_sections(markup: str) -> str:
    """Return XHTML with its CDATA sections, which HTML takes for comments, as plain text."""
    before, *sections = markup.split("<![CDATA[")
    parts = [before]
    for section in sections:
        text, end, after = section.partition("]]>")
        parts += [escape(text, quote=False), after] if end else ["<![CDATA[", section]
    return "".join(parts)


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
