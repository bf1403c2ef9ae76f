"""Following SOURCEs: soon after a change, once for many, and not for the store's own files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import watchfiles

from index.sources.watching import watch_sources
from tests.waiting import PATIENCE_S, until


class Counter:
    """Counts what is told, and the rounds: looks at the sources, each with what came of it."""

    def __init__(self) -> None:
        self.count = self.rounds = 0

    def __call__(self) -> None:
        self.count += 1

    def reaches(self, count: int) -> bool:
        return until(lambda: self.count >= count)

    def looks_again(self) -> None:
        """Wait until a round has begun and ended: what was there before it has been seen."""
        before = self.rounds
        assert until(lambda: self.rounds >= before + 2)

    def settles(self) -> None:
        """Wait until a whole round passes in which nothing more is told."""
        count = -1
        while count != self.count:
            count = self.count
            self.looks_again()

    def counting_rounds(self, *folders: Path, **options: Any) -> Iterator[Any]:
        """Watch as `watchfiles.watch` does."""
        for changes in watch(*folders, **options):
            yield changes
            self.rounds += 1


watch = watchfiles.watch


@contextmanager
def watching(sources: list[Path], store: Path, changed: Counter) -> Iterator[None]:
    """Watch; what is told at the start, when watching has begun, is not counted."""
    stop = threading.Event()
    options = {"quiet_ms": 100, "at_start": True}
    thread = threading.Thread(
        target=watch_sources, args=[sources, store, changed, stop], kwargs=options
    )
    with patch.object(watchfiles, "watch", changed.counting_rounds):
        thread.start()
        try:
            if all(source.exists() for source in sources):
                assert changed.reaches(1)
                changed.count = 0
            yield
        finally:
            stop.set()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    return folder


def missed(folder: Path, caplog: pytest.LogCaptureFixture) -> bool:
    told = f"{folder} is not there: nothing is indexed until it is back."
    return until(lambda: told in caplog.messages)


def test_many_changes_are_told_once(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    with watching([notes], tmp_path / "store", changed):
        for i in range(20):
            (notes / "deep" / f"{i}.txt").write_text("Redness fades.")
        assert changed.reaches(1)
        changed.settles()
        assert changed.count < 5, "once, where the writing is not held up"
        before = changed.count
        (notes / "deep" / "3.txt").unlink()
        assert changed.reaches(before + 1)


def test_a_store_inside_a_source_does_not_count(notes: Path) -> None:
    changed = Counter()
    store = notes / ".pincite"
    store.mkdir()
    with watching([notes], store, changed):
        (store / "live.json").write_text("{}")
        changed.settles()
        assert changed.count == 0


def test_a_file_that_is_a_source_by_itself(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    file = notes / "a.txt"
    file.write_text("Redness fades.")
    with watching([file], tmp_path / "store", changed):
        (notes / "other.txt").write_text("Not watched.")
        changed.settles()
        assert changed.count == 0
        (notes / "new.txt").write_text("As an editor saves it.")
        (notes / "new.txt").replace(file)
        assert changed.reaches(1)


@pytest.mark.soak
def test_a_source_that_comes_back(
    notes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changed = Counter()
    with watching([notes], tmp_path / "store", changed):
        notes.rename(tmp_path / "away")
        assert missed(notes, caplog)
        (tmp_path / "away").rename(notes)
        assert changed.reaches(1)
        changed.settles()
        before = changed.count
        (notes / "b.txt").write_text("Redness fades.")
        assert changed.reaches(before + 1)


@pytest.mark.soak
def test_a_source_that_comes_back_while_another_is_there(
    notes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changed = Counter()
    other = tmp_path / "other"
    other.mkdir()
    with watching([notes, other], tmp_path / "store", changed):
        notes.rename(tmp_path / "away")
        assert missed(notes, caplog)
        changed.looks_again()
        (other / "a.txt").write_text("It waits until all are there.")
        changed.looks_again()
        assert changed.count == 0
        assert len(caplog.messages) == 1
        (tmp_path / "away").rename(notes)
        assert changed.reaches(1)
        (notes / "deep" / "b.txt").write_text("It is watched again.")
        assert changed.reaches(2)


@pytest.mark.soak
def test_another_folder_in_the_place_of_a_source_is_watched(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    made_anew = tmp_path / "anew"
    made_anew.mkdir()
    with watching([notes], tmp_path / "store", changed):
        notes.rename(tmp_path / "away")
        made_anew.rename(notes)
        assert changed.reaches(1)
        changed.settles()
        before = changed.count
        (notes / "b.txt").write_text("Redness fades.")
        assert changed.reaches(before + 1)


@pytest.mark.soak
def test_what_is_no_longer_ignored_counts(notes: Path, tmp_path: Path) -> None:
    changed = Counter()
    patterns = notes / ".pinciteignore"
    patterns.write_text("deep/\n")
    with watching([notes], tmp_path / "store", changed):
        patterns.write_text("\n")
        assert changed.reaches(2), "for the change, and when it is watched by the new patterns"
        changed.settles()
        before = changed.count
        (notes / "deep" / "b.txt").write_text("Redness fades.")
        assert changed.reaches(before + 1)


def test_a_source_that_is_not_there_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changed = Counter()
    late = tmp_path / "late"
    with watching([late], tmp_path / "store", changed):
        assert missed(late, caplog)
        assert changed.count == 0
        late.mkdir()
        assert changed.reaches(1)
