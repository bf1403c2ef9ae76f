"""The training command as a whole, on a few rows: it ends, resumes, and refuses another's state."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from safetensors.numpy import load_file

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from qa.read.reader import find_reader
from qa.read.reading import OF_QUESTIONS
from tests.encoders import HashingEncoder
from tests.models import make_model
from tests.training.test_rows import TEXT, row
from training.negatives import mined
from training.rows import FILES, KEPT_OUT_ARTICLE, for_training, write_rows

SUBJECTS = ["tea", "glass", "moss", "chalk", "rope", "salt", "wool", "tin"]
COMMAND = "training.__main__"
"""Imported when a test needs it: torch takes long to import."""


class StoppedError(Exception):
    """In place of a power cut."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Model:
    return make_model(tmp_path_factory.mktemp("small"), model, reads=OF_QUESTIONS.both)


@pytest.fixture(autouse=True)
def _a_small_network(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMMAND}.find_model", lambda: small)
    monkeypatch.setattr(f"{COMMAND}.open_encoder", lambda _: HashingEncoder())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "reader").mkdir(parents=True)
    (folder / "pdf").mkdir()
    rows = [
        row(
            f"Where does {subject} come from?",
            document=subject,
            text=f"The best {subject} comes from Vienna. It is sold by the pound.",
            span=(0, 20),
        )
        for subject in SUBJECTS
    ]
    kept_out = [row(document=KEPT_OUT_ARTICLE), row(document=KEPT_OUT_ARTICLE, span=None)]
    write_rows(folder / "reader" / FILES[0], [*rows, *kept_out])
    for name in FILES[1:]:
        write_rows(folder / "reader" / name, [])
    return folder


def train(data: Path, out: Path, *, seed: int = 0, stop_at: int = 0) -> list[str]:
    from training.__main__ import train
    from training.learning import Schedule

    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if stop_at and line.startswith(f"step {stop_at} "):
            raise StoppedError

    out.mkdir(exist_ok=True)
    train(data, out, Schedule(passes=2, rows_a_batch=4, rate=1e-4, seed=seed), say)
    return said


def steps_of(said: list[str]) -> list[int]:
    return [int(line.split()[1]) for line in said if line.startswith("step ")]


def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.running._REPORTED_EVERY", 1)
    monkeypatch.setattr("training.running._SAVED_EVERY", 2)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    said = train(data, whole)
    assert "SHA-256" in said[-1]
    with pytest.raises(StoppedError):
        train(data, stopped, stop_at=3)
    assert (stopped / "checkpoint.pt").exists()
    assert not (stopped / "reader.safetensors").exists()
    resumed = train(data, stopped)
    assert resumed[0] == "going on from step 2"
    assert steps_of(resumed) == [step for step in steps_of(said) if step > 2]
    assert not (stopped / "checkpoint.pt").exists()
    one, other = (load_file(each / "reader.safetensors") for each in (whole, stopped))
    assert one.keys() == other.keys()
    assert all(np.allclose(one[name], other[name], atol=1e-3) for name in one)
    assert find_reader(whole / "reader.safetensors", None).digest


def test_the_state_of_another_run_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.running._REPORTED_EVERY", 1)
    monkeypatch.setattr("training.running._SAVED_EVERY", 1)
    with pytest.raises(StoppedError):
        train(data, tmp_path / "out", stop_at=2)
    with pytest.raises(SystemExit, match=r"checkpoint\.pt: .*another run"):
        train(data, tmp_path / "out", seed=1)


def test_a_trained_reader_is_trained_further(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.__main__ import main

    start, further = tmp_path / "start", tmp_path / "further"
    train(data, start)
    weights = start / "reader.safetensors"
    wordnet = tmp_path / "dict"
    wordnet.mkdir()
    for name in ("data.noun", "data.verb", "data.adj", "data.adv", "index.sense"):
        (wordnet / name).write_text("")
    given = ["training", str(data), "--out", str(further), "--rows", "8", "--rate", "1e-6"]
    monkeypatch.setattr("sys.argv", [*given, "--from", str(weights), "--wordnet", str(wordnet)])
    main()
    one, other = (load_file(each / "reader.safetensors") for each in (start, further))
    assert all(np.allclose(one[name], other[name], atol=1e-3) for name in one)  # not new ones
    assert any((one[name] != other[name]).any() for name in one)
    monkeypatch.setattr("sys.argv", [*given, "--from", str(weights)])
    with pytest.raises(SystemExit):  # further training takes synonyms
        main()


def test_mined_negatives_are_near_and_do_not_answer(encoder: Encoder) -> None:
    tea = "The best tea comes from Ceylon. It is sold by the pound."
    rows = [
        row("Where does tea come from?", document="tea", text=tea, span=(24, 30)),
        row("Is tea hot?", document="tea", text="Tea is drunk hot.", span=(0, 3)),
        row("Is Ceylon far?", document="Ceylon", text="Ceylon grows much tea.", span=(0, 6)),
        row("Is it hot?", document="x", text="The tea of others.", span=None, made="hard"),
    ]
    found = list(mined(rows, encoder, 4, Random(0)))
    of_tea = [each for each in found if each.question == "Where does tea come from?"]
    assert [each.text for each in of_tea] == ["Tea is drunk hot."]
    assert not any(each.answered for each in found)
    assert "The tea of others." not in {each.text for each in found}


def test_no_row_has_the_text_of_one_that_is_kept_out() -> None:
    kept_out = row(document=KEPT_OUT_ARTICLE)
    beside = row("What is it?", document="Warsaw", made="hard", text=TEXT, span=None)
    other = row(document="Warsaw", text="Another text.", span=None)
    assert for_training([kept_out, beside, other]) == [other]
