"""Two runs compared: what counts as a loss, which questions changed."""

from dataclasses import replace

import pytest

from eval.comparison import compare
from eval.errors import BaselineError
from eval.measures import measure
from eval.records import Found, Ranking
from eval.report.stored import read_run, to_json
from eval.run import evaluate
from tests.eval.shuffled import Shuffled


def with_results(run, results):
    return replace(run, results=tuple(results), measures={"all": measure(results)})


def answerable(run):
    return [result for result in run.results if result.kind == "answerable"]


def first_rank(result):
    return result.ranking.first


def test_a_run_compared_with_itself_differs_in_nothing(run):
    compared = compare(run, run)
    assert [*compared.losses, *compared.better, *compared.worse, *compared.alone] == []
    assert compared.conditions == {}
    for each in compared.differences:
        assert each.before == each.now == run.measures["all"][each.name].value
        assert each.low == each.high == 0
        assert each.verdict == "same"


def test_a_shuffled_ranking_is_a_regression(run, engine, asked):
    compared = compare(evaluate(Shuffled.like(engine), asked), run)
    assert {each.name for each in compared.losses} >= {"ndcg_at_10", "mrr_at_10"}
    assert compared.worse
    for change in compared.worse:
        assert first_rank(change.now) > first_rank(change.before)


def test_the_other_way_round_it_is_a_gain(run, engine, asked):
    compared = compare(run, evaluate(Shuffled.like(engine), asked))
    assert compared.losses == ()
    gains = {each.name for each in compared.differences if each.verdict == "better"}
    assert gains >= {"ndcg_at_10", "mrr_at_10"}


def test_answering_what_cannot_be_answered_is_a_loss(run):
    answered = [
        replace(result, answered=True) if result.kind != "answerable" else result
        for result in run.results
    ]
    silent = [
        replace(result, answered=False) if result.kind != "answerable" else result
        for result in run.results
    ]
    compared = compare(with_results(run, answered), with_results(run, silent))
    assert {each.name for each in compared.losses} == {
        "false_answers_near_miss",
        "false_answers_far_off",
    }
    assert len(compared.worse) == len(run.results) - len(answerable(run))


def test_one_question_more_or_less_is_no_regression(run):
    first = next(r for r in answerable(run) if r.ranking.first == 1)
    lower = replace(first, ranking=Ranking((Found(4),), (), 10))
    results = [lower if result is first else result for result in run.results]
    compared = compare(with_results(run, results), run)
    assert compared.losses == ()
    assert [change.now.id for change in compared.worse] == [first.id]
    assert compared.better == ()


def test_paired_differences_are_narrower_than_the_figures(run):
    """What makes questions hard cancels out, for both runs answer the same ones."""
    worse = {r.id for r in answerable(run) if r.ranking.first == 1}
    results = [
        replace(r, ranking=Ranking((Found(2),), (), 10)) if r.id in worse else r
        for r in run.results
    ]
    compared = {each.name: each for each in compare(with_results(run, results), run).differences}
    own = run.measures["all"]["mrr_at_10"]
    mrr = compared["mrr_at_10"]
    assert mrr.verdict == "worse"
    assert mrr.high - mrr.low < own.high - own.low


def test_only_questions_that_both_asked_are_compared(run):
    half = run.results[: len(run.results) // 2]
    renamed = [replace(half[0], gold=()), *half[1:]]  # the same id, and other gold
    compared = compare(run, with_results(run, renamed))
    assert set(compared.alone) == {half[0].id, *(r.id for r in run.results[len(half) :])}
    assert compared.differences[0].questions < run.measures["all"]["ndcg_at_10"].questions


def test_runs_without_a_common_question_are_refused(run):
    other = [replace(result, id=f"other-{result.id}") for result in run.results]
    with pytest.raises(BaselineError, match="has no question in common"):
        compare(run, with_results(run, other))


def test_conditions_that_differ_are_listed(run):
    later = replace(run, settings=replace(run.settings, top_k=5, date="2031-01-01"))
    assert compare(later, run).conditions == {"top_k": ("10", "5")}


def test_a_run_is_read_back_as_it_was(run, tmp_path):
    path = tmp_path / "eval.json"
    path.write_bytes(to_json(run, compare(run, run)))
    assert read_run(path) == run


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"[1]", "is not an evaluation"),
        (b'{"format": 1}', "another version"),
        (b'{"format": 2, "results": []}', "Field required|Missing|required"),
    ],
)
def test_what_is_not_a_run_is_refused(tmp_path, content, says):
    path = tmp_path / "eval.json"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=says) as caught:
        read_run(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(BaselineError, match="cannot be read"):
        read_run(tmp_path / "none.json")
