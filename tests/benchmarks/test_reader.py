"""How the reader is measured: ranks, and what is fitted on one half and used on the other."""

import numpy as np
import pytest

from benchmarks.reader.evidence import Retrieved
from benchmarks.reader.measures import Read, mixed, rank_of_first, ranking, separation, success


def read(number, *, kind, logits, relevant=(), confidence=0.5):
    found = Retrieved(
        question=f"What is number {number}?",
        kind=kind,
        confidence=confidence,
        rank_before=0,
        relevant=np.array(relevant or [False] * len(logits)),
        scores=np.linspace(1, 0.5, len(logits)),
        windows=(),
    )
    return Read(found, np.array(logits, np.float64))


@pytest.mark.parametrize(
    ("scores", "relevant", "passages", "rank"),
    [
        ([1.0, 3.0, 2.0], [True, False, False], 3, 3),  # in order of scores: 2nd, 3rd, 1st
        ([1.0, 3.0, 2.0], [True, False, False], 1, 1),  # only the first is ranked anew
        ([1.0, 3.0, 2.0], [False, False, True], 2, 3),  # the third follows the first two
        ([1.0, 1.0], [False, True], 2, 2),  # equal scores stay in order
        ([1.0], [False], 3, 0),
    ],
)
def test_the_rank_of_the_first_relevant_passage(scores, relevant, passages, rank):
    assert rank_of_first(np.array(scores), np.array(relevant), passages) == rank


def test_success_counts_ranks_up_to_k():
    assert success([1, 2, 0, 4], 1).value == 0.25
    assert success([1, 2, 0, 4], 3).value == 0.5


def test_separation_is_the_share_of_pairs_in_order():
    # answerable 3 and 1, others 2: one of two pairs is in order
    found = separation(np.array([3.0, 1.0, 2.0]), np.array([True, True, False]))
    assert found.value == 0.5
    assert found.low <= found.value <= found.high


def test_a_model_is_used_on_the_half_that_it_was_not_fitted_on():
    """With labels that are right in one half and turned round in the other, it must do badly."""
    from training.rows import share

    given = []
    for number in range(400):
        other_half = share(f"What is number {number}?") < 0.5
        answerable = number % 2 == 0
        high = answerable != other_half
        kind = "answerable" if answerable else "near-miss"
        given.append(read(number, kind=kind, logits=[3.0 if high else -3.0]))
    scores = mixed({"one": given}, 5)["one"]
    kinds = np.array([each.found.kind == "answerable" for each in given])
    assert separation(scores, kinds).value < 0.1


def test_passages_are_ranked_by_what_tells_relevant_ones():
    given = [
        read(number, kind="answerable", logits=[-2.0, 2.0], relevant=[False, True])
        for number in range(40)
    ]
    for scores in ranking({"one": given}, 2)["one"]:
        assert rank_of_first(scores, np.array([False, True]), 2) == 1
