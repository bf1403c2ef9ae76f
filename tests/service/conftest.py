"""The service over the seeds, and small stores with a fast encoder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import StoreMissingError
from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.store.location import Location, location_of
from index.sync import sync
from qa.answer.calibration import ScoreKey, key_of
from qa.live import LiveEngine
from qa.read.reader import find_reader
from qa.service.app import build_app
from qa.service.collection import Collection, Collections
from qa.service.writer import Writer
from tests.calibrations import fitting
from tests.encoders import HashingEncoder
from tests.store.places import Place


def live_over(store: Location, encoder: Encoder, reader: str | None = None) -> LiveEngine:
    """Return a live engine that encodes with `encoder`, so that the model is loaded only once."""
    with patch("qa.engine.open_encoder", lambda *_: HashingEncoder()):
        live = LiveEngine(store, reader=reader)
    live._engine = replace(live.current(), encoder=encoder)
    return live


def _open_none(*_: Any) -> Collection:
    raise StoreMissingError("There is one collection here.")


def client_of(live: LiveEngine) -> TestClient:
    """Return a client that sees what a caller would see of an unforeseen error."""
    return TestClient(build_app(live), base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture(scope="session")
def client(seeds_store: Path, encoder: Encoder) -> Iterator[TestClient]:
    """A client of the service over the seeds."""
    with client_of(live_over(seeds_store, encoder)) as opened:
        yield opened


class Corpus:
    """A folder of texts, its store, and the service over it, with the fast encoder."""

    def __init__(self, folder: Path, model: Model, store: Location | None = None) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        self.store: Any = store or folder / "store"
        self._model = model
        self._encoder = HashingEncoder()

    def write(self, name: str, content: str) -> None:
        (self.files / name).write_bytes(content.encode())

    def index(self) -> str:
        """Bring the store up to date; return the snapshot's id."""
        return sync(open_store(self.store), [self.files], self._model, self._encoder).snapshot

    def calibrate(self, **changes: Any) -> str:
        """Publish a calibration of answers that the bundled reader reads; return its id."""
        store = open_store(self.store)
        snapshot = store.open()
        made = fitting(snapshot, **{"key": self.key(), **changes})
        store.set_calibration(snapshot.id, made.to_bytes())
        return made.id

    def key(self) -> ScoreKey:
        """Return what the scores of the service's answers depend on."""
        return key_of(open_store(self.store).live(), reader=find_reader().digest)

    def client(self) -> TestClient:
        return client_of(live_over(self.store, self._encoder))

    def collections(self, default: Collection) -> Collections:
        """Return the collections of the store: there is one."""
        return Collections(self.store, default, _open_none)

    @contextmanager
    def uploading(self, *, watch: bool = False) -> Iterator[TestClient]:
        """Open a client of a service that documents can be uploaded to."""
        live, store = live_over(self.store, self._encoder), open_store(self.store)
        with Writer(store, live, watch=watch) as writer:
            default = Collection(DEFAULT_COLLECTION, live, (store, writer))
            app = build_app(live, collections=self.collections(default))
            url = "http://127.0.0.1"
            with TestClient(app, base_url=url, raise_server_exceptions=False) as client:
                yield client


@pytest.fixture
def corpus(tmp_path: Path, model: Model) -> Corpus:
    """An empty corpus, its store in a folder."""
    return Corpus(tmp_path, model)


@pytest.fixture
def corpus_anywhere(place: Place, tmp_path: Path, model: Model) -> Corpus:
    """An empty corpus, its store in a folder, and then one on a server."""
    return Corpus(tmp_path, model, location_of(place.named(tmp_path)))
