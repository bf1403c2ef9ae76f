"""What is read of Rich Text Format, and what is refused."""

from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.parsers import UnreadableFileError, read_file
from index.records import Document
from index.sources.listing import SourceFile
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.reading_checks import damaged

LAMP = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204 Arial;}}
{\info{\title The Lamp of Z\'fcrich}{\author Ann Lee}{\keywords oil, lamp}{\creatim\yr2020\mo3\dy4}}
{\header Head}\pard\b The Lamp\b0\par
\pard It burns \u8220 ?whale\u8221 ? oil on page {\field{\*\fldinst PAGE}{\fldrslt 7}}.\par
{\listtext\tab 1.\tab}Colza is cheap.{\footnote It is dear.}\par
\trowd\cellx1000\cellx2000\pard\intbl Kind\cell Days\cell\row
\trowd\cellx1000\cellx2000\pard\intbl moist\cell 3\cell\row
\pard {\f1\'cf\'f0\'e8\'e2\'e5\'f2} \u-10179?\u-9137? end.\par
{\pict\pngblip 89504e470d0a1a0a}}
"""


def read(folder: Path, content: bytes) -> Document:
    path = folder / "lamp.rtf"
    path.write_bytes(content)
    (document,) = read_file(SourceFile(path, "x/lamp.rtf"))
    return document


def test_text_and_properties_are_read(tmp_path: Path) -> None:
    document = read(tmp_path, LAMP)
    assert document.text.split("\n") == [
        "The Lamp", "It burns “whale” oil on page 7.", "\t1.\tColza is cheap.", "Kind | Days",
        "moist | 3", "Привет 👏 end.",
    ]  # fmt: skip
    assert document.title == "The Lamp of Zürich"
    assert document.metadata == {
        "author": "Ann Lee", "keywords": ("oil", "lamp"), "created": "2020-03-04",
    }  # fmt: skip
    assert document.remarks == ("footnotes are not read",)
    assert (document.media_type, document.layout) == ("application/rtf", None)


def test_headings_and_rows_are_as_the_paragraphs_say(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        rb"{\rtf1{\stylesheet{\s1\outlinelevel0 heading 1;}}\pard\outlinelevel0 Lamps\par"
        rb"\pard They burn oil.\par\pard\s2\outlinelevel1\b Kinds\b0\par"
        rb"\trowd\cellx1{\pard\intbl Oil\par}\cell{\pard\intbl Cheap.\par Clean.\par}\cell\row"
        rb"\trowd\cellx1\pard\outlinelevel2 Wax\cell Dear\cell\row\pard End.\par}",
    )
    assert document.text.split("\n") == [
        "Lamps", "", "They burn oil.", "", "Kinds", "", "Oil | Cheap. Clean.", "Wax | Dear", "",
        "End.",
    ]  # fmt: skip
    assert document.layout
    headings = [(document.text[h.start : h.end], h.level) for h in document.layout.headings]
    assert headings == [("Lamps", 1), ("Kinds", 2)]


def test_nothing_is_lost_below_a_picture(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        rb"{\rtf1\binfsxn4 Above{\pict{\*\picprop{\sp{\sn a}{\sv 0}}}\wmetafile8 8950}"
        rb" and {\pict\bin4 }}}}}below, of \\bin8 and \\row.\par}",
    )
    assert document.text == r"Above and below, of \bin8 and \row."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"The lamp.", "damaged or not RTF"),
        (b"%PDF-1.7", "a PDF; name it .pdf"),
        (rb"{\rtf1\ansi{\pict 8950}}", "no text in it"),
        (rb"{\rtf1" + b"{" * 200_000, "no text in it"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(tmp_path, content)


def test_nothing_makes_reading_take_for_ever(tmp_path: Path) -> None:
    title = rb"{\title " + rb"\u1055\'3f" * 2_000 + rb"\endash}"
    document = read(tmp_path, rb"{\rtf1 " + title + b" " * 200_000 + rb" The lamp burns.}")
    assert "The lamp burns." in document.text


def test_damaged_files_are_read_or_refused_and_offsets_hold(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
) -> None:
    for seed in range(40):
        try:
            document = read(tmp_path, damaged(LAMP, seed))
        except UnreadableFileError as error:
            assert "failed" not in str(error), seed  # noqa: PT017
            continue
        assert_holds(chunker.chunk(document), tokenizer)
