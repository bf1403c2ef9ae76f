"""What passages and documents score by words."""

from math import log

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import headings_and_context
from index.search.bm25 import K1, B, Lexicon, Term, greatest
from index.search.postings import Postings
from index.search.terms import terms
from tests.index.chunked import chunked, lexicon_of

DOCUMENTS = (
    chunked("It fades within two days.", "Redness that stays is looked at.", path=("Redness",)),
    chunked(
        "Frost bursts pipes. Frost is cold.",
        "Pipes fade in the sun.",
        title="Frost",
        path=("Pipes",),
    ),
    chunked("Bread needs salt, flour, water and the patience of a baker."),
    chunked("The days of the baker begin at two in the morning."),
)
PASSAGES = [(whole.document, passage) for whole in DOCUMENTS for passage in whole.passages]


@pytest.fixture
def lexicon() -> Lexicon[Postings]:
    return lexicon_of(*DOCUMENTS)


def asked_for(question: str, lexicon: Lexicon[Postings]) -> list[Term]:
    times = {term: terms(question).count(term) for term in terms(question)}
    return [Term(term, count, lexicon.weight(term)) for term, count in times.items()]


@pytest.mark.parametrize("question", ["redness fades", "frost pipes days", "days days baker", "x"])
def test_a_passage_scores_what_another_bm25_says(lexicon: Lexicon[Postings], question: str) -> None:
    corpus: list[list[str]] = []
    for document, passage in PASSAGES:
        above = headings_and_context(document, passage)
        headed = [term for heading in above for term in terms(heading)] * 3
        corpus.append(terms(passage.span.of(document.text)) + headed)
    other = bm25s.BM25(k1=K1, b=B, method="lucene")
    other.index(corpus, show_progress=False)
    asked = asked_for(question, lexicon)
    theirs = np.zeros(len(corpus))
    for term in asked:
        theirs += term.times * other.get_scores([term.text]) * (term.text in other.vocab_dict)
    ours = lexicon.scores(asked, np.arange(len(corpus)))[0]
    # bm25s leaves out the factor k1 + 1, as Lucene does; it is the same for all.
    assert ours == pytest.approx(theirs * (K1 + 1), rel=1e-5)


def test_a_document_scores_as_one_passage_of_all_its_text(lexicon: Lexicon[Postings]) -> None:
    asked = asked_for("frost pipes", lexicon)
    rows = np.arange(len(PASSAGES))
    scores = lexicon.scores(asked, rows)[1]
    documents = [document for document, _ in PASSAGES]
    mean = sum(lexicon.document_lengths[np.unique(lexicon.firsts)]) / len(DOCUMENTS)
    for row in rows:
        own = [other for other in rows if documents[other] is documents[row]]
        expected = 0.0
        for term in asked:
            held_by, counts = lexicon.postings.of(term.text)
            count = sum(int(c) for r, c in zip(held_by, counts, strict=True) if r in own)
            norm = K1 * (1 - B + B * lexicon.document_lengths[row] / mean)
            expected += term.weight * count * (K1 + 1) / (count + norm)
        assert scores[row] == pytest.approx(expected, rel=1e-5)


def test_the_rarer_a_term_the_more_it_weighs_and_a_missing_one_most(
    lexicon: Lexicon[Postings],
) -> None:
    weights = [lexicon.weight(term) for term in ("day", "frost", "zwieback")]
    assert weights == sorted(weights)
    assert weights[-1] == pytest.approx(log(1 + (len(PASSAGES) + 0.5) / 0.5))


def test_a_document_holds_the_terms_of_all_its_passages(lexicon: Lexicon[Postings]) -> None:
    asked = asked_for("frost sun baker", lexicon)
    held = [lexicon.held_by_document(asked, row) for row in range(len(PASSAGES))]
    assert held == [set(), set(), *[{"frost", "sun"}] * 2, {"baker"}, {"baker"}]


@given(st.lists(st.floats(0, 9, width=32), min_size=1, max_size=40), st.integers(1, 50))
def test_the_greatest_are_the_first_of_all_in_order(values: list[float], limit: int) -> None:
    found = greatest(np.array(values, np.float32), limit).tolist()
    assert found == sorted(range(len(values)), key=lambda place: (-values[place], place))[:limit]


def test_no_passage_is_found_where_there_is_none() -> None:
    lexicon = lexicon_of()
    rows, scores = lexicon.best(asked_for("frost", lexicon), 3)
    assert (rows.tolist(), scores.tolist()) == ([], [])
