"""A minimal writer of PDF files: words in Helvetica at places, one size and weight each, and boxes.

Where Helvetica lacks a character, or boxes of single characters are wanted, words are `drawn`: in
a font of type 3, without metrics of its own, whose characters are bars half an em wide.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 612, 792
_FIRST = 65
"""Code of the first character that is drawn."""
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@dataclass(frozen=True)
class Words:
    """Text whose first baseline begins at (x, y), in points from the lower left corner."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False
    drawn: bool = False


@dataclass(frozen=True)
class Box:
    """A rectangle from its lower left corner: its edges, or if it is a shade, its area in grey."""

    x: float
    y: float
    width: float
    height: float
    shade: bool = False


@dataclass(frozen=True)
class Bookmark:
    """An entry of the outline; `page` is the one that it points to, from 1, 0 for none."""

    title: str
    level: int = 1
    page: int = 0


def lines(
    x: float, y: float, *texts: str, size: float = 10, bold: bool = False, drawn: bool = False
) -> list[Words]:
    """Return lines below one another, from `y` down."""
    return [Words(x, y - i * 1.2 * size, text, size, bold, drawn) for i, text in enumerate(texts)]


def justified(x: float, y: float, width: float, *texts: str, size: float = 10) -> list[Words]:
    """Return lines whose words are spread over `width`, each word in its place."""
    words: list[Words] = []
    for i, text in enumerate(texts):
        parts = text.split()
        blank = (width - size / 2 * sum(map(len, parts))) / (len(parts) - 1)
        left = x
        for part in parts:
            words.append(Words(left, y - i * 1.2 * size, part, size, drawn=True))
            left += size / 2 * len(part) + blank
    return words


def write_pdf(
    pages: Sequence[Sequence[Words | Box]],
    info: dict[str, str] | None = None,
    password: str = "",
    outline: Sequence[Bookmark] = (),
) -> bytes:
    """Return a PDF with these pages; with a password, its strings are not legible without it."""
    objects: list[bytes] = [b"", b""]
    fonts = b"<< /F1 3 0 R /F2 4 0 R >>"
    objects += [
        b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name
        for name in (b"Helvetica", b"Helvetica-Bold")
    ]
    words = [item for page in pages for item in page if isinstance(item, Words)]
    drawn = sorted({char for each in words if each.drawn for char in each.text})
    if drawn:
        drawn = [",", *drawn]  # first, as its height is taken for the font's: that of code 65
        objects += _drawn_font(drawn, len(objects) + 1)
        fonts = b"<< /F1 3 0 R /F2 4 0 R /F3 5 0 R >>"
    kids: list[int] = []
    for page in pages:
        content = b"\n".join(_shown(item, drawn) for item in page)
        objects.append(_stream(content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font %s >> >>" % (WIDTH, HEIGHT, len(objects), fonts)
        )
        kids.append(len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    if outline:
        objects[0] = b"<< /Type /Catalog /Pages 2 0 R /Outlines %d 0 R >>" % (len(objects) + 1)
        objects += _outline(outline, len(objects) + 1, kids)
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (references, len(kids))
    trailer = b"/Root 1 0 R"
    if info:
        entries = b" ".join(b"/%s %s" % (k.encode(), _string(v)) for k, v in info.items())
        objects.append(b"<< %s >>" % entries)
        trailer += b" /Info %d 0 R" % len(objects)
    if password:
        objects.append(_encryption(password))
        trailer += b" /Encrypt %d 0 R /ID [<00> <00>]" % len(objects)
    return _assembled(objects, trailer)


def _outline(bookmarks: Sequence[Bookmark], root: int, pages: Sequence[int]) -> list[bytes]:
    """Return the objects of an outline, the first of which has the number `root`."""
    numbers = range(root + 1, root + 1 + len(bookmarks))
    above = {root: 0} | {n: each.level for n, each in zip(numbers, bookmarks, strict=True)}
    below: dict[int, list[int]] = {number: [] for number in above}
    parents: dict[int, int] = {}
    for number in numbers:
        parents[number] = max(n for n in above if n < number and above[n] < above[number])
        below[parents[number]].append(number)
    objects = []
    for number in above:
        body = b"/Type /Outlines"
        if number != root:
            bookmark, siblings = bookmarks[number - root - 1], below[parents[number]]
            body = b"/Title %s /Parent %d 0 R" % (_string(bookmark.title), parents[number])
            if number != siblings[-1]:
                body += b" /Next %d 0 R" % siblings[siblings.index(number) + 1]
            if bookmark.page:
                body += b" /Dest [%d 0 R /Fit]" % pages[bookmark.page - 1]
        if below[number]:
            body += b" /First %d 0 R /Last %d 0 R" % (below[number][0], below[number][-1])
        objects.append(b"<< %s >>" % body)
    return objects


def _assembled(objects: Sequence[bytes], trailer: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d %s >>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _shown(item: Words | Box, drawn: Sequence[str]) -> bytes:
    if isinstance(item, Box):
        how = b"0.9 g %g %g %g %g re f 0 g" if item.shade else b"%g %g %g %g re S"
        return how % (item.x, item.y, item.width, item.height)
    font = b"F3" if item.drawn else b"F2" if item.bold else b"F1"
    codes = bytes(_FIRST + drawn.index(char) for char in item.text) if item.drawn else b""
    return b"BT /%s %g Tf %g %g Td %s Tj ET" % (
        font,
        item.size,
        item.x,
        item.y,
        b"<%s>" % codes.hex().encode() if item.drawn else _string(item.text),
    )


def _drawn_font(drawn: Sequence[str], number: int) -> list[bytes]:
    """Return the objects, numbered from `number`, of a font with a bar for each character."""
    count, last = len(drawn), _FIRST + len(drawn) - 1
    names = b" ".join(b"/c%d" % i for i in range(count))
    places = b" ".join(b"/c%d %d 0 R" % (i, number + 2 + i) for i in range(count))
    codes = b"\n".join(
        b"<%02x> <%s>" % (i, char.encode("utf-16-be").hex().encode())
        for i, char in enumerate(drawn, _FIRST)
    )
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 200 500 -700]"
        b" /FontMatrix [0.001 0 0 -0.001 0 0]"
        b" /FirstChar %d /LastChar %d /Widths [%s] /ToUnicode %d 0 R /CharProcs << %s >>"
        b" /FontDescriptor << /Type /FontDescriptor /FontName /Drawn /CapHeight -700 /StemV 80"
        b" /ItalicAngle 0 /Flags 4 >>"
        b" /Encoding << /Type /Encoding /Differences [%d %s] >> /Resources << >> >>"
    ) % (_FIRST, last, b" ".join([b"500"] * count), number + 1, places, _FIRST, names)
    return [font, _stream(b"%d beginbfchar\n%s\nendbfchar" % (count, codes)), *map(_bar, drawn)]


def _bar(char: str) -> bytes:
    if char == " ":
        return _stream(b"500 0 0 0 0 0 d1")
    # Upside down, as its matrix is and as Chrome writes them: PDFium then takes single boxes.
    low = -200 if char in "gjpqy" else 0
    high = 450 if char in "acegmnopqrsuvwxyz" else 100 if char in ".," else 700
    return _stream(b"500 0 0 %d 500 %d d1 20 %d 460 %d re f" % (-low, -high, -high, high - low))


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _string(text: str) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"(%s)" % escaped.encode("cp1252")


def _encryption(password: str) -> bytes:
    """Return the dictionary of the standard handler, revision 2 (ISO 32000-1, 7.6.3)."""
    padded = (password.encode() + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    permissions = (-4).to_bytes(4, "little", signed=True)
    key = hashlib.md5(padded + owner + permissions + b"\0").digest()[:5]
    user = _rc4(key, _PADDING)
    return b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (
        owner.hex().encode(),
        user.hex().encode(),
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
