"""The reader's weights are known again, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest

from index.encoding.model import Model
from index.errors import ModelError
from qa.read import reader as readers
from qa.read.reader import WEIGHTS, WEIGHTS_SHA256, find_reader, open_reader, sha256_of
from qa.read.reading import TrainedReader
from tests.qa.read.conftest import windows_of, write_weights

MOST_BYTES = 25_000_000


def test_the_bundled_weights_are_those_that_are_named() -> None:
    assert sha256_of(WEIGHTS) == WEIGHTS_SHA256, "set WEIGHTS_SHA256 to the former"
    assert WEIGHTS.stat().st_size <= MOST_BYTES
    assert open_reader().name == open_reader("bundled").name == "bundled"


ANSWER = "Redness fades within two days, though sensitive skin may need a week."
BESIDE = "Redness was named by most patients as the reason why they came to the clinic."


def test_the_bundled_reader_tells_an_answer_from_a_text_on_the_subject() -> None:
    question = "How long does redness last?"
    reading = open_reader().read(question, windows_of(BESIDE, ANSWER))
    beside, answer = reading.answerability.tolist()
    assert answer > beside + 2
    assert reading.tokens is not None
    scores = reading.tokens[1]
    best = np.argsort(-scores.scores)[:2]
    assert {ANSWER[slice(*span)] for span in scores.spans[best].tolist()} == {"two", "days"}


def test_weights_are_small_enough(trained: TrainedReader) -> None:
    assert trained.weights.stat().st_size <= MOST_BYTES


def assert_refused(weights: Path, sha256: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as raised:
        find_reader(weights, sha256)
    assert "\n" not in str(raised.value)


def test_damaged_weights_are_refused(trained: TrainedReader, tmp_path: Path) -> None:
    content = trained.weights.read_bytes()
    sha256 = sha256_of(trained.weights)
    copied = tmp_path / "reader.safetensors"
    copied.write_bytes(content)
    assert find_reader(copied, sha256).digest == trained.digest
    middle = len(content) // 2
    copied.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert_refused(copied, sha256, "are damaged: their SHA-256 is")
    copied.write_bytes(content[:middle])
    assert_refused(copied, sha256, "are damaged: their SHA-256 is")


def test_missing_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "reader.safetensors"
    assert_refused(missing, "0" * 64, "are missing: there is no .*reinstall Pincite")
    monkeypatch.setattr(readers, "WEIGHTS", missing)
    assert_refused(missing, "0" * 64, "are missing: there is no .*reinstall Pincite")


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_holds_no_weights_is_an_error_of_one_line(content: bytes, tmp_path: Path) -> None:
    from qa.read.network import TorchReader

    weights = tmp_path / "reader.safetensors"
    weights.write_bytes(content)
    with pytest.raises(ModelError, match="weights") as raised:
        TorchReader(find_reader(weights, None))
    assert "\n" not in str(raised.value)


def test_other_weights_have_another_digest(
    trained: TrainedReader, model: Model, tmp_path: Path
) -> None:
    write_weights(tmp_path / "other.safetensors", model, seed=1)
    other = find_reader(tmp_path / "other.safetensors", None)
    assert other.digest != trained.digest
    assert other.name == str(tmp_path / "other.safetensors")


def test_a_new_network_is_the_encoder_with_new_heads(model: Model) -> None:
    import torch
    from safetensors.torch import load_file

    from qa.read.network import new_network

    network = new_network(model.folder)
    encoder = load_file(model.folder / "model.safetensors")
    own = network.state_dict()
    for name, value in encoder.items():
        if f"body.{name}" in own:
            assert torch.equal(own[f"body.{name}"], value)
    body = {name.removeprefix("body.") for name in own if name.startswith("body.")}
    assert body <= encoder.keys(), "every part of the body has the encoder's weights"
    assert not any("pooler" in name for name in body)
