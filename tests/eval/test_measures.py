"""Each measure on examples small enough to be worked out by hand, and against other code."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.measures import BY_NAME, measure
from eval.measures.formulas import risk_coverage
from eval.measures.table import Table
from eval.records import Excerpt, Found, Overlap, Ranking, Result, Written


def result(kind="answerable", on_gold=0, of=0, confidence=0.5, took_ms=1.0, **more) -> Result:
    """A result with `on_gold` of its `of` citations on the gold; answered if it cites anything."""
    citations = tuple(Excerpt("a.txt", i, i + 1, "x", i < on_gold) for i in range(of))
    fields = {"answered": of > 0, "right": on_gold > 0, "gold": ()} | more
    return Result(
        id="q",
        question="?",
        kind=kind,
        split="tune",
        score=confidence,
        confidence=confidence,
        answer="text" if of else None,
        citations=citations,
        took_ms=took_ms,
        **fields,
    )


def ranking(*ranks: int, missed: int = 0, depth: int = 10) -> Ranking:
    return Ranking(tuple(map(Found, ranks)), (1,) * missed, depth)


def values(results) -> dict[str, float]:
    return {name: estimate.value for name, estimate in measure(results).items()}


def test_ranking_measures():
    found = values(
        [
            result(ranking=ranking(1, 3, missed=2)),
            result(ranking=ranking(4)),
            result(ranking=ranking(missed=1)),
        ]
    )
    # reciprocal ranks: (1/1 + 1/4 + 0) / 3
    assert found["mrr_at_10"] == pytest.approx(1.25 / 3)
    # ranks 1 and 3 of 4 relevant: (1/log2(2) + 1/log2(4)) over the best, ranks 1 to 4
    first = (1 + 1 / 2) / sum(1 / math.log2(rank + 1) for rank in (1, 2, 3, 4))
    # rank 4 of 1 relevant: 1/log2(5) over 1
    assert found["ndcg_at_10"] == pytest.approx((first + 1 / math.log2(5) + 0) / 3)
    # of 4, 1 and 1 relevant: 1, 0, 0 in the first; 2, 0, 0 in the first 3; 2, 1, 0 in the first 5
    assert found["recall_at_1"] == pytest.approx((1 / 4) / 3)
    assert found["recall_at_3"] == pytest.approx((2 / 4) / 3)
    assert found["recall_at_5"] == pytest.approx((2 / 4 + 1) / 3)
    assert found["success_at_1"] == pytest.approx(1 / 3)
    assert found["success_at_3"] == pytest.approx(1 / 3)
    assert found["success_at_5"] == pytest.approx(2 / 3)


def test_ndcg_weighs_grades():
    graded = Ranking((Found(1, 1), Found(2, 3)), (2,), 10)
    # gains 1 and 3 at ranks 1 and 2; at best 3, 2, 1
    best = 3 + 2 / math.log2(3) + 1 / 2
    expected = (1 + 3 / math.log2(3)) / best
    assert values([result(ranking=graded)])["ndcg_at_10"] == pytest.approx(expected)


def test_only_the_first_ten_count():
    assert values([result(ranking=ranking(11, depth=50))])["ndcg_at_10"] == 0
    assert values([result(ranking=ranking(11, depth=50))])["mrr_at_10"] == 0


ANSWERABLE = [
    result(on_gold=1, of=2),
    result(of=3),
    result(),
    result(on_gold=2, of=3),
]
UNANSWERABLE = [
    result("near-miss", of=4),
    result("near-miss"),
    result("near-miss", of=1),
    result("far-off"),
]
ALL = [*UNANSWERABLE, *ANSWERABLE]


def test_citing():
    found = values(ALL)
    # 1 of 2, 0 of 3, nothing cited, 2 of 3: two of four questions have a hit
    assert found["citation_hit_rate"] == pytest.approx(2 / 4)
    # (1 + 0 + 0 + 2) / (2 + 3 + 0 + 3); the five of near-misses do not count
    assert found["citation_precision"] == pytest.approx(3 / 8)


def test_answering():
    found = values(ALL)
    assert found["answer_rate"] == pytest.approx(3 / 4)
    assert found["false_answers"] == pytest.approx(2 / 4)
    assert found["false_answers_near_miss"] == pytest.approx(2 / 3)
    assert found["false_answers_far_off"] == 0


def test_characters():
    found = values(
        [
            result(cited=Overlap(10, 20, 5), highlighted=Overlap(10, 10, 10)),
            result(cited=Overlap(10, 0, 0), highlighted=Overlap(10, 30, 0)),
        ]
    )
    assert found["cited_recall"] == pytest.approx((5 / 10 + 0) / 2)
    # nothing is cited in the second, so precision is not defined there
    assert found["cited_precision"] == pytest.approx(5 / 20)
    assert found["cited_iou"] == pytest.approx((5 / 25 + 0) / 2)
    assert found["cited_length"] == pytest.approx(10)
    assert found["highlighted_precision"] == pytest.approx((1 + 0) / 2)
    assert found["highlighted_length"] == pytest.approx(20)


def test_auroc_counts_pairs():
    asked = [result(confidence=c) for c in (0.9, 0.4)]
    asked += [result("near-miss", confidence=c) for c in (0.4, 0.5)]
    # of (.9, .4) (.9, .5) (.4, .4) (.4, .5): above, above, a tie, below
    assert values(asked)["auroc"] == pytest.approx((1 + 1 + 0.5 + 0) / 4)
    assert "auroc_far_off" not in values(asked)


@given(
    st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=2).filter(
        lambda pairs: len({label for _, label in pairs}) == 2
    )
)
def test_auroc_is_that_of_scikit_learn(pairs):
    asked = [
        result("answerable" if label else "far-off", confidence=score / 10)
        for score, label in pairs
    ]
    from sklearn.metrics import roc_auc_score

    expected = roc_auc_score([label for _, label in pairs], [score for score, _ in pairs])
    assert values(asked)["auroc"] == pytest.approx(expected)


def test_risk_and_coverage():
    asked = [
        result(confidence=0.9, on_gold=1, of=1),
        result(confidence=0.5, on_gold=1, of=1),
        result("near-miss", confidence=0.7, of=1),
    ]
    table = Table.of(asked)
    # by confidence: right, not right (unanswerable), right
    assert risk_coverage(table, table.rows("all")) == pytest.approx([0 / 1, 1 / 2, 1 / 3])
    assert values(asked)["aurc"] == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_ties_does_not_matter(turned):
    asked = [result(on_gold=n < 2, of=1, confidence=0.5) for n in range(4)]
    found = measure(asked[::-1] if turned else asked)["aurc"]
    # half of four questions of equal confidence are wrong, so .5 is to be expected of each
    assert found.value == pytest.approx(0.5)
    mixed = [result(confidence=0.9, on_gold=1, of=1), *asked]
    # the risk of the first k, k = 1 to 5: 0 / 1, .5 / 2, 1 / 3, 1.5 / 4, 2 / 5
    expected = (0 + 0.5 / 2 + 1 / 3 + 1.5 / 4 + 2 / 5) / 5
    assert values(mixed[::-1] if turned else mixed)["aurc"] == pytest.approx(expected)


def test_the_interval_of_the_calibration_error_may_reach_zero():
    """A sample's error is too high on average: where there is none, it must not say so."""
    chance = np.random.default_rng(11)
    held = 0
    for _ in range(40):
        confidences = chance.uniform(size=90)
        asked = [result(confidence=c, on_gold=int(chance.uniform() < c), of=1) for c in confidences]
        estimate = measure(asked)["calibration_error"]
        assert estimate.low <= estimate.value <= estimate.high
        held += estimate.low == 0
    assert held >= 36


def test_calibration_error():
    asked = [
        result(confidence=0.93, on_gold=1, of=1),
        result(confidence=0.97, of=1),
        result(confidence=0.15),
    ]
    # the bin 0.9 to 1 has mean confidence .95 and half of its two right: .45; the other .15
    assert values(asked)["calibration_error"] == pytest.approx((2 * 0.45 + 1 * 0.15) / 3)
    certain = [result(confidence=1.0, on_gold=1, of=1)]
    assert values(certain)["calibration_error"] == pytest.approx(0)


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
    found = values([result(took_ms=time) for time in times])
    assert (found["latency_p50_ms"], found["latency_p95_ms"]) == (p50, p95)


def test_what_is_undefined_is_absent_not_zero():
    none_answerable = values(UNANSWERABLE)
    absent = ("success_at_3", "mrr_at_10", "citation_hit_rate", "citation_precision", "auroc")
    assert not none_answerable.keys() & {*absent, "answer_rate", "cited_iou"}
    all_abstained = values([result(), result()])
    assert all_abstained["citation_hit_rate"] == 0
    assert "citation_precision" not in all_abstained
    assert measure([]) == {}


def test_the_interval_holds_the_value_and_narrows_with_more_questions():
    few = measure([result(on_gold=i % 2, of=1) for i in range(200)])["citation_hit_rate"]
    many = measure([result(on_gold=i % 2, of=1) for i in range(2000)])["citation_hit_rate"]
    assert few.low < few.value < few.high
    # normal approximation: .5 ± 1.96 * sqrt(.25 / n), .07 and .022
    assert few.high - few.low == pytest.approx(2 * 1.96 * (0.25 / 200) ** 0.5, abs=0.02)
    assert many.high - many.low == pytest.approx(2 * 1.96 * (0.25 / 2000) ** 0.5, abs=0.004)


def test_the_interval_of_a_share_that_all_agree_on_is_exact():
    none = measure([result("far-off") for _ in range(14)])["false_answers_far_off"]
    # P(0 of 14) = .025 at 1 - .025 ** (1 / 14) = .2316
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(0.2316, abs=1e-4)
    every = measure([result(of=1) for _ in range(14)])["answer_rate"]
    assert (every.value, every.high) == (1, 1)
    assert every.low == pytest.approx(0.7684, abs=1e-4)


def test_a_ratio_is_as_certain_as_the_questions_that_it_is_made_of():
    asked = [result(on_gold=1, of=1), result(on_gold=2, of=2), *(result() for _ in range(56))]
    precision = measure(asked)["citation_precision"]
    # all 3 citations are right, in 2 questions, whose limit is .025 ** (1 / 2)
    assert (precision.value, precision.questions) == (1, 2)
    assert precision.low == pytest.approx(0.158, abs=1e-3)


def test_perfect_separation_is_as_certain_as_the_smaller_group():
    asked = [result(confidence=0.9) for _ in range(29)]
    asked += [result("far-off", confidence=0.1) for _ in range(7)]
    auroc = measure(asked)["auroc_far_off"]
    # the limit of 7 questions that all agree, .025 ** (1 / 7)
    assert (auroc.value, auroc.high) == (1, 1)
    assert auroc.low == pytest.approx(0.590, abs=1e-3)


def test_intervals_are_about_as_wide_as_promised():
    """Of many samples, about 95 in 100 have the true value within the interval."""
    chance = np.random.default_rng(7)
    covered = 0
    for _ in range(60):
        ranks = chance.integers(1, 5, 40)
        estimate = measure([result(ranking=ranking(int(rank))) for rank in ranks])["mrr_at_10"]
        covered += estimate.low <= (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4 <= estimate.high
    assert covered >= 51


def test_every_measure_has_a_name_of_its_own_and_finite_values():
    assert len(BY_NAME) == len({each.label for each in BY_NAME.values()})
    wrote = Written("It is.", 2, ("It was. (date)",), "", False, 1, True, 4, 3, 900.0)
    gold = (Excerpt("a.txt", 0, 3, "It."),)
    full = [
        replace(
            each,
            ranking=ranking(2, missed=1),
            cited=Overlap(9, 5, 4),
            highlighted=Overlap(9, 5, 4),
            gold=gold,
            written=wrote,
        )
        if each.kind == "answerable"
        else each
        for each in ALL
    ]
    found = measure(full)
    assert found.keys() == BY_NAME.keys()
    for estimate in found.values():
        assert math.isfinite(estimate.low)
        assert math.isfinite(estimate.high)
        assert estimate.low <= estimate.value <= estimate.high
