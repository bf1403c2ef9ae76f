"""Rows made from tables: what a header's columns tell of, and what answers and what does not."""

import re
from dataclasses import replace
from random import Random

import pytest

from index.records import Document, Passage, Span
from qa.read.windows import windows
from training.grids import rows_of_grids
from training.periods import INSTANT, Period, called, ends_alike, other_than, periods_of, shifted
from training.phrasing import asked
from training.rows import Row
from training.substitutions import Substitution, drawn_substitution, other_figures
from training.table_names import may_mean, name_of, tells_enough
from training.table_questions import TableQuestions
from training.tables import (
    NOBODY,
    Company,
    TableLine,
    lines_of_document,
    lines_of_rows,
    names_of,
    report_of,
    ticker_of,
)

HEADER = """| Three Months Ended | | Nine Months Ended
| June 25, 2022 | June 26, 2021 | June 25, 2022 | June 26, 2021"""
ACME = Company("Acme", "Acme Inc.", "ACME")
OTHER = Company("Umbrel", "Umbrel Corp.", "UMBR")


def line(row: str, section: str = "", company: Company = ACME, measure: str = "") -> TableLine:
    above = f"{company.full}: STATEMENTS OF OPERATIONS"
    return TableLine(company.name, company.name, company, above, HEADER, section, row, measure)


def table(company: Company = ACME) -> list[TableLine]:
    found = [
        line("Products | $63,355 | $63,948 | $245,241 | $232,309", "Net sales:", company),
        line("Total net sales | 82,959 | 81,434 | 304,182 | 282,457", "Net sales:", company),
        line("Products | 41,485 | 40,899 | 155,084 | 149,476", "Cost of sales:", company),
        line("Research and development | 6,797 | 5,717 | 19,490 | 16,142", "", company),
        line("Diluted | $1.20 | $1.30 | $4.82 | $4.38", "Earnings per share:", company),
        line("Operating income | 5,403 | 4,883 | 17,601 | 13,209", "AWS", company),
    ]
    return [replace(each, report=report_of(found)) for each in found]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (HEADER, [(3, 2022, 6), (3, 2021, 6), (9, 2022, 6), (9, 2021, 6)]),
        ("Three Months Ended September 30, | 2022 | 2021", [(3, 2022, 9), (3, 2021, 9)]),
        (
            "| Three Months Ended May 1, | | Nine Months Ended May 1,\n| 2021 | 2022 | 2021 | 2022",
            [(3, 2021, 5), (3, 2022, 5), (9, 2021, 5), (9, 2022, 5)],
        ),
        ("| September 30, | June 30,\n| 2022 | 2022", [(None, 2022, 9), (None, 2022, 6)]),
        ("| June 25, 2022 | September 25, 2021", [(None, 2022, 6), (None, 2021, 9)]),
        ("Year-ended 31 March 2019 | Year-ended 31 March 2018", [(12, 2019, 3), (12, 2018, 3)]),
        ("Years Ended December 31,\n2019 | 2018", [(12, 2019, 12), (12, 2018, 12)]),
        ("| 2022 | 2021", [(None, 2022, None), (None, 2021, None)]),
        ("| Gross Carrying | Accumulated | Net", []),
    ],
)
def test_a_header_tells_the_periods_of_its_columns(
    header: str, wanted: list[tuple[int | None, int, int | None]]
) -> None:
    assert [(each.months, each.year, each.month) for each in periods_of(header)] == wanted


def test_a_report_tells_when_its_fiscal_year_ends() -> None:
    latest = table()[0].periods[0]
    assert (latest.closes, latest.fiscal_quarter, latest.fiscal_year) == (9, 3, 2022)
    assert (latest.quarter, latest.last_year) == (2, 2022)
    april = Period(3, 2023, 4, 1, closes=9)  # a week into the next quarter
    assert (april.last_month, april.fiscal_quarter, april.fiscal_year) == (3, 2, 2023)


def test_what_only_the_report_tells_is_asked_for_too() -> None:
    shown = replace(table()[0], above="Acme: STATEMENTS OF CASH FLOWS", header="")
    assert shown.told == []
    assert [(each.months, each.year) for each in shown.periods] == [(9, 2022)]
    balance = replace(shown, above="Acme: BALANCE SHEETS", header="| June 25, 2022 | May 1, 2021")
    assert {each.months for each in balance.told} == {INSTANT}


def test_a_period_is_called_by_its_year_and_no_other() -> None:
    random = Random(0)
    for period in table()[0].told:
        names = {called(period, random) for _ in range(200)}
        years = {year for pair in names for text in pair for year in re.findall(r"\d{4}", text)}
        assert years == {str(period.year)}
        assert any("ended" in phrase for phrase, _ in names)
        assert any(re.search("(?i)q3|third quarter|first nine|three quarters", a) for a, _ in names)


@pytest.mark.parametrize("seed", range(60))
def test_another_period_is_that_of_no_column(seed: int) -> None:
    told = table()[0].told
    other = other_than(told, Random(seed))
    assert other is not None
    assert not any(ends_alike(other, each) and other.months == each.months for each in told)


@pytest.mark.parametrize("seed", range(20))
def test_a_question_asks_for_a_columns_period(seed: int) -> None:
    for each in table():
        question = asked(each, Random(seed))
        assert question.period in each.periods
        assert not {"2022", "2021"} & set(re.findall(r"20\d\d", question.text)) - {
            str(period.year) for period in each.told
        }


def test_a_row_is_called_with_what_it_stands_under() -> None:
    products, _, costs, research, diluted, income = table()
    names = {
        number: {name_of(each, Random(seed)).lower() for seed in range(300)}
        for number, each in enumerate((products, costs, research, diluted, income))
    }
    assert "products net sales" in names[0]
    assert {"products cogs", "cost of sales of products"} <= names[1]
    assert {"r&d", "research and development"} <= names[2]
    assert {"diluted earnings per share"} <= names[3]
    assert not any(name == "diluted" for name in names[3])
    assert {"aws operating income", "operating income of the aws segment"} <= names[4]


def test_a_part_is_asked_for_with_the_tables_measure() -> None:
    shown = line("LinkedIn | 3,663 | 3,136", measure="revenue")
    assert "LinkedIn revenue" in {name_of(shown, Random(seed)) for seed in range(40)}


def test_a_label_that_tells_nothing_is_not_asked_for() -> None:
    assert not tells_enough(line("Other | 1 | 2"))
    assert not tells_enough(line("Total | 1 | 2", "Current assets:"))
    assert tells_enough(line("Diluted | 1 | 2", "Earnings per share:"))


def test_a_name_may_mean_rows_that_have_its_words() -> None:
    products, _, costs, research, _, _ = table()
    assert may_mean("products cost of sales", costs)
    assert not may_mean("products cost of sales", products)
    assert may_mean("R&D", research) is may_mean("research and development", research)


@pytest.mark.parametrize("seed", range(8))
def test_a_row_that_answers_shows_what_is_asked_and_one_that_does_not_does_not(seed: int) -> None:
    rows = list(TableQuestions([*table(), *table(OTHER)], Random(seed)).rows(6))
    answering = [row for row in rows if row.answered]
    refused = [row for row in rows if not row.answered]
    assert len(answering) == 12 * 6
    assert len(refused) > len(answering) * 0.9
    for row in answering:
        assert row.span is not None
        assert row.text[slice(*row.span)] == row.text.split("\n")[-1]
        for year in re.findall(r"\b20\d\d\b", row.question):
            assert {year, str(int(year) - 1)} & set(re.findall(r"20\d\d", row.text))  # or fiscal
    given = {(row.question.lower(), row.above, row.text) for row in answering}
    assert not given & {(row.question.lower(), row.above, row.text) for row in refused}


def test_a_substitution_changes_window_and_question_alike() -> None:
    substitution = Substitution(company=OTHER, years=-10, months=3, parts={"AWS": "Nimbus"})
    shown = substitution.on(table()[-1], Random(1))
    assert shown.above == "Umbrel Corp.: STATEMENTS OF OPERATIONS"
    assert "September 25, 2012 | September 26, 2011" in shown.header
    assert (shown.section, shown.label) == ("Nimbus", "Operating income")
    assert [(each.months, each.year, each.month) for each in shown.told][:1] == [(3, 2012, 9)]
    assert shown.periods[0].closes == 12
    for seed in range(30):
        question = asked(shown, Random(seed)).text.lower()
        assert not re.search(r"acme|2022|2021|june|aws", question)


def test_months_move_without_days_that_they_lack() -> None:
    assert shifted("MAY 31, 2020 | 2019", 1, 9) == "FEBRUARY 28, 2021 | 2020"
    assert other_figures("$(0.28) | 1,204", Random(0)).count(",") == 1
    assert drawn_substitution(Random(3)) == drawn_substitution(Random(3))


def test_lines_are_the_rows_of_windows() -> None:
    text = f"{HEADER}\nNet sales:\nProducts | 63,355 | 63,948 | 245,241 | 232,309\nRisk Factors | 7"
    document = Document("a", "a.pdf", "Acme Inc.", text, "application/pdf", "pdf", "", "")
    sentences = tuple(Span(*match.span()) for match in re.finditer(r"[^\n]+", text))
    passage = Passage("p", "a", 0, len(text), (), sentences)
    (found,) = lines_of_document(document, "a", ACME, windows([(document, passage)]))
    assert (found.header, found.section, found.label) == (HEADER, "Net sales:", "Products")
    assert found.text == text.rsplit("\n", 1)[0]


@pytest.mark.parametrize(
    ("title", "name", "full"),
    [
        ("Apple Inc.", "Apple", "Apple Inc."),
        ("AMAZON.COM, INC.", "Amazon", "AMAZON.COM, INC."),
        ("FORM 10-Q NVIDIA CORPORATION", "Nvidia", "NVIDIA CORPORATION"),
        ("Form 10-Q for Microsoft Corp filed 10/24/2022", "Microsoft", "Microsoft Corp"),
    ],
)
def test_a_reports_title_names_its_company(title: str, name: str, full: str) -> None:
    assert names_of(title) == (name, full)
    assert (ticker_of("2022 Q3 AAPL"), ticker_of("report")) == ("AAPL", "")


def published(source: str, document: str, text: str) -> Row:
    return Row(source, "", document, "?", "", text, (0, 1))


def test_published_tables_are_asked_for_a_company_and_cells() -> None:
    told = published("tatqa", "t", "Years Ended May 31,\n2019 | 2018\nNet revenues | 33.1 | 27.0")
    (found,) = lines_of_rows([told])
    assert (found.company, found.label, found.told[0].months) == (NOBODY, "Net revenues", 12)
    (answering, *_) = TableQuestions([found], Random(1)).rows(1)
    assert answering.above
    grid = [
        published("wtq", "g", f"Rank | City | State\n{number} | {city} | {state}")
        for number, (city, state) in enumerate([("Cerritos", "California"), ("Austin", "Texas")])
    ]
    rows = list(rows_of_grids(grid, Random(2)))
    for row in rows:
        assert row.answered == (row.span is not None)
        if row.span:
            assert row.text[slice(*row.span)] in {"0", "1", "California", "Texas"}
