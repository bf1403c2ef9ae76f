"""SOURCEs at the command line: what is no longer one, and what would be done with them."""

import shlex
from pathlib import Path

import pytest

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
    back = said[-1].removeprefix("! All of them: ")
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


def test_a_dry_run_says_which_sources_it_would_drop(
    pincite: Command, notes: Path, faq: Path
) -> None:
    pincite("index", notes)
    said = pincite("index", faq, "--dry-run").err
    assert f"! {notes} would be no SOURCE any more" in said
