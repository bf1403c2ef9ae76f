"""All that answers, with the real models: rows by fields, sentences by reading, lists whole."""

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from qa.engine import Engine
from qa.exhaustive.columns import Columns, Fields, number_of
from qa.exhaustive.conditions import conditions_on
from qa.formats.answer import AnswerJson
from qa.formats.listing import COLUMNS, csv_of, summary
from qa.records import Listing
from qa.verify.answer_json import read_answer
from qa.verify.checking import verify
from qa.verify.relocation import SnapshotDocuments
from tests.office_writing import Sheet, xlsx
from tests.qa.conftest import Library

SHOP = Path(__file__).parents[2] / "benchmarks" / "lists"
GOLD = [json.loads(line) for line in (SHOP / "gold.jsonl").read_text("utf-8").splitlines()]
BY_FIELDS = [row for row in GOLD if "rows" in row]
RULES = next(row for row in GOLD if row["id"] == "text-rules")["quotes"]["house_rules.md"]


@pytest.fixture(scope="module")
def shop(library: Library) -> Engine:
    """A shop's tables, two leaflets, house rules and minutes."""
    return library({file.name: file.read_text("utf-8") for file in (SHOP / "files").iterdir()})


def listed(engine: Engine, question: str, **more: Any) -> Listing:
    listing = engine.ask(question, list_all=True, **more).listing
    assert listing is not None
    for quote in listing.quotes:
        citation = quote.citation
        text = engine.snapshot.document(citation.document.id).text
        assert text[citation.start : citation.end] == citation.cited_text
        assert citation.cited_text.strip()
        assert 0 <= quote.confidence <= 1
    return listing


def rows_of(listing: Listing) -> dict[str, list[int | None]]:
    rows: dict[str, list[int | None]] = {}
    for quote in listing.quotes:
        document = quote.citation.document
        rows.setdefault(document.source.split("/")[-1], []).append(document.row_number)
    return rows


@pytest.mark.parametrize("gold", BY_FIELDS, ids=[row["id"] for row in BY_FIELDS])
def test_rows_are_listed_by_their_fields_exactly_even_without_an_answer(
    shop: Engine, gold: dict[str, Any]
) -> None:
    listing = listed(replace(shop, threshold=1.0), gold["question"])
    assert rows_of(listing) == {file: rows for file, rows in gold["rows"].items() if rows}
    assert listing.bounds == ()


def test_the_listing_is_the_same_each_time_and_the_answer_is_what_it_is_without(
    shop: Engine,
) -> None:
    question = "what side effects are named"
    with_all = AnswerJson.of(shop.ask(question, list_all=True)).model_dump(
        exclude={"took_ms", "more"}
    )
    again = AnswerJson.of(shop.ask(question, list_all=True)).model_dump(exclude={"took_ms", "more"})
    alone = AnswerJson.of(shop.ask(question)).model_dump(exclude={"took_ms", "more"})
    assert with_all == again
    assert with_all.pop("all")["count"] >= len(alone["citations"]) > 0
    assert alone.pop("all") is None
    assert with_all == alone


def test_what_is_read_stands_by_document_in_order_and_without_repeats(shop: Engine) -> None:
    listing = listed(shop, "what side effects are named")
    sources = [document.source for document, _ in listing.documents]
    assert len(sources) == len(set(sources))
    assert {"notes/leaflet_norvexin.md", "notes/leaflet_calmora.txt"} <= set(sources)
    for _, quotes in listing.documents:
        spans = [quote.citation.span for quote in quotes]
        assert spans == sorted(spans)
        assert not any(one.overlaps(two) for one, two in pairwise(spans))
    best = [max(quote.confidence for quote in quotes) for _, quotes in listing.documents]
    assert best == sorted(best, reverse=True)
    assert "passages were read" in "".join((*listing.bounds, *listing.remarks))


def test_a_list_is_quoted_whole_with_its_lead_in(shop: Engine) -> None:
    listing = listed(shop, "list the 12 house rules")
    best = max(listing.quotes, key=lambda quote: quote.confidence).citation.cited_text
    assert best.startswith("All guests keep these twelve rules:")
    assert all(rule in best for rule in RULES)


def test_rows_are_listed_exactly_with_an_answer_too(shop: Engine) -> None:
    assert shop.ask("which orders were cancelled").answered
    assert rows_of(listed(shop, "which orders were cancelled")) == {"orders.jsonl": [2, 9]}


@pytest.mark.parametrize(
    "question", ["what are the capitals of South America", "list all recipes for bread"]
)
def test_nothing_is_listed_where_nothing_answers(shop: Engine, question: str) -> None:
    listing = listed(shop, question)
    assert not listing.quotes
    assert listing.bounds


def test_a_filter_holds_for_rows_and_for_what_is_read(shop: Engine) -> None:
    norway = listed(shop, "which customers are in Oslo", filters={"segment": "business"})
    assert rows_of(norway) == {"customers.csv": [4, 15]}
    calmora = {"path": {"prefix": "notes/leaflet_calmora"}}
    effects = listed(shop, "what side effects are named", filters=calmora)
    assert {quote.citation.document.source for quote in effects.quotes} == {
        "notes/leaflet_calmora.txt"
    }


def test_the_csv_has_a_line_a_quote(shop: Engine) -> None:
    listing = listed(shop, "which products are out of stock")
    header, *lines = csv.reader(io.StringIO(csv_of(listing), newline=""))
    assert tuple(header) == COLUMNS
    assert [line[9] for line in lines] == [q.citation.cited_text for q in listing.quotes]
    assert [line[5] for line in lines] == ["2", "4", "7", "9", "12", "18"]
    assert summary(listing) == "6 quotes in 1 file"


def test_what_was_listed_can_be_verified(shop: Engine) -> None:
    answer = AnswerJson.of(shop.ask("which orders were cancelled", list_all=True))
    documents = SnapshotDocuments(shop.snapshot)
    verified = verify(read_answer(answer.model_dump_json().encode()), documents)
    assert [verdict.status for verdict in verified.listed] == ["valid", "valid"]
    assert verified.holds
    altered = answer.model_dump_json().replace("cancelled", "confirmed").encode()
    assert not verify(read_answer(altered), documents).holds


def test_a_bound_that_is_met_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.exhaustive.tables.MOST_ROWS", 4)
    rows = "".join(f"Lamp {number},{number % 2}\n" for number in range(6))
    listing = listed(library({"lamps.csv": f"lamp,stock\n{rows}"}), "which lamps are in stock")
    assert listing.bounds == ("only 4 rows of notes/lamps.csv were looked at",)
    assert summary(listing).startswith(f"At least {len(listing.quotes)} quote")


COLORS: list[Fields] = [
    {"name": "Red lamp", "town": "Oslo", "price": 20, "sold": True, "made": "2023-05-01"},
    {"name": "Blue lamp", "town": "Bergen", "price": 35.5, "sold": False, "made": "2024-02-11"},
    {"name": "Green lamp", "town": "Bergen", "price": 80, "sold": True},
]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("which lamps in Bergen are sold", [3]),
        ("all lamps in Oslo or Bergen", [1, 2, 3]),
        ("lamps that are not sold", [2]),
        ("lamps at 35.5", [2]),
        ("lamps with a price of 35.5", [2]),
        ("lamps that cost at least 35.5", [2, 3]),
        ("lamps made before 2024", [1]),
        ("lamps without a town", []),
        ("lamps that have no made date", None),
        ("which lamp is the cheapest", None),
        ("which lamps do customers complain about", None),
        ("why are the lamps sold", None),
        ("what is Bergen", None),
        ("lamps in Oslo or with a price over 50", None),
        ("", None),
        ("??", None),
    ],
)
def test_a_question_is_understood_whole_or_not_at_all(
    question: str, rows: list[int] | None
) -> None:
    conditions = conditions_on(Columns.of("lamps", COLORS), question)
    understood = conditions.understood or None
    assert (understood and [n for n, row in enumerate(COLORS, 1) if conditions.hold(row)]) == rows


STORES: list[Fields] = [
    {"item": "Gasket", "qty": 12, "unit price": 1.5, "vendor": "Northline"},
    {"item": "Copper pipe", "qty": 0, "unit price": 24.9, "vendor": "Berger GmbH"},
    {"item": "Drill bit", "qty": 7, "unit price": 4, "vendor": "Berger GmbH"},
]
BILLS: list[Fields] = [
    {"no": "R-1", "customer": "Hotel Adler", "date": "04.02.2024", "amount": "1.250,00",
     "state": "paid", "paid on": "11.03.2024"},
    {"no": "R-2", "customer": "Café Blau", "date": "16.06.2024", "amount": "89,90",
     "state": "open"},
    {"no": "R-3", "customer": "Hotel Adler", "date": "19.11.2023", "amount": "2.480,75",
     "state": "overdue"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "table", "question", "rows"),
    [
        ("parts", STORES, "which products are out of stock", [2]),
        ("parts", STORES, "who supplies gaskets", [1]),
        ("parts", STORES, "products under 5 euros", [1, 3]),
        ("parts", STORES, "everything from Northline or Berger", [1, 2, 3]),
        ("parts", STORES, "products without a warranty", None),
        ("invoices", BILLS, "unpaid invoices", [2, 3]),
        ("invoices", BILLS, "invoices over 1,000 euros", [1, 3]),
        ("invoices", BILLS, "invoices of Hotel Adler from February 2024", [1]),
        ("invoices", BILLS, "invoices paid after 1 March 2024", [1]),
        ("invoices", BILLS, "invoices dated before 2024", [3]),
        ("invoices", BILLS, "invoices that were disputed", None),
    ],
)
def test_words_stand_for_columns_by_their_meaning_whatever_the_format(
    name: str, table: list[Fields], question: str, rows: list[int] | None
) -> None:
    conditions = conditions_on(Columns.of(name, table), question)
    understood = conditions.understood or None
    assert (understood and [n for n, row in enumerate(table, 1) if conditions.hold(row)]) == rows


GOODS: list[Fields] = [
    {"item": "Hinge", "lead time (days)": "4", "qty on hand": "120", "unit price gbp": "2.35"},
    {"item": "Winch", "lead time (days)": "12", "qty on hand": "0", "unit price gbp": "72.50"},
]
LEDGER: list[Fields] = [
    {"rg-nr": "R-1", "kunde": "Huber", "ort": "Ulm", "betrag": "1.250,00 €",
     "fällig": "15. Mai 2024", "status": "offen"},
    {"rg-nr": "R-2", "kunde": "Kolb", "ort": "Neu-Ulm", "betrag": "3.480,50 €",
     "fällig": "31.05.2024", "status": "bezahlt"},
    {"rg-nr": "R-3", "kunde": "Roth", "ort": "Ulm", "betrag": "4.100,00 €",
     "fällig": "10.06.2024", "status": "offen"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "table", "question", "rows"),
    [
        ("stock", GOODS, "which products cost more than 50 pounds", [2]),
        ("stock", GOODS, "items that take longer than 10 days to get", [2]),
        ("stock", GOODS, "which products cost more than 50 euros", None),
        ("stock", GOODS, "which items are below the reorder level", None),
        ("ledger", LEDGER, "invoices over 3000 euros", [2, 3]),
        ("ledger", LEDGER, "invoices over 2000", [2, 3]),
        ("ledger", LEDGER, "which invoices are due in May 2024", [1, 2]),
        ("ledger", LEDGER, "customers in Ulm", [1, 3]),
        ("ledger", LEDGER, "which invoices are not paid", [1, 3]),
        ("ledger", LEDGER, "which invoices are overdue", None),
        ("ledger", LEDGER, "welche Rechnungen sind offen", [1, 3]),
        ("ledger", LEDGER, "Rechnungen über 4000 Euro", [3]),
        ("ledger", LEDGER, "Rechnungen, die vor dem 1. Juni 2024 fällig sind", [1, 2]),
    ],
)
def test_synonyms_and_units_say_which_column_is_meant(
    name: str, table: list[Fields], question: str, rows: list[int] | None
) -> None:
    conditions = conditions_on(Columns.of(name, table), question)
    understood = conditions.understood or None
    assert (understood and [n for n, row in enumerate(table, 1) if conditions.hold(row)]) == rows


@pytest.fixture(scope="module")
def mixed(library: Library) -> Engine:
    """Tables in two languages, recipes and a log in one store."""
    tables = {name: _csv(rows) for name, rows in (("stock.csv", GOODS), ("ledger.csv", LEDGER))}
    return library({**tables, "recipes.md": RECIPES, "log.md": LOG})


def _csv(rows: list[Fields]) -> str:
    written = io.StringIO()
    lines = csv.DictWriter(written, list(rows[0]))
    lines.writeheader()
    lines.writerows(rows)
    return written.getvalue()


RECIPES = """# Family recipes

## Lemon sponge

Cream 200 g butter with 200 g sugar. Beat in four eggs, one at a time.

## Tomato soup

Soften an onion in butter. Serve with bread and cream.

## Custard

Warm the milk with vanilla. Whisk the yolks of three eggs with sugar.
"""
LOG = """# Log of the Kittiwake

We sailed to Penmarth on 9 April in a light wind. The bilge pump failed the week after.
The second passage to Penmarth took six hours on 11 May. Ann steered most of the way to Fowey.
We stayed in the harbour because of fog and mended the sail cover.
"""


def test_each_table_is_judged_by_itself(mixed: Engine) -> None:
    assert rows_of(listed(mixed, "which products cost more than 50 pounds")) == {"stock.csv": [2]}
    assert rows_of(listed(mixed, "customers in Ulm")) == {"ledger.csv": [1, 3]}


def test_a_list_that_was_not_understood_is_not_called_complete(mixed: Engine) -> None:
    overdue = listed(mixed, "which invoices are overdue")
    assert not overdue.quotes
    assert "depends on the day" in overdue.bounds[0]
    assert summary(overdue).startswith("Nothing was found to list; ")


@pytest.mark.parametrize(
    ("question", "word"),
    [("which recipes use eggs", "eggs"), ("passages the boat made to Penmarth", "Penmarth")],
)
def test_what_is_asked_for_stands_in_what_is_listed(
    mixed: Engine, question: str, word: str
) -> None:
    quotes = listed(mixed, question).quotes
    assert quotes
    assert all(word in quote.citation.cited_text for quote in quotes)


def test_a_table_that_does_not_explain_the_question_is_named(library: Library) -> None:
    engine = library({"invoices.csv": "invoice,customer\nR-1,Holm\nR-2,Dahl\n"})
    listing = listed(engine, "which invoices are disputed")
    assert listing.bounds[0].startswith(
        'the columns of notes/invoices.csv do not explain "disputed"'
    )


def test_sheets_stand_one_after_another_and_their_names_in_the_csv(library: Library) -> None:
    sheets = [Sheet(name, [["City", "Member"], *(["Bonn", f"{name} {n}"] for n in range(3))])
              for name in ("Old", "New")]  # fmt: skip
    listing = listed(library({"club.xlsx": xlsx(*sheets)}), "members in Bonn")
    lines = list(csv.DictReader(io.StringIO(csv_of(listing), newline="")))
    assert [line["sheet"] for line in lines] == ["New"] * 3 + ["Old"] * 3
    assert [line["row"] for line in lines] == ["2", "3", "4"] * 2


def test_a_cell_of_the_csv_is_no_formula_and_the_quote_is_as_it_was(library: Library) -> None:
    rows = ({"title": '=HYPERLINK("x")', "text": "Bo lives in Oslo."}, {"title": "B", "text": "C."})
    engine = library({"links.jsonl": "\n".join(map(json.dumps, rows))})
    listing = listed(engine, "who lives in Oslo")
    first = next(csv.DictReader(io.StringIO(csv_of(listing), newline="")))
    assert first["title"] == '\'=HYPERLINK("x")'
    assert listing.quotes[0].citation.document.title == first["title"][1:]


def test_a_question_for_a_list_tells_of_more_only_where_there_is_more(shop: Engine) -> None:
    assert shop.ask("which products are out of stock").more
    assert not shop.ask("which products cost more than 5000").more
    assert not shop.ask("how much does the taxi from the airport cost").more


@pytest.mark.parametrize(
    ("written", "figure"),
    [("12,50", 12.5), ("1,234", 1234), ("1,234,567.5", 1234567.5), ("$ 3", 3), ("1,2,3", None)],
)
def test_a_comma_is_read_as_it_is_meant(written: str, figure: float | None) -> None:
    assert number_of(written) == figure


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("which products does Greenways supply", [2, 3]),
        ("which products are supplied by Greenways", [2, 3]),
        ("what does Berg own", [1]),
    ],
)
def test_who_does_something_is_asked_by_what_they_do(
    library: Library, question: str, rows: list[int]
) -> None:
    engine = library(
        {
            "products.csv": "product,supplier,owner\nChair,Holm,Berg\nCan,Greenways,Dahl\n"
            "Hose,Greenways,Dahl\n"
        }
    )
    assert rows_of(listed(engine, question)) == {"products.csv": rows}


def test_rows_that_differ_by_a_digit_are_all_listed(library: Library) -> None:
    rows = "".join(f"Emil Berg {n},Bergen\n" for n in range(12)) + "Emil Berg 12,Oslo\n"
    engine = library({"people.csv": f"who,town\n{rows}"})
    assert rows_of(listed(engine, "who lives in Bergen")) == {"people.csv": list(range(1, 13))}


def test_every_file_of_many_is_looked_at_and_what_cannot_be_compared_is_told(
    library: Library,
) -> None:
    months = [f"{month:02}" for month in range(1, 13)]
    files = {
        f"invoices-{month}.csv": "customer,amount,due\n"
        f"Anna Berg,5000.00,2024-{month}-{month}\nBo Lind,1'250.00,1.{month}.24\n"
        for month in months
    }
    many = library(files)
    over_4000 = listed(many, "Which invoices have an amount above 4000?")
    assert rows_of(over_4000) == {name: [1] for name in files}
    assert over_4000.bounds == ()
    over_1000 = listed(many, "Which invoices have an amount above 1000?")
    assert rows_of(over_1000) == {name: [1, 2] for name in files}
    on_the_day = many.ask("What amount did Anna Berg have due on 5/5/2024?")
    assert on_the_day.question.endswith("5/5/2024?")
    odd = library(
        {"odd.csv": "customer,amount\nAnna,5000\nBo,70\nCy,80\nDi,about six\nEd,ſep 2024\n"}
    )
    listing = listed(odd, "Which customers have an amount above 60?")
    assert listing.bounds == ("2 cells of amount in notes/odd.csv cannot be compared",)


def test_sentences_beyond_the_bound_are_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.exhaustive.reading.MOST_UNITS", 20)
    ships = [f"The ship Aurora {n} sank in a storm in 19{n}." for n in range(20, 80)]
    listing = listed(library({"ships.txt": "\n\n".join(ships)}), "Which ships sank?")
    assert any("likeliest" in bound for bound in listing.bounds)
