"""Search by vectors finds what comparing all of them finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.search.dense import CODED_FROM, Codes, DenseIndex, bring_in, codes_of, read_codes

DIMENSION = 128
SELECTIVITIES = (0.001, 0.01, 0.1, 0.5, 0.9)

Halves = NDArray[np.float16]
Cosines = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def made(count: int, seed: int) -> Halves:
    """Unit vectors that vary in few directions, as those of texts do, some of them the same."""
    chance = np.random.default_rng(seed)
    directions = np.random.default_rng(0).standard_normal((DIMENSION // 4, DIMENSION))
    vectors = chance.standard_normal((count, DIMENSION // 4)) @ directions
    vectors += chance.standard_normal((count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[count // 2 :: 7] = vectors[: len(vectors[count // 2 :: 7])]
    return vectors.astype(np.float16)


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
    share=st.sampled_from([0.0, *SELECTIVITIES, 1.0]),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_exact_search_finds_the_nearest_rows_there_are(
    count: int, limit: int, share: float, seed: int
) -> None:
    vectors, question = made(count, seed), made(1, seed + 1)[0].astype(np.float32)
    rows = np.random.default_rng(seed).random(count) < share
    index = DenseIndex(vectors)
    cosines = cosines_of(vectors, question)
    assert_nearest(index.search(question, limit), cosines, limit, np.ones(count, np.bool_))
    assert_nearest(index.search(question, limit, rows), cosines, limit, rows)


@pytest.fixture(scope="module")
def vectors() -> Halves:
    return made(30_000, seed=1)


def bytes_of(vectors: Halves, before: Bytes | None = None) -> Bytes:
    content = codes_of(vectors, before)
    assert content is not None
    return content


def codes_for(vectors: Halves, before: Bytes | None = None) -> Codes:
    return read_codes(bytes_of(vectors, before))


@pytest.fixture(scope="module")
def codes(vectors: Halves) -> Codes:
    return codes_for(vectors)


@pytest.fixture(scope="module")
def questions() -> Cosines:
    return made(12, seed=2).astype(np.float32)


@pytest.mark.parametrize("share", [*SELECTIVITIES, 1.0])
def test_codes_find_nearly_all_of_the_nearest(
    vectors: Halves, codes: Codes, questions: Cosines, share: float
) -> None:
    index = DenseIndex(vectors, codes)
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
    index = DenseIndex(vectors, codes)
    rows = np.random.default_rng(3).random(len(vectors)) < share
    for question in questions[:5]:
        found = index.search(question, 100, rows, exact=True)
        assert_nearest(found, cosines_of(vectors, question), 100, rows)


def test_a_filter_far_from_the_question_still_finds_all_it_allows(
    vectors: Halves, codes: Codes, questions: Cosines
) -> None:
    index = DenseIndex(vectors, codes)
    cosines = cosines_of(vectors, questions[0])
    farthest = cosines <= np.quantile(cosines, 0.6)
    assert_nearest(index.search(questions[0], 50, farthest), cosines, 50, farthest)


def test_all_rows_are_ranked_when_all_are_asked_for(
    vectors: Halves, codes: Codes, questions: Cosines
) -> None:
    found = DenseIndex(vectors, codes).search(questions[0], 2 * len(vectors))
    everything = np.ones(len(vectors), np.bool_)
    assert_nearest(found, cosines_of(vectors, questions[0]), len(vectors), everything)


def test_the_same_vectors_have_the_same_codes(vectors: Halves) -> None:
    assert np.array_equal(bytes_of(vectors), bytes_of(vectors.copy()))


@pytest.fixture
def coded_from_1000(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.dense.CODED_FROM", 1000)


def test_few_vectors_have_no_codes(vectors: Halves) -> None:
    assert codes_of(vectors[: CODED_FROM - 1], None) is None


@pytest.mark.usefixtures("coded_from_1000")
def test_codes_are_kept_while_few_rows_come_behind_them(vectors: Halves) -> None:
    before = bytes_of(vectors[:4000])
    assert codes_of(vectors[:4999], before) is before
    assert codes_for(vectors[:5000], before).ntotal == 5000
    assert np.array_equal(bytes_of(vectors[:8000], before), bytes_of(vectors[:8000]))


@pytest.mark.usefixtures("coded_from_1000")
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_rows_without_codes_are_found(vectors: Halves, questions: Cosines, share: float) -> None:
    """They lie behind those that have some."""
    coded, count = 20_000, 20_800
    some, rows = vectors[:count], np.random.default_rng(5).random(count) < share
    index = DenseIndex(some, codes_for(vectors[:coded]))
    for question in questions[:5]:
        found, cosines = index.search(question, 10, rows), cosines_of(some, question)
        behind = np.flatnonzero(rows & (np.arange(count) >= coded))
        last = found[-1][1]
        assert {row for row in behind if cosines[row] > last + 1e-5} <= {row for row, _ in found}
        assert recall(found, cosines, rows) >= 0.9


@pytest.mark.usefixtures("coded_from_1000")
def test_codes_can_be_made_of_vectors_that_are_all_the_same() -> None:
    same = np.repeat(made(1, 0), 2000, axis=0)
    index = DenseIndex(same, codes_for(same))
    assert [row for row, _ in index.search(same[0].astype(np.float32), 3)] == [0, 1, 2]


def test_nothing_is_found_where_there_is_nothing() -> None:
    question = made(1, 0)[0].astype(np.float32)
    assert DenseIndex(np.empty((0, DIMENSION), np.float16)).search(question, 5) == []


def test_what_is_larger_than_its_share_of_memory_is_not_brought_in(
    vectors: Halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = bring_in([vectors, vectors[:0]])
    assert thread is not None
    thread.join()
    monkeypatch.setattr("index.search.dense.memory_bytes", lambda: vectors.nbytes)
    assert bring_in([vectors]) is None
