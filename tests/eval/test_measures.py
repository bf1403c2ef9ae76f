"""Each measure on examples small enough to be worked out by hand."""

import pytest

from eval import measures
from eval.records import Result


def result(kind="answerable", rank=None, cited=0, of=0, answered=None, took_ms=1.0) -> Result:
    """A result with `cited` of its `of` citations on a quote; answered if it cites anything."""
    return Result(
        id="q",
        question="?",
        kind=kind,
        split="tune",
        answered=of > 0 if answered is None else answered,
        confidence=0.5,
        rank=rank,
        cited=cited > 0 if kind == "answerable" else None,
        answer="text" if of else None,
        citations=tuple(f"a.txt:{i}-{i + 1}" for i in range(of)),
        on_quote=cited,
        took_ms=took_ms,
    )


ANSWERABLE = [
    result(rank=1, cited=1, of=2),
    result(rank=4, cited=0, of=3),
    result(rank=None, cited=0, of=0),
    result(rank=2, cited=2, of=3),
]
UNANSWERABLE = [
    result("near-miss", of=4),
    result("near-miss"),
    result("near-miss", of=1),
    result("far-off"),
]
ALL = [*UNANSWERABLE, *ANSWERABLE]


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, 1 / 4),  # ranks 1, 4, none, 2: only the 1 is at most 1
        (3, 2 / 4),  # 1 and 2
        (10, 3 / 4),  # all but none
    ],
)
def test_recall(k, expected):
    assert measures.recall_at(k, ALL) == pytest.approx(expected)


def test_mean_reciprocal_rank():
    # (1/1 + 1/4 + 0 + 1/2) / 4 = 1.75 / 4
    assert measures.mean_reciprocal_rank(ALL) == pytest.approx(0.4375)


def test_citation_hit_rate():
    # 1 of 2, 0 of 3, nothing cited, 2 of 3: two of four questions have a hit
    assert measures.citation_hit_rate(ALL) == pytest.approx(2 / 4)


def test_citation_precision_pools_the_citations_of_answerable_questions():
    # (1 + 0 + 0 + 2) / (2 + 3 + 0 + 3); the five of near-misses do not count
    assert measures.citation_precision(ALL) == pytest.approx(3 / 8)


def test_answer_rates():
    assert measures.answer_rate(ALL) == pytest.approx(3 / 4)
    assert measures.false_answer_rate("near-miss", ALL) == pytest.approx(2 / 3)
    assert measures.false_answer_rate("far-off", ALL) == 0.0


@pytest.mark.parametrize(
    ("times", "p50", "p95"),
    [
        ([7.0], 7.0, 7.0),
        # 4 times: ceil(.5 * 4) = 2nd, ceil(.95 * 4) = 4th
        ([4.0, 1.0, 3.0, 2.0], 2.0, 4.0),
        # 20 times: 10th and 19th, so one slow answer in twenty does not show in p95
        ([*[float(i) for i in range(1, 20)], 900.0], 10.0, 19.0),
    ],
)
def test_latency_is_a_nearest_rank_percentile(times, p50, p95):
    results = [result(took_ms=time) for time in times]
    assert measures.latency(50, results) == p50
    assert measures.latency(95, results) == p95


def test_what_is_undefined_is_absent_not_zero():
    none_answerable = measures.measure(UNANSWERABLE)
    assert none_answerable.recall_at_3 is None
    assert none_answerable.mrr is None
    assert none_answerable.citation_hit_rate is None
    assert none_answerable.citation_precision is None
    assert none_answerable.answer_rate is None
    assert none_answerable.false_answers_near_miss == pytest.approx(2 / 3)
    all_abstained = measures.measure([result(), result()])
    assert all_abstained.recall_at_3 == 0.0
    assert all_abstained.citation_hit_rate == 0.0
    assert all_abstained.citation_precision is None
    assert all_abstained.false_answers_far_off is None
    assert measures.measure([]).latency_p50_ms is None


def test_measure_counts_and_names_what_it_holds():
    found = measures.measure(ALL)
    assert (found.questions, found.answerable, found.near_miss, found.far_off) == (8, 4, 3, 1)
    assert (found.recall_at_1, found.recall_at_3) == (1 / 4, 2 / 4)
    assert (found.recall_at_5, found.recall_at_10) == (3 / 4, 3 / 4)
