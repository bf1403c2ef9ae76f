"""A quote of a table as columns and rows: as a person reads it, with the cell that is asked for."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Document, Layout, Span
from qa.formats.tables import Table, table_of
from tests.documents import document

APPLE = """The following table shows net sales (in millions):

| Three Months Ended | | Nine Months Ended
| June 25, 2022 | June 26, 2021 | June 25, 2022 | June 26, 2021
Net sales:
iPhone® (1) | $40,665 | $39,570 | $162,863 | $153,105
Mac® (1) | 7,382 | 8,235 | 28,669 | 26,012
Total net sales | 82,959 | 81,434 | 304,182 | 282,457
Gross margin | 35,885 | 35,255 | 132,687 | 117,662
"""
SECURITIES = """| | | | | Cash and | Current | Non-Current
| Cost | Gains | Losses | Fair Value | Equivalents | Securities | Securities
Cash | $12,852 | $— | $— | $12,852 | $12,852 | $— | $—
"""
MICROSOFT = """Three Months Ended September 30, | 2022 | 2021
Product | $15,741 | $16,631
"""
NVIDIA = """| Common Stock Outstanding | | Additional | | Accumulated Other | | Total
| | | Paid-in | Treasury | Comprehensive | Retained | Shareholders'
(In millions, except per share) | Shares | Amount | Capital | Stock | Income | Earnings | Equity
Balances, July 31, 2022 | 2,489 | $2 | $10,968 | $— | $(90) | $12,971 | $23,851
"""
CENTRED = """(Dollars in millions)

| Three Months Ended | | | | Nine Months Ended
| June 2022 | June 2021 | Change | June 2022 | June 2021 | Change
| | | (In millions)
ASSETS:
Current assets:
Mac | 1 | 2 | 3 % | 4 | 5 | 6 %
"""
CASH_FLOWS = """Nine Months Ended

| June 25, 2022 | June 26, 2021
Investing activities:
Purchases of property | (7,419) | (7,862)
"""
GOODWILL = """| June 30, | | | September 30,
(In millions) | 2022 | Acquisitions | Other | 2022
Intelligent Cloud | 30,182 | 8 | 76 | 30,266
"""
CENTRED_FIRST = """| | Three Months Ended | Percentage
(In millions, except percentages) | | September 30, | Change
| 2022 | 2021
Research and development | $6,628 | $5,599 | 18%
"""
WIND = """Course | 8 knots of wind | 12 knots of wind
Close-hauled | 5.1 | 6.0
Beam reach | 6.2 | 7.3
"""
RSUS = """Number of RSUs (in thousands) | Fair Value Per RSU | Aggregate Fair Value (in millions)
Balance as of September 25, 2021 | 240,427 | $75.16
Balance as of June 25, 2022 | 205,714 | $99.60 | $29,135
"""
SPACED = """| 2022 | | | 2021 | |
Net sales | $ | 12 | | $ | 13 |
Operating loss | $ | ( 5 | ) | $ | (7 | )
Margin | | 4 | % | | 6 | %
"""
LOOSE = """| Share | Loss
North | 7 % | $ ( 5 )
South | 8 % | $ ( 6 )
"""
PERIODS = (
    "Three Months Ended June 25, 2022",
    "Three Months Ended June 26, 2021",
    "Nine Months Ended June 25, 2022",
    "Nine Months Ended June 26, 2021",
)


def extracted(text: str) -> Document:
    return dataclasses.replace(
        document(text, "a.pdf"), media_type="application/pdf", layout=Layout()
    )


def quoted(text: str, row: str, question: str = "", *, of: Document | None = None) -> Table:
    """Return the table of a row, which begins with `row`; if that is a label, of the row below."""
    source = of or extracted(text)
    start = source.text.index(row)
    end = source.text.find("\n", start)
    if "|" not in source.text[start:end]:
        end = source.text.find("\n", end + 1)
    table = table_of(source, [Span(start, end if end >= 0 else len(source.text))], question)
    assert table is not None
    assert all(len(cells) == len(table.columns or cells) for cells in table.rows)
    return table


@pytest.mark.parametrize(
    ("text", "row", "columns", "rows"),
    [
        (
            APPLE,
            "iPhone",
            ("", *PERIODS),
            (
                ("Net sales:", "", "", "", ""),
                ("iPhone® (1)", "$40,665", "$39,570", "$162,863", "$153,105"),
            ),
        ),
        (
            APPLE,
            "Gross margin",
            ("", *PERIODS),
            (("Gross margin", "35,885", "35,255", "132,687", "117,662"),),
        ),
        (
            SECURITIES,
            "Cash | $12",
            (
                *("", "Cost", "Gains", "Losses", "Fair Value"),
                *("Cash and Equivalents", "Current Securities"),
                "Non-Current Securities",
            ),
            (("Cash", "$12,852", "$—", "$—", "$12,852", "$12,852", "$—", "$—"),),
        ),
        (
            MICROSOFT,
            "Product",
            ("Three Months Ended September 30,", "2022", "2021"),
            (("Product", "$15,741", "$16,631"),),
        ),
        (
            NVIDIA,
            "Balances",
            (
                *("(In millions, except per share)", "Common Stock Outstanding Shares"),
                *("Amount", "Additional Paid-in Capital", "Treasury Stock"),
                "Accumulated Other Comprehensive Income",
                *("Retained Earnings", "Total Shareholders' Equity"),
            ),
            (
                (
                    *("Balances, July 31, 2022", "2,489", "$2", "$10,968", "$—", "$(90)"),
                    *("$12,971", "$23,851"),
                ),
            ),
        ),
        (
            RSUS,
            "Balance as of September",
            (
                *("", "Number of RSUs (in thousands)", "Fair Value Per RSU"),
                "Aggregate Fair Value (in millions)",
            ),
            (("Balance as of September 25, 2021", "240,427", "$75.16", ""),),
        ),
        (
            CENTRED,
            "Current assets",
            (
                *("", "Three Months Ended June 2022", "Three Months Ended June 2021"),
                *("Three Months Ended Change", "Nine Months Ended June 2022"),
                *("Nine Months Ended June 2021", "Nine Months Ended Change"),
            ),
            (
                ("Current assets:", *[""] * 6),
                ("Mac", "1", "2", "3%", "4", "5", "6%"),
            ),
        ),
        (SPACED, "Net sales", ("", "2022", "2021"), (("Net sales", "$12", "$13"),)),
        (SPACED, "Operating", ("", "2022", "2021"), (("Operating loss", "$(5)", "$(7)"),)),
        (SPACED, "Margin", ("", "2022", "2021"), (("Margin", "4%", "6%"),)),
        (LOOSE, "North", ("", "Share", "Loss"), (("North", "7%", "$(5)"),)),
        ("A | 1\nB | 2\n", "B", None, (("B", "2"),)),
        (APPLE, "| Three", ("", *PERIODS), ()),
    ],
)
def test_a_row_comes_with_its_label_and_the_heading_of_each_column(
    text: str, row: str, columns: tuple[str, ...] | None, rows: tuple[tuple[str, ...], ...]
) -> None:
    table = quoted(text, row)
    assert table.columns == columns
    assert table.rows == rows


def test_the_unit_is_that_of_the_table() -> None:
    assert quoted(APPLE, "Mac").unit == "(in millions)"
    assert quoted(NVIDIA, "Balances").unit == "(In millions, except per share)"
    assert quoted(CENTRED, "Mac").unit == "(In millions)"
    assert quoted(RSUS, "Balance as of June").unit == "", "that of one column stands in its heading"


@pytest.mark.parametrize(
    ("text", "row", "question", "cell"),
    [
        (APPLE, "iPhone", "What were net sales of iPhone in the third quarter of 2022?", "$40,665"),
        (APPLE, "iPhone", "iPhone sales for the nine months ended June 2021", "$153,105"),
        (APPLE, "iPhone", "How much iPhone did Apple sell in Q3 2021?", "$39,570"),
        (APPLE, "iPhone", "What were the net sales of iPhone in 2022?", None),
        (APPLE, "iPhone", "What were the net sales of iPhone in 2019?", None),
        (APPLE, "iPhone", "What were the annual net sales of iPhone in 2022?", None),
        (APPLE, "iPhone", "What were the net sales of iPhone?", None),
        (SECURITIES, "Cash | $12", "What was the fair value of cash?", "$12,852"),
        (MICROSOFT, "Product", "What was Microsoft's product revenue in 2021?", "$16,631"),
        (NVIDIA, "Balances", "Nvidia's retained earnings in July 2022", "$12,971"),
        (RSUS, "Balance as of September", "number of RSUs", None),  # a cell is missing
        (CASH_FLOWS, "Purchases", "purchases of property, nine months to June 2021", "(7,862)"),
        (CASH_FLOWS, "Purchases", "purchases of property in Q3 2021", None),
        (GOODWILL, "Intelligent", "goodwill of intelligent cloud on September 30, 2022", "30,266"),
        (CENTRED_FIRST, "Research", "R&D in the quarter ended September 30, 2022", "$6,628"),
        (CENTRED_FIRST, "Research", "R&D in the quarter ended June 30, 2022", None),
        (WIND, "Beam", "how fast is it on a beam reach in 12 knots of wind", "7.3"),
        ("Due in a year | 5\nDue later | 7\n", "Due later", "how much is due later", "7"),
    ],
)
def test_the_cell_is_told_where_the_question_tells_it(
    text: str, row: str, question: str, cell: str | None
) -> None:
    table = quoted(text, row, question)
    assert (table.cell and table.rows[table.cell[0]][table.cell[1]]) == cell


@pytest.mark.parametrize(
    ("question", "has_period"),
    [
        ("iPhone sales in Q3 2022", True),
        ("iPhone sales in the quarter ended December 31, 2022", False),
        ("iPhone sales", None),
    ],
)
def test_a_table_tells_whether_it_has_the_period_that_is_asked_for(
    question: str, has_period: bool | None
) -> None:
    assert quoted(APPLE, "iPhone", question).has_period is has_period


@pytest.mark.parametrize("columns", [("2022", "2021"), ("2021", "2022")])
def test_the_cell_follows_the_heading_and_not_the_order(columns: tuple[str, str]) -> None:
    text = f"| {columns[0]} | {columns[1]}\nCosts | in {columns[0]} | in {columns[1]}\n"
    table = quoted(text, "Costs", "costs in 2021")
    assert table.cell
    assert table.rows[0][table.cell[1]] == "in 2021"


def test_markdown_frames_and_escapes_are_not_part_of_cells() -> None:
    rows = "| | 2023 | 2022 |\n|---|--:|--:|\n| A \\| B | 7 | |\n| C | 8 | 9 |\n"
    text = f"Costs (in thousands)\n\n{rows}"
    markdown = dataclasses.replace(document(text, "a.md"), media_type="text/markdown")
    table = quoted(text, "| A", "costs of A in 2023", of=markdown)
    assert (table.columns, table.rows) == (("", "2023", "2022"), (("A | B", "7", ""),))
    assert table.cell == (0, 1)
    bare = dataclasses.replace(
        document("Name | Age\n---|---\nAnn | 7\nBob | 8\n", "b.md"), media_type="text/markdown"
    )
    table = quoted(bare.text, "Bob", "", of=bare)
    assert (table.columns, table.rows) == (("Name", "Age"), (("Bob", "8"),))


def test_the_unit_the_header_and_the_row_are_one_table() -> None:
    source = extracted(APPLE)
    words = ("(in millions)", "| Three", "Net sales:", "iPhone", "Mac")
    starts = [source.text.index(each) for each in words]
    spans = [Span(start, source.text.index("\n", start)) for start in starts]
    spans[0] = Span(starts[0], starts[0] + len(words[0]))
    spans[1] = Span(starts[1], starts[2] - 1)
    table = table_of(source, spans, "Mac in the third quarter of 2021")
    assert table
    assert [cells[0] for cells in table.rows] == ["Net sales:", "iPhone® (1)", "Mac® (1)"]
    assert table.cell == (2, 2)


RECORD = dataclasses.replace(
    document(
        "Soap\nIt is mild.\n\nprice: 12.50\nstock: 3\nships to: Bergen, Oslo\n", "a.csv", "Soap"
    ),
    reader="rows/2",
    media_type="text/csv",
    metadata={"price": 12.5, "stock": 3, "ships to": "Bergen, Oslo", "row": 2},
    layout=Layout(),
)


def test_a_record_is_a_row_of_its_fields() -> None:
    table = table_of(RECORD, [Span(0, len(RECORD.text))], "what is the price of soap")
    assert table
    assert table.columns == ("", "price", "stock", "ships to")
    assert table.rows == (("Soap", "12.50", "3", "Bergen, Oslo"),)
    assert table.cell == (0, 1)
    assert table_of(RECORD, [Span(5, 16)]) is None, "its text is no field"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("Run cat a.txt | grep bread to find it.\n", "text/plain"),
        ("It keeps.\n", "text/plain"),
        ("```\ncat a | grep b\nls | wc\n```\n", "text/markdown"),
        ("|---|---|\n", "text/markdown"),
    ],
)
def test_what_is_no_table_is_none(text: str, media_type: str) -> None:
    source = dataclasses.replace(document(text), media_type=media_type)
    assert table_of(source, [Span(0, len(text))]) is None


def test_a_row_that_is_quoted_in_part_is_no_row() -> None:
    start = APPLE.index("$40,665")
    assert table_of(extracted(APPLE), [Span(start, start + 20)]) is None


LINES = st.lists(
    st.text(st.sampled_from("| |ab1$()%-\n\\>2022 "), max_size=20) | st.just("| 2022 | 2021"),
    max_size=8,
).map("\n".join)


@given(LINES, st.data(), st.booleans())
def test_any_text_gives_rows_of_one_width_at_places_in_it(
    text: str, data: st.DataObject, markdown: bool
) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    source = dataclasses.replace(document(text), media_type="text/markdown")
    table = table_of(source if markdown else extracted(text), [Span(start, end)], "a in 2022")
    if table is None:
        return
    assert len(table.rows) == len(table.places)
    widths = {len(cells) for cells in (*table.rows, *([table.columns] if table.columns else []))}
    assert len(widths) == 1
    assert all(place.of(text).strip() for place in table.places)
    if table.cell:
        assert table.rows[table.cell[0]][table.cell[1]]
