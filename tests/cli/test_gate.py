"""The quality gate from end to end: registered, asked, overridden, taken away."""

import json
import re
import shutil
from pathlib import Path

import pytest

from eval.gold import PACKAGED_GOLD
from index.store import open_store
from tests.cli.conftest import Command, assert_one_line, location
from tests.cli.test_calibrate import fact, row
from tests.encoders import HashingEncoder

pytestmark = pytest.mark.usefixtures("anywhere")

PLANTS = "acacia alder apple ash aspen bamboo beech birch cedar cherry chestnut clover".split()
SHOWN = "mine.jsonl: 12 questions (12 answerable)\n"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A note on each plant, and mine.jsonl with a question about each beside them."""
    folder = tmp_path / "notes"
    folder.mkdir()
    rows = []
    for number, plant in enumerate(PLANTS):
        (folder / f"{plant}.txt").write_text(fact(number, plant) + "\n")
        told = {"source": f"notes/{plant}.txt", "quote": fact(number, plant)}
        asked = f"In how many weeks has the wood of the {plant} dried in a shed?"
        rows.append(row(number, asked, "answerable", told))
    (tmp_path / "mine.jsonl").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def gated(pincite: Command, notes: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line over a gated store of the notes, with hashed vectors and no reader."""
    monkeypatch.setenv("PINCITE_READER", "none")
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: HashingEncoder())
    monkeypatch.setattr("pincite.indexing.open_encoder", lambda *_, **__: HashingEncoder())
    assert pincite("index", notes).code == 0
    outcome = pincite("gate", "mine.jsonl")
    assert outcome.code == 0
    assert "asks 12 questions (12 answerable)" in outcome.err
    assert "fewer than 30" in outcome.err
    return pincite


def live() -> str:
    return open_store(location()).live_id()


def delete(notes: Path, count: int) -> None:
    for plant in PLANTS[:count]:
        (notes / f"{plant}.txt").unlink()


def test_what_is_registered_is_shown(gated: Command, tmp_path: Path) -> None:
    shown = gated("gate")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == f"{tmp_path}/{SHOWN}"
    registered = str(tmp_path / "mine.jsonl")
    assert json.loads(gated("status", "--json").out)["gold"] == registered
    assert f"gold         {registered}" in gated("status").out
    assert "Gold questions are no longer registered." in gated("gate", "--remove").err
    for arguments in (["gate"], ["gate", "--remove"]):
        nothing = gated(*arguments)
        assert (nothing.code, nothing.out) == (0, "")
        assert "No gold questions are registered" in nothing.err
    assert json.loads(gated("status", "--json").out)["gold"] is None
    assert "gold " not in gated("status").out
    assert_one_line(gated("gate", "mine.jsonl", "--remove"), 2, "--remove")


def test_a_gold_file_that_does_not_fit_is_refused(gated: Command, tmp_path: Path) -> None:
    wrong = {"id": "a", "question": "Why?", "quotes": [{"source": "notes/ash.txt", "quote": "x"}]}
    (tmp_path / "wrong.jsonl").write_text(json.dumps(wrong))
    assert_one_line(gated("gate", "wrong.jsonl"), 1, "wrong.jsonl, line 1", "does not stand in")
    assert_one_line(gated("gate", "none.jsonl"), 1, "none.jsonl cannot be read")
    assert gated("gate").out.endswith(SHOWN)


def test_questions_can_be_registered_before_anything_is_indexed(
    pincite: Command, notes: Path
) -> None:
    assert pincite("gate", "mine.jsonl").code == 0
    assert pincite("index", notes).code == 0  # there is nothing to compare with
    assert pincite("gate").out.endswith(SHOWN)


def test_a_worse_snapshot_is_kept_aside_until_forced(gated: Command, notes: Path) -> None:
    before = live()
    delete(notes, 8)
    outcome = gated("index")
    assert (outcome.code, outcome.out) == (5, "")
    assert live() == before
    lines = outcome.err.splitlines()
    (told,) = (line for line in lines if line.startswith("The new snapshot "))
    candidate = told.split()[3]
    assert told == (
        f"The new snapshot {candidate} answers significantly worse on mine.jsonl and was kept "
        f"aside; {before} stays live."
    )
    success = next(line.split() for line in lines if "success@3" in line)
    assert success[:3] == ["success@3", "1.000", "0.333"]  # 4 of 12 still have their note
    asked = lines.index("- In how many weeks has the wood of the acacia dried in a shed?")
    assert lines[asked + 1].startswith("  right, rank 1 -> ")
    assert lines[asked + 2] == "  notes/acacia.txt is gone"
    assert sum(line.startswith("- In how many") for line in lines) == 8
    named = location()
    store = "" if isinstance(named, Path) else f" --store {named.with_user}"
    assert lines[-1] == (
        f"Look into them, or publish it all the same: pincite index --force{store} "
        f"(or pincite rollback {candidate})"
    )
    kept = gated("ask", "In how many weeks has the wood of the acacia dried in a shed?")
    assert fact(0, "acacia") in kept.out, "what was live answers"
    again = gated("index", notes)
    assert again.code == 5
    assert f"pincite index --force{store} {notes} (or" in again.err
    forced = gated("index", "--force")
    assert forced.code == 0
    assert "Gate overridden" in forced.err
    assert live() == candidate
    assert "Gold questions" not in gated("index").err, "there is nothing new to ask about"


def test_what_is_no_worse_goes_live(gated: Command, notes: Path) -> None:
    before = live()
    (notes / "frost.txt").write_text("Frost bursts the pipes.\n")
    outcome = gated("index")
    assert outcome.code == 0
    told = "Gold questions: 12 asked, 0 better, 0 worse, no significant loss."
    assert outcome.err.splitlines()[-1] == told
    assert live() != before


def test_a_few_losses_are_named_and_go_live(gated: Command, notes: Path) -> None:
    delete(notes, 2)
    outcome = gated("index")
    assert outcome.code == 0
    lines = outcome.err.splitlines()
    assert "no significant loss" not in outcome.err, "that cannot be told"
    at = lines.index("Too few questions to tell: 2 of 12 got worse:")
    assert lines[at + 1] == "- In how many weeks has the wood of the acacia dried in a shed?"
    (notes / "frost.txt").write_text("Frost bursts the pipes.\n")
    left_out = gated("index").err
    assert "! mine.jsonl, line 1: its gold stands nowhere any more, correct it" in left_out
    assert "Gold questions: 10 asked" in left_out


def test_gold_that_cannot_be_read_stops_before_anything_is_done(
    gated: Command, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.jsonl").rename(tmp_path / "moved.jsonl")
    (notes / "frost.txt").write_text("Frost bursts the pipes.\n")
    before = live()
    with monkeypatch.context() as patched:
        patched.setattr("pincite.indexing.sync", lambda *_, **__: pytest.fail("too late"))
        for arguments in (["index"], ["index", notes]):
            assert_one_line(
                gated(*arguments), 1, "mine.jsonl", "`pincite gate --remove`", "--force"
            )
    assert live() == before
    assert gated("index", "--force").code == 0
    assert live() != before


@pytest.mark.soak
def test_the_seeds_gate_what_is_made_of_them(pincite: Command, tmp_path: Path, seeds_dir: Path):
    """With the default model and the packaged questions."""
    own = tmp_path / "seeds"
    shutil.copytree(seeds_dir, own)
    assert pincite("index", own).code == 0
    assert pincite("gate", PACKAGED_GOLD).code == 0
    (own / "frost.txt").write_text("Frost bursts the pipes in the garden.\n")
    added = pincite("index")
    assert added.code == 0
    told = (
        r"Gold questions: 90 asked, \d better, \d worse, (slight losses only|no significant loss)"
    )
    assert re.search(told, added.err)
    before = live()
    for name in ("001_7212a01263314b01.txt", "002_cd3ae78a834cc04f.txt"):
        (own / name).unlink()
    removed = pincite("index")
    assert removed.code == 5
    assert "significantly worse on seeds.jsonl" in removed.err
    assert "- can i use benzoyl peroxide after microneedling\n" in removed.err
    assert "seeds/001_7212a01263314b01.txt is gone" in removed.err
    assert live() == before
