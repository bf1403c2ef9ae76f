"""The plain service's CrossEncoder reads as the bundled reader does."""

import numpy as np
import pytest

from benchmarks.peers.cross_encoder import write_cross_encoder
from index.records import Span
from qa.read.cross_encoder import CrossEncoderReader
from qa.read.reader import find_reader
from qa.read.windows import Window


@pytest.mark.soak
def test_it_gives_the_logits_of_the_reader(tmp_path):
    from qa.read.network import TorchReader

    texts = ("Redness fades within two days.", "Needles are 1.5 mm long.")
    windows = [Window(0, Span(0, len(t)), (Span(0, len(t)),), t, "Side effects") for t in texts]
    asked = "How long does redness last?", windows
    cross_encoder = CrossEncoderReader(str(write_cross_encoder(find_reader(), tmp_path / "made")))
    expected = TorchReader(find_reader()).read(*asked).answerability
    assert np.allclose(cross_encoder.read(*asked).answerability, expected, atol=1e-3)
