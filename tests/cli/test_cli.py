"""The command line as a whole: help, version, and what only a process of its own can tell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pincite as package
from index.store import open_store
from tests.cli.conftest import (
    ON_SUBJECT,
    REPOSITORY,
    Command,
    Outcome,
    asked,
    assert_one_line,
)
from tests.waiting import PATIENCE_S

COMMANDS = (
    *("index", "ask", "why", "serve", "mcp", "status", "collections", "verify", "calibrate"),
    *("gate", "rollback", "purge", "eval", "feedback", "key"),
)
GROUPED = (
    *("feedback list", "feedback gold", "feedback remove"),
    *("key add", "key list", "key revoke", "collections remove"),
)


@pytest.mark.parametrize("command", [*COMMANDS[:-2], *GROUPED])
def test_every_command_has_help(pincite: Command, command: str) -> None:
    outcome = pincite(*command.split(), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"Usage: pincite {command}" in outcome.out
    assert "--store" in outcome.out


def test_help_lists_every_command(pincite: Command) -> None:
    outcome = pincite("--help")
    assert (outcome.code, outcome.err) == (0, "")
    listed = outcome.out.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed if not line.startswith("   ")] == [*COMMANDS]


@pytest.mark.parametrize(
    "command",
    [
        *(["ask"], ["why"], ["serve"], ["mcp"], ["index"], ["calibrate"]),
        *(["eval"], ["eval", "beir"], ["eval", "spans"], ["eval", "abstain"]),
    ],
    ids=" ".join,
)
def test_every_command_that_answers_takes_a_reader(pincite: Command, command: list[str]) -> None:
    assert "--reader" in pincite(*command, "--help").out


def test_without_a_command_the_help_goes_to_stderr(pincite: Command) -> None:
    outcome = pincite()
    assert (outcome.code, outcome.out) == (2, "")
    assert "Usage: pincite" in outcome.err


def test_the_version_is_printed(pincite: Command) -> None:
    assert pincite("--version") == Outcome(0, f"{package.__version__}\n", "")


def test_the_whole_way_as_a_user_goes_it(process: Command, notes: Path) -> None:
    (notes / "frost.md").write_text("# Frost\n\nFrost bursts the pipes 🧊.\n", encoding="utf-8")
    indexed = process("pincite", "index", "notes")
    assert (indexed.code, indexed.out) == (0, "")
    assert indexed.err.endswith("2 added: 2 passages, 2 texts newly embedded.\n")
    outcome = process(
        "pincite", "ask", "What bursts the pipes?", "--json", PYTHONIOENCODING="ascii"
    )
    assert outcome.code == 0, outcome
    assert outcome.err == "", "nothing but the answer, whatever the libraries have to say"
    assert "🧊" in outcome.out, "UTF-8 into a pipe, whatever the locale"
    assert asked(outcome)["citations"][0]["cited_text"] == "Frost bursts the pipes 🧊."
    alone = process("pincite", "ask", "Who painted the Mona Lisa?")
    assert (alone.code, alone.err) == (3, "")
    assert "do not seem to answer this" in alone.out


def test_mistakes_are_one_line_in_a_process_of_their_own(process: Command) -> None:
    assert_one_line(process("pincite", "status"), 1, "no store")
    assert_one_line(process("pincite", "nonsense"), 2, "nonsense")
    assert_one_line(process("pincite", "status", PINCITE_NONSENSE="1"), 2, "PINCITE_NONSENSE")


def test_help_and_version_are_quick(process: Command) -> None:
    code = "import sys, pincite.cli; sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=False
    )
    assert done.returncode == 0, "help must not wait for torch"
    assert process("pincite", "--version").out == f"{package.__version__}\n"


_soaked = (pytest.param(command, marks=pytest.mark.soak) for command in ("status", "ask --explain"))


@pytest.mark.parametrize("command", ["--help", "ask", "ask --json", *_soaked])
def test_a_reader_that_goes_away_is_no_error(
    seeds_store: Path, tmp_path: Path, command: str
) -> None:
    """As with `pincite … | head -1`."""
    verb, *flags = command.split()
    question = [ON_SUBJECT] if verb == "ask" else []
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", verb, *question, *flags],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY),
                "PINCITE_STORE": str(seeds_store),
            },
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_report_that_nobody_reads_is_no_error(notes: Path) -> None:
    """As with `pincite index 2>&1 | head -1`: the work is done all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", "index", "notes"],
            cwd=notes.parent,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=writing,
            stderr=writing,
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert open_store(notes.parent / ".pincite").live().documents == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", "--version"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "pincite: Reading or writing failed: No space left on device.\n"


def test_the_store_of_the_seeds_is_left_alone(seeds_store: Path) -> None:
    """Asking writes nothing: the tests above asked a store that others share."""
    assert open_store(seeds_store).open().info.documents == 5
