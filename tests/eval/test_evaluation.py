"""Whole runs over the seeds with the default model: the command, its files, planted faults."""

import json
import random
from dataclasses import fields, replace
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

import eval.run
from eval.cli import app, main
from eval.errors import GoldError
from eval.gold import PACKAGED_GOLD, GoldSet, read_gold
from eval.measures import measure
from eval.records import OffsetCheck, Run
from eval.report import offsets_line, table_rows, to_json, to_markdown, write_report
from eval.run import evaluate
from index.snapshot import open_snapshot
from index.store import Store
from qa.engine import Engine

QUESTIONS = 30


@pytest.fixture(scope="module")
def gold_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first questions of the packaged set: both splits and all kinds."""
    path = tmp_path_factory.mktemp("gold") / "few.jsonl"
    lines = PACKAGED_GOLD.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:QUESTIONS]))
    return path


@pytest.fixture(scope="module")
def gold(gold_path) -> GoldSet:
    return read_gold(gold_path)


@pytest.fixture(scope="module")
def engine(seeds_store, model, encoder) -> Engine:
    return Engine(open_snapshot(Store(seeds_store)), model, encoder, model.tokenizer())


@pytest.fixture(scope="module")
def run(engine, gold) -> Run:
    return evaluate(engine, gold)


def test_every_question_has_a_result_and_every_offset_holds(run, gold):
    assert [result.id for result in run.results] == [row.id for row in gold.rows.values()]
    assert run.offsets.wrong == ()
    assert run.offsets.checked > 10 * QUESTIONS
    everything = run.measures["all"]
    assert everything.questions == QUESTIONS
    assert run.measures["tune"].questions + run.measures["report"].questions == QUESTIONS
    assert everything.recall_at_1 <= everything.recall_at_3 <= everything.recall_at_10 <= 1
    assert everything.recall_at_1 <= everything.mrr <= everything.recall_at_10
    assert everything.recall_at_3 > 0.3


def test_a_result_agrees_with_the_texts(run, gold, seeds_dir):
    quotes = {row.id: row.quotes for row in gold.rows.values()}
    for result in run.results:
        cited = []
        for citation in result.citations:
            source, _, place = citation.rpartition(":")
            start, _, end = place.partition("-")
            text = (seeds_dir.parent / source).read_bytes().decode()
            cited.append((source, text[int(start) : int(end)]))
        assert " ".join(words for _, words in cited) == (result.answer or "")
        if any(q.source == s and q.quote in w for q in quotes[result.id] for s, w in cited):
            assert result.cited is True
        assert (result.cited is None) == (result.kind != "answerable")
        assert bool(result.answered) == (result.answer is not None)


def test_a_run_is_repeatable_but_for_its_times(run, engine, gold):
    again = evaluate(engine, gold)
    timeless = [replace(result, took_ms=0) for result in run.results]
    assert [replace(result, took_ms=0) for result in again.results] == timeless
    assert again.settings == run.settings


def test_a_shuffled_ranking_lowers_the_measures(run, engine, gold):
    chance = random.Random(7)

    class Shuffled(Engine):
        def ask(self, question, top_k=5, *, explain=False):
            answer = Engine.ask(self, question, top_k, explain=explain)
            return replace(answer, hits=tuple(chance.sample(answer.hits, len(answer.hits))))

    parts = {each.name: getattr(engine, each.name) for each in fields(engine) if each.init}
    shuffled = evaluate(Shuffled(**parts), gold).measures["all"]
    right = run.measures["all"]
    assert (shuffled.recall_at_1 or 0) < (right.recall_at_1 or 0)
    assert (shuffled.mrr or 0) < (right.mrr or 0)
    assert shuffled.recall_at_10 == right.recall_at_10  # the same ten, in another order


def test_an_engine_that_never_answers_cites_nothing(engine, gold):
    silent = evaluate(replace(engine, threshold=1.1), gold).measures["all"]
    assert silent.answer_rate == silent.citation_hit_rate == 0
    assert silent.false_answers_near_miss == silent.false_answers_far_off == 0
    assert silent.citation_precision is None
    assert silent.recall_at_3


def test_a_planted_wrong_quote_is_caught(tmp_path, engine, gold_path):
    lines = gold_path.read_text(encoding="utf-8").split("\n")
    row = json.loads(lines[4])
    row["quotes"][0]["quote"] = row["quotes"][0]["quote"].replace("i", "l", 1)
    lines[4] = json.dumps(row)
    planted = tmp_path / "planted.jsonl"
    planted.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(GoldError, match=r"planted\.jsonl, line 5: the quote .* does not stand in"):
        evaluate(engine, read_gold(planted))


def test_a_question_that_is_too_long_is_named(tmp_path, engine):
    row = {"id": "x", "question": "why " * 600, "kind": "far-off", "split": "tune", "quotes": []}
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(GoldError, match=r"line 1: The question has \d+ characters"):
        evaluate(engine, read_gold(path))


def test_the_json_holds_the_whole_run(run):
    content = orjson.loads(to_json(run))
    assert content["format"] == 1
    assert content["settings"]["snapshot"] == run.settings.snapshot
    assert content["settings"]["gold"] == "few.jsonl"
    assert content["measures"]["all"]["recall_at_3"] == run.measures["all"].recall_at_3
    assert len(content["results"]) == QUESTIONS
    assert content["offsets"] == {"checked": run.offsets.checked, "wrong": []}


def test_the_markdown_lists_figures_settings_and_misses(run):
    text = to_markdown(run)
    for label, *cells in table_rows(run):
        assert f"| {label} | {' | '.join(cells)} |" in text
    assert offsets_line(run) in text
    assert f"- snapshot: {run.settings.snapshot}" in text
    for result in run.results:
        answerable = result.kind == "answerable"
        found = result.rank is not None and result.rank <= 3 and result.cited
        listed = not found if answerable else result.answered
        assert (f"**{result.id}**" in text) == listed


def test_undefined_measures_are_shown_as_absent(run):
    nothing = measure([])
    text = to_markdown(replace(run, measures=dict.fromkeys(run.measures, nothing), results=()))
    assert "| recall@3 | – | – | – |" in text


def test_markdown_in_a_document_stays_text(run):
    odd = replace(run.results[0], cited=False, answer="<b>1</b>\n# *two* | [three](four)")
    text = to_markdown(replace(run, results=(odd,)))
    assert r"  \<b\>1\</b\> \# \*two\* \| \[three\](four)" in text


def test_the_command_writes_both_files(tmp_path, seeds_store, gold_path):
    arguments = [
        "--gold",
        str(gold_path),
        "--store",
        str(seeds_store),
        "--out",
        str(tmp_path / "o"),
    ]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0
    assert "recall@3" in outcome.stdout
    assert ", wrong: 0" in outcome.stdout
    assert "Wrote" in outcome.stderr
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["eval.json", "eval.md"]


def test_the_settings_of_a_run_have_flags(monkeypatch, tmp_path, seeds_store, gold_path):
    monkeypatch.setenv("PINCITE_TOP_K", "3")  # what `ask` shows cuts off no recall@10
    arguments = ["--gold", str(gold_path), "--store", str(seeds_store), "--quiet"]
    for flags, top_k, threshold in [
        ([], 10, 0.3),
        (["--top-k", "2", "--threshold", "0.9"], 2, 0.9),
    ]:
        outcome = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path), *flags])
        assert outcome.exit_code == 0
        settings = orjson.loads((tmp_path / "eval.json").read_bytes())["settings"]
        assert (settings["top_k"], settings["threshold"]) == (top_k, threshold)
    outcome = CliRunner().invoke(app, [*arguments, "--top-k", "0"])
    assert "top_k = 0" in str(outcome.exception)


def test_a_wrong_offset_makes_the_command_fail(
    monkeypatch, tmp_path, seeds_store, gold_path, engine, run
):
    monkeypatch.setattr(Engine, "open", lambda _store, **_settings: engine)
    wrong = OffsetCheck(1, ("q-1: citation 1",))
    monkeypatch.setattr(eval.run, "evaluate", lambda *_, **__: replace(run, offsets=wrong))
    arguments = ["--gold", str(gold_path), "--store", str(seeds_store), "--out", str(tmp_path)]
    outcome = CliRunner().invoke(app, [*arguments, "--quiet"])
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "offsets checked: 1, wrong: 1 (the first: q-1: citation 1)" in outcome.stderr
    assert "- wrong: q-1: citation 1" in (tmp_path / "eval.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["--gold", "none.jsonl"], "check --gold", 1),
        (["--store", "none"], "There is no store", 1),
        (["--glod", "x"], "No such option", 2),
    ],
)
def test_a_mistake_gets_one_line_and_no_traceback(
    monkeypatch, capsys, tmp_path, arguments, says, code
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["eval", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == code
    assert says in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert code == 2 or printed.err.count("\n") == 1


def test_a_report_that_cannot_be_written_is_explained(tmp_path, run):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(Exception, match="choose another folder with --out"):
        write_report(run, tmp_path / "taken")
