"""`pincite status` and `pincite verify`."""

import json
import sys
from pathlib import Path

import pytest

from index.store.store import Store
from qa.read.reader import reader_used
from tests.cli.conftest import Command, assert_one_line


def test_status_tells_what_the_store_holds(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    outcome = pincite("status")
    assert (outcome.code, outcome.err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert told["store"].startswith(".pincite, 0.0 MiB")
    assert "checksum" not in told["store"]
    assert told["model"] == "all-MiniLM-L6-v2"
    used = reader_used(None)
    assert used
    assert told["reader"] == f"bundled, SHA-256 {used.digest}"
    assert (told["documents"], told["passages"]) == ("2", "2, of 3 sentences")
    assert told["source"] == str(notes)
    snapshot, published = told["snapshot"].split(", published ")
    checked = pincite("status", "--check", "--json")
    status = json.loads(checked.out)
    assert status == {
        "store": ".pincite",
        "snapshot": snapshot,
        "model": "all-MiniLM-L6-v2",
        "reader": {"name": "bundled", "digest": used.digest},
        "documents": 2,
        "passages": 2,
        "sentences": 3,
        "bytes": Store(Path(".pincite")).total_bytes(),
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


def flip_a_bit(store: Path) -> None:
    shard = Store(store).live_manifest().shards[0]
    path = store / "objects" / shard.passage_vectors.sha256
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_is_found_and_repaired_by_indexing(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    flip_a_bit(Path(".pincite"))
    assert pincite("status").code == 0, "without --check only the manifest is read"
    assert_one_line(pincite("status", "--check"), 1, "damaged", "was altered", "pincite index")
    assert_one_line(pincite("ask", "why?"), 1, "damaged", "was altered", "pincite index")
    repaired = pincite("index")
    assert repaired.code == 0
    first, *_ = repaired.err.splitlines()
    assert first.startswith("The old store could not be used and was built anew from the sources: ")
    assert first.endswith(" was altered.")
    assert "pincite index" not in first, "that is what was just done"
    assert pincite("status", "--check").code == 0


def test_a_damaged_pointer_is_an_error_of_one_line(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    Path(".pincite/live.json").write_text("{")
    for command in (["ask", "why?"], ["status"]):
        assert_one_line(pincite(*command), 1, "damaged", "pincite index SOURCE…")


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
