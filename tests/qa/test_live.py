"""An engine that follows the store: new snapshots are taken up, broken ones are not."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import StoreDamagedError, StoreMissingError
from index.store import open_store
from index.store.protocols import Snapshot
from index.sync import sync
from qa.live import LiveEngine
from tests.encoders import HashingEncoder
from tests.stand_ins import stand_in
from tests.waiting import PATIENCE_S


class Shelf:
    """A folder of notes and its store; fast to sync, since the vectors are hashed."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.store = open_store(folder / "store")
        self.opener: Callable[..., Snapshot] = self.store.open
        self.model = model
        self.write("Redness fades within days.")

    def write(self, text: str) -> None:
        (self.notes / "a.txt").write_text(text)
        sync(self.store, [self.notes], self.model, HashingEncoder())

    def open(self, **options: Any) -> Snapshot:
        """Open the live snapshot, as the engine does."""
        return self.opener(**options)


@pytest.fixture
def shelf(tmp_path: Path, model: Model) -> Shelf:
    return Shelf(tmp_path, model)


@pytest.fixture
def live(shelf: Shelf, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> LiveEngine:
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: encoder)  # loaded once for all
    store = stand_in(shelf.store, open=shelf.open)
    monkeypatch.setattr("qa.live.open_store", lambda _: store)
    return LiveEngine(shelf.store.folder)


def text_of(live: LiveEngine) -> str:
    (chunked,) = live.current().snapshot.documents()
    return chunked.document.text


def test_where_there_is_no_store_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        LiveEngine(tmp_path / "nowhere")


def test_the_engine_stays_while_the_store_does(live: LiveEngine) -> None:
    assert live.current() is live.current()


def test_a_new_snapshot_is_taken_up_with_the_next_question(shelf: Shelf, live: LiveEngine) -> None:
    before = live.current()
    shelf.write("Frost bursts the pipes.")
    assert text_of(live) == "Frost bursts the pipes."
    assert live.current().snapshot.id == shelf.store.live_id()
    assert live.current().encoder is before.encoder, "the model is not loaded again"
    (old,) = before.snapshot.documents()
    assert old.document.text == "Redness fades within days.", "who holds the old one keeps it"


def test_the_threshold_is_kept(
    shelf: Shelf, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: encoder)
    live = LiveEngine(shelf.store.folder, threshold=0.9)
    shelf.write("Frost bursts the pipes.")
    assert live.current().threshold == 0.9


def test_a_damaged_snapshot_is_passed_over_and_tried_only_once(
    shelf: Shelf, live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("Frost bursts the pipes.")
    opened: list[str] = []

    def damaged(**_: Any) -> Snapshot:
        opened.append(shelf.store.live_id())
        raise StoreDamagedError("a bit was flipped")

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "opener", damaged)
        assert text_of(live) == "Redness fades within days."
        assert text_of(live) == "Redness fades within days."
    assert len(opened) == 1
    shelf.write("The sun dries the soil.")
    assert text_of(live) == "The sun dries the soil."


def test_a_store_that_vanishes_is_answered_from_all_the_same(
    shelf: Shelf, live: LiveEngine
) -> None:
    shelf.store.folder.rename(shelf.store.folder.with_name("gone"))
    assert text_of(live) == "Redness fades within days."
    assert live.current().ask("Does redness fade?").hits


def test_a_store_made_anew_in_its_place_is_followed(shelf: Shelf, live: LiveEngine) -> None:
    before = live.current()
    shutil.rmtree(shelf.store.folder)
    shelf.write("Frost bursts the pipes.")
    assert text_of(live) == "Frost bursts the pipes."
    (old,) = before.snapshot.documents()
    assert old.document.text == "Redness fades within days.", "who holds the old one keeps it"


def test_a_purge_need_not_wait_for_an_engine_that_looks_at_the_store(
    shelf: Shelf, live: LiveEngine
) -> None:
    removed = b"Frost bursts the pipes"
    shelf.write(f"{removed.decode()} in winter.")
    live.current()
    shelf.write("Redness fades within days.")
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            live.current()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        purge = open_store(shelf.store.folder).purge()
    finally:
        done.set()
        looking.join()
    assert (purge.sentences, purge.found) == (1, ())
    paths = [path for path in shelf.store.folder.rglob("*") if path.is_file()]
    assert not [path.name for path in paths if removed in path.read_bytes()]
    assert text_of(live) == "Redness fades within days."


def test_while_one_thread_swaps_the_others_go_on_with_the_old_one(
    shelf: Shelf, live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("Frost bursts the pipes.")
    opening, may_go_on = threading.Event(), threading.Event()

    def slow(**options: Any) -> Snapshot:
        opening.set()
        assert may_go_on.wait(PATIENCE_S)
        return shelf.store.open(**options)

    monkeypatch.setattr(shelf, "opener", slow)
    swapping = threading.Thread(target=live.current)
    swapping.start()
    assert opening.wait(PATIENCE_S)
    assert text_of(live) == "Redness fades within days."
    may_go_on.set()
    swapping.join(PATIENCE_S)
    assert text_of(live) == "Frost bursts the pipes."
