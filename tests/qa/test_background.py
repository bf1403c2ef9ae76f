"""What unrelated questions score, and that a store carries it."""

import dataclasses
from pathlib import Path

import pytest

from index.build import sync
from index.encoder import Encoder
from index.model import Model
from index.snapshot import Snapshot, open_snapshot
from index.store import Store
from qa.abstention import SCORING, Rule
from qa.background import (
    DEFAULT_FLOOR,
    HIGHEST_FLOOR,
    LOWEST_FLOOR,
    MARGIN,
    PROBES,
    Background,
    floor_of,
)
from qa.engine import Engine
from qa.probing import background_measure
from qa.stages import stages_without
from tests.encoders import HashingEncoder
from tests.qa.conftest import Library


def test_the_floor_is_above_what_three_in_four_probes_score() -> None:
    scores = [number / 100 for number in range(41)]
    assert floor_of(scores) == pytest.approx(MARGIN * 0.3)
    assert floor_of([1.0] * 40) == HIGHEST_FLOOR
    assert floor_of([0.0] * 40) == LOWEST_FLOOR
    assert floor_of([]) == DEFAULT_FLOOR


def test_no_subject_is_asked_about_twice() -> None:
    assert len(set(PROBES)) == len(PROBES) == 40


def test_a_background_comes_back_and_a_foreign_one_is_none() -> None:
    background = Background(SCORING, (0.1, 0.25))
    assert Background.from_bytes(background.to_bytes()) == background
    for foreign in (b"", b"{}", b'{"scoring":2,"scores":[7]}', b'{"scoring":2,"scores":[],"x":1}'):
        assert Background.from_bytes(foreign) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text(
        "Redness fades within two days. What is the best way to do it? How far is it from home? "
        "The first of the year is when a cat is at work in the garden.\n"
    )
    return tmp_path


def published(folder: Path, model: Model, encoder: HashingEncoder) -> Snapshot:
    store = Store(folder / "store")
    measure = background_measure(model, encoder)
    sync(store, [folder / "notes"], model, encoder, measure=measure)
    return open_snapshot(store)


def test_a_store_carries_it_and_it_is_measured_only_when_the_documents_change(
    folder: Path, model: Model
) -> None:
    encoder = HashingEncoder()
    first = published(folder, model, encoder)
    assert first.background is not None
    encoder.encoded.clear()
    again = published(folder, model, encoder)
    assert (again.id, again.background) == (first.id, first.background)
    assert not set(PROBES) & set(encoder.encoded)
    (folder / "notes" / "b.txt").write_text("How do bees make honey? In their stomachs.\n")
    changed = published(folder, model, encoder)
    assert set(PROBES) <= set(encoder.encoded)
    assert changed.background not in (None, first.background)


def test_one_of_another_scoring_is_measured_anew_and_does_not_apply(
    folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HashingEncoder()
    first = published(folder, model, encoder)
    monkeypatch.setattr("qa.abstention.SCORING", SCORING + 1)
    assert Rule.of(first).floor == DEFAULT_FLOOR
    monkeypatch.setattr("qa.probing.SCORING", SCORING + 1)
    encoder.encoded.clear()
    published(folder, model, encoder)
    assert set(PROBES) <= set(encoder.encoded)


def test_the_confidence_is_a_half_at_the_floor_and_more_above(folder: Path, model: Model) -> None:
    snapshot = published(folder, model, HashingEncoder())
    rule = Rule.of(snapshot)
    measured = Background.from_bytes(snapshot.background or b"")
    assert measured is not None
    assert rule.floor == measured.floor
    assert rule.confidence(rule.floor) == pytest.approx(0.5)
    assert rule.confidence(2 * rule.floor) == pytest.approx(0.8)
    assert rule.confidence(0.0) == 0.0
    assert rule.allows(rule.floor * 1.001)
    assert not rule.allows(rule.floor * 0.999)


def test_leaving_a_stage_out_leaves_the_floor(folder: Path, model: Model) -> None:
    snapshot = published(folder, model, HashingEncoder())
    engine = Engine(snapshot, model, HashingEncoder(), model.tokenizer())
    fewer = dataclasses.replace(engine, stages=stages_without(["headings"]))
    assert engine.rule.floor == fewer.rule.floor


def test_a_calibration_that_cannot_be_read_is_not_looked_at(folder: Path, model: Model) -> None:
    snapshot = published(folder, model, HashingEncoder())
    odd = dataclasses.replace(snapshot, calibration=b"{}")
    assert background_measure(model, HashingEncoder())(odd, None) == snapshot.background


def test_the_default_answers_what_the_documents_treat_and_nothing_else(
    library: Library, model: Model, encoder: Encoder
) -> None:
    """A store of three subjects: the same threshold does for questions on any of them."""
    engine = library(
        {
            "kiln.txt": "Fire the kiln slowly at first. Glaze runs when the kiln is too hot. "
            "A cone bends when its temperature is reached.",
            "rowing.txt": "The cox steers the boat and calls the stroke. Feather the blade on the "
            "way back. Catch a crab and the oar hits you.",
            "moss.txt": "Moss grows where grass is thin and wet. Rake it out in spring, and lime "
            "the ground.",
        }
    )
    background = background_measure(model, encoder)(engine.snapshot, None)
    engine = dataclasses.replace(
        engine, snapshot=dataclasses.replace(engine.snapshot, background=background)
    )
    for question, source in [
        ("Why does my glaze run?", "kiln"),
        ("Who steers a rowing boat?", "rowing"),
        ("how do i get rid of moss", "moss"),
    ]:
        answer = engine.ask(question)
        assert answer.answered, question
        assert source in answer.citations[0].document.source
    for question in ("Who discovered penicillin?", "fix a dripping tap", "train to Lyon"):
        assert not engine.ask(question).answered, question
