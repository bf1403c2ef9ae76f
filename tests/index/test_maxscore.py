"""The best passages by words: those of scoring every passage for every word."""

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.search import bm25
from index.search.bm25 import Lexicon, Scores, Term, score
from index.search.postings import Postings, Terms
from index.search.word_list import WordList

LETTERS = "abcdefgh"
asked_for = st.tuples(st.sampled_from(LETTERS + "z"), st.integers(1, 3))
shares = st.lists(st.sampled_from([0.0, 0.002, 0.02, 0.2, 0.7, 1.0]), min_size=8, max_size=8)


def lexicon_of(
    shares_held: Sequence[float],
    passages: int,
    seed: int,
    most: int,
    alive: NDArray[np.bool_] | None = None,
) -> Lexicon[Postings]:
    """Return a lexicon in which each letter stands in such a share of passages, `most` times."""
    random = np.random.default_rng(seed)
    rows = [np.flatnonzero(random.random(passages) < share) for share in shares_held]
    counts = [random.integers(1, most + 1, len(each)) for each in rows]
    lengths = np.full(passages, 3) if most == 1 else random.integers(1, 60, passages)
    none = np.zeros(0, np.int64)
    terms = Terms(
        vocabulary=WordList.of(LETTERS),
        held=np.array([len(each) if alive is None else alive[each].sum() for each in rows]),
        starts=np.cumsum([0, *map(len, rows)]),
        rows=np.concatenate(rows).astype(np.int32),
        counts=np.concatenate(counts).astype(np.uint8),
        words=WordList.of(()),
        said=none,
        headed=none,
        word_terms=none.astype(np.int32),
        forms=WordList.of(LETTERS),
    )
    begins = random.random(passages) < 0.5
    numbers = np.cumsum(begins) - int(begins[0])
    sizes = np.bincount(numbers)
    ends = np.cumsum(sizes)
    return Lexicon.of(
        Postings(terms, Terms.empty()),
        firsts=(ends - sizes)[numbers].astype(np.int32),
        ends=ends[numbers].astype(np.int32),
        lengths=lengths.astype(np.int32),
        document_lengths=np.bincount(numbers, lengths)[numbers].astype(np.int32),
        alive=alive,
        passages=passages if alive is None else int(alive.sum()),
        documents=len(sizes),
        total_length=int(lengths.sum() if alive is None else lengths[alive].sum()),
    )


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a small corpus one of many stretches, in which looking up soon pays."""
    monkeypatch.setattr(bm25, "FIRST_STRETCH", 32)
    monkeypatch.setattr(bm25, "LONGEST_STRETCH", 256)
    monkeypatch.setattr(bm25, "LOOK_UP_COST", 2)


@given(
    shares_held=shares,
    passages=st.integers(1, 1500),
    seed=st.integers(0, 99),
    most=st.sampled_from([1, 3, 255]),
    asked=st.lists(asked_for, unique_by=itemgetter(0)),
    limit=st.integers(1, 40),
    allowed_share=st.sampled_from([None, 0.0, 0.01, 0.5]),
    alive_share=st.sampled_from([None, 0.0, 0.2, 0.9]),
)
@example([1.0] * 8, 900, 0, 1, [("a", 1), ("b", 1)], 5, None, None)
@example([1.0] * 8, 900, 0, 1, [("a", 1), ("b", 1)], 5, None, 0.5)
def test_what_is_found_is_what_scoring_everything_finds(
    shares_held: Sequence[float],
    passages: int,
    seed: int,
    most: int,
    asked: Sequence[tuple[str, int]],
    limit: int,
    allowed_share: float | None,
    alive_share: float | None,
) -> None:
    alive = None
    if alive_share is not None:
        alive = np.random.default_rng(seed + 2).random(passages) < alive_share
    lexicon = lexicon_of(shares_held, passages, seed, most, alive)
    terms = [Term(letter, times, lexicon.weight(letter)) for letter, times in asked]
    allowed = None
    scores = lexicon.scores(terms, np.arange(passages))[0]
    if allowed_share is not None:
        allowed = np.random.default_rng(seed + 1).random(passages) < allowed_share
        scores = np.where(allowed, scores, np.float32(0))
    if alive is not None:
        assert not scores[~alive].any()
    rows, found = lexicon.best(terms, limit, allowed)
    holding = np.flatnonzero(scores)
    assert rows.tolist() == holding[np.argsort(-scores[holding], kind="stable")][:limit].tolist()
    assert found.tolist() == scores[rows].tolist()


@given(shares_held=shares, passages=st.integers(1, 400), seed=st.integers(0, 99))
def test_documents_score_as_one_passage_of_all_their_text(
    shares_held: Sequence[float], passages: int, seed: int
) -> None:
    lexicon = lexicon_of(shares_held, passages, seed, 3)
    terms = [Term(letter, 1, lexicon.weight(letter)) for letter in "ahz"]
    _, numbers = np.unique(lexicon.firsts, return_inverse=True)
    held = {
        letter: np.bincount(numbers[rows], counts, numbers[-1] + 1)
        for letter in "ahz"
        for rows, counts in [lexicon.postings.of(letter)]
    }
    lengths = lexicon.document_lengths[np.unique(lexicon.firsts)]
    norms = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    expected = sum(
        term.weight * 2.2 * held[term.text] / (held[term.text] + norms) for term in terms
    )
    rows = np.random.default_rng(seed).permutation(passages)[:50]
    assert lexicon.scores(terms, rows)[1] == pytest.approx(expected[numbers[rows]], rel=1e-5)


def test_passages_that_cannot_get_there_are_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon = lexicon_of([0.01, 0.9, 0.9, 0.9, 0, 0, 0, 0], 5000, 0, 1)
    scored: list[int] = []

    def counted(bound: float, counts: NDArray[np.uint8], norms: Scores) -> Scores:
        scored.append(len(counts))
        return score(bound, counts, norms)

    monkeypatch.setattr(bm25, "score", counted)
    terms = [Term(letter, 1, lexicon.weight(letter)) for letter in "abcd"]
    rows, _ = lexicon.best(terms, 10)
    assert len(rows) == 10
    assert sum(scored) < len(lexicon.postings.base.rows) / 3
