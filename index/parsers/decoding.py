"""Bytes to text, where nobody said in which encoding they are."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from index.parsers.files import UnreadableFileError
from index.parsers.western import is_plausible, mixes_scripts, oddities

SAMPLE_BYTES = 2**17

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# What no text has but for form feeds, escapes, and the end of a file of DOS.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_MAX_CHARACTER_BYTES = 4
_MIN_LETTERS = 40
_ODD_BUT_OF_A_LANGUAGE = 0.15
_BY_LANGUAGE = {
    ("cp1250", "iso8859_2"): {"bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl"},
    ("cp1254",): {"az", "tr"},
    ("cp1257",): {"lt", "lv"},
}
"""Encodings that differ from the Western one in a few letters: the language tells them apart."""
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


class Decoded(NamedTuple):
    """A text and the name of the encoding it was in, "" for UTF-8."""

    text: str
    encoding: str = ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of it."""
        return (f"read as {self.encoding}",) if self.encoding else ()

    @property
    def metadata(self) -> dict[str, str]:
        """What to keep with the document."""
        return {"encoding": self.encoding} if self.encoding else {}


def decode(content: bytes) -> Decoded:
    """Return the text that `content` holds; a byte order mark is no part of it.

    Raises UnreadableFileError if it holds none, or its encoding cannot be told.
    """
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return Decoded(content.decode(codec), name)
            except UnicodeDecodeError as error:
                raise UnreadableFileError(f"damaged {name}; save it as UTF-8") from error
    if b"\0" in content:
        raise UnreadableFileError("binary")
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        if _CONTROLS.search(content):
            raise UnreadableFileError("binary") from error
        if _is_damaged_utf8(content):
            raise UnreadableFileError(
                f"damaged UTF-8 (byte 0x{content[error.start]:02x} at {error.start}); "
                "save it as UTF-8"
            ) from error
        for codec in _codecs_of(_sample(content, error.start)):
            try:
                return Decoded(content.decode(codec), _name_of(codec))
            except UnicodeDecodeError:
                continue
    raise UnreadableFileError("its encoding could not be told; save it as UTF-8")


def _is_damaged_utf8(content: bytes) -> bool:
    """Tell whether most of what is not ASCII makes sense in UTF-8: by chance it seldom does."""
    text = content.decode(errors="replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii > 3 * text.count("\ufffd")


def _sample(content: bytes, first: int) -> bytes:
    """Return what stands from the line with the byte at `first` on, to a blank if there is one."""
    start = max(content.rfind(b"\n", 0, first) + 1, first - SAMPLE_BYTES // 2)
    sample = content[start : start + SAMPLE_BYTES]
    if start + SAMPLE_BYTES >= len(content):
        return sample
    end = max(sample.rfind(b"\n"), sample.rfind(b" "))  # never a part of a character
    return sample[: end + 1] if start + end > first else sample


def _codecs_of(sample: bytes) -> Iterator[str]:
    """Yield the encodings that `sample` may be in, likeliest first."""
    yield from _by_language(sample)
    western = _text(sample, "cp1252")
    if western is not None and is_plausible(western):
        yield "cp1252"
        return
    from charset_normalizer import from_bytes

    among = [*_SPACED, *_UNSPACED]
    for end in range(len(sample), len(sample) - _MAX_CHARACTER_BYTES, -1):
        for match in from_bytes(sample[:end], cp_isolation=among, enable_fallback=False):
            if match.encoding in _UNSPACED or not mixes_scripts(str(match)):
                yield match.encoding


def _by_language(sample: bytes) -> Iterator[str]:
    for alike, languages in _BY_LANGUAGE.items():
        texts = {codec: text for codec in alike if (text := _text(sample, codec)) is not None}
        best = min(texts, key=lambda codec: oddities(texts[codec]), default=None)
        if best is None or not is_plausible(texts[best], _ODD_BUT_OF_A_LANGUAGE):
            continue
        from index.parsers.language import language_of

        if language_of(texts[best], _MIN_LETTERS) in languages:
            yield best


def _text(sample: bytes, codec: str) -> str | None:
    try:
        return sample.decode(codec)
    except UnicodeDecodeError:
        return None


def _name_of(codec: str) -> str:
    return _NAMES.get(codec) or codec.replace("cp", "windows-")
