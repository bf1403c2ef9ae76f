"""An engine that follows the store: new snapshots are taken up, broken ones are not."""

import threading
from pathlib import Path
from typing import Any

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import StoreMissingError
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from qa.live import LiveEngine
from tests.encoders import HashingEncoder


class Shelf:
    """A folder of notes and its store; fast to sync, since the vectors are hashed."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.store = Store(folder / "store")
        self.model = model
        self.write("Redness fades within days.")

    def write(self, text: str) -> None:
        (self.notes / "a.txt").write_text(text)
        sync(self.store, [self.notes], self.model, HashingEncoder())

    def break_live(self) -> None:
        """Flip a bit in a file of the live snapshot."""
        shard = self.store.live_manifest().shards[0]
        path = self.store.folder / "objects" / shard.passage_vectors.sha256
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.fixture
def shelf(tmp_path: Path, model: Model) -> Shelf:
    return Shelf(tmp_path, model)


@pytest.fixture
def live(shelf: Shelf, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> LiveEngine:
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: encoder)  # loaded once for all
    return LiveEngine(shelf.store.folder)


def text_of(live: LiveEngine) -> str:
    (chunked,) = live.current().snapshot.chunked.values()
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
    (old,) = before.snapshot.chunked.values()
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
    shelf.break_live()
    opened: list[Store] = []

    def counting(store: Store, **options: Any):
        opened.append(store)
        return open_snapshot(store, **options)

    monkeypatch.setattr("qa.live.open_snapshot", counting)
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


def test_while_one_thread_swaps_the_others_go_on_with_the_old_one(
    shelf: Shelf, live: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("Frost bursts the pipes.")
    opening, may_go_on = threading.Event(), threading.Event()

    def slow(store: Store, **options: Any):
        opening.set()
        assert may_go_on.wait(30)
        return open_snapshot(store, **options)

    monkeypatch.setattr("qa.live.open_snapshot", slow)
    swapping = threading.Thread(target=live.current)
    swapping.start()
    assert opening.wait(30)
    assert text_of(live) == "Redness fades within days."
    may_go_on.set()
    swapping.join(30)
    assert text_of(live) == "Frost bursts the pipes."
