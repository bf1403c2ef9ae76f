"""Mistakes: one line, what is wrong and what to do, never a traceback."""

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import ON_SUBJECT, Command, asked, assert_one_line


def test_no_store_says_what_to_do(pincite: Command) -> None:
    for command in (["ask", "why?"], ["status"], ["verify", "answer.json"]):
        Path("answer.json").write_text('{"citations": []}')
        assert_one_line(pincite(*command), 1, "no store at .pincite", "pincite index SOURCE…")


@pytest.mark.parametrize("question", ["", "  ", "x" * 2001, "half \udcff"], ids=ascii)
def test_a_question_that_cannot_be_answered_is_wrong_usage(
    pincite: Command, seeds_store: Path, question: str
) -> None:
    assert_one_line(pincite("ask", question, "--store", seeds_store), 2, "The question")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("ask why? --top-k 0", "--top-k 0: "),
        ("ask why? --top-k 51", "--top-k 51: "),
        ("ask why? --top-k many", "--top-k"),
        ("ask why? --threshold 2", "--threshold 2"),
        ("ask", "QUESTION"),
        ("ask one two", "two"),
        ("ask why? --nonsense", "--nonsense"),
        ("ask why is that", '"why is that" is one argument'),
        ("nonsense", "nonsense'. See `pincite --help`."),
        ("--nonsense", "--nonsense"),
        ("serve --port 65536", "--port 65536: "),
        ("verify", "file"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(
    pincite: Command, arguments: str, named: str
) -> None:
    assert_one_line(pincite(*shlex.split(arguments)), 2, named)


@pytest.mark.parametrize(
    "command", ["ask why?", "why why? --expect a", "status", "index notes", "verify answer.json"]
)
def test_an_unknown_setting_is_an_error_of_every_command(
    pincite: Command, notes: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pincite.toml").write_text("topk = 3\n")
    assert_one_line(pincite(*command.split()), 2, "pincite.toml", "'topk'")
    Path("pincite.toml").unlink()
    monkeypatch.setenv("PINCITE_TOPK", "3")
    assert_one_line(pincite(*command.split()), 2, "PINCITE_TOPK")
    assert not Path(".pincite").exists()


def test_settings_come_from_flag_variable_and_file_in_this_order(
    pincite: Command, seeds_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passages(*arguments: str) -> int:
        return len(asked(pincite("ask", ON_SUBJECT, "--json", *arguments))["passages"])

    Path("pincite.toml").write_text(f"store = '{seeds_store}'\ntop_k = 2\n")
    assert passages() == 2
    monkeypatch.setenv("PINCITE_TOP_K", "3")
    assert passages() == 3
    assert passages("--top-k", "4") == 4


def test_a_model_that_is_not_there_is_named(pincite: Command, seeds_store: Path) -> None:
    (missing := Path("not-a-model")).mkdir()
    outcome = pincite("ask", "why?", "--store", seeds_store, "--model", missing)
    assert_one_line(outcome, 1, "not-a-model", "not a sentence-transformers model")
