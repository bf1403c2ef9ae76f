"""Bytes to text: what a file is, whatever its suffix, and in which encoding its text is."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from index.parsers.blocks import has_text
from index.parsers.files import UnreadableFileError, bytes_of

SAMPLE_BYTES = 2**17
WORD_DOCUMENT = "a Word document; name it .docx"
PRESENTATION = "a PowerPoint presentation; name it .pptx"
WORKBOOK = "an Excel workbook; name it .xlsx"
OLD_WORKBOOK = "an old Excel workbook; name it .xls"
OPEN_TEXT = "an OpenDocument text; name it .odt"
OPEN_SPREADSHEET = "an OpenDocument spreadsheet; name it .ods"
ENCRYPTED = "encrypted; save it without a password"
EPUB_BOOK = "an EPUB book; name it .epub"
UNKNOWN_ARCHIVE = "an archive; unpack it"
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEAD_BYTES = 4096
_MARKUP = re.compile(
    r"\s*(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*)*+(?:<!doctype\s+html\b|<html[\s>])", re.S | re.I
)
_ELEMENT = re.compile(r"</?(?:head|body|title|div|p|html)[\s>]", re.I)
_JSON_START = re.compile(r'\s*(?:\[\s*[\[{]\s*["\]}]|\{\s*")')
_BY_START = (
    (b"{\\rtf", "RTF; name it .rtf"),
    (b"%PDF-", "a PDF; name it .pdf"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"bplist00", "a Safari web archive; save it as page source"),
)
_OLD_OFFICE = "an old Office file; save it as .docx, .xlsx, .pptx or PDF"
_BY_STREAM = (
    ("EncryptedPackage", ENCRYPTED),
    ("WordDocument", "an old Word file; save it as .docx"),
    ("PowerPoint Document", "an old PowerPoint presentation; save it as .pptx"),
    ("Workbook", OLD_WORKBOOK),
    ("Book", OLD_WORKBOOK),
)
"""A text may hold a sheet, which has a stream of its own, more often than the reverse."""
_BY_PART = (
    (b"word/document", WORD_DOCUMENT),
    (b"ppt/presentation", PRESENTATION),
    (b"xl/workbook", WORKBOOK),
)
_BY_MEDIA_TYPE = (
    (b"opendocument.text", OPEN_TEXT),
    (b"opendocument.spreadsheet", OPEN_SPREADSHEET),
    (b"opendocument.presentation", "an OpenDocument presentation; save it as .pptx or PDF"),
    (b"epub", EPUB_BOOK),
)

_MAX_INVALID = 1 / 3
"""Of what is not ASCII in damaged UTF-8."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# No text holds these. Form feeds, escapes and the DOS end of file are allowed.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_MAX_CHARACTER_BYTES = 4
_MIN_LETTERS = 40
_BY_LANGUAGE = {
    ("cp1250", "iso8859_2"): {"bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl"},
    ("cp1254",): {"az", "tr"},
    ("cp1257",): {"lt", "lv"},
}
"""Encodings that differ from cp1252 in a few letters, and the languages that use them."""
_SPACED = ("cp1251", "cp1253", "cp1255", "cp1256", "koi8_r")
_UNSPACED = ("big5", "cp874", "cp932", "cp949", "euc_jp", "gb18030")
_NAMES = {
    "big5": "Big5",
    "cp874": "windows-874",
    "cp932": "Shift_JIS",
    "cp949": "EUC-KR",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "iso8859_2": "ISO-8859-2",
    "koi8_r": "KOI8-R",
}

_MAX_ODD = 0.02
_MAX_ODD_OF_A_LANGUAGE = 0.15
"""Of the characters beyond ASCII."""
_MAX_ACCENTED = 0.35
_MAX_MIXED = 0.2
_MARKS = frozenset("“”‘’‚„‹›«»–—…•·¡¿€£¥¢§©®™°ªº¹²³¼½¾×±µ†‡‰´¨¸ˇ˘\u00a0\u00ad")
_WITHIN_WORDS = frozenset("’‘·–—/\u00a0\u00ad€£©®…")
_WORD = re.compile(r"[^\W\d_]+")


def kind_of(content: bytes, *, may_be_markup: bool = False) -> str:
    """Return what the first bytes show a file to be, with advice, or "" if it may be a text.

    A web page is a text where it `may_be_markup`, such as that in a script of PHP.
    """
    head = content[:_HEAD_BYTES].lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    for start, kind in _BY_START:
        if head.startswith(start):
            return kind
    if content.startswith(COMPOUND_FILE):
        return _kind_of_compound(content)
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_archive(content)
    if may_be_markup:
        return ""
    text = head.decode("latin-1")
    markup = _MARKUP.match(text)
    # A text about HTML may begin with `<html>`, too.
    is_web_page = markup is not None and _ELEMENT.search(text, markup.end()) is not None
    return "a web page; name it .html" if is_web_page else ""


def is_json(text: str) -> bool:
    """Tell whether a text begins as a JSON object, or an array of them."""
    return _JSON_START.match(text[:_HEAD_BYTES]) is not None and text.rstrip()[-1:] in ("]", "}")


def _kind_of_compound(content: bytes) -> str:
    kinds = (kind for stream, kind in _BY_STREAM if stream.encode("utf-16-le") in content)
    return next(kinds, _OLD_OFFICE)


def _kind_of_archive(content: bytes) -> str:
    if content[30:38] == b"mimetype":
        media_type = content[38:138]
        return next((kind for part, kind in _BY_MEDIA_TYPE if part in media_type), UNKNOWN_ARCHIVE)
    # The last name counts: that of an archive inside comes before the outer one's directory.
    last, kind = max((content.rfind(part), kind) for part, kind in _BY_PART)
    return kind if last >= 0 else UNKNOWN_ARCHIVE


class Decoded(NamedTuple):
    """A text, the name of the encoding it was in, "" for UTF-8, and remarks on it."""

    text: str
    encoding: str = ""
    remarks: tuple[str, ...] = ()

    @classmethod
    def read_as(cls, encoding: str, text: str) -> "Decoded":
        """Return a text in another encoding than UTF-8, and remark on it."""
        return cls(text, encoding, (f"read as {encoding}",))

    @property
    def metadata(self) -> dict[str, str]:
        """What to store with the document."""
        return {"encoding": self.encoding} if self.encoding else {}


def text_of_file(path: Path, *, may_be_markup: bool = False) -> tuple[bytes, Decoded]:
    """Return a file's bytes and text.

    Raises UnreadableFileError for other formats, and if there is no text in it.
    """
    content = bytes_of(path)
    if other := kind_of(content, may_be_markup=may_be_markup):
        raise UnreadableFileError(other)
    decoded = decode(content)
    if not has_text(decoded.text):
        raise UnreadableFileError("empty")
    return content, decoded


def decode(content: bytes) -> Decoded:
    """Return the text that `content` holds, without a byte order mark.

    Raises UnreadableFileError if it is no text, or if its encoding cannot be told.
    """
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return Decoded.read_as(name, content.decode(codec))
            except UnicodeDecodeError as error:
                raise UnreadableFileError(f"damaged {name}; save it as UTF-8") from error
    if b"\0" in content:
        raise UnreadableFileError("binary")
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        if _CONTROLS.search(content):
            raise UnreadableFileError("binary") from error
        if invalid_share(content, "utf-8") < _MAX_INVALID:
            raise UnreadableFileError(
                f"damaged UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); "
                "save it as UTF-8"
            ) from error
        for codec in _codecs_of(_sample(content, error.start)):
            text = _text(content, codec)
            if text is not None:
                return Decoded.read_as(_NAMES.get(codec) or codec.replace("cp", "windows-"), text)
    raise UnreadableFileError("its encoding could not be told; save it as UTF-8")


def invalid_share(content: bytes, codec: str) -> float:
    """Return how much of what is not ASCII is invalid in an encoding: nearly all in a wrong one."""
    text = content.decode(codec, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") / max(1, beyond_ascii)


def _sample(content: bytes, first: int) -> bytes:
    """Return the text from the line with the byte at `first` on, to a blank if there is one."""
    start = max(content.rfind(b"\n", 0, first) + 1, first - SAMPLE_BYTES // 2)
    sample = content[start : start + SAMPLE_BYTES]
    if start + SAMPLE_BYTES >= len(content):
        return sample
    end = max(sample.rfind(b"\n"), sample.rfind(b" "))  # never a part of a character
    return sample[: end + 1] if start + end > first else sample


def _codecs_of(sample: bytes) -> Iterator[str]:
    yield from _codecs_by_language(sample)
    western = _text(sample, "cp1252")
    if western is not None and _is_plausible(western, _MAX_ODD):
        yield "cp1252"
        return
    from charset_normalizer import from_bytes

    among = [*_SPACED, *_UNSPACED]
    for end in range(len(sample), len(sample) - _MAX_CHARACTER_BYTES, -1):
        for match in from_bytes(sample[:end], cp_isolation=among, enable_fallback=False):
            if match.encoding in _UNSPACED or not _mixes_scripts(str(match)):
                yield match.encoding


def _codecs_by_language(sample: bytes) -> Iterator[str]:
    for alike, languages in _BY_LANGUAGE.items():
        texts = {codec: text for codec in alike if (text := _text(sample, codec)) is not None}
        best = min(texts, key=lambda codec: _oddities(texts[codec]), default=None)
        if best is None or not _is_plausible(texts[best], _MAX_ODD_OF_A_LANGUAGE):
            continue
        from index.parsers.language import language_of

        if language_of(texts[best], _MIN_LETTERS) in languages:
            yield best


def _text(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_plausible(text: str, max_odd: float) -> bool:
    """Tell whether a text looks like a language in Latin letters, most of them without accents."""
    beyond_ascii = [character for character in text if not character.isascii()]
    letters = sum(map(str.isalpha, text))
    accented = sum(map(str.isalpha, beyond_ascii))
    few = accented <= max(2, _MAX_ACCENTED * letters)
    return few and _oddities(text) <= max_odd * len(beyond_ascii)


def _oddities(text: str) -> int:
    """Count the characters beyond ASCII that are not Latin, or in an odd place.

    Odd are a capital after a small letter, a third accented letter in a row, and a mark between
    two letters.
    """
    odd = 0
    last, letters_in_a_row = " ", 0
    for character, following in zip(text, text[1:] + " ", strict=True):
        if character.isascii():
            letters_in_a_row = 0
        elif character.isalpha() and character not in _MARKS:
            letters_in_a_row += 1
            misplaced = letters_in_a_row > 2 or (character.isupper() and last.islower())
            odd += misplaced or not unicodedata.name(character, "").startswith("LATIN")
        else:
            letters_in_a_row = 0
            within_word = last.isalpha() and following.isalpha()
            odd += character not in _MARKS or (within_word and character not in _WITHIN_WORDS)
        last = character
    return odd


def _mixes_scripts(text: str) -> bool:
    """Tell whether many words mix ASCII letters with others, as no word of one script does."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(any(map(str.isascii, word)) for word in words)
    return mixed > _MAX_MIXED * len(words)
