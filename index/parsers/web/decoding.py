"""From the bytes of a web page to its markup, in the encoding that browsers would take."""

import codecs
import re

from index.parsers.decoding import Decoded, decode, invalid_share, kind_of
from index.parsers.files import UnreadableFileError

_UTF_16_STARTS = (
    ("utf-16-le", (codecs.BOM_UTF16_LE, b"<\0", b"\n\0", b"\r\0")),
    ("utf-16-be", (codecs.BOM_UTF16_BE, b"\0<", b"\0\n", b"\0\r")),
)
"""A mark, or a tag, perhaps on a new line."""
_DECLARED = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE,
)


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in pairs.split())


# https://encoding.spec.whatwg.org/#names-and-labels, as far as Python knows the encodings.
_NAMES = {
    **_table(
        "utf-8=UTF-8 cp866=IBM866 koi8-r=KOI8-R koi8-u=KOI8-U mac-roman=macintosh "
        "mac-cyrillic=x-mac-cyrillic cp874=windows-874 gb18030=GB18030 big5hkscs=Big5 "
        "euc_jp=EUC-JP iso2022_jp=ISO-2022-JP cp932=Shift_JIS cp949=EUC-KR"
    ),
    **{f"iso8859-{part}": f"ISO-8859-{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)},
    **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
}
_READ_AS = _table(
    "ascii=cp1252 iso8859-1=cp1252 iso8859-9=cp1254 iso8859-11=cp874 tis-620=cp874 gb2312=gb18030 "
    "gbk=gb18030 big5=big5hkscs cp950=big5hkscs shift_jis=cp932 euc_kr=cp949"
)
"""Encodings that browsers read as another one, which has more characters."""
_OTHER_LABELS = _table(
    "dos-874=cp874 windows-874=cp874 iso-8859-6-i=iso8859-6 iso-8859-6-e=iso8859-6 "
    "iso-8859-8-i=iso8859-8 iso-8859-8-e=iso8859-8 logical=iso8859-8 visual=iso8859-8 koi=koi8-r "
    "koi8=koi8-r koi8-ru=koi8-u mac=mac-roman mac-ukrainian=mac-cyrillic gb_2312=gb18030 "
    "gb_2312-80=gb18030 cn-big5=big5hkscs windows-31j=cp932 windows-949=cp949 ksc_5601=cp949 "
    "ks_c_5601-1989=cp949 iso-ir-149=cp949"
)
"""Labels of the web that Python does not know, without "x-"."""
_ISO_8859 = re.compile(r"iso8859(\d+)")

_MAIL_HEADER = re.compile(rb"(?:\A|\n)[A-Za-z-]+:[ \t]")
_MHTML = re.compile(
    rb"(?i)(?:\A|\n)(?:from: <saved by|mime-version:|content-type:\s*multipart/related)"
)
_MAX_INVALID = 0.25
"""Of what is not ASCII in a page that is read as declared."""


def decode_page(content: bytes) -> Decoded:
    """Return the markup, read by its byte order mark, its declaration, as UTF-8, or as a text file.

    Raises UnreadableFileError for what is no text, and for files of other formats.
    """
    _refuse_other_formats(content)
    markup = _decoded(content)
    sample = markup.text[:100_000]
    odd = sum((char < " " and char not in "\t\n\r\f") or char == "\ufffd" for char in sample)
    if "\0" in sample or odd > len(sample) / 50:
        raise UnreadableFileError("binary")
    return markup


def _refuse_other_formats(content: bytes) -> None:
    if other := kind_of(content, may_be_markup=True):
        raise UnreadableFileError(other)
    start = content[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    headers = start.replace(b"\r", b"").partition(b"\n\n")[0]
    if _MAIL_HEADER.match(headers) and _MHTML.search(headers):
        raise UnreadableFileError("an MHTML archive; save it as HTML only")


def _decoded(content: bytes) -> Decoded:
    for codec, starts in _UTF_16_STARTS:
        if content.startswith(starts):
            return _with_replacements(content, codec, "UTF-16")
    has_mark = content.startswith(codecs.BOM_UTF8)
    label = _DECLARED.search(content, 0, 4096)
    declared = codec_of_label((label[1] or label[2]).decode("latin-1").lower()) if label else ""
    for codec in ("utf-8",) if has_mark else (declared, "utf-8"):
        if codec and (has_mark or invalid_share(content, codec) <= _MAX_INVALID):
            return _with_replacements(content, codec, _NAMES[codec])
    try:
        return decode(content)
    except UnreadableFileError:
        if not declared or b"\0" in content:
            raise
        return _with_replacements(content, declared, _NAMES[declared])


def codec_of_label(label: str) -> str:
    """Return the codec that browsers use for the label of an encoding, "" for none or UTF-16.

    A page whose declaration can be read as ASCII is not in UTF-16.
    """
    label = label.removeprefix("x-")
    try:
        codec = codecs.lookup(_OTHER_LABELS.get(label) or _ISO_8859.sub(r"iso8859-\1", label)).name
    except (LookupError, ValueError):
        return ""
    codec = _READ_AS.get(codec, codec)
    return codec if codec in _NAMES else ""


def _with_replacements(content: bytes, codec: str, name: str) -> Decoded:
    """Return the text with U+FFFD for what is invalid."""
    text = content.decode(codec, "replace").removeprefix("\ufeff")
    decoded = Decoded(text) if name == "UTF-8" else Decoded.read_as(name, text)
    invalid = text.count("\ufffd") - content.count("\ufffd".encode()) * (codec == "utf-8")
    if not invalid:
        return decoded
    count = "1 character is" if invalid == 1 else f"{invalid} characters are"
    return decoded._replace(remarks=(*decoded.remarks, f"{count} no valid {name}"))
