"""A sentence about the row of a table says its name, and takes figures from the right column."""

import pytest

from qa.read.windows import Window
from qa.written.rows import mistaken_row
from qa.written.sources import sources_of
from tests.qa.conftest import Library

TABLE = """\
Sales by segment (in millions)

| Segment | Three months ended June 25, 2022 | Three months ended June 26, 2021 |
|---|---|---|
| Products | 63,355 | 63,948 |
| Services | 19,604 | 17,486 |
| Cost of services (1) | 5,589 | 5,280 |
"""


@pytest.fixture(scope="module")
def rows(library: Library) -> dict[str, Window]:
    """The windows of the table's rows, by their names."""
    answer = library({"sales.md": TABLE}).ask("What were the sales of services in 2022?")
    windows = [window for source in sources_of(answer) for window in source.windows]
    named = {
        name: w for w in windows for name in ("Products", "Cost", "Services") if name in w.text
    }
    assert all(window.units[0].kind == "row" for window in named.values())
    return named


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Services", "Services brought in $19,604 million in 2022."),
        ("Services", "Services rose from 17,486 in 2021 to 19,604 in 2022."),
        ("Services", "In the quarter that ended on June 26, 2021, services were 17,486."),
        ("Services", "Services came to 19,604."),
        ("Cost", "The cost of services was 5,589 in 2022."),
        ("Products", "Products fell to 63,355 in the three months ended June 25, 2022."),
    ],
)
def test_a_faithful_sentence_fits_its_row(
    name: str, sentence: str, rows: dict[str, Window]
) -> None:
    assert mistaken_row(sentence, rows[name]) is None


@pytest.mark.parametrize(
    ("name", "sentence", "check"),
    [
        ("Services", "Services brought in $17,486 million in 2022.", "date"),
        ("Services", "Products brought in $19,604 million in 2022.", "name"),
        ("Services", "Services were 19,604 in the three months ended June 26, 2021.", "date"),
        ("Cost", "Research was 5,589 in 2022.", "name"),
        ("Products", "Net income was 63,355 in 2022.", "name"),
    ],
)
def test_another_row_or_column_is_found(
    name: str, sentence: str, check: str, rows: dict[str, Window]
) -> None:
    mistake = mistaken_row(sentence, rows[name])
    assert mistake is not None
    assert mistake.name == check
    assert mistake.fault
