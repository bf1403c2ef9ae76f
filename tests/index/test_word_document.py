"""What is read of Word documents: as they read with all changes accepted, and what is refused."""

import io
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.records import Document
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.reading_checks import damaged, headings_of, read_bytes, reason_for

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def element(markup: str) -> Any:
    name = re.match(r"<[\w:]+", markup)
    assert name
    return parse_xml(f"{name[0]} {nsdecls('w')}{markup[name.end() :]}")


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a package with one of its parts changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", 8) as new:
        for entry in old.namelist():
            part = old.read(entry)
            new.writestr(entry, change(part) if entry == name else part)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path: Path):
    def read(document: Any) -> Document:
        content = document if isinstance(document, bytes) else saved(document)
        return read_bytes(tmp_path, "file.docx", content)

    return read


def test_headings_paragraphs_and_tables_come_in_order(read):
    word = docx.Document()
    word.add_paragraph("Care of wounds", style="Title")
    word.add_heading("Cleaning", 1)
    word.add_paragraph("Rinse with\twater,  37 °C.")
    table = word.add_table(2, 3)
    for row, cells in enumerate([("Kind", "Days", "Note"), ("moist", "3", "")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    word.add_paragraph("Dry it.")
    word.add_heading("Deeper", 9)
    word.add_paragraph("End.")
    document = read(word)
    assert document.text.split("\n") == [
        "Care of wounds", "", "Cleaning", "", "Rinse with water, 37 °C.", "",
        "Kind | Days | Note", "moist | 3 |", "", "Dry it.", "", "Deeper", "", "End.",
    ]  # fmt: skip
    assert headings_of(document) == [(1, "Care of wounds"), (2, "Cleaning"), (6, "Deeper")]
    assert document.title == "Care of wounds"
    assert document.media_type.endswith("wordprocessingml.document")
    assert document.reader == "word_document/3"


def test_a_heading_is_known_by_its_outline_level_whatever_its_style_is_called(read):
    word = docx.Document()
    style = word.styles.add_style("Kapitelüberschrift", 1)
    style.element.get_or_add_pPr().append(element('<w:outlineLvl w:val="1"/>'))
    word.add_paragraph("Reinigung", style=style)
    word.add_paragraph("Mit Wasser.")
    own = word.add_paragraph("Trocknung")
    own._p.get_or_add_pPr().append(element('<w:outlineLvl w:val="0"/>'))
    word.add_paragraph("Mit Luft.")
    assert headings_of(read(word)) == [(2, "Reinigung"), (1, "Trocknung")]


def test_lists_are_numbered_as_word_numbers_them(read):
    word = docx.Document()
    numbering = word.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{style}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for i, (style, text) in enumerate(
            [("decimal", "%1."), ("lowerLetter", "%2)"), ("upperRoman", "%1.%3")]
        )
    )
    for found in numbering.findall("{*}num"):
        numbering.remove(found)
    numbering.append(element(f'<w:abstractNum w:abstractNumId="90">{levels}</w:abstractNum>'))
    for number, override in (
        ("91", ""),
        ("92", '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'),
    ):
        numbering.append(
            element(f'<w:num w:numId="{number}"><w:abstractNumId w:val="90"/>{override}</w:num>')
        )

    def item(text: str, level: int, number: str = "91") -> None:
        properties = word.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(
            element(f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')
        )

    for text, level in [("one", 0), ("sub", 1), ("sub", 1), ("low", 2), ("two", 0), ("sub", 1)]:
        item(text, level)
    word.add_paragraph("Between.")
    item("three", 0)
    item("anew", 0, "92")
    assert read(word).text.split("\n") == [
        "1. one", "  a) sub", "  b) sub", "    1.I low", "2. two", "  a) sub", "", "Between.", "",
        "3. three", "5. anew",
    ]  # fmt: skip


def test_bullets_are_written_as_hyphens(read):
    word = docx.Document()
    for text, style in [("a", "List Bullet"), ("b", "List Bullet 2"), ("c", "List Bullet")]:
        word.add_paragraph(text, style=style)
    assert read(word).text == "- a\n- b\n- c"


def test_merged_cells_are_written_once_and_tables_in_cells_run_on(read):
    word = docx.Document()
    table = word.add_table(3, 3)
    for row in range(3):
        for column in range(3):
            table.cell(row, column).text = f"{row}{column}" if row < 2 else ""
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(0, 2).merge(table.cell(1, 2)).text = "tall"
    inner = table.cell(1, 0).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "side"
    assert read(word).text == "wide |  | tall\n10 in side | 11 |"


def test_changes_are_accepted_and_what_is_hidden_is_left_out(read):
    word = docx.Document()
    paragraph = word.add_paragraph("Kept")
    for markup in (
        '<w:ins w:id="1"><w:r><w:t>, inserted</w:t></w:r></w:ins>',
        '<w:del w:id="2"><w:r><w:delText>, deleted</w:delText></w:r></w:del>',
        '<w:moveFrom w:id="3"><w:r><w:t>, moved</w:t></w:r></w:moveFrom>',
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>, hidden</w:t></w:r>",
        "<w:r><w:instrText> PAGE </w:instrText></w:r>",
        "<w:hyperlink><w:r><w:t>, linked</w:t></w:r></w:hyperlink>",
        "<w:sdt><w:sdtContent><w:r><w:t>, chosen</w:t></w:r></w:sdtContent></w:sdt>",
        "<w:r><w:softHyphen/><w:t>.</w:t></w:r>",
    ):
        paragraph._p.append(element(markup))
    word.sections[0].header.paragraphs[0].text = "Running head"
    word.sections[0].footer.paragraphs[0].text = "Page 1"
    control = "<w:sdt><w:sdtContent><w:p><w:r><w:t>Block.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    paragraph._p.addnext(element(control))
    word.add_paragraph("Boxed: ")._p.append(
        element(
            "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>in the box</w:t></w:r></w:p>"
            "</w:txbxContent></w:pict></w:r>"
        )
    )
    assert read(word).text.split("\n\n") == [
        "Kept, inserted, linked, chosen.", "Block.", "Boxed:", "in the box",
    ]  # fmt: skip


def paragraph(inside: str) -> Any:
    return element(f"<w:p><w:pPr/>{inside}</w:p>")


def run(text: str, properties: str = "") -> str:
    blanks = 'xml:space="preserve"'
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t {blanks}>{text}</w:t></w:r>"


def of_paragraphs(*paragraphs: Any) -> Any:
    word = docx.Document()
    for each in paragraphs:
        word.element.body.insert(len(word.element.body) - 1, each)
    return word


def test_symbols_are_read_whichever_way_their_codes_are_written(read):
    def symbol(code: str, font: str = "Symbol") -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'

    fonts = '<w:rFonts w:ascii="{0}" w:hAnsi="{0}"/>'.format
    word = of_paragraphs(
        paragraph(run("5 ") + symbol("F06D") + run("g at 37 ") + symbol("00B0") + run("C")),
        paragraph(
            run("5 ") + run("m", fonts("Symbol")) + run("g, 2 ") + run("\uf0b1", fonts("Symbol"))
        ),
        paragraph("".join(map(symbol, "F061 F057 F0A3 F0B3 F0B9 F0A5 F0B4 F0B8 F0AE".split()))),
        paragraph("".join(symbol(code, "Wingdings") for code in "F0FC F0FE F06F F0E0".split())),
        paragraph(run("A Latin ") + symbol("00E9", "Arial")),
    )
    document = read(word)
    assert document.text.split("\n\n") == [
        "5 μg at 37 °C",
        "5 μg, 2 ±",
        "αΩ≤≥≠∞×÷→",
        "✓☑□→",
        "A Latin é",
    ]
    assert document.remarks == ()


def test_symbols_that_are_not_known_are_told(read):
    symbols = "".join(
        f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'
        for font, code in [("Wingdings 3", "F07D"), ("Bats", "F041"), ("Bats", "D800"), ("", "no")]
    )
    document = read(of_paragraphs(paragraph(run("Odd: ") + symbols)))
    assert document.text == "Odd: " + "\ufffd" * 4
    assert document.remarks == tuple(
        f"symbols of the font {font} could not be read"
        for font in ("Wingdings 3", "Bats", "(none)")
    )


def test_of_alternatives_one_is_read(read):
    names = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'

    def choice(*offered: str, old: str = "") -> str:
        choices = "".join(f'<mc:Choice Requires="x">{each}</mc:Choice>' for each in offered)
        return (
            f"<mc:AlternateContent {names}>{choices}<mc:Fallback>{old}</mc:Fallback>"
            "</mc:AlternateContent>"
        )

    def block(text: str) -> str:
        return f"<w:p>{run(text)}</w:p>"

    word = of_paragraphs(
        *element(
            "<w:body>"
            + choice(block("First."), block("Second."), old=block("Old."))
            + choice("<w:p/>", old=block("Only here."))
            + f"<w:p>{run('In a line: ')}{choice(run('new'), old=run('old'))}</w:p>"
            + choice(choice(block("Deep."), old=block("Shallow.")), old=block("Old."))
            + "</w:body>"
        )
    )
    assert read(word).text.split("\n\n") == ["First.", "Only here.", "In a line: new", "Deep."]


def test_a_paragraph_whose_mark_is_deleted_goes_on_in_the_next(read):
    gone = '<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>{}</w:p>'.format
    word = of_paragraphs(
        element(gone(run("One "))), element(gone(run("two "))), paragraph(run("three.")),
        paragraph(run("Four.")), element(gone(run("At the end."))),
    )  # fmt: skip
    assert read(word).text == "One two three.\n\nFour.\n\nAt the end."


def test_a_deleted_cell_is_left_out(read):
    word = docx.Document()
    table = word.add_table(1, 3)
    for column, text in enumerate("abc"):
        table.cell(0, column).text = text
    table.cell(0, 1)._tc.get_or_add_tcPr().append(element('<w:cellDel w:id="1"/>'))
    assert read(word).text == "a | c"


def test_embedded_files_are_told(read):
    word = of_paragraphs(paragraph(run("Words.")), element('<w:altChunk w:id="1"/>'))
    assert read(word).remarks == ("text embedded as another file was left out",)


def test_a_footnote_follows_its_paragraph(read):
    word = docx.Document()
    paragraph = word.add_paragraph("Said so.")
    paragraph._p.append(element('<w:r><w:footnoteReference w:id="2"/></w:r>'))
    word.add_paragraph("And then.")
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>By whom?</w:t></w:r></w:p></w:footnote>'
    notes = f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>"
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        notes.encode(),
        word.part.package,
    )
    word.part.relate_to(
        part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    )
    assert read(word).text == "Said so.\n\nBy whom?\n\nAnd then."


def test_properties_are_metadata_but_no_title_that_a_program_made_up(read):
    word = docx.Document()
    word.add_paragraph("Words.")
    word.core_properties.author = "B. Writer"
    word.core_properties.keywords = "a; b"
    word.core_properties.title = "Of words"
    document = read(word)
    assert document.title == "Of words"
    assert document.metadata == {
        "author": "B. Writer",
        "keywords": ("a", "b"),
        "created": "2013-12-23T23:15:00Z",
        "last_saved": "2013-12-23T23:15:00Z",
    }
    word.core_properties.title = "Document1"
    assert read(word).title == ""


def test_entities_are_not_expanded(tmp_path: Path):
    word = docx.Document()
    word.add_paragraph("WORDS")
    entities = b'<!DOCTYPE lolz [<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12)
    )

    def change(part: bytes) -> bytes:
        body = part[part.index(b"?>") + 2 :].replace(b"WORDS", b"words &a11;")
        return b'<?xml version="1.0"?>' + entities + b"]>" + body

    bomb = with_part(saved(word), "word/document.xml", change)
    assert reason_for(tmp_path, "file.docx", bomb) in ("", "damaged or not a Word document")


@pytest.mark.parametrize(
    "main_type",
    [
        b"openxmlformats-officedocument.wordprocessingml.template.main+xml",
        b"ms-word.document.macroEnabled.main+xml",
        b"ms-word.template.macroEnabledTemplate.main+xml",
    ],
)
def test_templates_and_documents_with_macros_are_read(read, main_type: bytes):
    usual = b"openxmlformats-officedocument.wordprocessingml.document.main+xml"
    content = saved(of_paragraphs(paragraph(run("Words."))))
    other = with_part(content, "[Content_Types].xml", lambda part: part.replace(usual, main_type))
    assert other != content
    assert read(other).text == "Words."


def test_the_strict_form_is_read(tmp_path: Path):
    def strict(part: bytes) -> bytes:
        for kind in (b"officeDocument", b"wordprocessingml"):
            usual = b"http://schemas.openxmlformats.org/" + kind + b"/2006/"
            part = part.replace(usual, b"http://purl.oclc.org/ooxml/" + kind + b"/")
        return part

    content = saved(of_paragraphs(paragraph(run("Words."))))
    for name in ("_rels/.rels", "word/_rels/document.xml.rels", "word/document.xml"):
        content = with_part(content, name, strict)
    assert read_bytes(tmp_path, "file.docx", content).text == "Words."


def archive_of(*entries: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


TYPES = ("[Content_Types].xml", "<Types/>")
ODF = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            archive_of(("mimetype", f"{ODF}text")),
            "an OpenDocument text; name it .odt",
        ),
        (
            archive_of(TYPES, ("ppt/presentation.xml", "")),
            "a PowerPoint presentation; name it .pptx",
        ),
        (archive_of(TYPES, ("xl/workbook.xml", "")), "an Excel workbook; name it .xlsx"),
        (archive_of(("a.txt", "")), "damaged or not a Word document"),
        (b"{\\rtf1 words}", "RTF; name it .rtf"),
        (b"%PDF-1.7 words", "a PDF; name it .pdf"),
        (b"<html><body>words</body></html>", "a web page; name it .html"),
        (b"", "empty"),
        (b"words", "damaged or not a Word document"),
        (OLE + "WordDocument".encode("utf-16-le"), "an old Word file; save it as .docx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted; save it without a password"),
        (saved(docx.Document())[:-100], "damaged or not a Word document"),
        (saved(docx.Document()), "no text in it"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path: Path, content, reason):
    assert reason_for(tmp_path, "file.docx", content) == reason


def test_an_archive_that_would_unpack_to_too_much_is_refused(tmp_path: Path):
    def bomb(mebibytes: int, filler: bytes) -> bytes:
        buffer = io.BytesIO(saved(docx.Document()))
        with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/media/image1.png", filler * mebibytes)
        return buffer.getvalue()

    reason = reason_for(tmp_path, "file.docx", bomb(20, b"\0" * 2**20))
    assert reason == "it would unpack to 20 MiB"


def test_a_damaged_file_is_read_or_refused(tmp_path: Path):
    word = docx.Document()
    word.add_heading("Head", 1)
    word.add_paragraph("Words.")
    content = saved(word)
    stored = with_part(content, "word/document.xml", lambda part: part)
    for seed in range(30):
        reason_for(tmp_path, "file.docx", damaged(stored, seed))
        broken = with_part(content, "word/document.xml", partial(damaged, seed=seed))
        reason_for(tmp_path, "file.docx", broken)


def test_what_is_cited_stands_in_the_text(
    read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
):
    word = docx.Document()
    for chapter in range(3):
        word.add_heading(f"Chapter {chapter}", 1)
        word.add_paragraph("Words that go on and on. 👍🏽 Others follow. " * 40)
        word.add_paragraph("An item.", style="List Number")
    document = read(word)
    assert document == read(word)
    chunked = chunker.chunk(document)
    assert len(chunked.passages) > 3
    assert_holds(chunked, tokenizer)
