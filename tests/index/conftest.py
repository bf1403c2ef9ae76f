"""What tests of indexing share."""

from pathlib import Path

import pytest

from index.encoding.model import Model
from tests.encoders import HashingEncoder
from tests.index.texts import Corpus


@pytest.fixture
def corpus(tmp_path: Path, model: Model, hashing_encoder: HashingEncoder) -> Corpus:
    return Corpus(tmp_path, model, hashing_encoder)
