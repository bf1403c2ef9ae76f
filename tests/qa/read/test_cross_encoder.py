"""Any CrossEncoder with one output can read."""

from pathlib import Path

import numpy as np
import pytest

from index.encoding.model import DEFAULT_MODEL, Model
from index.errors import ModelError
from qa.read.cross_encoder import CrossEncoderReader
from qa.read.reader import open_reader
from tests.qa.read.conftest import windows_of

QUESTION = "How long does redness last?"
WINDOWS = [
    *windows_of("It fades within two days.", "It " * 300, ""),
    *windows_of("It fades.", above="Redness"),
]


def make_cross_encoder(folder: Path, like: Model, *, outputs: int = 1) -> Path:
    """Write a CrossEncoder of random weights with the tokenizer of `like`."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(
        str(like.folder),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=outputs,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(folder / "bert")
    AutoTokenizer.from_pretrained(str(like.folder)).save_pretrained(folder / "bert")
    CrossEncoder(str(folder / "bert"), device="cpu").save_pretrained(str(folder / "saved"))
    return folder / "saved"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross-encoder"), model)


def test_its_one_output_is_the_answerability(folder: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    reader = open_reader(str(folder))
    reading = reader.read(QUESTION, WINDOWS)
    texts = ["It fades within two days.", "It " * 300, "", "Redness. It fades."]
    expected = CrossEncoder(str(folder), device="cpu").predict(
        [(QUESTION, text) for text in texts], activation_fn=Identity()
    )
    assert reading.tokens is None
    assert reading.answerability.dtype == np.float32
    assert reading.answerability.shape == (4,)
    np.testing.assert_allclose(reading.answerability, expected, atol=1e-5)
    assert len(set(reading.answerability.tolist())) == 4


def test_order_and_company_do_not_matter(folder: Path) -> None:
    reader = open_reader(str(folder))
    together = reader.read(QUESTION, WINDOWS).answerability
    backwards = reader.read(QUESTION, WINDOWS[::-1]).answerability
    np.testing.assert_allclose(backwards[::-1], together, atol=1e-5)
    for number, window in enumerate(WINDOWS):
        alone = reader.read(QUESTION, [window]).answerability
        np.testing.assert_allclose(alone, together[[number]], atol=1e-5)


def test_no_window_is_no_error(folder: Path) -> None:
    reading = open_reader(str(folder)).read(QUESTION, [])
    assert reading.answerability.shape == (0,)
    assert reading.tokens is None


def test_it_says_what_it_is(folder: Path, model: Model, tmp_path: Path) -> None:
    reader = open_reader(str(folder))
    assert (reader.name, reader.backend) == (str(folder), "torch-float32")
    assert reader.digest == CrossEncoderReader(str(folder)).digest
    other = make_cross_encoder(tmp_path, model, outputs=2)
    assert reader.digest != CrossEncoderReader(str(other)).digest


def test_several_outputs_are_refused(model: Model, tmp_path: Path) -> None:
    reader = open_reader(str(make_cross_encoder(tmp_path, model, outputs=3)))
    with pytest.raises(ModelError, match="has 3 outputs; name a CrossEncoder with one") as raised:
        reader.read(QUESTION, WINDOWS)
    assert "\n" not in str(raised.value)


def test_what_is_no_cross_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no CrossEncoder: it has no head"):
        open_reader(DEFAULT_MODEL)
    with pytest.raises(ModelError, match=r"no readable config\.json"):
        open_reader(str(tmp_path))
    with pytest.raises(ModelError, match="not on this machine"):
        open_reader("nobody/has-this")


def test_it_runs_on_torch_only(folder: Path) -> None:
    assert open_reader(str(folder), "torch-float32").backend == "torch-float32"
    with pytest.raises(ModelError, match="runs on torch only; leave out --backend openvino"):
        open_reader(str(folder), "openvino-float32")
