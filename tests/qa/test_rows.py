"""Answers from rows of a table: what is asked for stands in another field than what was named."""

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.engine import Engine

PRICES = """item,price,currency,supplier
"Monitor, 27 inch",399,NOK,Nordic Screens
Standing desk,549,NOK,Bergen Furniture
Laptop stand,45,NOK,Aluminium Works
Noise-cancelling headphones,299,NOK,Quiet House
"""
SAWS = """{"product": "Saw S50", "weight": "3.2 kg", "warranty": "24 months"}
{"product": "Drill D20", "weight": "1.8 kg", "warranty": "36 months"}
"""
FAQ = """question,answer
When does the clinic open?,The clinic opens at a quarter to eight.
Where can I park?,Parking is free behind the house.
"""
SALES = """# Boats and parts

Net sales by product:

| Product | 2023 | 2022 |
|---|---|---|
| Dinghies | 4,120 | 3,900 |
| Sails | 1,310 | 1,275 |

The costs of the year were as follows.

| | 2023 | 2022 |
|---|---|---|
| Operating income | 812 | 760 |
| Marketing | 95 | 88 |
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, model: Model, encoder: Encoder) -> Engine:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "files").mkdir()
    for name, content in (
        ("prices.csv", PRICES),
        ("tools.jsonl", SAWS),
        ("faq.csv", FAQ),
        ("sales.md", SALES),
    ):
        (folder / "files" / name).write_text(content)
    sync(open_store(folder / "store"), [folder / "files"], model, encoder)
    return Engine.open(folder / "store", threshold=0.0)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("how much does the monitor cost", "399"),
        ("What is the price of the standing desk?", "549"),
        ("who supplies the laptop stand", "Aluminium Works"),
        ("price of noise-cancelling headphones", "299"),
        ("what does the saw S50 weigh", "3.2 kg"),
        ("how long is the warranty of the drill", "36 months"),
    ],
)
def test_a_row_is_quoted_whole_so_that_the_value_is_in_the_answer(
    engine: Engine, question: str, value: str
) -> None:
    answer = engine.ask(question)
    assert answer.text
    assert value in answer.text
    first = answer.citations[0]
    assert first.cited_text == first.document.text


def test_of_a_question_and_its_answer_the_answer_is_quoted(engine: Engine) -> None:
    answer = engine.ask("when does the clinic open")
    assert answer.text == "The clinic opens at a quarter to eight."


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("net sales of dinghies in 2023", "| Dinghies | 4,120 | 3,900 |"),
        ("sales of dinghies and sails in 2023", "| Dinghies | 4,120 | 3,900 |"),
        ("operating income in 2023", "| Operating income | 812 | 760 |"),
        ("operating income of dinghies in 2023", None),
        ("How much marketing for sails was there in 2022?", None),
    ],
)
def test_no_row_is_quoted_for_what_another_table_has_a_row_of(
    engine: Engine, question: str, row: str | None
) -> None:
    quoted = [quote.key.text for quote in engine.trace(question).ranked]
    rows = [text for text in quoted if text.startswith("|")]
    assert (row in rows) if row else not rows
