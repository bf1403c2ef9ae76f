"""Two runs compared: what counts as a loss, which questions changed."""

from dataclasses import replace

import orjson
import pytest

from eval.comparison import BaselineError, compare, mcnemar
from eval.gold import PACKAGED_GOLD, read_gold
from eval.measures import BY_NAME, GUARDED, measure
from eval.records import Found, Ranking
from eval.report.files import read_run, to_json
from eval.run import evaluate
from tests.conftest import REPOSITORY
from tests.eval.upside_down import UpsideDown


def with_results(run, results):
    return replace(run, results=tuple(results), measures={"all": measure(results)})


def answerable(run):
    return [result for result in run.results if result.kind == "answerable"]


def first_rank(result):
    return result.ranking.first


def test_a_run_compared_with_itself_differs_in_nothing(run):
    compared = compare(run, run)
    assert [*compared.losses, *compared.better, *compared.worse] == []
    assert [*compared.missing, *compared.added] == []
    assert compared.conditions == {}
    for each in compared.differences:
        assert each.before == each.now == run.measures["all"][each.name].value
        assert each.low == each.high == 0
        assert each.verdict == "same"


def test_an_upside_down_ranking_is_a_regression(run, engine, asked):
    compared = compare(evaluate(UpsideDown.like(engine), asked), run)
    assert {each.name for each in compared.losses} >= {"ndcg_at_10", "mrr_at_10"}
    assert compared.worse
    for change in compared.worse:
        assert first_rank(change.now) > first_rank(change.before)


def test_the_other_way_round_it_is_a_gain(run, engine, asked):
    compared = compare(run, evaluate(UpsideDown.like(engine), asked))
    assert compared.losses == ()
    gains = {each.name for each in compared.differences if each.verdict == "better"}
    assert gains >= {"ndcg_at_10", "mrr_at_10"}


def test_answering_what_cannot_be_answered_is_a_loss(run):
    of_each = [next(r for r in run.results if r.kind == kind) for kind in ("near-miss", "far-off")]
    many = [replace(each, id=f"{each.id} {n}") for each in of_each for n in range(6)]
    silent = with_results(run, [replace(each, answered=False) for each in many])
    for count, losses in (
        (5, []),  # of five changes all may be for the worse by chance
        (6, ["false_answers_near_miss"]),
        (12, ["false_answers_near_miss", "false_answers_far_off"]),
    ):
        answered = [replace(each, answered=n < count) for n, each in enumerate(many)]
        compared = compare(with_results(run, answered), silent)
        assert [each.name for each in compared.losses] == losses
        assert len(compared.worse) == count


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
    first = next(result for result in half if result.gold)
    other = [replace(result, gold=()) if result is first else result for result in half]
    grown = compare(run, with_results(run, other))
    assert grown.missing == (first.id,)  # it has another gold now
    assert set(grown.added) == {result.id for result in run.results[len(half) :]}
    assert grown.differences[0].questions < run.measures["all"]["ndcg_at_10"].questions
    shrunk = compare(with_results(run, half), run)
    assert set(shrunk.missing) == set(grown.added)
    assert shrunk.added == ()


def test_gold_that_was_lost_is_a_loss_among_questions_of_one_file(run):
    first = next(result for result in run.results if result.verdict == "right")
    lost = replace(first, gold=(), right=False, citations=(), ranking=Ranking((), (1,), 10))
    now = with_results(run, [lost if result is first else result for result in run.results])
    assert compare(now, run).missing == (first.id,)
    compared = compare(now, run, of_one_file=True)
    assert compared.missing == compared.added == ()
    assert [change.now for change in compared.worse] == [lost]


@pytest.mark.parametrize(("count", "verdict"), [(5, "too few"), (6, "worse")])
def test_a_ratio_tells_nothing_either_where_few_questions_changed(run, count, verdict):
    """Citation precision has no value for each question, but comes of some number of them."""
    first = next(r for r in answerable(run) if r.verdict == "right")
    many = [replace(first, id=f"{first.id} {n}") for n in range(count)]
    off = tuple(replace(each, on_gold=False) for each in first.citations)
    wrong = [replace(each, citations=off, right=False) for each in many]
    wrong[0] = replace(many[0], citations=first.citations + off)  # or all would change alike
    compared = compare(with_results(run, wrong), with_results(run, many))
    (precision,) = (each for each in compared.differences if each.name == "citation_precision")
    assert precision.high < 0
    assert precision.verdict == verdict


def test_gold_that_moved_in_its_document_is_the_same(run):
    moved = [
        replace(
            result,
            gold=tuple(replace(e, start=e.start + 2, end=e.end + 2) for e in result.gold),
        )
        for result in run.results
    ]
    compared = compare(with_results(run, moved), run)
    assert compared.missing == compared.added == ()


@pytest.mark.parametrize(
    ("name", "value"), [("top_k", 3), ("protocol", "beir"), ("options", {"seed": 2})]
)
def test_runs_that_were_not_measured_alike_are_refused(run, name, value):
    unlike = replace(run, settings=replace(run.settings, **{name: value}))
    with pytest.raises(BaselineError, match=f"measured with {name} = "):
        compare(run, unlike)


def test_a_handful_of_questions_is_no_evidence():
    # of 5 that changed, all for the worse: 2 / 2 ** 5 = .0625; of 6: .03125
    assert mcnemar(0, 5) == pytest.approx(0.0625)
    assert mcnemar(0, 6) == pytest.approx(0.03125)
    assert mcnemar(0, 0) == 1


def test_what_is_guarded():
    assert sorted(GUARDED) == [
        "answer_rate",
        "auroc",
        "citation_hit_rate",
        "citation_precision",
        "false_answers_far_off",
        "false_answers_near_miss",
        "mrr_at_10",
        "ndcg_at_10",
        "success_at_3",
    ]
    assert set(BY_NAME) >= GUARDED


def test_runs_without_a_common_question_are_refused(run):
    other = [replace(result, id=f"other-{result.id}") for result in run.results]
    with pytest.raises(BaselineError, match="has no question in common"):
        compare(run, with_results(run, other))


def test_conditions_that_differ_are_listed(run):
    later = replace(run, settings=replace(run.settings, threshold=0.6, date="2031-01-01"))
    now = f"{run.settings.threshold}"
    assert compare(later, run).conditions == {"threshold": (now, "0.6")}


def test_a_run_is_read_back_as_it_was(run, tmp_path):
    path = tmp_path / "eval.json"
    path.write_bytes(to_json(run, compare(run, run)))
    assert read_run(path) == run


def test_a_run_made_before_there_were_readers_can_be_read_back(run, tmp_path):
    settings = replace(run.settings, reader=None, reader_digest=None)
    run = replace(run, settings=settings)
    content = orjson.loads(to_json(run))
    for added_later in ("reader", "reader_digest"):
        del content["settings"][added_later]
    (path := tmp_path / "eval.json").write_bytes(orjson.dumps(content))
    assert read_run(path) == run


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("ranking", "found", 0, "grade"), -3),
        (("ranking", "found", 0, "grade"), 2**40),
        (("ranking", "found", 0, "rank"), 0),
        (("ranking", "found", 0, "rank"), 11),
        (("ranking", "depth"), -1),
        (("ranking", "missed"), [0]),
        (("confidence",), "nan"),
        (("confidence",), 1.5),
        (("cited", "both"), 10**9),
        (("kind",), "odd"),
    ],
)
def test_numbers_that_no_run_writes_are_refused(run, tmp_path, where, value):
    content = orjson.loads(to_json(run))
    place = next(r for r in content["results"] if r["ranking"] and r["ranking"]["found"])
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    path = tmp_path / "eval.json"
    path.write_bytes(orjson.dumps(content))
    with pytest.raises(BaselineError, match="make it anew"):
        read_run(path)


def test_a_byte_order_mark_does_not_matter(run, tmp_path):
    path = tmp_path / "eval.json"
    path.write_bytes(b"\xef\xbb\xbf" + to_json(run))
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


def test_the_kept_baseline_is_of_the_packaged_questions():
    baseline = read_run(REPOSITORY / "benchmarks" / "baselines" / "seeds.json")
    rows = read_gold(PACKAGED_GOLD).by_line.values()
    assert [result.id for result in baseline.results] == [row.id for row in rows]
    assert [result.question for result in baseline.results] == [row.question for row in rows]
    assert baseline.offsets.wrong == ()
