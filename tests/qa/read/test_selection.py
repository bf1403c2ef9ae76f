"""Which windows are read: the few that promise most, a row of a table like any other."""

import pytest

from index.search.bm25 import Term
from index.search.terms import stem
from qa.question.query import Coverage
from qa.read.windows import (
    PASSAGES,
    WINDOWS,
    passages_with_rows,
    windows,
    windows_by_promise,
    windows_to_read,
)
from qa.retrieve.candidates import Candidate
from tests.qa.candidates import candidate, pooled


def asking(*words: str) -> Coverage:
    return Coverage.of([Term(stem(word), 1, 1.0) for word in words])


def one(text: str, name: str, score: float = 1.0, title: str = "") -> Candidate:
    return candidate(text, [text], name=name, score=score, title=title)


SUBJECTS = ("Inventories", "Land", "Buildings", "Goodwill", "Cash", "Debt", "Taxes", "Leases")
HEADER = "Item | 2022 | 2021"
ROWS = [
    f"{subject} in {place} | 5,433 | 6,580" for place in ("Rome", "Oslo") for subject in SUBJECTS
]
TABLE = candidate("\n".join([HEADER, *ROWS]), [HEADER, *ROWS])


def test_rows_of_a_table_compete_one_by_one() -> None:
    asked = asking("goodwill", "oslo", "2022")
    best, *_ = windows_to_read([TABLE], asked, 1, rows=0)
    assert best.text == f"{HEADER}\nGoodwill in Oslo | 5,433 | 6,580"
    texts = [
        window.units[0].span.of(TABLE.document.text)
        for window in windows([(TABLE.document, TABLE.passage)])
    ]
    assert texts == ROWS


def test_no_more_windows_are_chosen_than_are_read() -> None:
    assert len(ROWS) > WINDOWS
    chosen = windows_to_read([TABLE], asking("oslo"))
    assert len(chosen) == WINDOWS
    oslo = [window for window in chosen if "Oslo" in window.text]
    assert len(oslo) == len(SUBJECTS), (
        "what holds a word of the question comes before what does not"
    )


def test_a_row_is_read_though_its_passage_is_far_from_the_question() -> None:
    first = [one(f"Costs rose in month {n}.", f"{n}.txt", 0.9) for n in range(PASSAGES)]
    asked = asking("goodwill", "oslo")
    far = passages_with_rows(pooled(*first, TABLE), range(PASSAGES), asked)
    assert [candidate.passage for candidate in far] == [TABLE.passage]
    chosen = windows_to_read([*first, *far], asked)
    rows = [window.text.splitlines()[-1] for window in chosen if window.passage == PASSAGES]
    assert any(row.startswith("Goodwill in Oslo") for row in rows)
    assert len(rows) == len(chosen) - WINDOWS > 0


def test_what_is_chosen_stays_in_the_order_of_the_passages() -> None:
    first, second = one("Frost came.", "a", 0.6), one("Redness fades.", "b", 0.9)
    chosen = windows_to_read([first, second], asking("redness"))
    assert [(window.passage, window.text) for window in chosen] == [
        (0, "Frost came."),
        (1, "Redness fades."),
    ]


@pytest.mark.parametrize("most", [1, 3, 10, 1000])
def test_fewer_windows_are_the_first_by_promise(most: int) -> None:
    asked = asking("oslo", "goodwill")
    promising = windows_by_promise([TABLE], asked)
    chosen = windows_to_read([TABLE], asked, most, rows=0)
    assert sorted(chosen, key=promising.index) == promising[:most]


def test_a_window_promises_its_passage_s_score_and_the_words_it_holds() -> None:
    asked = asking("redness", "fade")
    near, wordy = one("Frost came.", "a", 0.9), one("Redness fades.", "b", 0.5)
    assert [window.passage for window in windows_to_read([near, wordy], asked, 1)] == [1]
    far = one("Redness fades.", "b", 0.0)
    better = one("Redness came.", "a", 0.9)
    assert [window.passage for window in windows_to_read([better, far], asked, 1)] == [0]


def test_words_of_the_title_count_for_every_window_below_it() -> None:
    asked = asking("redness", "fade")
    (titled,) = windows_to_read([one("It fades soon.", "a", title="Redness")], asked)
    (plain,) = windows_to_read([one("It fades soon.", "b")], asked)
    assert [asked.share(window.held.whole) for window in (titled, plain)] == [1.0, 0.5]


def test_a_word_of_the_question_counts_though_its_stem_is_a_common_word() -> None:
    asked = asking("wills", "witness")
    (window,) = windows_to_read([one("A will needs two witnesses.", "a")], asked)
    assert asked.share(window.held.whole) == 1.0


def test_no_passages_are_no_windows() -> None:
    assert windows_to_read([], asking("redness")) == []
