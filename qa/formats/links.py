"""Links to the very words on a web page: the page's address with a text fragment.

The form is that of the WICG's "URL Fragment Text Directives":
`#:~:text=[prefix-,]start[,end][,-suffix]`. A browser looks for the first place that fits, takes no
heed of letter case and blanks, and wants each of the four within one block of the page.
"""

import re
from urllib.parse import quote, urlsplit

from index.records import Document, Span
from index.structure.outline import marker_end, trim

_MOST_CHARACTERS = 200
"""A longer quote is given by its first and its last words."""
_LEAST_WORDS, _MOST_WORDS = 4, 10
_CONTEXT_WORDS = 4
_MOST_SEARCHED = 1_000_000
"""In a longer text, context always comes with the words: that is cheaper than to count them."""
_MOST_URL_CHARACTERS = 2000
_BLOCK_END = re.compile(r"[\r\n]+|(?:^|(?<=\s))\|(?=\s|$)")
"""Where one block of a page ends in a document's text: at a line end, and between cells."""
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\"<>\\^`{|}\s]")
_OF_ADDRESSES = "%/:?#[]@!$&'*+,;=~"
"""What stays as it is in an address. Brackets would end it where it stands in Markdown."""


def link(document: Document, span: Span) -> str | None:
    """Return the address of the page that a document is, with its words marked; None without one.

    The address is the metadata `url` of the document, if that is one of http or https.
    """
    page = _address(document)
    if page is None:
        return None
    directive = _directive(document.text, span)
    if not directive:
        return page
    page, _, fragment = page.partition("#")
    return f"{page}#{fragment.partition(':~:')[0]}:~:text={directive}"


def _address(document: Document) -> str | None:
    url = document.metadata.get("url")
    if not isinstance(url, str) or len(url) > _MOST_URL_CHARACTERS or _UNSAFE.search(url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return None
    return quote(url.strip(), safe=_OF_ADDRESSES) if named else None


def _directive(text: str, span: Span) -> str:
    """Return what stands after `text=`; "" if the span has no words."""
    blocks = _blocks(text, span)
    if not blocks:
        return ""
    first, last = blocks[0], blocks[-1]
    if len(blocks) == 1 and len(first.of(text)) <= _MOST_CHARACTERS:
        terms = [_encoded(first.of(text))]
        is_unique = _is_unique(text, first.of(text).split())
    else:
        head, is_unique = _head(text, first)
        terms = [_encoded(" ".join(head)), _encoded(" ".join(_tail(text, first, last, head)))]
    if not is_unique:
        before = text[max(0, span.start - _MOST_CHARACTERS) : first.start]
        after = text[last.end : last.end + _MOST_CHARACTERS]
        if prefix := _nearest_words(before, last=True):
            terms.insert(0, f"{_encoded(prefix)}-")
        if suffix := _nearest_words(after, last=False):
            terms.append(f"-{_encoded(suffix)}")
    return ",".join(terms)


def _blocks(text: str, span: Span) -> list[Span]:
    """Return the parts of a span that lie in one block of the page each, without list markers."""
    ends = [Span(*match.span()) for match in _BLOCK_END.finditer(text, *span)]
    starts = [span.start, *(between.end for between in ends)]
    stops = [*(between.start for between in ends), span.end]
    blocks = [trim(text, Span(*block)) for block in zip(starts, stops, strict=True)]
    first, *others = blocks
    return [b for b in (first, *(Span(marker_end(text, b), b.end) for b in others)) if b.of(text)]


def _head(text: str, block: Span) -> tuple[list[str], bool]:
    """Return so many first words of a block that they stand nowhere else, and whether they do."""
    words = block.of(text).split()
    for count in range(_LEAST_WORDS, _MOST_WORDS + 1):
        if _is_unique(text, words[:count]):
            return words[:count], True
        if count >= len(words):
            break
    return words[:_MOST_WORDS], False


def _tail(text: str, first: Span, last: Span, head: list[str]) -> list[str]:
    """Return so many last words of a block that a browser finds no earlier place for them."""
    words = last.of(text).split()
    if first == last:  # the end begins after the start
        words = words[len(head) :]
    for count in range(_LEAST_WORDS, _MOST_WORDS + 1):
        pattern = _pattern(words[-count:])
        found = pattern.search(text, first.start + len(" ".join(head)), last.end)
        if (found and found.end() == last.end) or count >= len(words):
            return words[-count:]
    return words[-_MOST_WORDS:]


def _is_unique(text: str, words: list[str]) -> bool:
    if len(text) > _MOST_SEARCHED:
        return False
    matches = _pattern(words).finditer(text)
    return next(matches, None) is not None and next(matches, None) is None


def _pattern(words: list[str]) -> re.Pattern[str]:
    return re.compile(r"\s+".join(map(re.escape, words)), re.I)


def _nearest_words(text: str, *, last: bool) -> str:
    """Return the last or the first words of the last or first block that has any."""
    blocks = [block for block in _BLOCK_END.split(text) if block.strip()]
    if not blocks:
        return ""
    block = blocks[-1 if last else 0].strip()
    words = block[marker_end(block, Span(0, len(block))) :].split()
    return " ".join(words[-_CONTEXT_WORDS:] if last else words[:_CONTEXT_WORDS])


def _encoded(words: str) -> str:
    """Return words percent-encoded, with the comma, ampersand and dash that directives are made of.

    Blanks of any kind become one.
    """
    return quote(" ".join(words.split()), safe="").replace("-", "%2D")
