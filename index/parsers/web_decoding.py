"""From the bytes of a web page to its markup: which encoding they are in, and what they are not."""

import codecs
import re
from dataclasses import dataclass

from index.parsers.decoding import decode
from index.parsers.files import UnreadableFileError
from index.parsers.web_labels import BY_LABEL

_UTF_8 = ("utf-8", "UTF-8")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, *_UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
    (b"<\0", "utf-16-le", "UTF-16"),
    (b"\n\0", "utf-16-le", "UTF-16"),
    (b"\r\0", "utf-16-le", "UTF-16"),
    (b"\0<", "utf-16-be", "UTF-16"),
    (b"\0\n", "utf-16-be", "UTF-16"),
    (b"\0\r", "utf-16-be", "UTF-16"),
)
"""What a page begins with in these encodings; markup begins with a tag, perhaps on a new line."""
_DECLARED = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)
_SIGNATURES = (
    (b"{\\rtf", "an RTF document; save it as .docx or HTML"),
    (b"%PDF-", "a PDF document; name it .pdf"),
    (b"PK\x03\x04", "a ZIP archive or an Office document; name it for what it is"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save it as .docx"),
    (b"bplist00", "a Safari web archive; save it as page source"),
)
_MAIL_HEADER = re.compile(rb"(?:\A|\n)[A-Za-z-]+:[ \t]")
_MHTML = re.compile(
    rb"(?i)(?:\A|\n)(?:from: <saved by|mime-version:|content-type:\s*multipart/related)"
)
_MAX_BAD = 0.25
"""Of what is not ASCII in a page that is read as declared."""


@dataclass(frozen=True, slots=True)
class Markup:
    """The markup of a page, the encoding it was in, "" for UTF-8, and what to know of it."""

    text: str
    encoding: str = ""
    remarks: tuple[str, ...] = ()


def decode_page(content: bytes) -> Markup:
    """Return the markup, as browsers read it: by its mark, its declaration, or as UTF-8.

    A page that is none of these is read as a text file is. Raises UnreadableFileError for what is
    no text, and for files of other formats.
    """
    _refuse_other_formats(content)
    markup = _decoded(content)
    text = markup.text.removeprefix("\ufeff")
    sample = text[:100_000]
    odd = sum((char < " " and char not in "\t\n\r\f") or char == "\ufffd" for char in sample)
    if "\0" in sample or odd > len(sample) / 50:
        raise UnreadableFileError("binary")
    return Markup(text.replace("\0", ""), markup.encoding, markup.remarks)


def _refuse_other_formats(content: bytes) -> None:
    start = content[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    for signature, reason in _SIGNATURES:
        if start.startswith(signature):
            raise UnreadableFileError(reason)
    headers = start.replace(b"\r", b"").partition(b"\n\n")[0]
    if _MAIL_HEADER.match(headers) and _MHTML.search(headers):
        raise UnreadableFileError("an MHTML archive; save it as HTML only")


def _decoded(content: bytes) -> Markup:
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _with_replacements(content, codec, name)
    declared = _DECLARED.search(content, 0, 4096)
    label = (declared[1] or declared[2]).decode("ascii", "replace").lower() if declared else ""
    for codec, name in (*filter(None, [BY_LABEL.get(label)]), _UTF_8):
        try:
            return _markup(content.decode(codec), name)
        except UnicodeDecodeError:
            if _is_mostly_valid(content, codec):
                return _with_replacements(content, codec, name)
    try:
        decoded = decode(content)
    except UnreadableFileError:
        if label not in BY_LABEL or b"\0" in content:
            raise
        return _with_replacements(content, *BY_LABEL[label])
    return Markup(decoded.text, decoded.encoding, decoded.remarks)


def _is_mostly_valid(content: bytes, codec: str) -> bool:
    """Tell whether most of what is not ASCII makes sense: by chance it seldom does."""
    text = content.decode(codec, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") < _MAX_BAD * beyond_ascii


def _with_replacements(content: bytes, codec: str, name: str) -> Markup:
    """Return the text with U+FFFD for each byte that cannot be read."""
    text = content.decode(codec, "replace")
    try:
        escaped = content.decode(codec, "surrogateescape")
        bad = len(escaped) - len(escaped.encode("utf-8", "ignore").decode())
    except UnicodeDecodeError:
        bad = text.count("\ufffd")
    if not bad:
        return _markup(text, name)
    count = "1 byte is" if bad == 1 else f"{bad} bytes are"
    return _markup(text, name, f"{count} no valid {name.lower()}")


def _markup(text: str, name: str, *remarks: str) -> Markup:
    if name == "UTF-8":
        return Markup(text, "", remarks)
    return Markup(text, name, (f"read as {name}", *remarks))
