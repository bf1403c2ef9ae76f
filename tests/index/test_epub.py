"""What is read of EPUB books: chapters in order under their titles, and what is refused."""

import io
import itertools
import zipfile
from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.records import Document
from tests.epub_writing import ABOUT, ONE, TWO, package
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.reading_checks import damaged, headings_of, read_bytes, reason_for


def read(folder: Path, content: bytes) -> Document:
    return read_bytes(folder, "book.epub", content)


def test_chapters_stand_in_order_under_the_titles_of_the_contents(tmp_path: Path) -> None:
    document = read(tmp_path, package())
    assert document.text.split("\n\n") == [
        "The Storm", "The storm began at nine.", "A note", "It was cold.", "The Lamp",
        "The lamp burns oil.", "1. Whale oil.", "The Calm", "Nobody came in March.", "Later",
        "It rained.",
    ]  # fmt: skip
    assert headings_of(document) == [
        (1, "The Storm"), (2, "A note"), (2, "The Lamp"), (1, "The Calm"), (2, "Later"),
    ]  # fmt: skip


def test_what_the_package_says_of_the_book_is_metadata(tmp_path: Path) -> None:
    document = read(tmp_path, package())
    assert document.title == "The Lighthouse"
    assert document.metadata == {
        "author": "Ann Lee",
        "date": "1911-05-02",
        "language": "en",
        "description": "A keeper.",
        "keywords": ("Sea", "Light"),
    }
    assert document.media_type == "application/epub+zip"
    two = ABOUT.replace("</dc:creator>", "</dc:creator><dc:creator>Bob</dc:creator>")
    assert read(tmp_path, package(about=two)).metadata["author"] == ("Ann Lee", "Bob")


def test_older_contents_are_read_too(tmp_path: Path) -> None:
    contents = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Part'
        ' I</text></navLabel><content src="one.xhtml"/><navPoint><navLabel><text>The Calm</text>'
        '</navLabel><content src="two%20b.xhtml"/></navPoint></navPoint></navMap></ncx>'
    )
    document = read(tmp_path, package(navigation=None, contents=contents))
    assert headings_of(document) == [
        (1, "Part I"), (3, "The Storm"), (4, "A note"), (2, "The Calm"), (3, "Later"),
    ]  # fmt: skip


def test_a_page_of_links_is_left_out(tmp_path: Path) -> None:
    links = "".join(f'<p><a href="one.xhtml">Chapter {n}</a></p>' for n in range(20))
    pages = {
        "contents.xhtml": f"<html><body><h1>Contents</h1>{links}</body></html>",
        "1.xhtml": TWO,
    }
    document = read(tmp_path, package(pages, navigation=None))
    assert document.text == "Nobody came in March.\n\nLater\n\nIt rained."


def test_a_page_that_is_missing_or_broken_is_told_of(tmp_path: Path) -> None:
    pages = {"one.xhtml": ONE, "bad.xhtml": "\0\1\2" * 100}
    document = read(tmp_path, package(pages))
    assert document.remarks == ("pages that cannot be read were left out: OEBPS/bad.xhtml",)


def encryption(algorithm: str) -> dict[str, str | bytes]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
        '<enc:CipherReference URI="OEBPS/one.xhtml"/></enc:CipherData></enc:EncryptedData>'
        "</encryption>"
    }


def test_a_protected_book_is_refused_and_one_with_hidden_fonts_is_not(tmp_path: Path) -> None:
    aes = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    assert reason_for(tmp_path, "a.epub", package(others=aes)) == (
        "protected against copying (DRM); index a copy without protection"
    )
    fonts = encryption("http://www.idpf.org/2008/embedding")
    assert "The lamp burns oil." in read(tmp_path, package(others=fonts)).text


_TENFOLD = (
    f"<!ENTITY {name} '{f'&{inner};' * 10}'>" for inner, name in itertools.pairwise("abcdefghi")
)
BOMB = f"<!DOCTYPE package [<!ENTITY a 'ha '>{''.join(_TENFOLD)}]>"


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    document = read(
        tmp_path, package({"1.xhtml": f"{BOMB}<html><body><p>It &i; ends.</p></body></html>"})
    )
    assert len(document.text) < 100
    content = package()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", 8) as new:
        for name in old.namelist():
            part = old.read(name).decode()
            bomb = part.replace("<package", f"{BOMB}<package").replace("The Light", "&i;")
            new.writestr(name, bomb if name.endswith(".opf") else part)
    reason = reason_for(tmp_path, "a.epub", buffer.getvalue())
    assert reason == "" or "damaged" in reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"The keeper.", "damaged or not an EPUB book"),
        (package()[:400], "damaged or not an EPUB book"),
        (b"%PDF-1.7", "a PDF; name it .pdf"),
        (package({}), "no text in it"),
        (package({"1.xhtml": "<html><img src='a.png'/></html>"}, navigation=None), "no text in it"),
        (package(others={"big": b"\0" * 80_000_000}), "it would unpack to 76 MiB"),
        (package({"1.xhtml": "<div>" * 5_000}, navigation=None), "no text in it"),
    ],
    ids=["empty", "text", "cut", "pdf", "no pages", "a picture", "bomb", "deep"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason_for(tmp_path, "a.epub", content) == reason


def test_a_page_that_is_named_many_times_is_read_once(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(io.BytesIO(package({"one.xhtml": ONE}, navigation=None)))
    repeated, written = range(400), io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name).decode()
            if name.endswith(".opf"):
                kind = 'href="one.xhtml" media-type="application/xhtml+xml"'
                items = "".join(f'<item id="x{n}" {kind}/>' for n in repeated)
                spine = "".join(f'<itemref idref="x{n}"/>' for n in repeated)
                content = content.replace("</manifest>", f"{items}</manifest>")
                content = content.replace("</spine>", f"{spine}</spine>")
            archive.writestr(name, content)
    assert read(tmp_path, written.getvalue()).text.count("The storm began at nine.") == 1


def test_damaged_books_are_read_or_refused_and_offsets_hold(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
) -> None:
    assert_holds(chunker.chunk(read(tmp_path, package())), tokenizer)
    for seed in range(40):
        reason = reason_for(tmp_path, "a.epub", damaged(package(), seed))
        assert "failed" not in reason
        assert "crashed" not in reason
