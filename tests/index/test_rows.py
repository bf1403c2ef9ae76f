"""Files of rows: each row a document of its own that can be cited, and no row lost in silence."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.document_json import document_from_json, document_to_json
from index.encoding.model import Model
from index.parsers import READERS, UnreadableFileError, read_file, row_documents
from index.parsers.delimited import delimiter_of
from index.parsers.header import is_header
from index.records import Document, Heading, Layout
from index.sources.listing import SourceFile
from tests.index.test_offsets import assert_holds

ReadRows = Callable[[str, str], list[Document]]


@pytest.fixture
def read(tmp_path: Path) -> ReadRows:
    """Return what reads a file of that suffix and content."""

    def read_content(suffix: str, content: str) -> list[Document]:
        path = tmp_path / f"rows{suffix}"
        path.write_bytes(content.encode())
        file = SourceFile(path, f"x/rows{suffix}")
        documents = read_file(file)
        assert documents == list(READERS[suffix](file))
        return documents

    return read_content


def json_lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


# What a row is.


@pytest.mark.parametrize("names", [("question", "answer"), ("Q", "A"), (" Prompt ", "RESPONSE")])
def test_a_question_with_its_answer(read: ReadRows, names: tuple[str, str]) -> None:
    (document,) = read(
        ".jsonl",
        json_lines(
            {names[0]: "How long\ndoes it rest? ", names[1]: "A day.\nOr two.", "by": "Ann"}
        ),
    )
    assert document.title == "How long does it rest?"
    assert document.text == "How long does it rest?\nA day.\nOr two.\n\nby: Ann"
    assert document.layout == Layout((Heading(0, 22, 1),))
    assert document.metadata == {"by": "Ann", "row": 1}


def test_several_answers_are_lines(read: ReadRows) -> None:
    answers = {"text": ["a day", "a day", "24 hours"], "answer_start": [1, 1, 5]}
    (squad, plain) = read(
        ".jsonl",
        json_lines({"question": "Q?", "answers": answers}, {"q": "Q?", "answers": ["a", 2]}),
    )
    assert squad.text == "Q?\na day\n24 hours"
    assert plain.text == "Q?\na\n2"


def test_a_title_with_its_text(read: ReadRows) -> None:
    beir, untitled, alone = read(
        ".jsonl",
        json_lines(
            {"_id": "17", "title": "Bread", "text": "It rests.\n\nIt bakes.", "metadata": {}},
            {"_id": "18", "title": "", "text": "It rests."},
            {"id": 19, "text": "It rests.", "tags": ["a", "b"], "draft": False, "price": 1.5},
        ),
    )
    assert (beir.title, beir.text) == ("Bread", "Bread\nIt rests.\n\nIt bakes.")
    assert beir.layout == Layout((Heading(0, 5, 1),))
    assert beir.metadata == {"_id": "17", "row": 1}
    assert (untitled.title, untitled.text, untitled.layout) == ("", "It rests.", Layout())
    assert alone.text == "It rests.\n\ntags: a, b\ndraft: false\nprice: 1.5"
    assert alone.metadata == {
        "id": 19, "tags": ("a", "b"), "draft": False, "price": 1.5, "row": 3,
    }  # fmt: skip


def test_a_record(read: ReadRows) -> None:
    first, second = read(".csv", "SKU,Price,Note\n00501,3.50,\n7,-2,Round\n")
    assert (first.title, first.text) == ("", "SKU: 00501\nPrice: 3.50")
    assert first.metadata == {"sku": "00501", "price": 3.5, "row": 1}
    assert second.text == "SKU: 7\nPrice: -2\nNote: Round"
    assert second.metadata == {"sku": 7, "price": -2, "note": "Round", "row": 2}
    assert (first.layout, first.media_type, first.reader) == (Layout(), "text/csv", "rows/2")
    (nested,) = read(".ndjson", json_lines({"size": {"w": 1}, "in": ["red", "blü"], "none": None}))
    assert nested.text == "size.w: 1\nin: red, blü"
    assert nested.metadata == {"in": ("red", "blü"), "row": 1}


def test_all_that_a_row_says_is_in_its_text(read: ReadRows) -> None:
    first, second = read(
        ".csv",
        "id,name,description,price,notes\n"
        f"7,Pump B,A quiet pump.,99.00,{'x ' * 800}XJ9\n8,Valve,Of brass.,,\n",
    )
    assert first.text == f"Pump B\nA quiet pump.\n\nprice: 99.00\nnotes: {'x ' * 800}XJ9"
    assert first.metadata["price"] == 99.0
    assert second.text == "Valve\nOf brass."


def test_nested_fields_are_told_by_their_path(read: ReadRows) -> None:
    vector = [0.5] * 384
    order, chat, embedded = read(
        ".jsonl",
        json_lines(
            {
                "text": "Shipped.",
                "customer": {"name": "Ann", "address": {"city": "Bergen", "zip": None}},
                "lines": [{"sku": "A1", "qty": 3}, {"sku": "B2"}],
                "sizes": [1, 2.5, "wide"],
                "vector": vector,
            },
            {"messages": [{"role": "user", "content": "How hot?"}, {"content": "Very."}]},
            {"vector": vector},
        ),
    )
    assert order.text.split("\n") == [
        "Shipped.", "", "customer.name: Ann", "customer.address.city: Bergen", "lines.sku: A1",
        "lines.qty: 3", "lines.sku: B2", "sizes: 1, 2.5, wide",
    ]  # fmt: skip
    assert chat.text == ("messages.role: user\nmessages.content: How hot?\nmessages.content: Very.")
    assert embedded.text.startswith("0.5")


def test_fields_that_differ_in_capitals_are_all_told(read: ReadRows) -> None:
    (document,) = read(".jsonl", json_lines({"text": "One.", "Text": "Two."}))
    assert document.text == "One.\n\nText: Two."


def test_a_field_keeps_the_name_that_the_reader_would_give(read: ReadRows, tmp_path: Path) -> None:
    first, second = read(".jsonl", json_lines({"text": "a", "Row": "D4"}, {"text": "b"}))
    assert first.metadata == {"row": "D4", "pincite_row": 1}
    assert second.metadata == {"pincite_row": 2}
    path = tmp_path / "a.csv"
    path.write_bytes("encoding;text\nheat;Das Brötchen schmeckt köstlich.\n".encode("cp1252"))
    (document,) = read_file(SourceFile(path, "x/a.csv"))
    assert document.metadata == {
        "encoding": "heat", "pincite_encoding": "windows-1252", "row": 1,
    }  # fmt: skip


def test_halves_of_characters_lose_nothing_else(read: ReadRows) -> None:
    first, second, third = read(
        ".jsonl",
        '{"\\ud800bad": "value \\uDC00 one", "n": ["\\ud83d"]}\n'
        '{"text": "whole \\ud83d\\ude00"}\n{"text": "a"}\n',
    )
    assert first.text == "\ufffdbad: value \ufffd one\nn: \ufffd"
    assert first.metadata == {"\ufffdbad": "value \ufffd one", "n": ("\ufffd",), "row": 1}
    assert (second.text, third.text) == ("whole 😀", "a")
    assert first.remarks == ()


def test_an_array_is_read_item_by_item(read: ReadRows) -> None:
    first, second = read(".jsonl", '[\n  {"text": "a"},\n  {"text":\n "b"}\n]\n')
    assert (first.text, second.text) == ("a", "b")
    assert (first.metadata, second.metadata) == ({"row": 1}, {"row": 2})


def test_a_question_nobody_answered_is_a_record(read: ReadRows) -> None:
    (document,) = read(".csv", "question,answer\nHow long?,\n")
    assert (document.title, document.text) == ("", "question: How long?")


def test_a_title_as_long_as_a_text_heads_nothing(read: ReadRows) -> None:
    (document,) = read(".jsonl", json_lines({"prompt": "word " * 100, "completion": "Yes."}))
    assert (document.title, document.layout) == ("", Layout())
    assert document.text == f"{('word ' * 100).strip()}\nYes."


# Ids.


def ids(*keys: str) -> list[str]:
    return [SourceFile(Path("rows.csv"), "x/rows.csv").record_id(key) for key in keys]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("id,text\nb,One.\na,Two.\n", ["b", "a"]),
        ("ID,text\n7,One.\n007,Two.\n", ["7", "007"]),
        ("text,uuid\nOne.,x\nTwo.,y\n", ["x", "y"]),
        ("id,text\nb,One.\nb,Two.\n", ["row 1", "row 2"]),
        ("id,text\nb,One.\n,Two.\n", ["b", "row 2"]),
        ("id,text\nrow 2,One.\n,Two.\n", ["row 1", "row 2"]),
        ("word,text\nb,One.\n\n , \na,Two.\n", ["row 1", "row 4"]),
    ],
)
def test_an_id_is_the_rows_own_if_all_differ(read: ReadRows, content: str, keys: list[str]) -> None:
    documents = read(".csv", content)
    assert [document.id for document in documents] == ids(*keys)
    assert {document.source for document in documents} == {"x/rows.csv"}
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert {document.document_sha256 for document in documents} == {digest}


def test_ids_do_not_change() -> None:
    """Answers and evaluations name documents by them."""
    assert ids("row 1") == ["x-rows-csv-83abdd4091-2e9641ae8f"]


# CSV as it comes.


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(read: ReadRows, delimiter: str, line_end: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(["item", "price", "note"])
    writer.writerow(["Baker's yeast", "1,5", 'It\'s "fresh", a | b; c\td\nand more'])
    writer.writerow(["Flour", "2,25", ""])
    first, second = read(".csv", out.getvalue())
    assert (
        first.text == "item: Baker's yeast\nprice: 1,5\nnote: It's \"fresh\", a | b; c\td\nand more"
    )
    assert second.text == "item: Flour\nprice: 2,25"


def test_a_tsv_is_divided_by_tabs(read: ReadRows) -> None:
    (document,) = read(".tsv", "a,b\tc,d\n1,5\t2,5\n")
    assert document.text == "a,b: 1,5\nc,d: 2,5"


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("one column\nwith, some, commas\nand none\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("name\tsaid\nAnn\tIt's, well, 'fine'\nBob\tno\n", "\t"),
        ("", ","),
    ],
)
def test_the_delimiter_divides_all_lines_alike(sample: str, delimiter: str) -> None:
    assert delimiter_of(sample) == delimiter


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("1,2\n3,4\n", ["column 1: 1\ncolumn 2: 2", "column 1: 3\ncolumn 2: 4"]),
        ("a,a\n3,4\n", ["a: 3\na 2: 4"]),
        ("a,A,a 2,a\n3,4,5,6\n", ["a: 3\nA 3: 4\na 2: 5\na 4: 6"]),
        (
            "name,price,,\nvalve,12,,\npump,9,,new\n",
            [
                "name: valve\nprice: 12",
                "name: pump\nprice: 9\ncolumn 4: new",
            ],
        ),
        ("Country,2019,2020\nFrance,67.0,67.3\n", ["Country: France\n2019: 67.0\n2020: 67.3"]),
        (
            "sep=|\r\nname|said\r\nvalve|a;b;c\r\npump|a;b\r\n",
            [
                "name: valve\nsaid: a;b;c",
                "name: pump\nsaid: a;b",
            ],
        ),
        (",word\n0,flour\n", ["column 1: 0\nword: flour"]),
        ("word\nflour,white\n", ["word: flour\ncolumn 2: white"]),
        ("a,b\nflour\n", ["a: flour"]),
        ("\n\na,b\nflour,1\n", ["a: flour\nb: 1"]),
    ],
)
def test_columns_without_a_name(read: ReadRows, content: str, texts: list[str]) -> None:
    assert [document.text for document in read(".csv", content)] == texts


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("spam,Free money!|ham,See you.|spam,Act now!", False),  # a label that comes again
        ("red,apple|green,pear|red,cherry", False),
        ("type,text|spam,Free money!|ham,See you.", True),
        ("colour,fruit|red,apple|green,pear|red,cherry", True),
        ("Casablanca,1942|Vertigo,1958|Psycho,1960", False),
        ("Widget,2019|Gadget,350", False),
        ("Region,2021,2020,2019|North,10,11,12", True),
        ("Region,2020-01,2020-02|North,10,11", True),
        ("2024-01-05,valve,broken|2024-01-06,pump,sound", False),
        ("2019,2020,2021|1,2,3", False),
        ("1 200,3.5 %|900,4 %", False),
        ("a@b.org,Ann|c@d.org,Bob", False),
        ("mail,who|a@b.org,Ann|c@d.org,Bob", True),
        ("The valve is brass.|The pump is steel.", False),
        ("fact|The valve is brass.|The pump is steel.", True),
        ("How long does it rest?,A day.|How hot is it?,Very hot.", False),
        ("Timestamp,How old are you?,Name|2024-01-05,33,Ann|2024-01-06,41,Bob", True),
        ("How hot is it?,Who says so?|Very hot I find,Ann|Not so hot,Bob", True),
        ("N/A,Ann|5,Bob|6,Eve", True),  # nothing is missing where nothing is compared
        ("red,red|blue,green", False),
        ("name,name|blue,green", True),
        ("flour,,white|bread,,brown", False),
        ("size,,weight|1,,2", True),
        (f"{'word ' * 40}|short", False),
    ],
)
def test_what_is_a_header(rows: str, expected: bool) -> None:
    first, *below = [row.split(",") for row in rows.split("|")]
    assert is_header(first, below) is expected


@pytest.mark.parametrize(
    ("content", "texts", "remarks"),
    [
        (
            "Report of 2024-01-05\nDepartment: Sales\n\nregion,revenue\nNorth,1\nSouth,2\n",
            ["region: North\nrevenue: 1", "region: South\nrevenue: 2"],
            ("above the table and left out: lines 1, 2 (Report of 2024-01-05; Department: Sales)",),
        ),
        (
            "Report,,\nname,price,stock\nvalve,1,2\npump,3,4\n",
            ["name: valve\nprice: 1\nstock: 2", "name: pump\nprice: 3\nstock: 4"],
            ("above the table and left out: line 1 (Report)",),
        ),
        ("word\nflour,white\nbread,brown\nrye,dark\n", [
            "word: flour\ncolumn 2: white", "word: bread\ncolumn 2: brown",
            "word: rye\ncolumn 2: dark",
        ], ()),
    ],
)  # fmt: skip
def test_what_stands_above_the_table(
    read: ReadRows, content: str, texts: list[str], remarks: tuple[str, ...]
) -> None:
    documents = read(".csv", content)
    assert [document.text for document in documents] == texts
    assert documents[0].remarks == remarks


@pytest.mark.parametrize(
    ("content", "texts", "remark"),
    [
        (
            'id,text\n1,"an open one\n2,second, and more\n3,"third"\n4,fourth\n',
            ["an open one", "second", "third", "fourth"],
            "line 2 has a quotation mark that is never closed",
        ),
        (
            'sep=,\nid,text\n1,one\n2,"two\n3,three\n',
            ["one", "two", "three"],
            "line 4 has a quotation mark that is never closed",
        ),
        (
            'id,text\n1,"one\n2,two\n3,"three\n4,four\n',
            ["one", "two", "three", "four"],
            "lines 2, 4 have quotation marks that are never closed",
        ),
        ('text\n"one\ntwo\nthree\n', ["one", "two", "three"], ""),
        ('id,text\n1,"one\n\n- of, a list\n- and more"\n2,two\n', ["one", "two"], None),
        ('id,text\n1,"cut in the middle\nof a text', ["cut in the middle\nof a text"], None),
    ],
)
def test_a_quotation_mark_that_is_never_closed(
    read: ReadRows, content: str, texts: list[str], remark: str | None
) -> None:
    documents = read(".csv", content)
    assert [document.text.split("\n\n")[0] for document in documents] == texts
    expected = remark or "line 2 has a quotation mark that is never closed"
    assert documents[0].remarks == (() if remark is None else (expected,))


def test_many_quotation_marks_that_are_never_closed(read: ReadRows) -> None:
    documents = read(".csv", "size,text\n" + "".join(f'"{n},pipe\n' for n in range(1000)))
    assert len(documents) == 1000
    assert [document.text for document in documents[:2]] == ["pipe\n\nsize: 0", "pipe\n\nsize: 1"]


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("word;text\n1;Das Brötchen schmeckt.\n2;Köstlich für alle.\n".encode("cp1252"))
    first, second = read_file(SourceFile(path, "x/a.csv"))
    assert first.text == "Das Brötchen schmeckt.\n\nword: 1"
    assert (first.remarks, second.remarks) == (("read as windows-1252",), ())
    assert first.metadata == {"word": 1, "encoding": "windows-1252", "row": 1}


def test_a_field_may_be_long(read: ReadRows) -> None:
    long = "It rests. " * 50_000
    (document,) = read(".csv", f"title,text\nBread,{long}\n")
    assert document.text == f"Bread\n{long.strip()}"


# What cannot be read is told.


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        ('{"text": "a"}\nno\n', "line 2 is not a JSON object and was left out"),
        (
            '{"text": "a"}\n{"n": 1' + "0" * 5000 + "}\n" + '{"a":' * 200 + "1" + "}" * 200,
            "lines 2, 3 are not JSON objects and were left out",
        ),
        ('[{"text": "a"},\n[1]]', "item 2 is not a JSON object and was left out"),
        ('[1]\n\n{"text": "a"}\n"b"\n', "lines 1, 4 are not JSON objects and were left out"),
        (
            '{"text": "a"}\n' + "{\n" * 8,
            "lines 2, 3, 4, 5, 6, 7, 8, 9 are not JSON objects and were left out",
        ),
        ('{"text": "a"}\n' + "[" * 100_000, "line 2 is not a JSON object and was left out"),
    ],
)
def test_lines_that_are_left_out(read: ReadRows, content: str, remark: str) -> None:
    (document,) = read(".jsonl", content)
    assert (document.text, document.remarks) == ("a", (remark,))


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        (".csv", "", "empty"),
        (".csv", "a,b\n", "nothing but a header"),
        (".csv", "a,b\n , \n,\n", "no row of it has text"),
        (".jsonl", "[1]\n", "no line of it is a JSON object"),
        (".csv", '[{"a": 1,\n"b": "c"}]', "JSON; name it .json"),
        (".csv", '{"a": 1}\n{"a": 2}\n', "JSON; name it .json"),
        (".tsv", "{\\rtf1 words}", "RTF; name it .rtf"),
        (".csv", " \n\u200b\ufeff", "empty"),
        (".jsonl", '{"text": "a"', "no line of it is a JSON object"),
        (
            ".jsonl",
            '{"text": " ", "n": null, "x": NaN, "l": [], "d": {}}\n',
            "no row of it has text",
        ),
        (".csv", "a,b\n\0,c\n", "binary"),
    ],
)
def test_a_file_without_rows_is_refused(
    read: ReadRows, suffix: str, content: str, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=rf"\A{reason}\Z"):
        read(suffix, content)


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_documents, "MAX_ROWS", 3)
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "b\n" * 3, encoding="utf-8")
    file = SourceFile(path, "x/a.csv")
    assert len(list(READERS[".csv"](file))) == 3
    path.write_text("a\n" + "b\n" * 4, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"\Amore than 3 rows; split it\Z"):
        list(READERS[".csv"](file))


# Offsets.


@pytest.fixture(scope="module")
def chunker(model: Model) -> Chunker:
    return Chunker(model.tokenizer(), model.budget())


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> Tokenizer:
    return model.tokenizer()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


names = st.one_of(
    st.sampled_from("question answer title text name id _id body answers Price q a".split()),
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Ll"]), max_size=3),
)
words = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Ll"]), max_size=5),
    st.sampled_from(
        [
            "It rests. It bakes.",
            "- a\n- b",
            "1. One\r\n2. Two",
            "👍🏽 👩‍👩‍👧‍👦.\u2028Yes.",
            "a\x1cb",
            "\x85",
        ]
    ),
    st.text(st.sampled_from("ab .\n\r-#\t"), max_size=300),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=4,
)


def check(documents: list[Document], chunker: Chunker, tokenizer: Tokenizer) -> None:
    assert len({document.id for document in documents}) == len(documents)
    for document in documents:
        assert document.text.strip()
        assert document_from_json(document_to_json(document)) == document
        assert re.fullmatch(r"[a-z0-9-]+", document.id)
        for heading in document.layout.headings if document.layout else ():
            assert document.text[heading.start : heading.end] == document.title
        assert_holds(chunker.chunk(document), tokenizer)


@given(objects=st.lists(st.dictionaries(names, values, max_size=5), max_size=5))
@example(objects=[{"question": "a\x1cb\u2028c", "answer": "d"}])
@example(objects=[{"title": "- a", "text": "- b\n- c"}])
def test_any_objects(
    scratch: Path, chunker: Chunker, tokenizer: Tokenizer, objects: list[dict[str, Any]]
) -> None:
    path = scratch / "a.jsonl"
    path.write_bytes("\n".join(json.dumps(each) for each in objects).encode())
    try:
        documents = list(READERS[".jsonl"](SourceFile(path, "x/a.jsonl")))
    except UnreadableFileError:
        return
    check(documents, chunker, tokenizer)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(
    table=st.lists(st.lists(st.one_of(cells, names), max_size=4), max_size=5),
    delimiter=st.sampled_from(",;\t|"),
)
def test_any_table(
    scratch: Path,
    chunker: Chunker,
    tokenizer: Tokenizer,
    table: list[list[str]],
    delimiter: str,
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [
            [cell.replace("\0", "").encode(errors="replace").decode() for cell in row]
            for row in table
        ]
    )
    path = scratch / "a.csv"
    path.write_bytes(out.getvalue().encode())
    try:
        documents = list(READERS[".csv"](SourceFile(path, "x/a.csv")))
    except UnreadableFileError:
        return
    check(documents, chunker, tokenizer)
