"""`--collection` and `pincite collections`: several collections in one store's folder."""

import json
from pathlib import Path

import pytest

from index.store import open_store
from index.store.catalogue import identity_of
from index.store.location import Location
from tests.cli.conftest import Command, asked, assert_one_line, location
from tests.store.places import Place, only_in_folder

pytestmark = pytest.mark.usefixtures("anywhere")

QUESTION = "What bursts the pipes?"


@pytest.fixture
def two(pincite: Command, notes: Path, tmp_path: Path) -> Location:
    """The notes in the collection `notes`, another text in the default one; return where."""
    (tmp_path / "owls.txt").write_text("Owls sleep in red barns until midnight.\n")
    assert pincite("index", "owls.txt").code == 0
    assert pincite("index", notes, "--collection", "notes").code == 0
    return location()


def test_each_command_is_about_one_collection(
    pincite: Command, two: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sources(*options: str) -> set[str]:
        passages = asked(pincite("ask", QUESTION, "--json", *options))["passages"]
        return {passage["source"] for passage in passages}

    owls = {f"{tmp_path.name}/owls.txt"}
    assert sources() == owls
    assert sources("--collection", "notes") == {"notes/care.txt", "notes/frost.md"}
    assert sources("--collection", "default") == owls
    monkeypatch.setenv("PINCITE_COLLECTION", "notes")
    assert "notes/frost.md" in sources()
    monkeypatch.delenv("PINCITE_COLLECTION")
    Path("pincite.toml").write_text('collection = "notes"\n')
    assert "notes/frost.md" in sources()
    status = json.loads(pincite("status", "--json").out)
    assert (status["collection"], status["documents"]) == ("notes", 2)
    assert "collection   notes" in pincite("status", "--check").out
    Path("pincite.toml").unlink()
    whole = json.loads(pincite("status", "--json").out)
    assert (whole["collection"], whole["documents"]) == ("default", 1)
    if isinstance(two, Path):
        own = [p for p in two.rglob("*") if p.is_file() and "collections" not in p.parts]
        assert open_store(two).total_bytes() == sum(path.stat().st_size for path in own)

    # Purging and rolling back one leaves the other.
    before = open_store(two).live_id()
    Path("notes/frost.md").unlink()
    assert pincite("index", "--collection", "notes").code == 0
    assert "--collection notes` goes back" in pincite("rollback", "--collection", "notes").err
    assert pincite("purge", "--collection", "notes").code == 0
    assert open_store(two).live_id() == before
    again = pincite("index", "notes/care.txt", "--collection", "notes").err
    assert "--collection notes" in again.splitlines()[-1]
    assert pincite("purge").code == 0


def test_they_are_listed_and_removed(pincite: Command, two: Location) -> None:
    listed = json.loads(pincite("collections", "--json").out)["collections"]
    assert [(each["name"], each["documents"]) for each in listed] == [("default", 1), ("notes", 2)]
    assert all(each["bytes"] and each["snapshot"] and not each["error"] for each in listed)
    lines = pincite("collections").out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["default", "1", "documents,"],
        ["notes", "2", "documents,"],
    ]
    made = pincite("key", "add", "laptop", "--collection", "notes", "--collection", "later")
    assert made.err.splitlines()[-1] == "! There is no collection later yet."
    assert pincite("key", "list").out.endswith("  only later,notes\n")
    removed = pincite("collections", "remove", "notes", "--yes")
    assert removed.code == 0
    assert removed.err.splitlines() == [
        "The collection notes is removed.",
        "! Keys that open it, should it be made again: laptop",
    ]
    assert identity_of(two, "notes") is None
    assert len(pincite("collections").out.splitlines()) == 1
    assert_one_line(pincite("ask", QUESTION, "--collection", "notes"), 1, "no collection notes in")
    assert pincite("ask", "Where do owls sleep until midnight?").code == 0


@only_in_folder
def test_a_removal_that_was_cut_off_is_finished_by_the_next_purge(
    pincite: Command, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.store.local.catalogue.shutil.rmtree", killed)
        assert pincite("collections", "remove", "notes", "--yes").code == 130
    assert len(pincite("collections").out.splitlines()) == 1, "it is gone all the same"
    assert len(list((two / "collections").iterdir())) == 1
    assert pincite("purge").code == 0
    assert not list((two / "collections").iterdir())


def test_without_a_yes_nothing_is_removed(process: Command, two: Location) -> None:
    done = process("pincite", "collections", "remove", "notes")
    assert done.code == 130
    assert "Remove the collection notes, with its uploads and feedback, for good?" in done.err
    assert identity_of(two, "notes")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["ask", "x", "--collection", "A b"], 2, "lower-case letters, digits and hyphens"),
        (["ask", "x", "--collection", "../x"], 2, "lower-case letters, digits and hyphens"),
        (["ask", "x", "--collection", "none"], 1, "`pincite index SOURCE… --collection none`"),
        (["index", "gone", "--collection", "new"], 1, "gone"),
        (["collections", "remove", "none", "--yes"], 1, "There is no collection none"),
        (["collections", "remove", "default", "--yes"], 2, "The default collection is"),
        (["collections", "remove", "A", "--yes"], 2, "lower-case letters, digits and hyphens"),
        (["key", "add", "x", "--collection", "A"], 2, "lower-case letters, digits and hyphens"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(
    pincite: Command, place: Place, arguments: list[str], code: int, told: str
) -> None:
    assert_one_line(pincite(*arguments), code, told)
    assert place.is_empty(open_store(location()))


def test_a_folder_of_other_files_gets_no_collection(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "dear.txt").write_text("Dear …")
    refused = pincite("index", notes, "--store", letters, "--collection", "new")
    assert_one_line(refused, 1, "holds other files (dear.txt)")
    assert [path.name for path in letters.iterdir()] == ["dear.txt"]
