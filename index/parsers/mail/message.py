"""One mail: what its head says, the text that people read of it, and what is not read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from typing import Any

from index.parsers.blocks import has_text, lay_out, one_line, visible
from index.parsers.decoding import decode, invalid_share
from index.parsers.files import UnreadableFileError, progressed
from index.parsers.web.decoding import codec_of_label
from index.parsers.web.page import read_fragment
from index.remarks import listed

MAX_DEPTH = 30
"""Of parts in parts, and of mails that are forwarded in others."""
_MAX_NAMES = 50
_MAX_FIELD_CHARS = 100_000
"""Of a field. What is beyond is cut off, for names and encoded words take long to decode."""
_MAX_INVALID = 0.25
"""Of what is not ASCII in a text that is read as declared."""
_FORWARDED = "---------- Forwarded message ----------"
_NESTED = f"parts nested more than {MAX_DEPTH} deep"

Addresses = tuple[tuple[str, str], ...]
"""Names, which may be empty, and addresses."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. `sent` is in ISO 8601 and UTC, or empty. `text` begins with the lines of its head.

    `unread` names its attachments, and other parts that are no text.
    """

    subject: str
    message_id: str
    sent: str
    senders: Addresses
    to: Addresses
    cc: Addresses
    text: str
    unread: tuple[str, ...]


def read_mail(content: bytes) -> Mail:
    """Return what is read of a mail. Raises UnreadableFileError if there is no text in it."""
    try:
        message = message_from_bytes(content)
        if not message.keys():
            decode(content)  # what has no head may be no text at all
        return _read(message)
    except RecursionError as error:
        raise UnreadableFileError(_NESTED) from error
    except (MessageError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableFileError("damaged or not a mail") from error


@dataclass(slots=True)
class _Parts:
    """What the parts of a mail give."""

    texts: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])


def _read(message: Message) -> Mail:
    parts = _Parts()
    _take(message, parts, 0)
    body = "\n\n".join(parts.texts)
    unread = tuple(dict.fromkeys(parts.unread))
    head = _head(message, unread)
    if not has_text(_head(message) + body):
        raise UnreadableFileError("no text in it")
    return Mail(
        subject=one_line(_field(message, "Subject")),
        message_id=one_line(_field(message, "Message-ID")).strip("<>"),
        sent=_sent(message),
        senders=_addresses(message, "From") or _addresses(message, "Sender"),
        to=_addresses(message, "To"),
        cc=_addresses(message, "Cc"),
        text="\n\n".join(part for part in (head, body) if part),
        unread=unread,
    )


def _head(message: Message, unread: tuple[str, ...] = ()) -> str:
    """Return the lines of the head that people read."""
    fields = {name: one_line(_field(message, name)) for name in ("Subject", "From", "To", "Cc")}
    for name in ("To", "Cc"):
        addresses = _addresses(message, name)
        if len(addresses) > _MAX_NAMES:
            fields[name] = listed([name or address for name, address in addresses], _MAX_NAMES)
    fields["Date"] = one_line(_field(message, "Date"))
    fields["Attachments"] = ", ".join(unread[:_MAX_NAMES])
    return "\n".join(f"{name}: {value}" for name, value in fields.items() if value)


def _take(message: Message, parts: _Parts, depth: int) -> None:
    """Take the texts in a part, and the names of what is not read."""
    progressed()
    kind = message.get_content_type()
    if depth > MAX_DEPTH:
        parts.unread.append(_NESTED)
    elif kind == "multipart/alternative" and message.is_multipart():
        _take_best(message, parts, depth)
    elif kind == "message/rfc822" and message.is_multipart():
        for inner in _inner(message):
            parts.texts.append("\n".join(filter(None, (_FORWARDED, _head(inner)))))
            _take(inner, parts, depth + 1)
    elif message.is_multipart() and kind.startswith("multipart/"):
        for inner in _inner(message):
            _take(inner, parts, depth + 1)
    elif name := _name(message, kind):
        if not _is_picture_in_text(message, kind):
            parts.unread.append(name)
    elif text := _text(message, kind):
        parts.texts.append(text)


def _take_best(message: Message, parts: _Parts, depth: int) -> None:
    """Take the plain text of several versions, else the last version that has a text."""
    best: list[str] = []
    is_plain = False
    for inner in _inner(message):
        version = _Parts()
        _take(inner, version, depth + 1)
        parts.unread += version.unread
        if version.texts and not is_plain:
            best = version.texts
            is_plain = inner.get_content_type() == "text/plain"
    parts.texts += best


def _inner(message: Message) -> Iterator[Message]:
    payload: Any = message.get_payload()
    return (part for part in payload if isinstance(part, Message))


def _name(message: Message, kind: str) -> str:
    """Return the name of a part that is not read, "" for one that is."""
    file_name = one_line(_decoded(str(message.get_filename() or "")))
    is_attached = str(message.get("Content-Disposition", "")).lower().startswith("attachment")
    is_text = kind.startswith(("text/", "multipart/")) and kind != "text/calendar"
    return "" if is_text and not (file_name or is_attached) else file_name or one_line(kind)


def _is_picture_in_text(message: Message, kind: str) -> bool:
    return kind.startswith("image/") and "Content-ID" in message


def _text(message: Message, kind: str) -> str:
    """Return the text of a part, "" if it has none."""
    payload: Any = message.get_payload(decode=True)
    text = _in_unicode(payload or b"", str(message.get_content_charset() or ""))
    if kind == "text/html":
        try:
            blocks = [block.block for block in read_fragment(text).blocks]
        except UnreadableFileError:
            return ""
        return lay_out(blocks)[0]
    lines = visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return text if has_text(text) else ""


def _in_unicode(content: bytes, charset: str) -> str:
    """Return a text in the charset that is declared for it, if that fits."""
    codec = codec_of_label(charset)
    if codec and invalid_share(content, codec) <= _MAX_INVALID:
        return content.decode(codec, "replace")
    try:
        return decode(content).text
    except UnreadableFileError:
        return content.decode("cp1252", "replace")


def _field(message: Message, name: str) -> str:
    """Return the value of the first field of a name, decoded, "" without one."""
    return _decoded(next(_raw(message, name), ""))


def _raw(message: Message, name: str) -> Iterator[str]:
    """Yield the values of the fields of a name, as they are written."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            yield str(value)[:_MAX_FIELD_CHARS]


def _decoded(value: str) -> str:
    """Return a value without folds, its encoded words decoded, and raw bytes as UTF-8 if so."""
    written = value.encode("utf-8", "surrogateescape")
    try:
        unfolded = " ".join(written.decode().split())
    except UnicodeDecodeError:
        unfolded = " ".join(written.decode("cp1252", "replace").split())
    try:
        chunks = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        return unfolded
    texts: list[str] = []
    for chunk, charset in chunks:
        if isinstance(chunk, str):
            texts.append(chunk)
        elif charset:
            texts.append(_in_unicode(chunk, charset))
        else:
            texts.append(chunk.decode("raw-unicode-escape", "replace"))
    return "".join(texts) if any(map(str.strip, texts)) else unfolded


def _addresses(message: Message, name: str) -> Addresses:
    """Return the names and addresses in the fields of a name, addresses in small letters."""
    pairs = getaddresses([" ".join(value.split()) for value in islice(_raw(message, name), 10)])
    named = ((one_line(_decoded(said)), one_line(address).lower()) for said, address in pairs)
    return tuple(dict.fromkeys(pair for pair in named if any(pair)))


def _sent(message: Message) -> str:
    """Return when a mail was sent, in ISO 8601 and UTC, "" if that is not known."""
    try:
        moment = parsedate_to_datetime(_field(message, "Date"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""
