"""What all tests share: the seed texts, the default model, and how hard Hypothesis tries.

`TEST_SOAK=1` makes Hypothesis try far more examples; tests marked `soak` are left out
unless they are asked for (`make soak`).
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import Model, find_model
from index.store.store import Store
from index.sync import sync
from qa.read.reader import Reader, open_reader
from tests.encoders import HashingEncoder
from tests.readers import RememberingReader

pytest_plugins = ["tests.browsing"]

REPOSITORY = Path(__file__).resolve().parent.parent

_patient = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "default", max_examples=60, deadline=None, derandomize=False, suppress_health_check=_patient
)
settings.register_profile(
    "soak", max_examples=3000, deadline=None, derandomize=False, suppress_health_check=_patient
)
settings.load_profile("soak" if os.environ.get("TEST_SOAK") == "1" else "default")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `TEST_SOAK=1`, `-m soak` runs Hypothesis's tests, too: those that try far more."""
    if os.environ.get("TEST_SOAK") == "1":
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker("soak")


@pytest.fixture(scope="session")
def seeds_dir() -> Path:
    """The folder with the five seed texts."""
    return REPOSITORY / "seeds"


@pytest.fixture(scope="session")
def model() -> Model:
    """The default model."""
    return find_model()


@pytest.fixture(scope="session")
def encoder(model: Model) -> Encoder:
    """The default model at work; loaded when it first encodes."""
    return open_encoder(model)


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The bundled reader at work; it remembers what it read."""
    return RememberingReader(open_reader())


@pytest.fixture
def hashing_encoder() -> HashingEncoder:
    """A fast encoder that counts what it is given."""
    return HashingEncoder()


@pytest.fixture(scope="session")
def seeds_store(
    tmp_path_factory: pytest.TempPathFactory, seeds_dir: Path, model: Model, encoder: Encoder
) -> Path:
    """A store of the seed texts, built with the default model. Not to be written to."""
    folder = tmp_path_factory.mktemp("seeds-store") / "store"
    sync(Store(folder), [seeds_dir], model, encoder)
    return folder
