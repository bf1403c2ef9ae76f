"""In which encoding a web page is read, and what is refused for being none."""

from pathlib import Path

import pytest

from index.parsers.web.decoding import codec_of_label
from tests.reading_checks import read_bytes, reason_for

WAR = "第二次世界大战是一场全球性的军事冲突。朱镕基"
GERMAN = "Das Café in Zürich öffnet täglich um acht Uhr früh und schließt erst spät."
RUSSIAN = "Это русский текст без объявления кодировки, который должен быть прочитан правильно."


def declaring(label: str, text: str, codec: str) -> bytes:
    return f'<html><head><meta charset="{label}"></head><p>{text}</p></html>'.encode(codec)


@pytest.mark.parametrize(
    ("label", "codec", "text", "encoding"),
    [
        ("gb2312", "gb18030", WAR, "GB18030"),
        ("GBK", "gb18030", WAR, "GB18030"),
        ("shift_jis", "cp932", "①髙橋", "Shift_JIS"),
        ("euc-kr", "cp949", "똠방각하", "EUC-KR"),
        ("big5", "big5hkscs", "第二次世界大戰", "Big5"),
        ("iso-8859-1", "cp1252", "“€5”", "windows-1252"),
        ("latin1", "cp1252", "“€5”", "windows-1252"),
        ("ascii", "cp1252", "“€5”", "windows-1252"),
        ("iso-8859-9", "cp1254", "Şişli “ığ”", "windows-1254"),
        ("tis-620", "cp874", "สวัสดี", "windows-874"),
        ("windows-1251", "cp1251", RUSSIAN, "windows-1251"),
        ("utf8", "utf-8", RUSSIAN, ""),
        ("utf-16", "utf-8", RUSSIAN, ""),
    ],
)
def test_a_declaration_is_understood_as_browsers_do(tmp_path: Path, label, codec, text, encoding):
    document = read_bytes(tmp_path, "a.html", declaring(label, text, codec))
    assert document.text == text
    assert document.metadata.get("encoding", "") == encoding
    assert document.remarks == ((f"read as {encoding}",) if encoding else ())


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("x-gbk", "gb18030"),
        ("x-cp1250", "cp1250"),
        ("iso88592", "iso8859-2"),
        ("iso_8859-15", "iso8859-15"),
        ("iso-8859-8-i", "iso8859-8"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-874", "cp874"),
        ("koi8-ru", "koi8-u"),
        ("x-mac-cyrillic", "mac-cyrillic"),
        ("utf-16", ""),
        ("rot13", ""),
        ("latin\0", ""),
    ],
)
def test_labels_of_the_web_are_known(label, codec):
    assert codec_of_label(label) == codec


def test_an_encoding_that_is_read_has_the_name_that_browsers_give_it(tmp_path: Path):
    for label, name in [("hebrew", "ISO-8859-8"), ("mac", "macintosh"), ("cp866", "IBM866")]:
        document = read_bytes(tmp_path, "a.html", declaring(label, "Words.", "ascii"))
        assert document.metadata["encoding"] == name


@pytest.mark.parametrize(
    "label", ["unicode_escape", "raw_unicode_escape", "utf-7", "rot13", "base64", "hex", "idna",
              "punycode", "zip", "undefined", "nonsense"]
)  # fmt: skip
def test_what_is_no_encoding_of_pages_is_not_obeyed(tmp_path: Path, label):
    text = r"C:\new \u0041 1 +- 2 A+AGE-."
    document = read_bytes(tmp_path, "a.html", declaring(label, text, "utf-8"))
    assert (document.text, document.remarks) == (text, ())


@pytest.mark.parametrize("head", ['<meta charset="utf-8">', ""])
def test_bad_bytes_in_utf8_are_replaced_and_counted(tmp_path: Path, head):
    content = (head + f"<p>{GERMAN * 2} bad and worse.</p>").encode()
    document = read_bytes(tmp_path, "a.html", content.replace(b"bad", b"b\xe9d"))
    assert document.text == f"{GERMAN * 2} b\ufffdd and worse."
    assert document.remarks == ("1 character is no valid UTF-8",)
    assert "encoding" not in document.metadata
    document = read_bytes(tmp_path, "b.html", content.replace(b"bad", b"b\xf0\xe9d"))
    assert document.remarks == ("2 characters are no valid UTF-8",)


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (GERMAN, "cp1252", "windows-1252"),
    ],
)
@pytest.mark.parametrize("head", ["", '<meta charset="utf-8">'])
def test_a_page_that_does_not_tell_is_read_as_a_text_file_is(
    tmp_path: Path, text, codec, encoding, head
):
    document = read_bytes(tmp_path, "a.html", f"<html>{head}\n<p>{text}</p>".encode(codec))
    assert document.text == text
    assert document.metadata["encoding"] == encoding
    assert document.remarks == (f"read as {encoding}",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n",
         "an MHTML archive; save it as HTML only"),
        (b"From: <Saved by Blink>\nSnapshot-Content-Location: http://x\n\n<p>a</p>",
         "an MHTML archive; save it as HTML only"),
        (rb"{\rtf1\ansi a}", "RTF; name it .rtf"),
        (b"%PDF-1.7\nabc", "a PDF; name it .pdf"),
        (b"PK\x03\x04abc", "an archive; unpack it"),
        (b"\x1f\x8b\x08abc", "compressed with gzip; unpack it"),
    ],
)  # fmt: skip
def test_other_formats_under_a_pages_name_are_refused(tmp_path: Path, content, reason):
    assert reason_for(tmp_path, "a.html", content) == reason


def test_a_page_about_mail_is_a_page(tmp_path: Path):
    text = "<p>Note: see below.</p>\n<pre>MIME-Version: 1.0\nContent-Type: multipart/related</pre>"
    assert read_bytes(tmp_path, "a.html", text.encode()).text.startswith("Note: see below.")


def test_character_data_of_xhtml_is_text(tmp_path: Path):
    content = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><script>'
        "//<![CDATA[\nif (1 < 2) x();\n//]]></script></head><body><p><![CDATA[Brass & <tin>.]]></p>"
        "<p>After.</p></body></html>"
    )
    document = read_bytes(tmp_path, "a.xhtml", content.encode())
    assert document.text == "Brass & <tin>.\n\nAfter."
