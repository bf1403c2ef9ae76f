"""Which passages hold a quote and which citations overlap one."""

import pytest

from eval.gold import GoldRow, GoldSpan
from eval.judge import first_rank, holds_quote, judge
from index.records import Document, Passage, Span
from qa.records import Answer, Citation, Hit, Place

TEXT = "0123456789" * 10
A = Document("a", "notes/a.txt", "", TEXT, "text/plain", "text/1", "", "")
B = Document("b", "notes/b.txt", "", TEXT, "text/plain", "text/1", "", "")
QUOTE = GoldSpan("a", Span(20, 30))


def hit(document: Document, start: int, end: int, *also_in: Place) -> Hit:
    passage = Passage(f"p{start}", document.id, start, end, (), (Span(start, end),))
    return Hit(document, passage, 0.5, (), also_in)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (hit(A, 20, 30), True),  # exactly the quote
        (hit(A, 0, 50), True),
        (hit(A, 21, 50), False),  # the quote's first character is missing
        (hit(A, 0, 29), False),  # its last one is
        (hit(B, 0, 50), False),  # the right offsets in another document
        (hit(B, 0, 50, Place(A, Span(15, 30))), True),  # shown with it
        (hit(B, 0, 50, Place(A, Span(25, 50))), False),
        (hit(A, 0, 25, Place(A, Span(25, 50))), False),  # half here, half there
    ],
)
def test_a_passage_holds_a_quote_only_whole(found, expected):
    assert holds_quote(found, [QUOTE]) is expected


def test_the_first_passage_that_holds_any_quote_counts():
    hits = [hit(B, 0, 9), hit(A, 60, 70), hit(A, 20, 30)]
    assert first_rank(hits, [QUOTE]) == 3
    assert first_rank(hits, [QUOTE, GoldSpan("a", Span(61, 69))]) == 2
    assert first_rank(hits[:1], [QUOTE]) is None
    assert first_rank([], [QUOTE]) is None


def test_citations_count_if_they_overlap_a_quote():
    places = [(A, 29, 40), (A, 30, 40), (B, 20, 30)]  # one shared character; none; elsewhere
    citations = tuple(Citation(n, d, (), s, e) for n, (d, s, e) in enumerate(places, 1))
    answer = Answer("?", True, 0.7, "…", (), citations, (hit(A, 0, 50),), "s", "m", 3.5)
    row = GoldRow.model_validate(
        {
            "id": "q-1",
            "question": "?",
            "kind": "answerable",
            "split": "report",
            "quotes": [{"source": "notes/a.txt", "quote": "0123456789"}],
        }
    )
    found = judge(row, [QUOTE], answer)
    assert (found.on_quote, found.cited, found.rank) == (1, True, 1)
    assert found.citations == ("notes/a.txt:29-40", "notes/a.txt:30-40", "notes/b.txt:20-30")
    assert (found.took_ms, found.confidence, found.split) == (3.5, 0.7, "report")
