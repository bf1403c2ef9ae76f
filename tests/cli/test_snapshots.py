"""Going back and forgetting at the command line: what a person is told before it is too late."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("anywhere")

SECRET = "The vault of the clinic is behind the picture of Örjan."


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "care.txt").write_text("Wash the face with water.\n")
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    return folder


def test_purge_says_that_a_deleted_file_is_live_until_it_is_indexed(
    pincite: Command, notes: Path
) -> None:
    pincite("index", notes)
    (notes / "secret.txt").unlink()
    (notes / "care.txt").write_text("Wash the face with milk.\n")
    done = pincite("purge")
    assert done.code == 0
    assert done.err.splitlines()[:3] == [
        "! notes/secret.txt was deleted, and what was indexed of it is live and stays",
        "! notes/care.txt was changed, and what was indexed of it is live and stays",
        "! To forget that, too: `pincite index`, then `pincite purge` again.",
    ]
    pincite("index")
    done = pincite("purge")
    assert "!" not in done.err
    assert "- notes/secret.txt" in done.err.splitlines()


def test_purge_says_when_it_cannot_compare_with_the_sources(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    notes.rename(notes.with_name("away"))
    done = pincite("purge")
    assert done.code == 0
    assert "! What is live was not compared with the sources: " in done.err
    assert "notes does not exist" in done.err


def test_after_a_rollback_it_is_said_what_a_purge_forgets(pincite: Command, notes: Path) -> None:
    older = snapshot_of(pincite, notes)
    (notes / "care.txt").write_text("Wash the face with milk.\n")
    newer = snapshot_of(pincite, notes)
    back = pincite("rollback")
    assert f"Snapshot {older} is live again" in back.err
    assert f"`pincite purge` would keep what is live now and forget {newer}." in back.err
    assert "--no-watch" in back.err
    assert "SOURCEs and ignore patterns of that snapshot are back" in back.err
    done = pincite("purge")
    told = f"! {newer} is newer and goes: after a rollback, {older} is the live snapshot."
    assert told in done.err.splitlines()
    assert pincite("rollback", newer).code == 1


def snapshot_of(pincite: Command, notes: Path) -> str:
    pincite("index", notes)
    status = pincite("status").out.splitlines()
    return next(line for line in status if line.startswith("snapshot")).split()[1].strip(",")


def test_status_tells_when_snapshots_were_published(pincite: Command, notes: Path) -> None:
    older = snapshot_of(pincite, notes)
    (notes / "care.txt").write_text("Wash the face with milk.\n")
    newer = snapshot_of(pincite, notes)
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    told = pincite("status").out
    assert re.search(rf"^snapshot     {newer}, published {time}$", told, re.MULTILINE)
    assert re.search(rf"^kept         {older}, published {time}$", told, re.MULTILINE)
    published = json.loads(pincite("status", "--json").out)["published"]
    assert list(published) == [newer, older]
