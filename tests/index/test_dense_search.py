"""Search by vectors finds what comparing all of them finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.search.dense import Codes, DenseIndex, bring_in, make_codes, read_codes
from index.store.stack import Stack

DIMENSION = 128
SELECTIVITIES = (0.001, 0.01, 0.1, 0.5, 0.9)

Halves = NDArray[np.float16]
Cosines = NDArray[np.float32]


def made(count: int, seed: int) -> Halves:
    """Unit vectors that vary in few directions, as those of texts do, some of them the same."""
    chance = np.random.default_rng(seed)
    directions = np.random.default_rng(0).standard_normal((DIMENSION // 4, DIMENSION))
    vectors = chance.standard_normal((count, DIMENSION // 4)) @ directions
    vectors += chance.standard_normal((count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[count // 2 :: 7] = vectors[: len(vectors[count // 2 :: 7])]
    return vectors.astype(np.float16)


def in_shards(vectors: Halves, shards: int = 5) -> Stack:
    return Stack(np.array_split(vectors, shards))


def cosines_of(vectors: Halves, question: Cosines) -> Cosines:
    found: Cosines = vectors.astype(np.float32) @ question
    return found


def assert_nearest(
    found: list[tuple[int, float]], cosines: Cosines, limit: int, rows: NDArray[np.bool_]
) -> None:
    """The cosines are the best there are, and those of their rows; equal ones in row order."""
    best = np.sort(cosines[rows])[::-1][:limit]
    assert [score for _, score in found] == pytest.approx(best, abs=1e-5)
    assert [score for _, score in found] == pytest.approx(
        cosines[[row for row, _ in found]], abs=1e-5
    )
    assert len({row for row, _ in found}) == len(found)
    assert all(rows[row] for row, _ in found)
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


def recall(found: list[tuple[int, float]], cosines: Cosines, rows: NDArray[np.bool_]) -> float:
    """Return the share of the results that are as near as the last of the nearest."""
    least = np.sort(cosines[rows])[::-1][len(found) - 1]
    return float(np.mean([score >= least - 1e-5 for _, score in found]))


@given(
    count=st.integers(1, 300),
    limit=st.integers(1, 400),
    shards=st.integers(1, 9),
    share=st.sampled_from([0.0, *SELECTIVITIES, 1.0]),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_exact_search_finds_the_nearest_rows_there_are(
    count: int, limit: int, shards: int, share: float, seed: int
) -> None:
    vectors, question = made(count, seed), made(1, seed + 1)[0].astype(np.float32)
    rows = np.random.default_rng(seed).random(count) < share
    index = DenseIndex(in_shards(vectors, shards))
    cosines = cosines_of(vectors, question)
    assert_nearest(index.search(question, limit), cosines, limit, np.ones(count, np.bool_))
    assert_nearest(index.search(question, limit, rows), cosines, limit, rows)


@pytest.fixture(scope="module")
def vectors() -> Halves:
    return made(30_000, seed=1)


@pytest.fixture(scope="module")
def codes(vectors: Halves) -> Codes:
    return read_codes(make_codes(in_shards(vectors)))


@pytest.fixture(scope="module")
def questions() -> Cosines:
    return made(12, seed=2).astype(np.float32)


@pytest.mark.parametrize("share", [*SELECTIVITIES, 1.0])
def test_codes_find_nearly_all_of_the_nearest(
    vectors: Halves, codes: Codes, questions: Cosines, share: float
) -> None:
    index = DenseIndex(in_shards(vectors), codes)
    rows = np.random.default_rng(3).random(len(vectors)) < share
    shares: list[float] = []
    for question in questions:
        found, cosines = index.search(question, 10, rows), cosines_of(vectors, question)
        assert len(found) == 10
        assert all(rows[row] for row, _ in found)
        assert [c for _, c in found] == pytest.approx(cosines[[r for r, _ in found]], abs=1e-5)
        shares.append(recall(found, cosines, rows))
    assert np.mean(shares) >= 0.99


@pytest.mark.parametrize("share", [*SELECTIVITIES, 1.0])
def test_exact_search_can_be_asked_for_where_there_are_codes(
    vectors: Halves, codes: Codes, questions: Cosines, share: float
) -> None:
    index = DenseIndex(in_shards(vectors), codes)
    rows = np.random.default_rng(3).random(len(vectors)) < share
    for question in questions[:5]:
        found = index.search(question, 100, rows, exact=True)
        assert_nearest(found, cosines_of(vectors, question), 100, rows)


def test_a_filter_far_from_the_question_still_finds_all_it_allows(
    vectors: Halves, codes: Codes, questions: Cosines
) -> None:
    index = DenseIndex(in_shards(vectors), codes)
    cosines = cosines_of(vectors, questions[0])
    farthest = cosines <= np.quantile(cosines, 0.6)
    assert_nearest(index.search(questions[0], 50, farthest), cosines, 50, farthest)


def test_all_rows_are_ranked_when_all_are_asked_for(
    vectors: Halves, codes: Codes, questions: Cosines
) -> None:
    found = DenseIndex(in_shards(vectors), codes).search(questions[0], 2 * len(vectors))
    everything = np.ones(len(vectors), np.bool_)
    assert_nearest(found, cosines_of(vectors, questions[0]), len(vectors), everything)


def test_the_same_vectors_have_the_same_codes_however_they_are_divided(vectors: Halves) -> None:
    few = vectors[:5000]
    assert make_codes(in_shards(few, 1)) == make_codes(in_shards(few, 7))


def test_codes_can_be_made_of_vectors_that_are_all_the_same() -> None:
    same = Stack([np.repeat(made(1, 0), 2000, axis=0)])
    index = DenseIndex(same, read_codes(make_codes(same)))
    assert [row for row, _ in index.search(same.arrays[0][0].astype(np.float32), 3)] == [0, 1, 2]


def test_nothing_is_found_where_there_is_nothing() -> None:
    question = made(1, 0)[0].astype(np.float32)
    assert DenseIndex(Stack([np.empty((0, DIMENSION), np.float16)])).search(question, 5) == []
    assert DenseIndex(Stack([])).search(question, 5) == []


def test_what_is_larger_than_its_share_of_memory_is_not_brought_in(
    vectors: Halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = bring_in([vectors, vectors[:0]])
    assert thread is not None
    thread.join()
    monkeypatch.setattr("index.search.dense.memory_bytes", lambda: vectors.nbytes)
    assert bring_in([vectors]) is None
