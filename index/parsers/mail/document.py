"""Mail: .eml and .mbox, each message a document."""

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from index.parsers.blocks import document_of
from index.parsers.decoding import kind_of
from index.parsers.files import UnreadableFileError, bytes_of, progressed
from index.parsers.mail.message import Addresses, Mail, read_mail
from index.records import Document, MetadataValue
from index.remarks import listed
from index.sources.listing import SourceFile
from index.structure.layout import OUTLINERS

MEDIA_TYPE = "message/rfc822"
MAX_MESSAGES = 200_000
_MAX_WORDS = 100
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\d:\d\d\b[^\r\n]*(?:\r?\n|\Z)")
"""What stands above each mail of a mailbox. Without a time of day it is a sentence of a mail."""
_QUOTED_SEPARATOR = re.compile(rb"^>(>*From )", re.M)


def read_eml(file: SourceFile) -> Iterable[Document]:
    """Yield the mail in a file."""
    content, written = _written_in(file)
    separator = _SEPARATOR.match(written)
    mail = read_mail(written[separator.end() :] if separator else written)
    remarks = (f"attachments that are not read: {listed(mail.unread)}",) if mail.unread else ()
    yield _document(file.document_id, file, content, mail, remarks)


def read_mbox(file: SourceFile) -> Iterable[Document]:
    """Yield the mails in a mailbox. Those that cannot be read are told of and left out."""
    content, written = _written_in(file)
    if not _SEPARATOR.match(written):
        raise UnreadableFileError('no mailbox: it does not begin with a line "From …"')
    mails: list[tuple[int, Mail]] = []
    left_out: list[str] = []
    for number, each in enumerate(_mails(written), 1):
        progressed()
        try:
            mails.append((number, read_mail(each)))
        except UnreadableFileError as error:
            left_out.append(f"{number} ({error})")
    if not mails:
        raise UnreadableFileError("no mail of it can be read")
    unread = [name for _, mail in mails for name in mail.unread]
    remarks: tuple[str, ...] = (f"mails left out: {listed(left_out)}",) if left_out else ()
    if unread:
        remarks += (f"attachments that are not read: {listed(unread)}",)
    counts = Counter(mail.message_id for _, mail in mails)
    for number, mail in mails:
        is_unique = mail.message_id and counts[mail.message_id] == 1
        key = f"<{mail.message_id}>" if is_unique else f"mail {number}"
        yield _document(file.record_id(key), file, content, mail, remarks)
        remarks = ()


def _written_in(file: SourceFile) -> tuple[bytes, bytes]:
    """Return a file's bytes, and those without blanks above the first line."""
    content = bytes_of(file.path)
    if other := kind_of(content, may_be_markup=True):
        raise UnreadableFileError(other)
    if not content.strip():
        raise UnreadableFileError("empty")
    if b"\0" in content[:1024]:
        raise UnreadableFileError("binary")
    return content, content.removeprefix(BOM_UTF8).lstrip()


def _mails(content: bytes) -> Iterator[bytes]:
    """Yield the mails of a mailbox."""
    separators = list(_SEPARATOR.finditer(content))
    if len(separators) > MAX_MESSAGES:
        raise UnreadableFileError(f"more than {MAX_MESSAGES:,} mails; split it")
    ends = [*(each.start() for each in separators[1:]), len(content)]
    for separator, end in zip(separators, ends, strict=True):
        yield _QUOTED_SEPARATOR.sub(rb"\1", content[separator.end() : end])


def _document(
    document_id: str, file: SourceFile, content: bytes, mail: Mail, remarks: Sequence[str]
) -> Document:
    from selectolax import __version__

    OUTLINERS[MEDIA_TYPE](mail.text)  # here, under the limits, to find out whether it can be
    metadata: dict[str, MetadataValue] = {
        "from": _words(mail.senders),
        "to": _words(mail.to),
        "cc": _words(mail.cc),
        "date": mail.sent,
        "message_id": mail.message_id,
        "attachments": mail.unread[:_MAX_WORDS],
    }
    return document_of(
        file,
        content,
        mail.text,
        title=mail.subject,
        media_type=MEDIA_TYPE,
        reader=f"mail/1 (selectolax {__version__})",
        metadata=metadata,
        document_id=document_id,
        remarks=remarks,
    )


def _words(addresses: Addresses) -> tuple[str, ...]:
    """Return addresses, then names: a filter by either finds the mail."""
    by_address = [address for _, address in addresses if address]
    names = [name for name, _ in addresses if name]
    return tuple(dict.fromkeys((*by_address, *names)))[:_MAX_WORDS]
