"""A small reader of random weights, on torch and on OpenVINO."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.encoding.model import Model
from index.encoding.openvino_model import precisions
from index.records import Span
from qa.read.openvino_reader import OpenVinoReader, openvino_reader
from qa.read.reader import find_reader
from qa.read.reading import OF_QUESTIONS, TrainedReader
from qa.read.windows import Window
from tests.models import make_model

if TYPE_CHECKING:  # torch takes long to import, and not every worker runs these tests
    from qa.read.network import TorchReader


def windows_of(*texts: str, above: str = "") -> list[Window]:
    """Windows that are whole documents."""
    spans = [Span(0, len(text)) for text in texts]
    return [
        Window(number, span, (span,), text, above)
        for number, (span, text) in enumerate(zip(spans, texts, strict=True))
    ]


def write_weights(path: Path, encoder: Model, seed: int = 0) -> None:
    import torch
    from safetensors.torch import save_file

    from qa.read.network import new_network, weights_to_save

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_file(weights_to_save(new_network(encoder.folder)), path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, model: Model) -> TrainedReader:
    """A small network: what holds of any weights can be seen in it quickly."""
    folder = tmp_path_factory.mktemp("reader")
    encoder = make_model(folder / "encoder", model, reads=OF_QUESTIONS.both)
    write_weights(folder / "weights.safetensors", encoder)
    return replace(find_reader(folder / "weights.safetensors", None), encoder=encoder)


@pytest.fixture(scope="session")
def converted_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this session keeps converted readers."""
    return tmp_path_factory.mktemp("converted")


@pytest.fixture(scope="session")
def on_torch(trained: TrainedReader) -> "TorchReader":
    from qa.read.network import TorchReader

    return TorchReader(trained)


@pytest.fixture(scope="session")
def on_openvino(trained: TrainedReader, converted_here: Path) -> Sequence[OpenVinoReader]:
    """One in each precision that this processor has, the fastest first."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(converted_here))
        return [openvino_reader(trained, precision) for precision in precisions()]
