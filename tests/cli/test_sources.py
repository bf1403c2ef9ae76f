"""SOURCEs at the command line: what is no longer one, and what would be done with them."""

import json
import shlex
from pathlib import Path

import pytest

from index.store import open_store
from tests.cli.conftest import Command


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "care.txt").write_text("Wash the face with water.\n")
    return folder


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    file = tmp_path / "faq.txt"
    file.write_text("The clinic opens at eight.\n")
    return file


def test_a_source_that_is_not_named_any_more_is_told_with_the_way_back(
    pincite: Command, notes: Path, faq: Path
) -> None:
    pincite("index", notes, "--store", "a store")
    said = pincite("index", faq.name, "--store", "a store").err.splitlines()
    assert said[-2] == f"! {notes} is no longer a SOURCE"
    back = said[-1].removeprefix("! To keep all: ")
    assert shlex.split(back) == ["pincite", "index", "--store", "a store", str(notes), str(faq)]
    done = pincite(*shlex.split(back)[1:])
    assert done.err.splitlines()[-1].endswith("2 passages, 0 texts newly embedded.")
    assert "no longer" not in done.err


def test_a_source_within_a_new_one_is_indexed_still(pincite: Command, notes: Path) -> None:
    pincite("index", notes / "care.txt")
    assert "no longer" not in pincite("index", notes).err


def test_a_source_that_is_gone_has_no_way_back(pincite: Command, notes: Path, faq: Path) -> None:
    pincite("index", notes, faq)
    (notes / "care.txt").unlink()
    notes.rmdir()
    assert pincite("index").code == 1
    said = pincite("index", faq).err.splitlines()
    assert said[-1] == f"! {notes} is no longer a SOURCE"


def test_a_dry_run_says_what_cannot_be_read_as_the_real_run_does(
    pincite: Command, notes: Path
) -> None:
    (notes / "damaged.pdf").write_bytes(b"%PDF-1.7\nno more")
    runs = [pincite("index", notes, *option).err for option in (["--dry-run"], [])]
    skipped = [[line for line in run.splitlines() if "skipped, " in line] for run in runs]
    assert skipped == [["! my notes/damaged.pdf: skipped, damaged PDF"]] * 2


def test_a_dry_run_says_which_sources_it_would_drop(
    pincite: Command, notes: Path, faq: Path
) -> None:
    pincite("index", notes)
    said = pincite("index", faq, "--dry-run").err
    assert f"! {notes} would no longer be a SOURCE" in said


def test_a_dry_run_tells_of_empty_folders_and_of_the_gate(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    pincite("index", notes)
    gold = tmp_path / "gold.jsonl"
    quote = {"source": "my notes/care.txt", "quote": "Wash the face with water."}
    gold.write_text(json.dumps({"id": "a", "question": "Why?", "quotes": [quote]}))
    assert pincite("gate", gold).code == 0
    said = pincite("index", notes, "empty", "--dry-run").err.splitlines()
    assert "! empty: nothing to index in it" in said
    assert f"The gold questions of {gold} were not asked; without --dry-run they decide." in said


def test_who_waits_for_another_writer_is_told_so(
    pincite: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pincite.indexing._WAIT_FOR_OTHERS_S", 0.2)
    pincite("index", notes)
    with open_store(Path(".pincite")).writing():
        said = pincite("index")
    assert said.code == 1
    first, last = said.err.splitlines()
    assert first == "Another process is writing the store; waiting 0.2 s."
    assert last.startswith("pincite: Another process is writing")


def test_a_link_out_of_a_source_is_told(pincite: Command, notes: Path, faq: Path) -> None:
    (notes / "hours.txt").symlink_to(faq)
    (notes / "again.txt").symlink_to(notes / "care.txt")
    told = "! my notes/hours.txt: skipped, a link that leads out of SOURCE; "
    for arguments in (["--dry-run"], [], ["--dry-run"]):
        said = pincite("index", notes, *arguments).err.splitlines()
        assert [line.startswith(told) for line in said if "a link" in line] == [True]
    assert "a link" not in pincite("index", notes, faq, "--dry-run").err
