"""Whole runs over the seeds with the default model, and planted faults."""

import json
from dataclasses import replace

import pytest

from eval.gold import GoldError, locate, read_gold
from eval.run import evaluate
from tests.eval.conftest import QUESTIONS
from tests.eval.upside_down import UpsideDown


def value(run, name):
    return run.measures["all"][name].value


def test_every_question_has_a_result_and_every_offset_holds(run, asked):
    assert [result.id for result in run.results] == [question.id for question in asked.questions]
    assert run.offsets.wrong == ()
    assert run.offsets.checked > 10 * QUESTIONS
    assert run.settings.reader == "bundled"
    assert list(run.measures) == ["tune", "report", "all"]
    latency = {part: own["latency_p50_ms"].questions for part, own in run.measures.items()}
    assert latency["tune"] + latency["report"] == latency["all"] == QUESTIONS
    assert value(run, "success_at_1") <= value(run, "success_at_3") <= value(run, "success_at_10")
    assert value(run, "success_at_1") <= value(run, "mrr_at_10") <= value(run, "success_at_10")
    assert value(run, "success_at_3") > 0.3


def test_a_result_agrees_with_the_texts(run, asked, seeds_dir):
    def words(excerpt):
        text = (seeds_dir.parent / excerpt.source).read_bytes().decode()
        return text[excerpt.start : excerpt.end]

    for result, question in zip(run.results, asked.questions, strict=True):
        for excerpt in (*result.citations, *result.gold):
            assert words(excerpt) == excerpt.text
        assert len(result.gold) == len(question.spans)
        cited = " ".join(each.text for each in result.citations)
        assert cited.split() == (result.answer or "").split()
        on_gold = any(each.on_gold for each in result.citations)
        assert result.right or not on_gold
        if result.answered:
            assert on_gold == result.right
        assert (result.verdict in ("right", "off the gold", "missed")) == bool(question.spans)
        assert (result.ranking is None) == (result.cited is None) == (not question.spans)


def test_a_run_is_repeatable_but_for_its_times(run, engine, asked):
    again = evaluate(engine, asked)
    timeless = [replace(result, took_ms=0) for result in run.results]
    assert [replace(result, took_ms=0) for result in again.results] == timeless
    assert replace(again.settings, date=run.settings.date) == run.settings
    for name, estimate in run.measures["all"].items():
        assert name.startswith("latency") or again.measures["all"][name] == estimate


def test_an_upside_down_ranking_lowers_the_measures(run, engine, asked):
    shuffled = evaluate(UpsideDown.like(engine), asked)
    for name in ("success_at_1", "mrr_at_10", "ndcg_at_10"):
        assert value(shuffled, name) < value(run, name)
    assert value(shuffled, "recall_at_10") == value(run, "recall_at_10")  # the same ten


def test_an_engine_that_never_answers_cites_nothing(run, engine, asked):
    silent = evaluate(replace(engine, threshold=1.1), asked)
    for name in ("answer_rate", "citation_hit_rate", "false_answers", "cited_recall", "cited_iou"):
        assert value(silent, name) == 0
    assert "citation_precision" not in silent.measures["all"]
    assert {result.verdict for result in silent.results} == {"missed", "abstained"}
    for same in ("success_at_3", "auroc", "aurc"):
        assert value(silent, same) == value(run, same)


def test_a_planted_wrong_quote_is_caught(tmp_path, engine, gold_path):
    lines = gold_path.read_text(encoding="utf-8").split("\n")
    row = json.loads(lines[4])
    right = row["quotes"][0]["quote"]
    row["quotes"][0]["quote"] = right.replace("i", "l", 1)
    lines[4] = json.dumps(row)
    planted = tmp_path / "planted.jsonl"
    planted.write_text("\n".join(lines), encoding="utf-8")
    documents = [each.document for each in engine.snapshot.documents()]
    with pytest.raises(GoldError, match=r"planted\.jsonl, line 5: the quote does not") as caught:
        locate(read_gold(planted), documents)
    assert json.dumps(right, ensure_ascii=False) in str(caught.value)


def test_a_question_that_is_too_long_is_named(tmp_path, engine):
    row = {"id": "x", "question": "why " * 600, "kind": "far-off"}
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(GoldError, match=r"long\.jsonl, line 1: The question has \d+ characters"):
        evaluate(engine, locate(read_gold(path), []))


def test_questions_of_one_split_have_one_column(engine, asked):
    own = tuple(question for question in asked.questions if question.split == "tune")[:3]
    assert list(evaluate(engine, replace(asked, questions=own)).measures) == ["all"]
