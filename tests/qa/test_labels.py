"""Short names of places, on the titles and headings that real documents have."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.records import Document, Layout, Span
from qa.formats.labels import MOST_CHARACTERS, label, shared_titles
from tests.documents import document

PART_I = "PART I — FINANCIAL INFORMATION"
AMAZON_NOTE = "Note 1 — ACCOUNTING POLICIES AND SUPPLEMENTAL DISCLOSURES"
CASES = [
    ("2022 Q3 AAPL.pdf", "Apple Inc.", ("FORM 10-Q", PART_I), 8, "Apple Inc., Form 10-Q, p. 8"),
    (
        "2022 Q3 AMZN.pdf",
        "AMAZON.COM, INC.",
        ("FORM 10-Q",),
        4,
        "Amazon.com, Inc., Form 10-Q, p. 4",
    ),
    (
        "2022 Q3 MSFT.pdf",
        "Form 10-Q for Microsoft Corp filed 10/24/2022",
        ("FORM 10-Q", "ITEM 1. FINANCIAL STATEMENTS", "INCOME STATEMENTS"),
        3,
        "Form 10-Q for Microsoft Corp filed 10/24/2022, p. 3",
    ),
    (
        "2022 Q3 NVDA.pdf",
        "FORM 10-Q NVIDIA CORPORATION",
        ("NVIDIA CORPORATION", "PART I. FINANCIAL INFORMATION", "Note 3 - Leases"),
        12,
        "Form 10-Q Nvidia Corporation, Note 3 - Leases, p. 12",
    ),
    ("amzn.docx", "", (AMAZON_NOTE,), 0, "notes/amzn.docx, Note 1 — Accounting Policies and…"),
    ("care.md", "", ("Care", "Night"), 0, "notes/care.md, Night"),
    ("care.md", "Care", ("Care", "Night"), 0, "Care, Night"),
    ("care.md", "Care", ("Care",), 0, "Care"),
    ("care.py", "", ("MAX_SIZE",), 0, "notes/care.py, MAX_SIZE"),
    ("old.txt", "", ("THE USE OF THE U.S. HTML STANDARD", "PART IV"), 0, "notes/old.txt, Part IV"),
    ("faq.html", "FAQ", ("☐ TRANSITION REPORT",), 0, "FAQ, Transition Report"),
    (
        "bread.html",
        "How to store bread: tips, tricks and all you need | The Baker",
        ("Freezing",),
        0,
        "How to store bread: tips, tricks and all you need…, Freezing",
    ),
    ("a.html", "Store bread", ("Store bread: freezing",), 0, "Store bread, freezing"),
    (
        "003_6b98e8ac42b93113.txt",
        "",
        ("Understanding Microneedling Complications: Identification and prevention Strategies",),
        0,
        "notes/003_6b98e8ac42b93113.txt, Understanding Microneedling…",
    ),
]


def paged(name: str, title: str, page: int) -> Document:
    layout = Layout(pages=(0,) * page) if page else None
    return dataclasses.replace(document("Words.", name, title), layout=layout)


@pytest.mark.parametrize(("name", "title", "path", "page", "expected"), CASES)
def test_a_place_is_named_as_a_person_would(
    name: str, title: str, path: tuple[str, ...], page: int, expected: str
) -> None:
    assert label(paged(name, title, page), Span(0, 5), path) == expected
    assert len(expected) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("source", "title", "expected"),
    [
        ("products.csv", "", "products.csv, row 12"),
        ("shop/products.csv", "Soap", "Soap, shop/products.csv, row 12"),
        ("upload:p/products.csv", "SOAP WITH OIL", "Soap with Oil, products.csv, row 12"),
        (
            "faq.csv",
            "How long does the redness of the skin last after a treatment?",
            "How long does the redness of the skin last…, faq.csv, row 12",
        ),
    ],
)
def test_a_row_is_named_by_its_file_and_number(source: str, title: str, expected: str) -> None:
    row = dataclasses.replace(
        document("Words."), source=source, title=title, reader="rows/2", metadata={"row": 12}
    )
    assert label(row, Span(0, 5)) == expected


def test_reports_of_one_title_are_told_apart_by_what_they_say_or_else_by_their_files() -> None:
    paged = dataclasses.replace(
        document("", "a.pdf"), title="Apple Inc.", layout=Layout(pages=(0,))
    )
    said = "FORM 10-Q\n\nFor the quarterly period ended June 25, 2022\n\nor"
    assert label(dataclasses.replace(paged, text=said), Span(0, 4)) == (
        "Apple Inc. (June 25, 2022), p. 1"
    )
    known = {"subject": "Form 10-Q filed on 2023-05-05 for the period ending 2023-04-01"}
    assert label(dataclasses.replace(paged, metadata=known), Span(0, 4)) == (
        "Apple Inc. (2023-04-01), p. 1"
    )
    other = dataclasses.replace(paged, id="b", source="notes/b.pdf")
    assert shared_titles([paged, paged]) == frozenset()
    shared = shared_titles([paged, other])
    names = [label(each, Span(0, 4), (), shared) for each in (paged, other)]
    assert names == ["Apple Inc. (notes/a.pdf), p. 1", "Apple Inc. (notes/b.pdf), p. 1"]


def test_a_quote_over_two_pages_names_both() -> None:
    spread = dataclasses.replace(document("One. Two."), layout=Layout(pages=(0, 5)), title="T")
    assert label(spread, Span(0, 9)) == "T, pp. 1-2"
    kind = "application/vnd.oasis.opendocument.presentation"
    slides = dataclasses.replace(spread, media_type=kind)
    assert label(slides, Span(0, 9)) == "T, slides 1-2"
    assert label(slides, Span(6, 9)) == "T, slide 2"


@settings(max_examples=40)
@given(st.text(max_size=90), st.text(max_size=90), st.lists(st.text(max_size=90), max_size=3))
def test_no_name_is_long_or_takes_a_second_line(source: str, title: str, path: list[str]) -> None:
    named = label(
        dataclasses.replace(document("Words."), source=source, title=title), Span(0, 5), path
    )
    assert len(named) <= MOST_CHARACTERS
    assert not set(named) & {"\n", "\x1b"}
    assert named == label(
        dataclasses.replace(document("Words."), source=source, title=title), Span(0, 5), path
    )
