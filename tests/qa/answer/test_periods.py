"""Which period a question asks for, and which columns are of it."""

from datetime import date

import pytest

from qa.answer.periods import asked_period, fitting, period_of

INCOME = [f"{months} Months Ended {day}" for months in ("Three", "Nine") for day in (
    "September 30, 2022", "September 30, 2021"
)]  # fmt: skip
BALANCE = ["September 30, 2022", "December 31, 2021"]
YEARS = ["2021", "2022", "2023"]


@pytest.mark.parametrize(
    ("question", "columns", "fits"),
    [
        ("sales in Q3 2022", INCOME, [True, False, False, False]),
        ("sales, 3 months to Sept 30 2021", INCOME, [False, True, False, False]),
        ("sales in the first nine months of 2022", INCOME, [False, False, True, False]),
        ("sales in the 39 weeks to 1 October 2022", INCOME, [False, False, True, False]),
        ("sales in the September 2022 quarter", INCOME, [True, False, False, False]),
        ("sales in the quarter ended June 30, 2022", INCOME, [False] * 4),
        ("sales in Q3 2019", INCOME, [False] * 4),
        ("inventories as of 9/30/2022", BALANCE, [True, False]),
        ("inventories at the end of 2021", BALANCE, [False, True]),
        ("inventories on June 30, 2022", BALANCE, [False, False]),
        ("inventories", BALANCE, [None, None]),
        ("employees in 2022", YEARS, [False, True, False]),
        ("employees in 2018", YEARS, [False] * 3),
        ("employees since 2018", YEARS, [None] * 3),
        ("employees in 2022", [*YEARS, "Change"], [False, True, False, None]),
        ("employees in 2022", ["Rome", "Oslo"], [None, None]),
    ],
)
def test_a_column_is_of_the_period_asked_for_or_of_another_or_does_not_say(
    question: str, columns: list[str], fits: list[bool | None]
) -> None:
    assert fitting(asked_period(question), columns) == fits


REPORT = (
    "For the quarterly period ended October 30, 2022. Sales in the third quarter of fiscal 2023."
)


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("sales in the third quarter of fiscal 2023", [True, False]),
        ("sales in Q3 2022", [False, True]),
        ("sales in Q2 2023", [False, False]),
        ("sales in the first nine months of fiscal 2022", [False, True]),
    ],
)
def test_a_quarter_is_the_one_that_the_document_counts_so(question: str, fits: list[bool]) -> None:
    columns = ["October 30, 2022", "October 31, 2021"]
    assert fitting(asked_period(question, REPORT), columns) == fits


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("due on 2024-05-05", date(2024, 5, 5)),
        ("due on 5/5/2024", date(2024, 5, 5)),
        ("\u017fep 30, 2022", date(2022, 9, 30)),  # a long s, which is an s without case
    ],
)
def test_a_day_is_read_whatever_its_month_and_letters(text: str, day: date) -> None:
    assert period_of(text).dates == ((day, day),)
    assert period_of("\u017fix months ended").months == 6
