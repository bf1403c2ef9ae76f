"""How much of a question's words texts hold."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.search.bm25 import Term
from qa.question.query import LEAST_WEIGHT, Compound, Query

WORDS = tuple("abcdefg")
terms = st.lists(
    st.builds(Term, st.sampled_from(WORDS), st.just(1), st.floats(0.01, 5)),
    unique_by=lambda term: term.text,
)
compounds = st.lists(
    st.builds(
        Compound,
        st.builds(Term, st.sampled_from(("ab", "cd", "a")), st.just(1), st.just(1.0)),
        st.frozensets(st.sampled_from(WORDS), max_size=2),
    ),
    unique_by=lambda compound: compound.term.text,
)
texts = st.lists(st.frozensets(st.sampled_from((*WORDS, "ab", "cd"))), max_size=4)


def compound(text: str, part: str) -> Compound:
    return Compound(Term(text, 1, 1.0), frozenset({part}))


@example([Term("b", 1, 1.0)], [compound("a", "b"), compound("ab", "a")], [frozenset({"ab"})])
@given(terms, compounds, texts)
def test_texts_hold_together_what_any_of_them_holds_and_a_compound_its_parts(
    asked: list[Term], joined: list[Compound], held_by: list[frozenset[str]]
) -> None:
    coverage = Query("?", "?", (), tuple(asked), tuple(joined)).coverage
    there = {*frozenset().union(*held_by)}
    for each in joined:
        if each.term.text in frozenset().union(*held_by):
            there |= each.parts
    found = sum(term.weight for term in asked if term.text in there)
    together = 0
    for text in held_by:
        together |= coverage.held(text)
    total = max(sum(term.weight for term in asked), LEAST_WEIGHT)
    assert coverage.share(together) == pytest.approx(found / total)
