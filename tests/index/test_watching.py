"""Following SOURCEs: soon after a change, once for many, and not for the store's own files."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.watching import watch_sources


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1

    def reaches(self, count: int) -> bool:
        until = time.monotonic() + 20
        while self.count < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.count >= count


@contextmanager
def watching(sources: list[Path], store: Path, changed: Callable[[], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(
        target=watch_sources, args=[sources, store, changed, stop], kwargs={"quiet_ms": 200}
    )
    thread.start()
    time.sleep(1)  # until it looks
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    return folder


def test_many_changes_are_told_once(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    with watching([notes], tmp_path / "store", changed):
        for i in range(20):
            (notes / "deep" / f"{i}.txt").write_text("Redness fades.")
        assert changed.reaches(1)
        time.sleep(1)
        assert changed.count == 1
        (notes / "deep" / "3.txt").unlink()
        assert changed.reaches(2)


def test_a_store_inside_a_source_does_not_count(notes: Path) -> None:
    changed = Counter()
    store = notes / ".pincite"
    store.mkdir()
    with watching([notes], store, changed):
        (store / "live.json").write_text("{}")
        time.sleep(1)
        assert changed.count == 0


def test_a_file_that_is_a_source_by_itself(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    file = notes / "a.txt"
    file.write_text("Redness fades.")
    with watching([file], tmp_path / "store", changed):
        (notes / "other.txt").write_text("Not watched.")
        time.sleep(1)
        assert changed.count == 0
        (notes / "new.txt").write_text("As an editor saves it.")
        (notes / "new.txt").replace(file)
        assert changed.reaches(1)


def test_a_source_that_comes_back(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    with watching([notes], tmp_path / "store", changed):
        notes.rename(tmp_path / "away")
        time.sleep(2)
        (tmp_path / "away").rename(notes)
        time.sleep(2)
        before = changed.count
        (notes / "b.txt").write_text("Redness fades.")
        assert changed.reaches(before + 1)
