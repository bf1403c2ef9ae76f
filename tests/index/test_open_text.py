"""What is read of OpenDocument texts: as they read with all changes accepted."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.records import Document
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.office_writing import archive, changed, odf
from tests.reading_checks import damaged, headings_of, read_bytes, reason_for

STYLES = (
    '<style:style style:name="Title" style:family="paragraph"/>'
    '<text:outline-style><text:outline-level-style text:level="1" style:num-format="1" '
    'style:num-suffix="."/><text:outline-level-style text:level="2" style:num-format="a" '
    'text:display-levels="2"/></text:outline-style>'
)
OWN_STYLES = (
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" '
    'style:num-format="i" style:num-suffix=")"/><text:list-level-style-bullet text:level="2"/>'
    "</text:list-style>"
    '<text:list-style style:name="L2"><text:list-level-style-number text:level="2" '
    'style:num-format="A"/></text:list-style>'
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Document]:
    return partial(read_bytes, tmp_path, "text.odt")


def lines(read: Callable[[bytes], Document], body: str) -> list[str]:
    return read(odf("text", body, own_styles=OWN_STYLES)).text.split("\n")


def test_title_headings_paragraphs_and_properties(read):
    body = (
        '<text:p text:style-name="P1">Care of <text:span>wounds</text:span></text:p>'
        '<text:h text:outline-level="1">Cleaning</text:h>'
        '<text:h text:outline-level="2">At once</text:h>'
        '<text:p>Rinse<text:tab/>with<text:s text:c="3"/>water,'
        "<text:line-break/>37\u00a0°C.</text:p>"
        '<text:h text:outline-level="1">Drying</text:h><text:p/><text:p>Dab it.</text:p>'
    )
    meta = (
        "<dc:title>text.odt</dc:title><meta:initial-creator>Ida</meta:initial-creator>"
        "<dc:creator>Bob</dc:creator><meta:creation-date>2024-03-05T10:00:00.123</meta:creation-date>"
        "<meta:keyword>skin</meta:keyword><meta:keyword>water</meta:keyword>"
    )
    document = read(odf("text", body, styles=STYLES, own_styles=OWN_STYLES, meta=meta))
    assert document.text.split("\n\n") == [
        "Care of wounds", "1. Cleaning", "1.a At once", "Rinse with water, 37 °C.", "2. Drying",
        "Dab it.",
    ]  # fmt: skip
    assert headings_of(document) == [
        (1, "Care of wounds"), (2, "1. Cleaning"), (3, "1.a At once"), (2, "2. Drying"),
    ]  # fmt: skip
    assert document.title == "Care of wounds"
    assert document.metadata == {
        "author": "Ida", "created": "2024-03-05T10:00:00", "keywords": ("skin", "water"),
    }  # fmt: skip
    assert document.reader == "opendocument_text/1"


def test_lists_nest_count_and_go_on(read):
    def item(text: str, below: str = "") -> str:
        return f"<text:list-item><text:p>{text}</text:p>{below}</text:list-item>"

    style = 'text:style-name="L1"'
    own = f"<text:list {style.replace('L1', 'L2')}>{item('lettered')}</text:list>"
    nested = item("two", f"<text:list>{item('deep')}</text:list>{own}")
    body = (
        f"<text:list {style}>{item('one')}{nested}</text:list><text:p>Between.</text:p>"
        f'<text:list {style} text:continue-numbering="true">{item("three")}</text:list>'
        f"<text:list>{item('dot')}</text:list>"
    )
    assert lines(read, body) == [
        "i) one", "ii) two", "  - deep", "  A lettered", "", "Between.", "", "iii) three", "",
        "- dot",
    ]  # fmt: skip


def test_tables(read):
    def cell(text: str) -> str:
        return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"

    merged = f"{cell('all | both')}<table:covered-table-cell/>"
    body = (
        "<table:table><table:table-column/><table:table-header-rows><table:table-row>"
        f"{cell('Kind')}{cell('Days')}</table:table-row></table:table-header-rows>"
        f"<table:table-row>{cell('moist')}{cell('3')}</table:table-row>"
        f"<table:table-row>{merged}</table:table-row>"
        f"<table:table-row>{cell('')}{cell('')}</table:table-row></table:table>"
    )
    assert lines(read, body) == ["Kind | Days", "moist | 3", "all both |"]


def test_notes_and_boxes_follow_their_paragraph_and_what_does_not_show_is_left_out(read):
    words = "<text:note-body><text:p>See Lee.</text:p></text:note-body>"
    note = f"<text:note><text:note-citation>1</text:note-citation>{words}</text:note>"
    box = "<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>"
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Gone.</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>Contents</text:p></text:index-body>"
        "</text:table-of-content>"
        f"<text:p>It heals{note} in<office:annotation><text:p>Really?</text:p></office:annotation> "
        f"days{box}.</text:p>"
        "<text:section><text:p>In a section.</text:p></text:section>"
        '<text:section text:display="none"><text:p>Hidden.</text:p></text:section>'
    )
    assert lines(read, body) == [
        "It heals in days.", "", "See Lee.", "", "In a box.", "", "In a section.",
    ]  # fmt: skip


TEXT = odf("text", "<text:p>Words.</text:p>")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"words", "damaged or not an OpenDocument text"),
        (b"{\\rtf1 words}", None),
        (odf("spreadsheet", ""), "an OpenDocument spreadsheet; name it .ods"),
        (odf("presentation", ""), "an OpenDocument presentation; save it as .pptx or PDF"),
        (TEXT[:-60], "damaged or not an OpenDocument text"),
        (changed(TEXT, "Words.", "<b>"), "damaged or not an OpenDocument text"),
        (archive({"mimetype": "application/vnd.oasis.opendocument.text"}),
         "damaged or not an OpenDocument text"),
        (changed(TEXT, "<manifest ", "<encryption-data "), "encrypted; save it without a password"),
        (odf("text", ""), "no text in it"),
        (odf("text", "<text:section>" * 300 + "</text:section>" * 300),
         "damaged or not an OpenDocument text"),
        (archive({"content.xml": b" " * 20 * 2**20}), "it would unpack to 20 MiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, reason: str | None
):
    found = reason_for(tmp_path, "text.odt", content)
    assert found == reason if reason is not None else found.startswith("RTF; ")


def test_damaged_files_are_read_or_refused(tmp_path: Path):
    for seed in range(30):
        reason_for(tmp_path, "text.odt", damaged(TEXT, seed))


def test_what_is_cited_stands_in_the_text(
    read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
):
    body = "".join(
        f'<text:h text:outline-level="1">Chapter {n}</text:h>'
        f"<text:p>{'Words that go on and on. 👍🏽 Others follow. ' * 40}</text:p>"
        for n in range(3)
    )
    document = read(odf("text", body))
    assert document == read(odf("text", body))
    chunked = chunker.chunk(document)
    assert len(chunked.passages) > 3
    assert_holds(chunked, tokenizer)
