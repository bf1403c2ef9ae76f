"""What is read of spreadsheets: each row of a table a document, and no cell lost in silence."""

import base64
import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.parsers import UnreadableFileError, read_file
from index.parsers.rows import ROW_READERS
from index.records import Document
from index.sources.listing import SourceFile
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.office_writing import Formula, Sheet, archive, changed, odf, ods, xlsx
from tests.reading_checks import damaged

Read = Callable[..., list[Document]]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
OLD_WORKBOOK = (
    "eNrtWE1oE0EU/mazaX5omqSmhVYpoWDV2orixUu7Kv3xkhpF/EPQ1CxaElOJuejFas1REDwpXgr14KXqxR/8QW8ehIoe"
    "BEFI9NiToOChzfrey6amtUIDWqjuF+bNmzfz7bzsm3mzu2+mw4WJ+61FLEIvXChZPtRV2RQVX6URAvVbFquV2kvFcrCq"
    "4PNSIOvceBJ47eEYcryL0HBPf0kS+ETlGM5iaDRjRlcQu8WHhGIfekgq3CJLA1rEq0aRJ0WuEXlXRj4VuVMsV0X20NiC"
    "OoppY6hzh72KD2vt0tcAvu5D4XwQyzY04RWv4ovXVHmsG7uyI4n0Kuto0+sxCQrooJkxs9wO4jb8wBFCdyzW3ddXQISC"
    "PYlvVhT4WtnVL6KOfWXtCmT/vtDu+Y3dS0FcbL+u6cAYrBOySfIIoFnnHjcOZE3z3Cy2kAopZGcbbfE95sip0zlaH/F0"
    "IpMzky5gbyJFsj99xs9ZXrJCaEFWCMhuqSeZRFD0sOyZELk1e+fL29hw3DguljE5CcrnxXp2DxYuMYPIDdLjmpedwtgs"
    "8rJcda3orSIj5DfVHfEmWxkYlzFXpLeD5tkueGdsqNI3kp6f2feoLf/Z2ET61GDxQmTqvTGBdjq/ksTn3zi6VJe6eYPx"
    "2KjUys4tH0W2/JJnvFrI9t2yD8Ug5nhnEcIiyy2+O2q+pdn3itlqCbYSNt+PZzS/EvZByXPPt2rEZJ62BE8Tnm7zyjGZ"
    "Wce8gTjzerVGPOBBlBN/wg8HDhw4cODAgQMH/yuUPJ2Wn8V1+z2Bn/Y99nedOSol5zPJP4v9GKVfjl4q+5GhOovzNa2f"
    "ZrhV5VpqmZzK90LGIZo9ixSGxY9UzeuX3npU9f9ZNjH057ZQrfOXavHzL8//A2cG19E="
)
"""An .xls of two rows, written by xlwt, compressed, in base64."""


def old_workbook() -> bytes:
    return zlib.decompress(base64.b64decode(OLD_WORKBOOK))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_content(content: bytes, suffix: str = ".xlsx") -> list[Document]:
        path = tmp_path / f"book{suffix}"
        path.write_bytes(content)
        documents = read_file(SourceFile(path, f"x/book{suffix}"))
        assert [each.row_number for each in documents] == [
            each.metadata["row"] for each in documents
        ]
        return documents

    return read_content


def texts(documents: list[Document]) -> list[str]:
    return [document.text for document in documents]


PRICES: list[list[Any]] = [
    ["Item", "Price", "Stock", "Sold out", "Since", "Checked"],
    ["Pen", 3.0, 12, False, date(2024, 3, 5), datetime.fromisoformat("2024-03-05T14:30:00")],
    ["Cap", 4.25, None, True, None, None],
]


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_each_row_is_a_record_with_what_its_cells_show(read: Read, suffix: str) -> None:
    write = xlsx if suffix == ".xlsx" else ods
    pen, cap = read(write(Sheet("Prices", PRICES)), suffix)
    assert pen.text == (
        "Item: Pen\nPrice: 3\nStock: 12\nSold out: false\nSince: 2024-03-05\n"
        "Checked: 2024-03-05T14:30:00"
    )
    assert cap.text == "Item: Cap\nPrice: 4.25\nSold out: true"
    assert cap.metadata == {
        "item": "Cap", "price": 4.25, "sold out": True, "sheet": "Prices", "row": 3,
    }  # fmt: skip
    assert (pen.title, pen.remarks) == ("Prices", ())
    assert pen.reader.startswith("rows/2 (python-calamine ")


def test_a_sheet_reads_as_the_same_rows_of_a_csv_do(read: Read, tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["question", "answer", "by"],
        ["When is frost?", "In May.", "Ann"],
        ["Is it cold?", "Very.", "Bob"],
    ]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(",".join(row) for row in rows))
    plain = list(ROW_READERS[".csv"](SourceFile(path, "x/rows.csv")))
    for document, row in zip(read(xlsx(Sheet("Sheet1", rows))), plain, strict=True):
        assert (document.title, document.text, document.layout) == (row.title, row.text, row.layout)
        assert document.metadata["by"] == row.metadata["by"]


def test_ids_are_the_rows_own_or_tell_sheet_and_row(read: Read) -> None:
    def ids(*keys: str) -> list[str]:
        return [SourceFile(Path("book.xlsx"), "x/book.xlsx").record_id(key) for key in keys]

    one = Sheet("A", [["id", "text"], ["a", "One."], ["b", "Two."]])
    other = Sheet("B", [["id", "text"], ["b", "Three."]])
    assert [each.id for each in read(xlsx(one))] == ids("a", "b")
    assert [each.id for each in read(xlsx(one, other))] == ids("A: row 2", "A: row 3", "B: row 2")


def test_a_name_that_a_program_gave_a_sheet_is_no_title(read: Read) -> None:
    for name in ("Sheet1", "Tabelle 2", "Лист1"):
        assert read(xlsx(Sheet(name, PRICES)))[0].title == ""
    assert read(xlsx(Sheet("Sheets of paper", PRICES)))[0].title == "Sheets of paper"


def test_lines_above_a_table_are_its_title(read: Read) -> None:
    valid: list[list[Any]] = [["Valid from 1 March"], [], *PRICES]
    first, second = read(xlsx(Sheet("Prices", valid)))
    assert first.title == "Prices: Valid from 1 March"
    assert (second.metadata["row"], second.text.split("\n")[0]) == (5, "Item: Cap")
    lines: list[list[Any]] = [
        ["Prices of 2024"],
        ["All prices are without VAT."],
        *PRICES,
        [],
        ["Ask Ann."],
    ]
    above, pen, _, below = read(xlsx(Sheet("Prices", lines)))
    assert above.text == "Prices of 2024\nAll prices are without VAT."
    assert pen.title == "Prices: Prices of 2024"
    assert (below.text, below.title, below.metadata["row"]) == ("Ask Ann.", "Prices", 7)


def test_several_tables_in_a_sheet(read: Read) -> None:
    rows: list[list[Any]] = [
        ["Item", "Price"], ["Pen", 3], ["Cap", 4],
        [],
        ["Hat", 5],  # an empty row within a table
        [],
        ["Town", "Shops"], ["Oslo", 2], ["Bergen", 1],
        [],
        [None, None, None, "Year", "Sales", "Loss"], [None, None, None, 2023, 7, 1],
    ]  # fmt: skip
    assert texts(read(xlsx(Sheet("Sheet1", rows)))) == [
        "Item: Pen\nPrice: 3",
        "Item: Cap\nPrice: 4",
        "Item: Hat\nPrice: 5",
        "Town: Oslo\nShops: 2",
        "Town: Bergen\nShops: 1",
        "Year: 2023\nSales: 7\nLoss: 1",
    ]


def test_a_header_that_comes_again_or_stands_alone_is_no_row(read: Read) -> None:
    rows: list[list[Any]] = [
        ["Item", "Price"],
        [],
        ["Pen", 3],
        ["Cap", 4],
        [],
        ["Item", "Price"],
        ["Hat", 5],
    ]
    assert texts(read(xlsx(Sheet("Sheet1", rows)))) == [
        "Item: Pen\nPrice: 3", "Item: Cap\nPrice: 4", "Item: Hat\nPrice: 5",
    ]  # fmt: skip


def test_a_form_is_one_document(read: Read) -> None:
    form: list[list[Any]] = [
        ["Invoice"],
        ["Customer:", "ACME"],
        ["Due:", date(2024, 3, 5)],
        ["Total:", 12.5],
    ]
    (document,) = read(xlsx(Sheet("Sheet1", form)))
    assert document.text == "Customer: ACME\nDue: 2024-03-05\nTotal: 12.5"
    assert document.title == "Invoice"
    assert document.metadata["total"] == 12.5
    mixed: list[list[Any]] = [["Customer", "ACME"], ["Due", date(2024, 3, 5)], ["Total", 12.5]]
    assert texts(read(xlsx(Sheet("Sheet1", mixed)))) == [document.text]


def test_merged_cells(read: Read) -> None:
    rows: list[list[Any]] = [
        ["Region", "2023", None, "2024", None],
        [None, "Q1", "Q2", "Q1", "Q2"],
        ["North", 1, 2, 3, 4],
        [None, 5, 6, 7, 8],
    ]
    merged = ["A1:A2", "B1:C1", "D1:E1", "A3:A4"]
    assert texts(read(xlsx(Sheet("Sheet1", rows, merged)))) == [
        "Region: North\n2023 Q1: 1\n2023 Q2: 2\n2024 Q1: 3\n2024 Q2: 4",
        "Region: North\n2023 Q1: 5\n2023 Q2: 6\n2024 Q1: 7\n2024 Q2: 8",
    ]


def test_hidden_sheets_are_left_out_with_a_remark(read: Read) -> None:
    content = xlsx(
        Sheet("Prices", PRICES), Sheet("Lists", PRICES, state="hidden"),
        Sheet("Codes", PRICES, state="veryHidden"),
    )  # fmt: skip
    first, second = read(content)
    assert first.remarks == ("hidden and left out: sheets Lists, Codes",)
    assert second.remarks == ()
    with pytest.raises(UnreadableFileError, match=r"\Ano row of it has text\Z"):
        read(xlsx(Sheet("Lists", PRICES, state="hidden")))


def test_formulas_are_read_by_their_values_and_errors_are_empty(read: Read) -> None:
    rows: list[list[Any]] = [
        ["Item", "Total", "Share"],
        ["Pen", Formula("A1&B1", 3.0), "#DIV/0!"],
        ["Cap", Formula("1/3", 0.1 + 0.2), 1e21],
        ["Hat", Formula("SUM(B2:B3)"), 1e-7],
    ]
    documents = read(xlsx(Sheet("Sheet1", rows)))
    assert texts(documents) == [
        "Item: Pen\nTotal: 3", "Item: Cap\nTotal: 0.3\nShare: 1e+21", "Item: Hat\nShare: 1e-07",
    ]  # fmt: skip
    assert documents[0].remarks == (
        "a formula has no value; open the file in a spreadsheet program and save it",
    )


def test_text_in_cells_keeps_its_lines_and_its_zeros(read: Read) -> None:
    rows: list[list[Any]] = [
        ["Code", "Note"],
        ["00501", "one\r\n  two👍🏽"],
        ["7", " "],
        [True, "x"],
    ]
    first, second, third = read(xlsx(Sheet("Sheet1", rows)))
    assert first.text == "Code: 00501\nNote: one\n  two👍🏽"
    assert (first.metadata["code"], second.metadata["code"]) == ("00501", 7)
    assert (second.text, third.text) == ("Code: 7", "Code: true\nNote: x")


# What is refused, and what is odd.


def reason(read: Read, content: bytes, suffix: str = ".xlsx") -> str:
    try:
        read(content, suffix)
    except UnreadableFileError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("suffix", "content", "expected"),
    [
        (".xlsx", b"", "empty"),
        (".xlsx", b"a,b\n1,2\n", "damaged or not an Excel workbook"),
        (".xls", b"a\tb\n1\t2\n", "damaged or not an old Excel workbook"),
        (".xls", b"<html><body><table>", "a web page; name it .html"),
        (".ods", b"%PDF-1.7 words", "a PDF; name it .pdf"),
        (".xlsx", OLE, "damaged or not an Excel workbook"),
        (".xlsx", OLE + "EncryptedPackage".encode("utf-16-le"),
         "encrypted; save it without a password"),
        (".xlsx", odf("text", ""), "an OpenDocument text; name it .odt"),
        (".ods", archive({"a.txt": "x"}), "damaged or not an OpenDocument spreadsheet"),
        (".xlsx", archive({"xl/workbook.xml": "<workbook"}), "damaged or not an Excel workbook"),
        (".xlsx", xlsx(Sheet("A", PRICES))[:-60], "damaged or not an Excel workbook"),
        (".xlsx", xlsx(Sheet("A", [])), "no row of it has text"),
        (".xlsx", archive({"xl/workbook.xml": b"\0" * 20 * 2**20}), "it would unpack to 20 MiB"),
        (".csv", xlsx(Sheet("A", PRICES)), "an Excel workbook; name it .xlsx"),
        (".csv", ods(Sheet("A", PRICES)), "an OpenDocument spreadsheet; name it .ods"),
        (".txt", OLE + "Workbook".encode("utf-16-le"), "an old Excel workbook; name it .xls"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(
    read: Read, suffix: str, content: bytes, expected: str
) -> None:
    assert reason(read, content, suffix) == expected


def test_an_encrypted_opendocument_file_is_refused(read: Read) -> None:
    manifest = "<manifest><encryption-data/></manifest>"
    locked = archive({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": manifest, "content.xml": b"\1\2\3",
    })  # fmt: skip
    assert reason(read, locked, ".ods") == "encrypted; save it without a password"


def test_a_wrong_suffix_of_a_spreadsheet_does_not_matter(read: Read) -> None:
    assert len(read(ods(Sheet("A", PRICES)), ".xlsx")) == 2
    assert len(read(xlsx(Sheet("A", PRICES)), ".xls")) == 2


def test_an_old_workbook(read: Read) -> None:
    first, second = read(old_workbook(), ".xls")
    assert first.text == "Tree: Oak\nHeight: 21\nPlanted: 1998-04-02"
    assert second.text == "Tree: Elm\nHeight: 18.5\nPlanted: 2003-10-11"
    assert (first.title, first.metadata["sheet"]) == ("Trees", "Trees")


def test_a_million_empty_columns_and_rows_are_no_content(read: Read) -> None:
    empty = '<table:table-cell table:number-columns-repeated="1000000"/>'
    assert len(read(ods(Sheet("A", PRICES), trailing=empty), ".ods")) == 2
    rows = "".join(f'<row r="{n}"><c r="XFD{n}" s="1"/></row>' for n in range(4, 2000))
    content = changed(xlsx(Sheet("A", PRICES)), "</sheetData>", f"{rows}</sheetData>")
    assert len(read(content)) == 2


def test_a_cell_far_away_from_all_others_ends_in_a_reason(read: Read) -> None:
    cell = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content = changed(xlsx(Sheet("A", PRICES)), "</sheetData>", cell)
    assert reason(read, content) == "its parser crashed, or needs more memory than is allowed"


def test_damaged_files_are_read_or_refused(read: Read) -> None:
    for seed in range(15):
        reason(read, damaged(xlsx(Sheet("A", PRICES)), seed))
        reason(read, damaged(ods(Sheet("A", PRICES)), seed), ".ods")
        old = old_workbook()
        reason(read, damaged(old, seed), ".xls")


def test_what_is_cited_stands_in_the_text(
    read: Read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
) -> None:
    rows: list[list[Any]] = [
        ["Item", "Note"],
        *([f"Pen {n}", "It writes. 👍🏽 It is blue. " * 40] for n in range(3)),
    ]
    content = xlsx(Sheet("Prices", rows))
    for document in read(content):
        assert_holds(chunker.chunk(document), tokenizer)
    assert read(content) == read(content)


def test_cells_merged_for_looks_are_no_groups_of_columns(read: Read) -> None:
    rows: list[list[str | int]] = [
        ["Kind", "Days", "", "Cost", ""],
        ["", "least", "most", "net", ""],
        ["moist", 3, 5, 10, ""],
        ["dry", 1, 2, 4, ""],
        ["none", 0, 0, 0, ""],
    ]
    looks = [f"D{row}:E{row}" for row in range(2, 6)]
    documents = read(xlsx(Sheet("Care", rows, merged=["A1:A2", "B1:C1", "D1:E1", *looks])))
    assert texts(documents)[:2] == [
        "Kind: moist\nDays least: 3\nDays most: 5\nCost net: 10",
        "Kind: dry\nDays least: 1\nDays most: 2\nCost net: 4",
    ]


def test_many_sheets_of_one_part_are_refused(read: Read) -> None:
    book = xlsx(Sheet("Care", [["Kind", "Days"], ["moist", 3]]))
    twice = '<sheet name="Again" sheetId="2" r:id="r1"/></sheets>'
    with pytest.raises(UnreadableFileError, match="damaged or not an Excel workbook"):
        read(changed(book, "</sheets>", twice))
