"""Texts that are not in UTF-8: read rightly, or refused with a reason, never guessed at wildly."""

import codecs
import gzip
import io
import random
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.parsers import UnreadableFileError, read_file
from index.parsers.decoding import SAMPLE_BYTES, decode
from index.sources.listing import SourceFile

WESTERN = [
    "café au lait",
    "Grün",
    "L’été dernier, j’ai goûté un café à 3 € près de la gare.",
    "Die Größe der Öffnung beträgt „fünf“ Zentimeter – für Übungen genügt das.",
    "¿Dónde está el niño? ¡Mañana será otro día!",
    "Não há pão à venda às quintas; a ação começou em São João.",
    "Räksmörgås på en ö i Åland.",
    "Taikina lepää jääkaapissa. Hääyöaikeet ja älämölö jäävät pöydälle.",
    "Deigið hvílir í ísskáp í átján klukkustundir. Þá er öllu lokið.",
    "It costs 5 € – “cheap”, they’d say…",
    "Bake at 220 °C for ½ hour; ±5 µm, says Renée.",
    "Il caffè è già pronto, perché no? Così è più buono.",
]
OTHERS = {
    "windows-1251": (
        "cp1251",
        (
            "Тесто отдыхает в холодильнике восемнадцать часов. После этого его делят на части и "
            "оставляют на столе ещё на час. Соль добавляют в конце замеса."
        ),
    ),
    "KOI8-R": (
        "koi8-r",
        (
            "Тесто отдыхает в холодильнике восемнадцать часов. После этого его делят на части и "
            "оставляют на столе ещё на час. Соль добавляют в конце замеса."
        ),
    ),
    "Shift_JIS": (
        "shift_jis",
        (
            "生地は冷蔵庫で十八時間休ませます。その後、生地を分けて、テーブルの上でさらに一時間置きます。"
            "塩は最後に加えます。"
        ),
    ),
    "EUC-JP": (
        "euc_jp",
        (
            "生地は冷蔵庫で十八時間休ませます。その後、生地を分けて、テーブルの上でさらに一時間置きます。"
            "塩は最後に加えます。"
        ),
    ),
    "GB18030": (
        "gb18030",
        "面团在冰箱里静置十八个小时。然后把面团分成几份，在桌子上再放一个小时。最后加盐，并揉匀面团。",
    ),
    "Big5": (
        "big5",
        "麵團在冰箱裡靜置十八個小時。然後把麵團分成幾份，在桌子上再放一個小時。最後加鹽，並揉勻麵團。",
    ),
    "EUC-KR": (
        "euc_kr",
        (
            "반죽은 냉장고에서 열여덟 시간 동안 쉽니다. 그런 다음 반죽을 나누어 식탁 위에 한 시간 "
            "더 둡니다. 소금은 마지막에 넣습니다."
        ),
    ),
    "windows-1250": (
        "cp1250",
        (
            "Ciasto odpoczywa w lodówce osiemnaście godzin. Następnie dzieli się je na części i "
            "zostawia jeszcze na godzinę. Sól dodaje się na końcu."
        ),
    ),
    "ISO-8859-2": (
        "iso8859_2",
        (
            "Ciasto odpoczywa w lodówce osiemnaście godzin. Następnie dzieli się je na części i "
            "zostawia jeszcze na godzinę. Sól dodaje się na końcu."
        ),
    ),
    "windows-1253": (
        "cp1253",
        (
            "Η ζύμη ξεκουράζεται στο ψυγείο για δεκαοκτώ ώρες. Στη συνέχεια χωρίζεται σε κομμάτια "
            "και μένει στο τραπέζι για μία ώρα ακόμη."
        ),
    ),
    "windows-1254": (
        "cp1254",
        (
            "Hamur buzdolabında on sekiz saat dinlenir. Sonra parçalara ayrılır ve masada bir saat "
            "daha bekletilir. Tuz en sonunda eklenir."
        ),
    ),
    "windows-1255": (
        "cp1255",
        "הבצק נח במקרר שמונה עשרה שעות. לאחר מכן מחלקים אותו לחלקים ומשאירים אותו על השולחן.",
    ),
    "windows-1256": (
        "cp1256",
        "ترتاح العجينة في الثلاجة ثماني عشرة ساعة. ثم تقسم إلى أجزاء وتترك على الطاولة ساعة أخرى.",
    ),
    "windows-1257": (
        "cp1257",
        (
            "Tešla ilsisi šaldytuve aštuoniolika valandų. Po to ji dalijama į dalis ir dar valandą "
            "paliekama ant stalo. Druska dedama pabaigoje."
        ),
    ),
    "windows-874": (
        "cp874",
        "แป้งพักในตู้เย็นสิบแปดชั่วโมง จากนั้นแบ่งเป็นส่วน ๆ แล้ววางไว้บนโต๊ะอีกหนึ่งชั่วโมง",
    ),
}


@pytest.mark.parametrize("text", WESTERN)
@pytest.mark.parametrize("times", [1, 30])
def test_western_texts_however_short(text: str, times: int) -> None:
    whole = f"{text}\r\n" * times
    assert decode(whole.encode("cp1252"))[:2] == (whole, "windows-1252")


@pytest.mark.parametrize("text", [text for text in WESTERN if not set(text) & set("’„“”–€…")])
def test_what_latin_1_shares_with_windows(text: str) -> None:
    assert decode(text.encode("latin-1")).text == text


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("times", [1, 2000])
def test_texts_of_a_few_sentences(name: str, times: int) -> None:
    codec, text = OTHERS[name]
    whole = f"{text}\n" * times
    assert decode(whole.encode(codec))[:2] == (whole, name)


@pytest.mark.parametrize("name", ["Shift_JIS", "GB18030", "Big5", "EUC-KR"])
def test_the_sample_cuts_no_character_in_two(name: str) -> None:
    codec, text = OTHERS[name]
    for shift in range(4):
        whole = "x" * shift + text.replace("\n", "") * (SAMPLE_BYTES // len(text))
        assert decode(whole.encode(codec))[:2] == (whole, name)


def test_what_is_not_ascii_may_come_late() -> None:
    text = "Nothing but plain letters here.\n" * 10_000 + OTHERS["windows-1251"][1]
    assert decode(text.encode("cp1251"))[:2] == (text, "windows-1251")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_byte_order_mark_tells_the_encoding(codec: str, text: str) -> None:
    content = f"\ufeff{text}".encode(codec)
    if codec == "utf-16-le" and text.startswith("\0"):
        return  # the mark of UTF-32
    decoded = decode(content)
    assert decoded.text == text
    assert decoded.encoding == codec[:6].upper()


@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused_or_give_text(content: bytes) -> None:
    try:
        decoded = decode(content)
    except UnreadableFileError:
        return
    decoded.text.encode()  # no surrogates
    assert decoded.encoding != "" or decoded.text == content.decode("utf-8-sig")


def binaries() -> dict[str, bytes]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "The dough rests for eighteen hours. " * 20)
    return {
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89",
        "zip": zipped.getvalue(),
        "gzip": gzip.compress(random.Random(1).randbytes(500)),
        "jpeg without a NUL": b"\xff\xd8\xff\xe1\x10\x01Exif" + bytes(range(1, 256)) * 3,
        "UTF-16 without a mark": "The dough rests.".encode("utf-16-le"),
        "a NUL": b"text\0more",
    }


@pytest.mark.parametrize("name", binaries())
def test_binary_files_are_refused(name: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"\Abinary\Z"):
        decode(binaries()[name])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (codecs.BOM_UTF16_LE + b"abc", "damaged UTF-16; save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"a\0\x3d\xd8", "damaged UTF-16; save it as UTF-8"),
        (codecs.BOM_UTF32_BE + b"\0\0\0", "damaged UTF-32; save it as UTF-8"),
        (
            ("Größe, Öffnung, für, Übung".encode() + b"\xff Ende"),
            r"damaged UTF-8 \(byte 0xff at 31\); save it as UTF-8",
        ),
        (
            "L’été dernier, j’ai goûté un café. Où êtes-vous allé?".encode("mac_roman"),
            "its encoding could not be told; save it as UTF-8",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=rf"\A{reason}\Z"):
        decode(content)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_the_document_tells_how_it_was_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes("Le café est prêt.\r\n".encode("cp1252"))
    (document,) = read_file(SourceFile(path, f"x/{name}"))
    assert document.text == "Le café est prêt.\r\n"
    assert document.remarks == ("read as windows-1252",)
    assert document.metadata == {"encoding": "windows-1252"}
    path.write_bytes(b"\xef\xbb\xbf" + "Le café est prêt.\r\n".encode())
    (document,) = read_file(SourceFile(path, f"x/{name}"))
    assert (document.remarks, document.metadata) == ((), {})


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\\rtf1\\ansi The dough rests.}", "RTF; name it .rtf"),
        (b"%PDF-1.7\nThe dough rests.", "a PDF; name it .pdf"),
        (binaries()["zip"], "an archive; unpack it"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 words",
            "an old Office file; save it as .docx, .xlsx, .pptx or PDF",
        ),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>The dough rests.", "a web page; name it .html"),
        (b"<!-- saved --><html lang=en><body>It rests.", "a web page; name it .html"),
        (b'<?xml version="1.0"?>\n<html xmlns="x"><head/></html>', "a web page; name it .html"),
        (b"<!-- " * 700 + b"<p>It rests.", ""),
        (b"<!-- a --> " * 300 + b"<p>It rests.", ""),
        (b"<html> is the root of a page.", ""),
        (b'<div align="center">\n\n# Bread\n\n</div>\n<html><body>', ""),
        (b"\n \xe2\x80\x8b\n\xef\xbb\xbf\xc2\xa0\xe2\x80\x8e", "empty"),
        (b"- \n", ""),
    ],
)
def test_a_suffix_that_lies(tmp_path: Path, suffix: str, content: bytes, reason: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    refused = pytest.raises(UnreadableFileError) if reason else nullcontext()
    with refused as error:
        read_file(SourceFile(path, f"x/a{suffix}"))
    assert (str(error.value) if error else "") == reason


def test_front_matter_keeps_its_own_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("---\nencoding: heat\n---\nLe café est prêt.\n".encode("cp1252"))
    (document,) = read_file(SourceFile(path, "x/a.md"))
    assert document.metadata == {"encoding": "heat", "pincite_encoding": "windows-1252"}
