"""The commands that measure: their options, files and exit codes."""

import shutil
from dataclasses import replace

import orjson
import pytest
from typer.testing import CliRunner

import eval.cli
from eval.cli import app, main
from eval.records import OffsetCheck
from pincite.cli import app as composed
from qa.answer.decision import model_of
from qa.engine import Engine
from tests.eval.conftest import QUESTIONS
from tests.eval.sets import beir_set, spans_set
from tests.eval.upside_down import UpsideDown


@pytest.fixture(autouse=True)
def _no_reader(monkeypatch):
    """Reading takes long, and nothing here depends on it."""
    monkeypatch.setenv("PINCITE_READER", "none")


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def shared(seeds_store, gold_path):
    """The arguments that all runs have."""
    return ["--gold", gold_path, "--store", seeds_store]


@pytest.fixture(scope="module")
def first(shared, tmp_path_factory):
    """What a run said, and where it wrote."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINCITE_READER", "none")
        return invoke(*shared, "--out", folder), folder


@pytest.fixture(scope="module")
def baseline(first):
    return first[1] / "eval.json"


@pytest.fixture
def opened(monkeypatch, engine):
    """The engine that is open already, without its reader."""
    unread = replace(engine, reader=None)
    monkeypatch.setattr(Engine, "open", lambda _store, **_settings: unread)
    return unread


@pytest.fixture(scope="module")
def few(tmp_path_factory, gold_path):
    """A gold file of five questions, for what does not depend on them."""
    path = tmp_path_factory.mktemp("few") / "few.jsonl"
    path.write_bytes(b"".join(gold_path.read_bytes().splitlines(keepends=True)[:5]))
    return path


def test_the_command_writes_three_files(first):
    outcome, folder = first
    assert outcome.exit_code == 0
    assert "success@3" in outcome.stdout
    assert ", wrong: 0" in outcome.stdout
    assert "Wrote" in outcome.stderr
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["eval.html", "eval.json", "eval.md"]


def test_the_settings_of_a_run_have_flags(monkeypatch, tmp_path, seeds_store, few):
    monkeypatch.setenv("PINCITE_TOP_K", "3")  # what `ask` shows cuts off no recall@10
    shared = ["--gold", few, "--store", seeds_store, "--quiet", "--out", tmp_path]
    for flags, top_k, threshold in [
        ([], 10, model_of(None).threshold),
        (["--top-k", "2", "--threshold", "0.9"], 2, 0.9),
    ]:
        assert invoke(*shared, *flags).exit_code == 0
        settings = settings_of(tmp_path)
        assert (settings["top_k"], settings["threshold"]) == (top_k, threshold)
        assert (settings["reader"], settings["reader_digest"]) == (None, None)
    assert "--top-k 0" in str(invoke(*shared, "--top-k", "0").exception)


def test_a_regression_ends_with_5_and_names_what_was_lost(
    monkeypatch, tmp_path, shared, baseline, opened
):
    same = invoke(*shared, "--baseline", baseline, "--out", tmp_path / "same")
    assert same.exit_code == 0
    assert "No regression: 0 questions better, 0 worse." in same.stdout
    monkeypatch.setattr(Engine, "open", lambda _store, **_settings: UpsideDown.like(opened))
    worse = invoke(*shared, "--baseline", baseline, "--out", tmp_path / "worse")
    assert worse.exit_code == 5
    assert "Regression in nDCG@10" in worse.stderr
    assert (tmp_path / "worse" / "eval.html").is_file()


def test_a_wrong_offset_makes_the_command_fail(monkeypatch, tmp_path, seeds_store, few, run):
    wrong = OffsetCheck(1, ("q-1: citation 1",))
    monkeypatch.setattr(eval.cli, "evaluate", lambda *_, **__: replace(run, offsets=wrong))
    outcome = invoke("--gold", few, "--store", seeds_store, "--out", tmp_path, "--quiet")
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "offsets checked: 1, wrong: 1 (the first: q-1: citation 1)" in outcome.stderr
    assert "- wrong: q-1: citation 1" in (tmp_path / "eval.md").read_text(encoding="utf-8")


_soaked = (pytest.param(protocol, marks=pytest.mark.soak) for protocol in ("spans", "abstain"))


@pytest.mark.parametrize("protocol", ["beir", *_soaked])
def test_public_sets_have_commands(monkeypatch, tmp_path, protocol):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PINCITE_STORE", str(tmp_path / "own"))
    folder = spans_set(tmp_path / "set") if protocol == "spans" else beir_set(tmp_path / "set")
    outcome = invoke(protocol, folder, "--cache", tmp_path / "cache")
    assert outcome.exit_code == 0, outcome.output
    assert (tmp_path / "reports" / f"{protocol}-set" / "eval.html").is_file()
    assert not (tmp_path / "own").exists()  # a person's own store is left alone
    baseline = tmp_path / "reports" / f"{protocol}-set" / "eval.json"
    shared = (protocol, folder, "--cache", tmp_path / "cache", "--baseline", baseline)
    again = invoke(*shared, "--out", tmp_path / "again")
    assert again.exit_code == 0
    assert "No regression" in again.stdout
    shutil.rmtree(tmp_path / "cache")


def settings_of(folder):
    return orjson.loads((folder / "eval.json").read_bytes())["settings"]


@pytest.mark.parametrize("protocol", ["beir", "spans", "abstain"])
@pytest.mark.soak
def test_options_of_public_sets_are_taken(monkeypatch, tmp_path, protocol):
    monkeypatch.chdir(tmp_path)
    folder = spans_set(tmp_path / "set") if protocol == "spans" else beir_set(tmp_path / "set")
    options = ["--top-k", "4", "--threshold", "0.7", "--backend", "torch-float32"]
    expected: dict[str, object] = {}
    if protocol != "spans":
        (folder / "qrels" / "test.tsv").rename(folder / "qrels" / "dev.tsv")
        options += ["--split", "dev"]
        expected |= {"split": "dev"}
    if protocol == "abstain":
        other = beir_set(
            tmp_path / "far", queries=[{"_id": "o", "text": "Where is Ulm?"}], qrels=[]
        )
        options += ["--seed", "3", "--far-off", str(other)]
        expected |= {"seed": 3, "far_off": "far"}
    outcome = invoke(protocol, folder, "--cache", tmp_path / "cache", "--out", "o", *options)
    assert outcome.exit_code == 0, outcome.output
    settings = settings_of(tmp_path / "o")
    assert (settings["protocol"], settings["top_k"], settings["threshold"]) == (protocol, 4, 0.7)
    assert settings["backend"].startswith("torch")
    assert settings["options"] == expected
    assert ("only 1 far-off questions" in outcome.stderr) == (protocol == "abstain")
    unknown = invoke(protocol, folder, "--out", "o", *options, "--model", "no-such-model")
    assert "no-such-model" in str(unknown.exception)


def test_the_composed_command_line_has_the_subcommands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder = beir_set(tmp_path / "set")
    arguments = ["eval", "beir", str(folder), "--cache", str(tmp_path / "cache"), "--quiet"]
    outcome = CliRunner().invoke(composed, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert settings_of(tmp_path / "reports" / "beir-set")["protocol"] == "beir"


def test_a_baseline_is_looked_at_first_and_never_overwritten(
    monkeypatch, tmp_path, shared, baseline, opened
):
    before = baseline.read_bytes()
    monkeypatch.setattr(eval.cli, "evaluate", lambda *_, **__: pytest.fail("it is too late now"))
    over = invoke(*shared, "--baseline", baseline, "--out", baseline.parent)
    assert "would overwrite its baseline" in str(over.exception)
    none = invoke(*shared, "--baseline", tmp_path / "none.json", "--out", tmp_path / "o")
    assert "none.json cannot be read" in str(none.exception)
    assert baseline.read_bytes() == before


def test_leaving_questions_out_does_not_pass(tmp_path, seeds_store, baseline, few, opened):
    arguments = ["--gold", few, "--store", seeds_store, "--out", tmp_path]
    outcome = invoke(*arguments, "--baseline", baseline)
    assert outcome.exit_code == 1
    assert f"Of the baseline's questions {QUESTIONS - 5} were not asked" in outcome.stderr
    assert (tmp_path / "eval.html").is_file()


def test_what_ranks_is_always_ten_deep_though_it_cannot_be_compared(
    tmp_path, shared, baseline, opened
):
    outcome = invoke(*shared, "--top-k", "3", "--baseline", baseline, "--out", tmp_path)
    assert "measured with top_k = 10, this run with 3" in str(outcome.exception)
    assert settings_of(tmp_path)["top_k"] == 3
    ten, three = (
        orjson.loads(path.read_bytes())["measures"]["all"]
        for path in (baseline, tmp_path / "eval.json")
    )
    for name in ("ndcg_at_10", "recall_at_10", "success_at_10", "citation_hit_rate"):
        assert three[name] == ten[name]
    assert three["highlighted_length"]["value"] <= ten["highlighted_length"]["value"]


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["--gold", "none.jsonl"], "check the path", 1),
        (["--store", "none"], "There is no store", 1),
        (["--glod", "x"], "No such option", 2),
        (["beir", "none"], "corpus.jsonl cannot be read", 1),
        (["spans", "none"], "answers.jsonl cannot be read", 1),
        (["abstain", "none"], "corpus.jsonl cannot be read", 1),
        (["--top-k", "3", "beir", "none"], "put it behind beir", 2),
        (["--threshold", "0", "beir", "none"], "put it behind beir", 2),
        (["--baseline", "none.json"], "none.json cannot be read", 1),
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
