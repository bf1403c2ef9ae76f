"""`pincite ask -i`: a question a line, and what it leaves out comes from those before it."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ON_SUBJECT, REPOSITORY, Command, Outcome, assert_one_line
from tests.waiting import PATIENCE_S

FOLLOW_UP = "how does it work"


@pytest.fixture
def typed(pincite: Command, seeds_store: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `pincite ask -i` on the seeds, with an input."""

    def command(text: str, *arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return pincite("ask", "-i", "--store", seeds_store, *arguments)

    return command


def answers(outcome: Outcome) -> list[Any]:
    assert outcome.code == 0
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_a_follow_up_is_searched_whole_and_says_so(typed: Command) -> None:
    outcome = typed(f"{ON_SUBJECT}\n{FOLLOW_UP}\n", "--short")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("Searched: ") == 1
    assert [line for line in outcome.out.splitlines() if line.startswith("> ")] == [
        f"> {ON_SUBJECT}",
        f"> {FOLLOW_UP}",
    ]
    assert (
        "Searched: How does microneedling work? (carried over: microneedling; /new" in outcome.out
    )
    first, second = answers(typed(f"{ON_SUBJECT}\n\n{FOLLOW_UP}", "--json"))
    assert (first["searched"], first["carried_over"]) == (None, [])
    assert (second["question"], second["carried_over"]) == (FOLLOW_UP, ["microneedling"])


def test_a_follow_up_can_be_asked_by_itself(typed: Command) -> None:
    lines = f"{ON_SUBJECT}\n/new {FOLLOW_UP}\n{ON_SUBJECT}\n/new\n{FOLLOW_UP}\n"
    outcome = typed(lines, "--json")
    assert [answer["searched"] for answer in answers(outcome)] == [None] * 4
    outcome = typed(f"{ON_SUBJECT}\n{FOLLOW_UP}\n", "--json", "--no-history")
    assert [answer["searched"] for answer in answers(outcome)] == [None, None]


def test_the_first_question_may_be_an_argument(typed: Command) -> None:
    outcome = typed(FOLLOW_UP, "--json", ON_SUBJECT)
    assert [answer["question"] for answer in answers(outcome)] == [ON_SUBJECT, FOLLOW_UP]


def test_a_question_that_cannot_be_asked_is_told_and_the_next_is_answered(typed: Command) -> None:
    outcome = typed(f"{'x' * 100_000}\n{ON_SUBJECT}\n", "--json")
    assert len(answers(outcome)) == 1
    assert "shorten it" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert typed("").out == ""


@pytest.mark.parametrize("end", ["quit", "exit", "/quit", "Exit"])
def test_quit_ends_and_no_command_is_asked(typed: Command, end: str) -> None:
    outcome = typed(f"\n/bogus\n{end}\n{ON_SUBJECT}\n")
    assert (outcome.code, outcome.out) == (0, "")
    (told,) = outcome.err.splitlines()
    assert told == "There is no command /bogus: /new forgets the questions before, /quit ends."


def test_what_makes_no_sense_is_refused(pincite: Command, seeds_store: Path) -> None:
    assert_one_line(pincite("ask", "-i", "", "--store", seeds_store), 2, "The question is empty")
    assert_one_line(
        pincite("ask", "--no-history", ON_SUBJECT, "--store", seeds_store), 2, "goes with -i"
    )


def test_without_a_question_one_is_asked_for(pincite: Command, seeds_store: Path) -> None:
    assert_one_line(pincite("ask", "--store", seeds_store), 2, "QUESTION", "-i")


def test_at_a_terminal_there_is_a_prompt(seeds_store: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pincite", "ask", "-i", "--short", "--store", str(seeds_store)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "dumb"},
    )
    os.close(theirs)
    try:
        seen = read_until(ours, b"> ")
        assert b"/quit ends" in seen
        os.write(ours, f"{ON_SUBJECT}\n".encode())
        assert b"needles" in read_until(ours, b"\n> ")
        os.write(ours, f"{FOLLOW_UP}\n".encode())
        assert b"Searched: How does microneedling work?" in read_until(ours, b"\n> ")
        os.write(ours, b"\x04")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(terminal: int, end: bytes) -> bytes:
    seen = b""
    while not seen.replace(b"\r", b"").endswith(end):
        seen += os.read(terminal, 4096)
    return seen
