"""The quality gate: what holds a new snapshot back, what is left out, what is told."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import eval.gate
from eval.gate import GateOutcome, GoldGate
from eval.gold import read_gold
from index.errors import ModelError
from index.store import open_store
from index.store.protocols import Snapshot
from index.sync import sync
from qa.engine import Engine
from qa.settings import Settings
from tests.encoders import HashingEncoder
from tests.eval.upside_down import UpsideDown
from tests.models import make_model
from tests.stand_ins import stand_in

PLANTS = "acacia alder apple ash aspen bamboo beech birch cedar cherry chestnut clover".split()


def fact(plant: str) -> str:
    return f"The wood of the {plant} dries within {len(plant)} weeks in a shed."


def notes(*plants: str) -> dict[str, str]:
    return {f"{plant}.txt": fact(plant) + "\n" for plant in plants}


def asks(plant: str, *quotes: tuple[str, str]) -> dict[str, Any]:
    """A row that asks how long a plant's wood dries; by default its own note answers."""
    own = quotes or ((plant, fact(plant)),)
    return {
        "id": plant,
        "question": f"In how many weeks has the wood of the {plant} dried in a shed?",
        "quotes": [{"source": f"notes/{note}.txt", "quote": quote} for note, quote in own],
    }


ROWS = [asks(plant) for plant in PLANTS]
FAR_OFF = {"id": "far", "question": "Who won at chess?", "kind": "far-off"}


class Workshop:
    """Makes snapshots of notes, and asks the gate about them."""

    def __init__(self, folder: Path, model) -> None:
        self.folder = folder
        self.model = model
        self.made = 0
        self.progress: list[tuple[str, int, int]] = []

    def snapshot(self, files: Mapping[str, str], model=None, encoder=None) -> Snapshot:
        self.made += 1
        source = self.folder / str(self.made) / "notes"
        source.mkdir(parents=True)
        for name, text in files.items():
            (source / name).write_text(text, encoding="utf-8")
        store = open_store(self.folder / str(self.made) / "store")
        sync(store, [source], model or self.model, encoder or HashingEncoder())
        return store.open()

    def ask(
        self,
        live: Snapshot,
        candidate: Snapshot,
        rows: Sequence[Mapping[str, Any]] = ROWS,
        checked: Snapshot | None = None,
    ) -> GateOutcome:
        """Return what the gate reports, once it is certain that it decides so, too."""
        path = self.folder / "gold.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        outcomes: list[GateOutcome] = []
        gate = GoldGate(
            read_gold(path),
            self.model,
            HashingEncoder(),
            Settings(reader="none"),
            outcomes.append,
            progress=lambda *told: self.progress.append(told),
        )
        passed = gate(live, candidate, checked)
        (outcome,) = outcomes
        assert passed == outcome.passed
        assert outcome.gold == "gold.jsonl"
        return outcome


@pytest.fixture
def workshop(tmp_path: Path, model) -> Workshop:
    return Workshop(tmp_path, model)


def worse(outcome: GateOutcome) -> list[str]:
    assert outcome.comparison
    return [change.now.id for change in outcome.comparison.worse]


def test_what_answers_as_before_passes(workshop):
    live = workshop.snapshot(notes(*PLANTS))
    more = workshop.snapshot(notes(*PLANTS) | {"frost.txt": "Frost bursts pipes.\n"})
    outcome = workshop.ask(live, more)
    assert outcome.passed
    assert not outcome.too_few
    assert (outcome.live, outcome.candidate, outcome.asked) == (live.id, more.id, 12)
    assert (worse(outcome), outcome.missing, outcome.left_out) == ([], {}, {})
    assert outcome.since_last_check is None
    assert workshop.progress == [("Asking", done, 24) for done in range(1, 25)]


def test_deleted_answers_are_a_loss_that_is_named(workshop):
    live = workshop.snapshot(notes(*PLANTS))
    outcome = workshop.ask(live, workshop.snapshot(notes(*PLANTS[8:])))
    assert not outcome.passed
    assert {each.name for each in outcome.losses} >= {"success_at_3", "citation_hit_rate"}
    assert worse(outcome) == PLANTS[:8]
    assert outcome.missing == {plant: f"notes/{plant}.txt is gone" for plant in PLANTS[:8]}
    for change in outcome.comparison.worse:
        assert change.before.verdict == "right"
        assert change.now.verdict in ("missed", "off the gold")
        assert change.now.gold == ()
        assert change.now.ranking.first is None
    assert outcome.comparison.missing == ()


def test_a_few_losses_pass_and_are_named_all_the_same(workshop):
    live = workshop.snapshot(notes(*PLANTS))
    outcome = workshop.ask(live, workshop.snapshot(notes(*PLANTS[5:])))
    assert outcome.passed
    assert outcome.too_few
    assert worse(outcome) == PLANTS[:5]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_handful_of_questions_never_holds_back(workshop, count):
    """However they fare: the ratio of citations, too, is told of nothing by so few."""
    rows = [*ROWS[:count], FAR_OFF][:5]
    live = workshop.snapshot(notes(*PLANTS))
    outcome = workshop.ask(live, workshop.snapshot(notes("clover")), rows)
    assert outcome.passed
    assert outcome.too_few


def test_an_edited_quote_is_shown_with_what_stands_there_now(workshop):
    live = workshop.snapshot(notes(*PLANTS))
    edited = {f"{plant}.txt": fact(plant).replace("dries", "rots") for plant in PLANTS[:8]}
    outcome = workshop.ask(live, workshop.snapshot(notes(*PLANTS) | edited))
    assert not outcome.passed
    assert outcome.missing["ash"].startswith("its quote is no longer in notes/ash.txt: it has ")
    assert "rots within 3 weeks in a shed." in outcome.missing["ash"]


def test_a_quote_that_moved_to_another_source_is_told_of(workshop):
    live = workshop.snapshot(notes(*PLANTS))
    renamed = {f"new {plant}.txt": fact(plant) for plant in PLANTS}
    outcome = workshop.ask(live, workshop.snapshot(notes("clover") | renamed))
    assert outcome.missing["ash"] == "notes/ash.txt is gone: it stands in notes/new ash.txt"


def test_one_quote_of_several_is_enough(workshop):
    rows = [asks(plant, (plant, fact(plant)), (f"{plant} 2", fact(plant))) for plant in PLANTS]
    twice = notes(*PLANTS) | {f"{plant} 2.txt": fact(plant) + "\n" for plant in PLANTS}
    live = workshop.snapshot(twice)
    outcome = workshop.ask(live, workshop.snapshot(notes(*PLANTS)), rows)
    assert outcome.passed
    assert (outcome.asked, worse(outcome), outcome.missing) == (12, [], {})


def test_what_stands_nowhere_is_left_out_and_told_of(workshop):
    live = workshop.snapshot(notes(*PLANTS[1:]))
    outcome = workshop.ask(live, live, [*ROWS, FAR_OFF])
    assert outcome.left_out == {1: "notes/acacia.txt is gone"}
    assert outcome.asked == 12
    assert outcome.comparison.missing == outcome.comparison.added == ()


def test_what_stands_in_the_new_snapshot_only_is_not_compared(workshop):
    new = workshop.snapshot(notes(*PLANTS))
    outcome = workshop.ask(workshop.snapshot(notes(*PLANTS[3:])), new)
    assert outcome.comparison.added == tuple(PLANTS[:3])
    assert outcome.asked == 9
    alone = workshop.ask(workshop.snapshot({"frost.txt": "Frost bursts pipes."}), new)
    assert alone.passed
    assert alone.comparison is None
    assert alone.asked == 0


def test_gold_of_other_documents_altogether_decides_nothing(workshop):
    frost = workshop.snapshot({"frost.txt": "Frost bursts pipes."})
    outcome = workshop.ask(frost, frost)
    assert outcome.passed
    assert list(outcome.left_out) == list(range(1, 13))


def test_what_changed_since_the_last_check_is_told_and_decides_nothing(workshop):
    checked = workshop.snapshot(notes(*PLANTS))
    live = workshop.snapshot(notes(*PLANTS[8:]))
    new = workshop.snapshot(notes(*PLANTS[8:]) | {"frost.txt": "Frost bursts pipes."})
    outcome = workshop.ask(live, new, checked=checked)
    assert outcome.passed
    assert outcome.since_last_check.losses
    assert [change.now.id for change in outcome.since_last_check.worse] == PLANTS[:8]
    assert outcome.comparison.worse == ()


def test_a_snapshot_of_another_model_is_asked_with_that_model(workshop, tmp_path, monkeypatch):
    other = make_model(tmp_path / "other", workshop.model)
    small = HashingEncoder(16)
    live = workshop.snapshot(notes(*PLANTS), other, small)
    opened = []

    def open_encoder(model, backend):
        opened.append(model.fingerprint)
        return small

    monkeypatch.setattr(eval.gate, "open_encoder", open_encoder)
    new = workshop.snapshot(notes(*PLANTS))
    outcome = workshop.ask(live, new)
    assert opened == [other.fingerprint]
    assert outcome.comparison.conditions["model_fingerprint"]
    (Path(other.folder) / "config_sentence_transformers.json").unlink(missing_ok=True)
    Path(other.folder).rename(tmp_path / "gone")
    with pytest.raises(ModelError, match=r"not here as it was then.*--force"):
        workshop.ask(live, new)
    unchecked = workshop.ask(new, new, checked=live)  # what decides nothing stops nothing
    assert unchecked.passed
    assert unchecked.since_last_check is None


def test_a_slight_loss_of_rank_is_told_and_holds_nothing_back(workshop, monkeypatch):
    live, fewer = workshop.snapshot(notes(*PLANTS)), workshop.snapshot(notes(*PLANTS[8:]))
    assert workshop.ask(live, fewer).slight == ()
    monkeypatch.setattr(eval.gate, "MATERIAL", 1.01)  # more than there is to lose
    lost = workshop.ask(live, fewer)
    assert {each.name for each in lost.slight} >= {"ndcg_at_10", "mrr_at_10"}
    names = {each.name for each in lost.losses}
    assert names >= {"success_at_3", "citation_hit_rate"}
    monkeypatch.setattr(eval.gate, "GRADED", frozenset({*eval.gate.GRADED, *names}))
    slight = workshop.ask(live, fewer)
    assert slight.passed
    assert not slight.too_few
    assert set(slight.slight) == {*lost.slight, *lost.losses}


def test_a_planted_regression_is_held_back(
    engine, gold_path, model, encoder, tmp_path, monkeypatch
):
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(gold_path.read_bytes().splitlines(keepends=True)[:15]))
    live = engine.snapshot
    candidate = stand_in(live, id="candidate")

    def opened(snapshot: Snapshot, *options: Any) -> Engine:
        made = Engine(snapshot, *options)
        return UpsideDown.like(made) if snapshot is candidate else made

    monkeypatch.setattr(eval.gate, "Engine", opened)
    outcomes: list[GateOutcome] = []
    gate = GoldGate(read_gold(few), model, encoder, Settings(reader="none"), outcomes.append)
    assert gate(live, stand_in(live, id="same"), None)
    assert not gate(live, candidate, None)
    assert {each.name for each in outcomes[1].losses} >= {"ndcg_at_10", "mrr_at_10"}
    assert gate(candidate, live, None), "the other way round it is a gain"
