"""`pincite index` as its users meet it: what it says, and what it leaves behind."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from index.encoding.encoder import Role
from tests.cli.conftest import REPOSITORY, Command, assert_one_line
from tests.damage import break_database
from tests.encoders import HashingEncoder
from tests.waiting import PATIENCE_S


def test_index_tells_what_it_did_on_stderr(pincite: Command, notes: Path) -> None:
    (notes / "picture.png").write_bytes(b"\x89PNG")
    first = pincite("index", notes)
    assert (first.code, first.out) == (0, "")
    assert first.err.splitlines() == [
        "+ notes/care.txt",
        "+ notes/frost.md",
        "! notes/picture.png: skipped, unsupported type .png",
        "2 added, 1 skipped: 2 passages, 2 texts newly embedded.",
    ]
    (notes / "picture.png").unlink()
    (notes / "frost.md").unlink()
    (notes / "care.txt").write_text("Stay in the shade.\n")
    (notes / "new.txt").write_text("Bread needs salt.\n")
    second = pincite("index")  # the sources it remembers
    assert (second.code, second.out) == (0, "")
    assert second.err.splitlines()[:-1] == [
        "+ notes/new.txt",
        "~ notes/care.txt",
        "- notes/frost.md",
    ]
    assert second.err.splitlines()[-1].startswith("1 added, 1 changed, 1 removed: 2 passages, ")
    third = pincite("index")
    assert third.err == "2 unchanged: 2 passages, 0 texts newly embedded.\n"


def test_a_long_list_of_files_is_cut_short(pincite: Command, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(25):
        (folder / f"{number:02}.txt").write_text("The same text.\n")
    lines = pincite("index", folder).err.splitlines()
    assert lines[19:] == [
        "+ many/19.txt",
        "+ … and 5 more",
        "25 added: 25 passages, 1 text newly embedded.",
    ]


def test_index_without_a_source_says_what_to_do(pincite: Command) -> None:
    assert_one_line(pincite("index"), 1, "pincite index SOURCE…")


def test_a_source_that_does_not_exist_is_named(pincite: Command, notes: Path) -> None:
    assert_one_line(pincite("index", "no/such/place"), 1, "no/such/place does not exist")


def test_nothing_to_index_says_why(pincite: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "void.txt").write_text("\n")
    outcome = pincite("index", tmp_path / "empty")
    assert outcome.code == 1
    assert outcome.err.startswith("! empty/void.txt: skipped, empty\npincite: Nothing in ")


def test_what_was_kept_and_what_is_empty_has_a_line_each(
    pincite: Command, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("empty", "more/notes"):
        (tmp_path / name).mkdir(parents=True)
    pincite("index", notes, "empty", "more/notes")
    original = Path.open

    def forbidden(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "care.txt":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return original(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", forbidden)
    outcome = pincite("index")
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "! notes/care.txt: kept as it was, unreadable (Permission denied)",
        "! empty: nothing to index in it",
        "! more/notes: nothing to index in it",
        "2 unchanged: 2 passages, 0 texts newly embedded.",
    ]


def test_a_name_takes_one_line_whatever_is_in_it(pincite: Command, tmp_path: Path) -> None:
    folder = tmp_path / "odd\nfolder"
    folder.mkdir()
    (folder / "a\nb\tc\u2028\x1b[31m.txt").write_text("Bread needs salt.\n")
    (folder / "d\ne.png").write_bytes(b"\x89PNG")
    (folder / "👨\u200d👩\u200d👧.txt").write_text("Frost bursts the pipes.\n")
    report = pincite("index", folder).err.splitlines()
    assert report[:-1] == [
        "+ odd folder/a b c  [31m.txt",
        "+ odd folder/👨\u200d👩\u200d👧.txt",
        "! odd folder/d e.png: skipped, unsupported type .png",
    ]
    assert len(pincite("status").out.splitlines()) == 9
    (tmp_path / "odd\nfolder").rename(tmp_path / "gone")
    assert_one_line(pincite("index"), 1, "odd folder does not exist")


def test_what_to_index_at_first_is_indexed_only_then(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    """As `make ask` and `make serve` do it with seeds/."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "bread.txt").write_text("Bread needs salt.\n")
    assert "+ notes/care.txt" in pincite("index", "--at-first", notes).err
    assert "- notes/care.txt" in pincite("index", "--at-first", notes, own).err
    assert pincite("index", "--at-first", notes).err.startswith("1 unchanged")
    database = break_database(Path(".pincite"))
    before = database.read_bytes()
    assert_one_line(pincite("index", "--at-first", notes), 1, "pincite index SOURCE…")
    assert database.read_bytes() == before


def make(target: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make with a virtual environment that is ready, and `pincite` from this checkout."""
    (folder / "venv" / "bin").mkdir(parents=True, exist_ok=True)
    command = folder / "venv" / "bin" / "pincite"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pincite "$@"\n')
    command.chmod(0o755)
    (folder / "venv" / ".ready").touch()
    return subprocess.run(
        ["make", "--no-print-directory", "-C", str(REPOSITORY), target, f"VENV={folder / 'venv'}"],
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_puts_nothing_in_the_place_of_a_store_that_cannot_be_used(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    pincite("index", notes)
    database = break_database(tmp_path / ".pincite")
    before = database.read_bytes()
    done = make("store", tmp_path, PINCITE_STORE=str(tmp_path / ".pincite"))
    assert done.returncode != 0
    assert done.stderr.startswith("pincite: The store is damaged")
    assert database.read_bytes() == before
    assert {path.name for path in notes.iterdir()} == {"care.txt", "frost.md"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_indexes_the_seeds_where_there_is_no_store(tmp_path: Path) -> None:
    done = make("store", tmp_path, PINCITE_STORE=str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr
    assert "+ seeds/000_6552478e434a9112.txt" in done.stderr


def test_an_interrupted_index_leaves_the_store_as_it_was(
    pincite: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pincite("index", notes)
    before = pincite("status", "--json").out.splitlines()

    class Interrupted(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role):
            raise KeyboardInterrupt

    monkeypatch.setattr("pincite.indexing.open_encoder", lambda *_, **__: Interrupted())
    (notes / "care.txt").write_text("Other words.\n")
    assert_one_line(pincite("index"), 130, "unchanged")
    after = pincite("status", "--json", "--check").out.splitlines()
    changed = [line for line in before if line not in after]
    assert all(line.startswith(('  "bytes"', '  "checked"')) for line in changed), changed
