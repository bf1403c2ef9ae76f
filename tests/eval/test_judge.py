"""What was found at which rank, which citations are on the gold, how many characters are."""

import numpy as np
import pytest

from eval.characters import overlap
from eval.judge import judge, rank_documents, rank_passages
from eval.questions import GoldSpan, Question
from eval.records import Found, Overlap, Ranking
from index.records import ChunkedDocument, Document, Passage, Span
from qa.pool import Pool
from qa.records import Answer, Citation, Hit, Place
from qa.tracing import Trace

TEXT = "0123456789" * 10
QUOTE = GoldSpan("a", Span(20, 30))


def document(name: str) -> Document:
    return Document(name, f"notes/{name}.txt", "", TEXT, "text/plain", "text/1", "", "")


A, B = document("a"), document("b")


def passage(owner: Document, start: int, end: int) -> Passage:
    return Passage(f"{owner.id}:{start}-{end}", owner.id, start, end, (), (Span(start, end),))


def hit(owner: Document, start: int, end: int, *also_in: Place) -> Hit:
    return Hit(owner, passage(owner, start, end), 0.5, (), also_in)


def corpus(*passages: Passage) -> dict[str, ChunkedDocument]:
    """Both documents, cut into these passages."""
    return {
        each.id: ChunkedDocument(each, tuple(p for p in passages if p.document_id == each.id), ())
        for each in (A, B)
    }


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
    ranking = rank_passages([found], [QUOTE], corpus(passage(A, 0, 50)))
    assert (ranking.found == (Found(1),)) is expected


def test_every_passage_that_holds_a_quote_is_relevant():
    quotes = [QUOTE, GoldSpan("a", Span(61, 69)), GoldSpan("b", Span(5, 6))]
    cut = corpus(*(passage(A, at, at + 10) for at in (0, 20, 60)), passage(B, 0, 10))
    hits = [hit(B, 50, 59), hit(A, 60, 70), hit(A, 0, 10), hit(A, 20, 30)]
    # relevant are a:60-70 and a:20-30, found at 2 and 4, and b:0-10, which was not returned
    assert rank_passages(hits, quotes, cut) == Ranking((Found(2), Found(4)), (1,), 4)
    assert rank_passages(hits[:1], quotes, cut) == Ranking((), (1, 1, 1), 1)
    assert rank_passages([], quotes, cut).first is None


def test_a_passage_that_was_collapsed_counts_with_the_one_that_shows_it():
    quotes = [QUOTE, GoldSpan("b", Span(40, 50))]
    cut = corpus(passage(A, 20, 30), passage(B, 35, 55))
    shown_together = [hit(A, 20, 30, Place(B, Span(35, 55)))]
    assert rank_passages(shown_together, quotes, cut) == Ranking((Found(1),), (), 1)


def test_a_quote_that_the_chunker_cut_in_two_cannot_be_found_and_counts():
    cut = corpus(passage(A, 0, 25), passage(A, 25, 50))
    assert rank_passages([hit(A, 0, 25)], [QUOTE], cut) == Ranking((), (1,), 1)


def test_documents_are_ranked_with_their_grades():
    ranking = rank_documents(["x", "b", "y", "a"], {"a": 1, "b": 2, "c": 3, "d": 1})
    assert ranking == Ranking((Found(2, 2), Found(4, 1)), (3, 1), 4)
    many = [f"d{i}" for i in range(60)]
    assert rank_documents(many, {"d49": 1, "d50": 1}) == Ranking((Found(50),), (1,), 50)


@pytest.mark.parametrize(
    ("gold", "shown", "expected"),
    [
        ([(0, 10)], [(5, 20)], Overlap(10, 15, 5)),
        ([(0, 10), (5, 12)], [(0, 3), (2, 4), (11, 30)], Overlap(12, 23, 5)),  # 0-4 and 11-12
        ([(0, 10)], [], Overlap(10, 0, 0)),
        ([(0, 10), (10, 20)], [(0, 20)], Overlap(20, 20, 20)),
    ],
)
def test_characters_count_once(gold, shown, expected):
    spans = [[GoldSpan("a", Span(*each)) for each in which] for which in (gold, shown)]
    assert overlap(*spans) == expected
    elsewhere = [GoldSpan("b", Span(*each)) for each in gold]
    assert overlap(elsewhere, spans[1]).both == 0


def judged(question: Question, *places: tuple[Document, int, int]):
    citations = tuple(Citation(n, d, (), s, e) for n, (d, s, e) in enumerate(places, 1))
    found = hit(A, 0, 50)
    answer = Answer(
        "?", bool(places), 0.7, "…" if places else None, (), citations, (found,), "s", "m", 3.5
    )
    trace = Trace("?", np.zeros(3, np.float32), Pool((), None, ()), (), (), 0.6, 0.0)  # type: ignore[arg-type]
    return judge(question, corpus(passage(A, 0, 50)), trace, answer)


def test_citations_count_if_they_overlap_a_quote():
    question = Question("q-1", "?", "answerable", "gold, line 1", "report", (QUOTE,))
    # one shared character; none; elsewhere
    result = judged(question, (A, 29, 40), (A, 30, 40), (B, 20, 30))
    assert [each.on_gold for each in result.citations] == [True, False, False]
    assert [(e.source, e.start, e.end) for e in result.gold] == [("notes/a.txt", 20, 30)]
    assert result.gold[0].text == "0123456789"
    assert result.cited == Overlap(gold=10, shown=21, both=1)
    assert (result.score, result.confidence, result.took_ms) == (0.6, 0.7, 3.5)


def test_verdicts():
    question = Question("q-1", "?", "answerable", "gold, line 1", "report", (QUOTE,))
    assert judged(question).verdict == "missed"
    # what is cited does not stand in the trace, which knows of no quote
    assert judged(question, (A, 0, 9)).verdict == "off the gold"
    near = Question("q-2", "?", "near-miss", "gold, line 2")
    assert judged(near).verdict == "abstained"
    assert judged(near, (A, 0, 9)).verdict == "false answer"
    assert judged(near).ranking is None
