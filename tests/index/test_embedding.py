"""Texts are embedded while reading goes on, each once, and errors come through."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.encoding.encoder import Role, Vectors
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.waiting import PATIENCE_S


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.txt").write_text(f"Text {n} of many. The same for all.\n")
    return folder


def test_reading_goes_on_while_texts_are_embedded(
    notes: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest._FIRST_BLOCK", 1)
    all_read = threading.Event()

    class Patient(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            assert not texts or all_read.wait(PATIENCE_S), "the encoder was waited for"
            return super().encode(texts, role)

    def progress(what: str, done: int, total: int) -> None:
        if (what, done) == ("Reading", total):
            all_read.set()

    encoder = Patient()
    report = sync(open_store(tmp_path / "store"), [notes], model, encoder, progress)
    assert report.embedded == encoder.count == len(set(encoder.encoded)) == 6


def test_documents_are_written_while_others_are_embedded(
    notes: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest._FIRST_BLOCK", 1)
    some_written = threading.Event()

    class Patient(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            assert not self.encoded or some_written.wait(PATIENCE_S), "the last text was waited for"
            return super().encode(texts, role)

    def progress(what: str, done: int, total: int) -> None:
        if what == "Writing":
            some_written.set()

    store = open_store(tmp_path / "store")
    sync(store, [notes], model, Patient(), progress)
    sources = [chunked.document.source for chunked in store.open().documents(("", ""))]
    assert sources == [f"notes/{n}.txt" for n in range(6)]


def test_progress_ends_where_all_is_embedded_and_written(
    notes: Path, tmp_path: Path, model: Model
) -> None:
    seen: list[tuple[str, int, int]] = []
    report = sync(
        open_store(tmp_path / "store"),
        [notes],
        model,
        HashingEncoder(),
        lambda *each: seen.append(each),
    )
    assert ("Reading", 6, 6) in seen
    assert ("Embedding", report.embedded, report.embedded) in seen
    assert seen[-1] == ("Writing", 6, 6)


@pytest.mark.parametrize("block", [1, 4096])
def test_an_error_of_the_encoder_ends_the_sync_and_leaves_the_store(
    notes: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("index.ingest._FIRST_BLOCK", block)
    store = open_store(tmp_path / "store")
    before = sync(store, [notes], model, HashingEncoder()).snapshot

    class Failing(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            raise RuntimeError("out of memory")

    (notes / "0.txt").write_text("Other words.\n")
    (notes / "1.txt").write_text("More other words.\n")
    threads = threading.active_count()
    with pytest.raises(RuntimeError, match="out of memory"):
        sync(store, [notes], model, Failing())
    assert store.live_id() == before
    assert threading.active_count() == threads
