"""What is read of mails: the text that people read, who wrote it when, and what is not read."""

import mailbox
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.parsers import UnreadableFileError, read_file
from index.records import Document
from index.sources.listing import SourceFile
from index.structure.layout import outline_of
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.reading_checks import damaged

Read = Callable[..., list[Document]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return what reads a mail, or a mailbox."""

    def read_content(content: bytes | str | EmailMessage, suffix: str = ".eml") -> list[Document]:
        if isinstance(content, EmailMessage):
            content = content.as_bytes(policy=SMTP)
        path = tmp_path / f"mail{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_file(SourceFile(path, f"x/mail{suffix}"))

    return read_content


def mail(
    subject: str = "Trip", body: str = "The train leaves at 8.", **fields: str
) -> EmailMessage:
    message = EmailMessage()
    for name, value in {
        "Subject": subject,
        "From": "Ann Lee <Ann@Example.org>",
        "To": "Bob <bob@example.org>, cy@example.org",
        "Date": "Wed, 04 Mar 2026 11:15:00 +0100",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }.items():
        if value:
            message[name] = value
    message.set_content(body)
    return message


def own_words(document: Document) -> list[tuple[tuple[str, ...], str]]:
    """Return the blocks with what stands above them."""
    return [
        (block.heading_path, document.text[block.start : block.end])
        for block in outline_of(document).blocks
    ]


def test_head_and_text_are_read(read: Read) -> None:
    (document,) = read(mail(Cc="Dee <dee@example.org>", Message_ID="<17@example.org>"))
    assert document.title == "Trip"
    assert document.text == (
        "Subject: Trip\nFrom: Ann Lee <Ann@Example.org>\n"
        "To: Bob <bob@example.org>, cy@example.org\nCc: Dee <dee@example.org>\n"
        "Date: Wed, 04 Mar 2026 11:15:00 +0100\n\nThe train leaves at 8."
    )
    assert document.metadata == {
        "from": ("ann@example.org", "Ann Lee"),
        "to": ("bob@example.org", "cy@example.org", "Bob"),
        "cc": ("dee@example.org", "Dee"),
        "date": "2026-03-04T10:15:00Z",
        "message_id": "17@example.org",
    }
    assert (document.media_type, document.remarks) == ("message/rfc822", ())
    assert document.id == SourceFile(Path("mail.eml"), "x/mail.eml").document_id


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        ("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?Q?Z=FCrich?=", "Grüße aus Zürich"),
        ("Subject: a subject\r\n that is\r\n\tfolded", "a subject that is folded"),
        ("Subject: =?utf-8?b?8J+RjQ==?=\r\n =?utf-8?q?_yes?=", "👍 yes"),
        ("Subject: Grüße, unencoded", "Grüße, unencoded"),
        ("SUBJECT: =?utf-8?b?%%%?=", "=?utf-8?b?%%%?="),
        ("Subject: =?nonsense?q?caf=E9?=", "café"),
    ],
)
def test_subjects_are_decoded(read: Read, head: str, subject: str) -> None:
    (document,) = read(f"From: a@b.c\r\n{head}\r\n\r\nIt leaves at 8.\r\n")
    assert document.title == subject
    assert f"Subject: {subject}\n" in document.text


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8", "unheard-of"])
def test_texts_are_decoded(read: Read, charset: str) -> None:
    text = "Der Zug fährt um acht. Grüße aus Zürich, schöne Zeit und große Freude."
    body = text.encode("utf-8" if charset == "utf-8" else "cp1252")
    (document,) = read(
        f"Subject: Zug\nContent-Type: text/plain; charset={charset}\n"
        "Content-Transfer-Encoding: 8bit\n\n".encode()
        + body
    )
    assert document.text.endswith(f"\n\n{text}")


def test_plain_text_is_preferred_to_html(read: Read) -> None:
    both = mail()
    both.add_alternative("<p>The train leaves at <b>nine</b>.</p>", subtype="html")
    (document,) = read(both)
    assert document.text.endswith("\n\nThe train leaves at 8.")
    web = mail(body="")
    web.add_alternative(
        "<html><head><style>p {}</style></head><body><h2>Plan</h2><p>The train leaves\nat 8.</p>"
        "<ul><li>tickets<li>water</ul></body></html>",
        subtype="html",
    )
    (document,) = read(web)
    assert document.text.endswith("\n\nPlan\n\nThe train leaves at 8.\n\n- tickets\n- water")


def test_attachments_are_named_and_not_read(read: Read) -> None:
    message = mail()
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="fähre.pdf")
    message.add_attachment("secret words", filename="notes.txt")
    (document,) = read(message)
    assert "\nAttachments: fähre.pdf, notes.txt\n" in document.text
    assert "secret" not in document.text
    assert document.metadata["attachments"] == ("fähre.pdf", "notes.txt")
    assert document.remarks == ("attachments that are not read: fähre.pdf, notes.txt",)


def test_a_forwarded_mail_is_read(read: Read) -> None:
    message = mail("Fwd: Trip", "See below.")
    message.add_attachment(mail("Old plan", "The bus leaves at 7."))
    (document,) = read(message)
    assert "---------- Forwarded message ----------\nSubject: Old plan\n" in document.text
    assert document.text.endswith("\n\nThe bus leaves at 7.")
    assert document.title == "Fwd: Trip"


def test_what_others_wrote_stands_apart(read: Read) -> None:
    (document,) = read(
        mail(
            body="Hi Bob\n\nYes, on Tuesday.\n\nOn Mon, 2 Mar 2026, Bob <bob@example.org>\n"
            "wrote:\n\n> Shall we meet\n> on Tuesday at the\n> usual place at noon?\n>\n"
            "> - bring tea\n>> An older line.\n\nBy the way, no tea.\n-- \nAnn\n"
        )
    )
    said = "On Mon, 2 Mar 2026, Bob <bob@example.org> wrote:"
    assert own_words(document)[4:] == [
        ((), "Hi Bob"),
        ((), "Yes, on Tuesday."),
        ((said,), "Shall we meet\n> on Tuesday at the\n> usual place at noon?"),
        ((said,), "bring tea"),
        ((said,), "An older line."),
        ((), "By the way, no tea."),
        ((), "Ann"),
    ]


def test_each_mail_of_a_mailbox_is_a_document(tmp_path: Path, read: Read) -> None:
    box = mailbox.mbox(tmp_path / "mail.mbox")
    for number in (1, 2, 3):
        box.add(
            mail(f"Mail {number}", f"From here it takes {number} days.", Message_ID=f"<{number}@x>")
        )
    box.add(mail("Again", Message_ID="<3@x>"))
    box.close()
    content = (tmp_path / "mail.mbox").read_bytes()
    documents = read(content, ".mbox")
    assert [each.title for each in documents] == ["Mail 1", "Mail 2", "Mail 3", "Again"]
    assert [each.text.splitlines()[-1] for each in documents][:2] == [
        "From here it takes 1 days.",
        "From here it takes 2 days.",
    ]
    assert len({each.id for each in documents}) == 4
    # Without the first mail the second keeps its id; those of one Message-ID go by their numbers.
    later = read(content[content.index(b"\nFrom ", 1) + 1 :], ".mbox")
    ids, ids_later = ([each.id for each in all_mails] for all_mails in (documents, later))
    assert ids_later[0] == ids[1]
    assert not set(ids_later[1:]) & {ids[3]}


def test_a_sentence_that_begins_with_from_is_no_mail(read: Read) -> None:
    head = "From ann@example.org Thu Jan  1 10:00:00 2026\nSubject: S\n\n"
    (document,) = read(f"{head}It leaves.\n\nFrom now on it is late.\n\n>From me.\n", ".mbox")
    assert document.text == "Subject: S\n\nIt leaves.\n\nFrom now on it is late.\n\nFrom me."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\0\1\2\3", "binary"),
        (b"\x89PNG\r\n\x1a\n\0\0\0 words", "binary"),
        (b"%PDF-1.7 words", "a PDF; name it .pdf"),
        (b"Content-Type: image/png\n\n", "no text in it"),
    ],
)
def test_what_is_no_mail_is_refused(read: Read, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(content)


def test_what_is_no_mailbox_is_refused(read: Read) -> None:
    with pytest.raises(UnreadableFileError, match="no mailbox"):
        read("Subject: a mail\n\nIt leaves.", ".mbox")


def test_a_mail_without_a_head_is_its_text(read: Read) -> None:
    (document,) = read("The train leaves at 8.\nIt is late.\n")
    assert (document.title, document.text) == ("", "The train leaves at 8.\nIt is late.")
    assert document.metadata == {}


def nested(depth: int) -> str:
    opening = (f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"Subject: Deep\n{''.join(opening)}\nAt the bottom.\n"


def test_a_subject_of_very_many_encoded_words_is_cut(read: Read) -> None:
    subject = "\n ".join(["=?utf-8?b?dMOkZ2xpY2g=?="] * 100_000)
    (document,) = read(f"Subject: {subject}\n\nIt opens at eight.\n".encode())
    assert document.title.startswith("täglich")
    assert len(document.title) < 100_000
    assert document.text.endswith("It opens at eight.")


def test_a_mail_of_ten_thousand_nested_parts_is_left_out(read: Read) -> None:
    head = "From a Thu Jan  1 10:00:00 2026\n"
    (document,) = read(f"{head}{nested(10_000)}\n{head}Subject: S\n\nIt leaves.\n", ".mbox")
    assert document.title == "S"
    assert document.remarks == ("mails left out: 1 (parts nested more than 30 deep)",)


def test_many_parts_are_read(read: Read) -> None:
    parts = "".join(f"--b\n\nPart {number}.\n" for number in range(2_000))
    (document,) = read(f"Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n")
    assert document.text.count("Part ") == 2_000


def test_a_date_that_is_none_is_left_out(read: Read) -> None:
    for date in ("yesterday", "Wed, 99 Mar 2026 11:15:00 +0100", "1 Jan 0000 00:00:00 +9999"):
        (document,) = read(f"Subject: S\nDate: {date}\n\nIt leaves.")
        assert "date" not in document.metadata
        assert f"Date: {date}" in document.text


FULL = mail(Message_ID="<1@x>", Cc="=?utf-8?q?D=C3=A9?= <d@x.org>")
FULL.add_alternative("<p>The train</p>", subtype="html")
FULL.add_attachment(mail("Inner", "> It leaves.\n\nNo."))


@given(seed=st.integers(0, 10_000))
def test_a_damaged_mail_is_read_or_refused_and_offsets_hold(
    tmp_path_factory: pytest.TempPathFactory,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
    seed: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.eml"
    path.write_bytes(damaged(FULL.as_bytes(policy=SMTP), seed))
    documents: list[Document] = []
    with suppress(UnreadableFileError):
        documents = read_file(SourceFile(path, "x/damaged.eml"))
    for document in documents:
        assert_holds(chunker.chunk(document), tokenizer)
