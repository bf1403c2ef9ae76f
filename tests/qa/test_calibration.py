"""A calibration in force, stale, or not in force: what is answered, and what confidence means."""

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.encoding.model import Model
from index.errors import StoreError
from index.store import open_store
from index.sync import sync
from qa.answer.calibration import SCORING, Calibration, Rule, key_of
from qa.answer.decision import model_of
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from qa.live import LiveEngine
from qa.read.reading import Reader
from qa.records import Answer
from tests.calibrations import CALIBRATION, PROMISE, fitting
from tests.encoders import HashingEncoder

NOTES = {
    "redness.txt": "Redness of the skin fades within two days.\n",
    "depth.txt": "A needle of half a millimetre suits the face.\n",
    "care.txt": "Wash the face with lukewarm water in the evening.\n",
}
QUESTIONS = (
    "Redness of the skin fades within two days",  # nearly the sentence itself
    "How fast does redness of the skin fade?",
    "Which needle suits the face?",
    "Who founded Rome?",
    "zyzzyva quux",
)


class Desk:
    """Notes, their store, and engines over it with hashed vectors and, by default, no reader."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.store = open_store(folder / "store")
        self.model = model
        for name, text in NOTES.items():
            (self.notes / name).write_text(text)
        self.sync()

    def sync(self, model: Model | None = None) -> None:
        sync(self.store, [self.notes], model or self.model, HashingEncoder())

    def calibrate(self, **changes: Any) -> Calibration:
        """Publish a calibration that fits the store but for `changes`."""
        snapshot = self.store.open()
        made = fitting(snapshot, **changes)
        self.store.set_calibration(snapshot.id, made.to_bytes())
        return made

    def engine(self, threshold: float | None = None, reader: Reader | None = None) -> Engine:
        tokenizer = self.model.tokenizer()
        return Engine(self.store.open(), self.model, HashingEncoder(), tokenizer, reader, threshold)


@pytest.fixture
def desk(tmp_path: Path, model: Model) -> Desk:
    return Desk(tmp_path, model)


def shown(answer: Answer) -> list[tuple[str, float]]:
    """Return the passages of an answer, with their scores."""
    return [(hit.passage.id, hit.score) for hit in answer.hits]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# The record.


def test_it_is_read_back_as_it_was_written() -> None:
    content = CALIBRATION.to_bytes()
    read = Calibration.from_bytes(content)
    assert (read, read.id, read.to_bytes()) == (CALIBRATION, CALIBRATION.id, content)
    assert replace(CALIBRATION, threshold=0.551).id != CALIBRATION.id


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.pop("slope"),
        lambda fields: fields.update(slope=-1.0),
        lambda fields: fields.update(threshold="0.5"),
        lambda fields: fields.update(threshold=1.5),
        lambda fields: fields.update(made="2026-05-04T12:30:00"),
        lambda fields: fields.update(more=1),
        lambda fields: fields["key"].pop("scoring"),
        lambda fields: fields["counts"]["near_miss"].update(questions=1.5),
    ],
)
def test_what_is_no_calibration_is_refused_with_what_to_do(
    change: Callable[[dict[str, object]], object],
) -> None:
    fields = json.loads(CALIBRATION.to_bytes())
    change(fields)
    with pytest.raises(StoreError, match="pincite calibrate --remove") as raised:
        Calibration.from_bytes(json.dumps(fields).encode())
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"\xff", b"NaN"])
def test_nor_is_what_is_no_json(content: bytes) -> None:
    with pytest.raises(StoreError):
        Calibration.from_bytes(content)


def test_the_probability_is_logistic_in_the_score_and_never_overflows() -> None:
    for score in (0.0, 0.25, 0.5, 0.75, 1.0):
        expected = logistic(12 * score - 6)
        assert CALIBRATION.probability(score) == pytest.approx(expected, rel=1e-12)
    found = [CALIBRATION.probability(step / 1000) for step in range(1001)]
    assert found == sorted(found)
    steep = replace(CALIBRATION, slope=1e6, intercept=-9e5)
    assert (steep.probability(0.0), steep.probability(1.0)) == (0.0, 1.0)


def test_the_promise_is_a_sentence() -> None:
    assert CALIBRATION.promise == PROMISE
    finer = replace(CALIBRATION, max_false_answers=0.062, confidence_level=0.9)
    assert finer.promise.startswith("With 90 % confidence, at most 6.2 % of")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_fingerprint": "0" * 64}, "another model"),
        ({"reader": "0" * 64}, "another reader"),
        ({"scoring": SCORING + 1}, "another version of the scoring"),
        ({"chunking": 3}, "another version of the chunking"),
    ],
)
def test_it_is_in_force_only_for_what_it_was_made_for(
    change: dict[str, object], reason: str
) -> None:
    key = CALIBRATION.key
    assert CALIBRATION.standing(key, CALIBRATION.corpus) == "in force"
    assert CALIBRATION.standing(key, "ef" * 32) == "stale"
    assert CALIBRATION.obstacles(key) == ()
    other = replace(key, **change)  # type: ignore[arg-type]
    assert CALIBRATION.standing(other, CALIBRATION.corpus) == "not in force"
    assert CALIBRATION.obstacles(other) == (reason,)


# Answers.


def test_with_one_in_force_the_confidence_is_a_probability_and_its_threshold_decides(
    desk: Desk,
) -> None:
    uncalibrated = desk.engine()
    plain = {question: uncalibrated.ask(question) for question in QUESTIONS}
    made = desk.calibrate()
    engine = desk.engine()
    applied = engine.rule.applied
    assert applied is not None
    assert (applied.id, applied.promise, applied.stale) == (made.id, PROMISE, False)
    assert applied.threshold == pytest.approx(logistic(12 * 0.55 - 6))
    decisions = set()
    for question in QUESTIONS:
        score = engine.trace(question).score
        answer = engine.ask(question)
        assert score == uncalibrated.trace(question).score, "the score itself is as before"
        assert answer.confidence == pytest.approx(logistic(12 * score - 6))
        assert answer.answered is (score >= 0.55)
        assert shown(answer) == shown(plain[question])
        assert answer.calibration == applied
        decisions.add(answer.answered)
    assert decisions == {True, False}


def test_a_score_at_the_threshold_is_answered_and_one_just_below_is_not(desk: Desk) -> None:
    score = desk.engine().trace(QUESTIONS[1]).score
    assert 0 < score < 1
    desk.calibrate(threshold=score)
    assert desk.engine().ask(QUESTIONS[1]).answered
    desk.calibrate(threshold=math.nextafter(score, 1))
    assert not desk.engine().ask(QUESTIONS[1]).answered
    desk.calibrate(threshold=0.0)
    nothing = desk.engine().ask("Where is Zyzzyva?")
    assert desk.engine().trace("Where is Zyzzyva?").score == 0
    assert nothing.confidence > 0, "a probability that is small, not naught"
    assert not nothing.answered, "where there is nothing to quote there is no answer"


def test_a_threshold_set_by_hand_is_one_of_confidence_and_promises_nothing(desk: Desk) -> None:
    made = desk.calibrate()
    for threshold in (0.0, 0.3, 0.9, 1.0):
        engine = desk.engine(threshold)
        for question in QUESTIONS:
            answer = engine.ask(question)
            score = engine.trace(question).score
            assert answer.confidence == pytest.approx(logistic(12 * score - 6))
            assert answer.answered is (answer.confidence >= threshold and score > 0)
            assert answer.calibration is not None
            assert answer.calibration.promise is None
            assert answer.calibration.threshold == threshold
            assert (answer.calibration.id, answer.calibration.stale) == (made.id, False)


def test_a_stale_one_goes_on_but_promises_nothing(desk: Desk) -> None:
    made = desk.calibrate()
    (desk.notes / "care.txt").write_text("Wash the face with cold water in the morning.\n")
    desk.sync()
    answer = desk.engine().ask(QUESTIONS[0], explain=True)
    assert answer.calibration is not None
    assert (answer.calibration.id, answer.calibration.stale) == (made.id, True)
    assert answer.calibration.promise is None
    assert answer.confidence == pytest.approx(
        made.probability(desk.engine().trace(QUESTIONS[0]).score)
    )
    assert answer.explain is not None
    assert answer.explain["decision"]["stale"] is True


@pytest.mark.parametrize(
    "change",
    [{"scoring": 99}, {"chunking": 99}, {"model_fingerprint": "0" * 64}, {"reader": "0" * 64}],
)
def test_one_made_for_something_else_changes_nothing(desk: Desk, change: dict[str, object]) -> None:
    plain = [AnswerJson.of(desk.engine().ask(question)) for question in QUESTIONS]
    key = key_of(desk.store.live())
    other = replace(key, **change)  # type: ignore[arg-type]
    desk.calibrate(key=other)
    same = {"took_ms": 0.0, "snapshot": ""}
    for before, question in zip(plain, QUESTIONS, strict=True):
        now = AnswerJson.of(desk.engine().ask(question))
        assert now.calibration is None
        assert now.model_copy(update=same) == before.model_copy(update=same)
    assert desk.engine().rule == Rule(model_of(None).threshold, by_hand=False)


def test_indexing_with_another_model_puts_it_out_of_force(desk: Desk) -> None:
    desk.calibrate()
    desk.sync(replace(desk.model, fingerprint="0" * 64))
    assert desk.store.live().calibration is not None
    assert desk.engine().rule.applied is None
    desk.sync()
    assert desk.engine().rule.applied is not None, "it is back with the model"


def test_one_made_without_a_reader_is_not_in_force_with_one(desk: Desk, reader: Reader) -> None:
    made = desk.calibrate()
    read = desk.engine(reader=reader)
    assert desk.engine().rule.calibration == made
    assert read.rule == Rule(model_of(reader).threshold, by_hand=False)
    answer = read.ask(QUESTIONS[0])
    assert answer.calibration is None
    assert answer.confidence == read.trace(QUESTIONS[0]).score
    read_too = desk.calibrate(key=key_of(read.snapshot.info, reader=reader.digest))
    assert desk.engine(reader=reader).rule.calibration == read_too
    assert desk.engine().rule.calibration is None


def test_the_json_tells_of_it(desk: Desk) -> None:
    made = desk.calibrate()
    answer = json.loads(
        AnswerJson.of(desk.engine().ask(QUESTIONS[0], explain=True)).model_dump_json()
    )
    threshold = made.probability(0.55)
    assert answer["calibration"] == {
        "id": made.id,
        "promise": PROMISE,
        "max_false_answers": 0.1,
        "confidence_level": 0.95,
        "threshold": threshold,
        "stale": False,
    }
    decision = answer["explain"]["decision"]
    assert decision.pop("evidence")["in_window"] > 0
    assert decision == {
        "missing_names": [],
        "score": desk.engine().trace(QUESTIONS[0]).score,
        "confidence": answer["confidence"],
        "threshold": threshold,
        "calibration": made.id,
        "stale": False,
        "by_hand": False,
    }


def test_an_engine_takes_up_what_another_snapshot_says(desk: Desk) -> None:
    plain = desk.engine()
    made = desk.calibrate()
    calibrated = dataclasses.replace(plain, snapshot=desk.store.open())
    assert plain.rule.applied is None
    assert calibrated.rule.applied is not None
    assert calibrated.rule.applied.id == made.id
    by_hand = dataclasses.replace(calibrated, threshold=0.4)
    assert (by_hand.rule.by_hand, by_hand.rule.threshold) == (True, 0.4)
    assert dataclasses.replace(by_hand, threshold=None).rule == calibrated.rule


def test_the_live_engine_takes_it_up_and_lets_go_of_it_without_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: HashingEncoder())
    live = LiveEngine(desk.store.folder, reader="none")
    assert live.current().ask(QUESTIONS[0]).calibration is None
    made = desk.calibrate()
    applied = live.current().ask(QUESTIONS[0]).calibration
    assert applied is not None
    assert applied.id == made.id
    desk.store.set_calibration(desk.store.live_id(), None)
    assert live.current().ask(QUESTIONS[0]).calibration is None


def test_one_that_cannot_be_read_keeps_the_live_engine_on_the_snapshot_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: HashingEncoder())
    live = LiveEngine(desk.store.folder, reader="none")
    before = live.current()
    desk.store.set_calibration(desk.store.live_id(), b'{"of": "another Pincite"}')
    assert live.current() is before
    with pytest.raises(StoreError, match="calibrate --remove"):
        desk.engine()
