"""Engines for the tests of answering, and the answers that several of them look at."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.answer.tracing import Trace
from qa.engine import Engine
from qa.read.reading import Reader
from qa.records import Answer
from tests.encoders import HashingEncoder

Ask = Callable[..., Answer]
Traced = Callable[[str], Trace]
Library = Callable[[Mapping[str, str | bytes]], Engine]
Hashed = Callable[..., Engine]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pincite.toml, no PINCITE_… variable of whoever runs the tests has a say in them."""
    monkeypatch.chdir(tmp_path)
    for variable in os.environ:
        if variable.upper().startswith("PINCITE_"):
            monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def engine(seeds_store: Path, model: Model, encoder: Encoder, reader: Reader) -> Engine:
    """The seed texts, with the default model and the bundled reader."""
    return Engine(open_store(seeds_store).open(), model, encoder, model.tokenizer(), reader)


@pytest.fixture(scope="session")
def trace(engine: Engine) -> Traced:
    """Trace a question to the seed texts; the same question is read for only once."""
    return cache(engine.trace)


@pytest.fixture(scope="session")
def ask(engine: Engine, trace: Traced) -> Ask:
    """Ask the seed texts."""

    def asked(question: str, top_k: int = 5, *, explain: bool = False) -> Answer:
        return engine.answer(trace(question), top_k, explain=explain)

    return asked


@pytest.fixture(scope="session")
def library(
    tmp_path_factory: pytest.TempPathFactory, model: Model, encoder: Encoder, reader: Reader
) -> Library:
    """Return a function from files, name to text, to an engine on them like `engine`."""

    def made(texts: Mapping[str, str | bytes]) -> Engine:
        folder = tmp_path_factory.mktemp("library")
        (folder / "notes").mkdir()
        for name, text in texts.items():
            (folder / "notes" / name).write_bytes(
                text if isinstance(text, bytes) else text.encode()
            )
        store = open_store(folder / "store")
        sync(store, [folder / "notes"], model, encoder)
        return Engine(store.open(), model, encoder, model.tokenizer(), reader)

    return made


@pytest.fixture
def hashed(tmp_path: Path, model: Model) -> Hashed:
    """Return a function from files to an engine that goes by the words they share.

    It has no reader.
    """

    def made(texts: Mapping[str, str], threshold: float = 0.0) -> Engine:
        (folder := tmp_path / "notes").mkdir()
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        store, encoder = open_store(tmp_path / "store"), HashingEncoder()
        sync(store, [folder], model, encoder)
        return Engine(store.open(), model, encoder, model.tokenizer(), threshold=threshold)

    return made
