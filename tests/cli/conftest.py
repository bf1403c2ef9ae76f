"""The command line in this process (fast) and as a process of its own (what users run)."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.encoding.encoder import Encoder
from index.store.location import Location, location_of
from index.terminal import run
from pincite.cli import app
from tests.store.places import OnServer, Place
from tests.waiting import PATIENCE_S

ON_SUBJECT, FAR_OFF = "what is microneedling", "What is the capital of France?"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command runs there is no store and no pincite.toml, and no setting is made."""
    monkeypatch.chdir(tmp_path)
    for variable in os.environ:
        if variable.upper().startswith("PINCITE_"):
            monkeypatch.delenv(variable)


@pytest.fixture
def anywhere(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the store in the folder `.pincite`, and then one on a server."""
    if isinstance(place, OnServer):
        monkeypatch.setenv("PINCITE_STORE", place.named(tmp_path))


def location() -> Location:
    """Return where the store is that commands use."""
    return location_of(os.environ.get("PINCITE_STORE", ".pincite"))


@pytest.fixture
def pincite(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoder: Encoder
) -> Command:
    """Run the command line in this process, with the model that is loaded already."""
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: encoder)
    monkeypatch.setattr("pincite.indexing.open_encoder", lambda *_, **__: encoder)

    def command(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["pincite", *map(str, arguments)])
        # As if started by the script `pincite`, not by `python -m pytest`.
        monkeypatch.setattr(sys.modules["__main__"], "__package__", "", raising=False)
        capsys.readouterr()
        code = run(app)
        if not isinstance(location(), Path):
            gc.collect()  # as at the end of a process, connections are closed
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Outcome(code, out, err)

    return command


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Run `python -m MODULE …` as a process of its own, in the test's folder."""

    def command(*arguments: str | Path, **variables: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return command


def assert_one_line(outcome: Outcome, code: int, *parts: str) -> None:
    """A mistake ends with its code and one line on stderr that holds `parts`."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("pincite: ")
    assert outcome.err.splitlines(keepends=True) == [outcome.err], outcome.err
    for part in parts:
        assert part in outcome.err


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "care.txt").write_text("Wash the face with water.\nStay out of the sun.\n")
    (folder / "frost.md").write_text("# Frost\n\nFrost bursts the pipes.\n")
    return folder


def asked(outcome: Outcome) -> dict[str, Any]:
    answer = json.loads(outcome.out)
    assert isinstance(answer, dict)
    return answer
