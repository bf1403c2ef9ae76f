"""What is read of presentations: slide by slide, each a page, and what is refused."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.records import Document
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.office_writing import (
    OPEN_XML,
    Sheet,
    Slide,
    archive,
    changed,
    paragraph,
    pptx,
    shape,
    title,
    xlsx,
)
from tests.reading_checks import damaged, headings_of, page_texts, read_bytes, reason_for

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
BULLETS = (
    '<p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr>'
    '<a:lvl2pPr><a:buChar char="–"/></a:lvl2pPr></p:bodyStyle>'
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Document]:
    return partial(read_bytes, tmp_path, "deck.pptx")


def text_of(read: Callable[[bytes], Document], *slides: Slide) -> list[str]:
    return read(pptx(*slides, master=BULLETS)).text.split("\n")


def test_slides_are_pages_and_their_titles_headings(read):
    document = read(
        pptx(
            Slide(title("Frost") + shape(paragraph("A guide"), "subTitle")),
            Slide(shape(paragraph("Drain the pipes.")) + title("Autumn")),
            core="<dc:title>PowerPoint Presentation</dc:title><dc:creator>Ida</dc:creator>"
            "<c:keywords>ice; pipes</c:keywords><dcterms:created>2024-01-05</dcterms:created>",
        )
    )
    assert page_texts(document) == ["Frost\n\nA guide\n\n", "Autumn\n\nDrain the pipes."]
    assert headings_of(document) == [(1, "Frost"), (1, "Autumn")]
    assert document.title == "Frost"
    assert document.metadata == {
        "author": "Ida", "keywords": ("ice", "pipes"), "created": "2024-01-05",
    }  # fmt: skip
    assert document.reader == "presentation/1"


def test_bullets_nest_and_numbers_count(read):
    numbered = '<a:buAutoNum type="alphaLcParenR"/>'
    items = (
        paragraph("Drain") + paragraph("the pipes", level=1) + paragraph("Plain.", "<a:buNone/>")
        + paragraph("first", numbered) + paragraph("second", numbered) + paragraph("")
        + paragraph("deep", '<a:buAutoNum type="arabicPeriod" startAt="4"/>', 1)
        + paragraph("third", numbered)
    )  # fmt: skip
    assert text_of(read, Slide(title("To do") + shape(items, "obj") + shape(paragraph("Box")))) == [
        "To do", "", "- Drain", "  - the pipes", "", "Plain.", "",
        "a) first", "b) second", "  4. deep", "c) third", "", "Box",
    ]  # fmt: skip


def test_tables_charts_diagrams_and_groups(read):
    cells = [["Kind", "Days"], ["moist | wet", "3"], ["", ""]]
    table = "".join(
        f"<a:tr>{''.join(f'<a:tc><a:txBody>{paragraph(cell)}</a:txBody></a:tc>' for cell in row)}"
        "</a:tr>"
        for row in cells
    )
    frame = (
        "<p:graphicFrame><a:graphic><a:graphicData>{}</a:graphicData></a:graphic></p:graphicFrame>"
    )
    c = f'xmlns:c="{OPEN_XML}/drawingml/2006/chart"'

    def points(*values: str) -> str:
        return "".join(f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate(values))

    series = (
        f"<c:ser><c:tx>{points('Sales')}</c:tx><c:cat>{points('2023', '2024')}</c:cat>"
        f"<c:val>{points('4.2999999999999998', '7')}</c:val></c:ser><c:ser><c:tx>{points('Share')}"
        f"</c:tx><c:val><c:formatCode>0%</c:formatCode>{points('0.12')}</c:val></c:ser>"
    )
    title_of_chart = (
        f'<c:title><a:t xmlns:a="{OPEN_XML}/drawingml/2006/main">Growth</a:t></c:title>'
    )
    plot = f"{title_of_chart}<c:plotArea>{series}</c:plotArea>"
    chart = f"<c:chartSpace {c}><c:chart>{plot}</c:chart></c:chartSpace>"
    diagram = f'<d:dataModel xmlns:d="d" xmlns:a="{OPEN_XML}/drawingml/2006/main">' + "".join(
        f"<d:pt><d:t>{paragraph(step)}</d:t></d:pt>" for step in ("Plan", "Build")
    ) + "</d:dataModel>"  # fmt: skip
    slide = Slide(
        title("All")
        + f"<p:grpSp>{shape(paragraph('In a group.'))}</p:grpSp>"
        + frame.format(f"<a:tbl>{table}</a:tbl>")
        + frame.format(f'<c:chart {c} r:id="c1"/>')
        + frame.format('<d:relIds xmlns:d="d" r:dm="d1"/>'),
        parts={
            "c1": ("chart", "charts/chart1.xml", chart),
            "d1": ("diagramData", "diagrams/data1.xml", diagram),
        },
    )
    assert text_of(read, slide) == [
        "All", "", "In a group.", "", "Kind | Days", "moist | wet | 3", "",
        "Growth", "| Sales | Share", "2023 | 4.3 | 12%", "2024 | 7 |", "", "- Plan", "- Build",
    ]  # fmt: skip


def test_no_row_of_a_table_heads_a_slide(read):
    row = "".join(f"<a:tc><a:txBody>{paragraph(c)}</a:txBody></a:tc>" for c in ("", "Sales"))
    table = f"<a:graphic><a:tbl><a:tr>{row}</a:tr></a:tbl></a:graphic>"
    slide = Slide(f"<p:graphicFrame>{table}</p:graphicFrame>" + shape(paragraph("They grow.")))
    document = read(pptx(slide))
    assert (document.title, document.text) == ("", "| Sales\n\nThey grow.")


def test_notes_follow_and_furniture_is_left_out(read):
    shapes = title("Frost") + shape(paragraph("It bursts.")) + shape(paragraph("Page 3"), "ftr")
    assert text_of(read, Slide(shapes, notes=paragraph("Say it slowly."))) == [
        "Frost", "", "It bursts.", "", "Say it slowly.",
    ]  # fmt: skip


def test_a_short_first_line_heads_a_slide_without_a_title(read):
    document = read(
        pptx(
            Slide(shape(paragraph("Our plan")) + shape(paragraph("We drain the pipes."))),
            Slide(shape(paragraph("We open the taps.")) + shape(paragraph("Then we wait."))),
        )
    )
    assert headings_of(document) == [(1, "Our plan")]


def test_hidden_slides_and_slides_without_text_are_told_and_count_as_pages(read):
    document = read(
        pptx(
            Slide(title("One") + shape(paragraph("First."))),
            Slide(title("Two"), hidden=True),
            Slide(""),
            Slide(title("Four") + shape(paragraph("Last."))),
        )
    )
    assert page_texts(document) == ["One\n\nFirst.\n\n", "", "", "Four\n\nLast."]
    assert document.remarks == ("slide 2 is hidden and was left out", "slide 3 has no text")


def test_the_strict_form_and_alternatives_are_read(read):
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    old = shape(paragraph("Old."))
    shapes = (
        f"<mc:AlternateContent {mc}><mc:Choice>{shape(paragraph('New.'))}</mc:Choice>"
        f"<mc:Fallback>{old}</mc:Fallback></mc:AlternateContent>"
    )
    deck = pptx(Slide(shapes))
    assert read(deck).text == "New."
    strict = changed(deck, f"{OPEN_XML}/drawingml/2006", "http://purl.oclc.org/ooxml/drawingml")
    strict = changed(
        strict, f"{OPEN_XML}/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"
    )
    assert read(strict).text == "New."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"words", "damaged or not a PowerPoint presentation"),
        (OLE + "PowerPoint Document".encode("utf-16-le"),
         "an old PowerPoint presentation; save it as .pptx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted; save it without a password"),
        (xlsx(Sheet("A", [["a", 1]])), "an Excel workbook; name it .xlsx"),
        (archive({"a.txt": "x"}), "damaged or not a PowerPoint presentation"),
        (pptx(Slide(title("A")))[:-60], "damaged or not a PowerPoint presentation"),
        (pptx(Slide("<p:sp>")), "damaged or not a PowerPoint presentation"),
        (pptx(Slide("")), "no text in it"),
        (pptx(), "no text in it"),
        (archive({"ppt/presentation.xml": b" " * 20 * 2**20}), "it would unpack to 20 MiB"),
        (pptx(Slide("<p:grpSp>" * 300 + "</p:grpSp>" * 300)),
         "damaged or not a PowerPoint presentation"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str):
    assert reason_for(tmp_path, "deck.pptx", content) == reason


def test_entities_are_not_expanded(tmp_path: Path):
    entities = '<!DOCTYPE lolz [<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)
    )
    bomb = pptx(
        Slide(title("Words"), parts={"x": ("chart", "charts/c.xml", f"{entities}]><a>&a11;</a>")})
    )
    assert reason_for(tmp_path, "deck.pptx", bomb) in (
        "",
        "damaged or not a PowerPoint presentation",
    )


def test_damaged_files_are_read_or_refused(tmp_path: Path):
    content = pptx(Slide(title("Frost") + shape(paragraph("It bursts."))))
    for seed in range(30):
        reason_for(tmp_path, "deck.pptx", damaged(content, seed))


def test_what_is_cited_stands_in_the_text(
    read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
):
    items = "".join(paragraph(f"Words that go on. 👍🏽 Others {n}. " * 20) for n in range(3))
    content = pptx(
        *(Slide(title(f"Slide {n}") + shape(items, "obj")) for n in range(3)), master=BULLETS
    )
    document = read(content)
    assert document == read(content)
    chunked = chunker.chunk(document)
    assert len(chunked.passages) > 3
    assert_holds(chunked, tokenizer)
    for passage in chunked.passages:
        pages = document.pages_of(passage.span)
        assert pages is not None
        assert f"Slide {pages[0] - 1}" in passage.heading_path
