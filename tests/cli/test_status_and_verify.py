"""`pincite status` and `pincite verify`."""

import json
import re
import sys
from pathlib import Path

import pytest

from qa.read.reader import reader_used
from tests.cli.conftest import Command, assert_one_line, location
from tests.damage import break_database, flip_a_bit
from tests.store.places import only_in_folder

pytestmark = pytest.mark.usefixtures("anywhere")


def test_status_tells_what_the_store_holds(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    outcome = pincite("status")
    assert (outcome.code, outcome.err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert re.fullmatch(rf"{re.escape(str(location()))}, 0\.\d MiB", told["store"])
    assert told["model"] == "all-MiniLM-L6-v2"
    used = reader_used(None)
    assert used
    assert told["reader"] == f"bundled, SHA-256 {used.digest}"
    assert (told["documents"], told["passages"]) == ("2", "2, of 3 sentences")
    assert told["source"] == str(notes)
    snapshot, published = told["snapshot"].split(", published ")
    checked = pincite("status", "--check", "--json")
    status = json.loads(checked.out)
    assert status.pop("bytes") > 1000
    assert status == {
        "store": str(location()),
        "collection": "default",
        "snapshot": snapshot,
        "model": "all-MiniLM-L6-v2",
        "reader": {"name": "bundled", "digest": used.digest},
        "documents": 2,
        "passages": 2,
        "sentences": 3,
        "sources": [str(notes)],
        "ignore": [],
        "uploads": 0,
        "snapshots": [snapshot],
        "published": {snapshot: published},
        "kept_aside": None,
        "checked": True,
        "calibration": None,
        "gold": None,
    }


@only_in_folder
def test_a_flipped_bit_is_found_and_repaired_by_indexing(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    flip_a_bit(Path(".pincite"))
    assert pincite("status").code == 0, "without --check the vectors are not read"
    assert_one_line(pincite("status", "--check"), 1, "damaged", "pincite index")
    assert_one_line(pincite("ask", "why?"), 1, "damaged", "pincite index")
    repaired = pincite("index")
    assert repaired.code == 0
    first, *_ = repaired.err.splitlines()
    assert first.startswith("The old store could not be used and was built anew from the sources: ")
    assert "pincite index" not in first, "that is what was just done"
    assert pincite("status", "--check").code == 0


@only_in_folder
def test_a_damaged_database_is_told_of_and_repaired_by_indexing(
    pincite: Command, notes: Path
) -> None:
    pincite("index", notes)
    break_database(Path(".pincite"))
    for command in (["ask", "why?"], ["status"], ["index"]):
        assert_one_line(pincite(*command), 1, "damaged", "pincite index SOURCE…")
    assert pincite("index", notes).code == 0
    assert pincite("status", "--check").code == 0


@pytest.fixture
def answer_file(pincite: Command, notes: Path, tmp_path: Path) -> Path:
    pincite("index", notes)
    outcome = pincite("ask", "Should I stay out of the sun?", "--json")
    assert outcome.code == 0
    file = tmp_path / "answer.json"
    file.write_text(outcome.out)
    return file


def test_verify_ends_with_0_while_every_citation_holds(pincite: Command, answer_file: Path) -> None:
    outcome = pincite("verify", answer_file)
    assert (outcome.code, outcome.err) == (0, "")
    first, *_ = outcome.out.splitlines()
    assert first.startswith("[1] valid  notes/care.txt:")
    assert {line.split()[1] for line in outcome.out.splitlines()} == {"valid"}


def test_verify_ends_with_4_when_one_no_longer_holds(
    pincite: Command, answer_file: Path, notes: Path
) -> None:
    care = notes / "care.txt"
    care.write_text("New first line.\n" + care.read_text())
    moved = pincite("verify", answer_file)
    assert (moved.code, moved.err) == (4, "")
    assert "moved (now at " in moved.out
    care.write_text("Other words.\n")
    assert " stale  " in pincite("verify", answer_file).out
    care.write_text("Stay out of the wind.\n")
    assert "    nearest now, at 0-21, " in pincite("verify", answer_file).out
    care.unlink()
    (notes / "renamed.txt").write_text("Stay out of the sun.\n")
    missing = pincite("verify", answer_file, "--json")
    assert missing.code == 4
    results = json.loads(missing.out)["results"]
    assert {result["status"] for result in results} == {"missing"}
    place = {"source": "notes/renamed.txt", "start_char_index": 0, "end_char_index": 20}
    assert place.items() <= results[0]["found_in"][0].items()
    told = "    the same words stand in notes/renamed.txt:0-20"
    assert told in pincite("verify", answer_file).out.splitlines()


def test_verify_reads_standard_input(
    pincite: Command, answer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answer_file.open() as opened:
        monkeypatch.setattr(sys, "stdin", opened)
        assert pincite("verify", "-").code == 0


def test_what_cannot_be_verified_says_so(pincite: Command, notes: Path) -> None:
    assert_one_line(pincite("verify", "no.json"), 1, "no.json cannot be read", "No such file")
    assert_one_line(pincite("verify", notes), 1, "cannot be read")
    Path("poem.txt").write_text("Roses are red.")
    assert_one_line(pincite("verify", "poem.txt"), 2, "not an answer to verify", "--json")
