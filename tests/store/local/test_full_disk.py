"""A disk that is full: said in one line, with all that was there still there."""

import itertools
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import StoreError, StoreMissingError
from index.store import open_store
from index.store.local.appended import AppendedFile
from index.store.local.database import Database
from index.store.records import Job
from tests.store.living import Living, everything

PAGE = os.sysconf("SC_PAGE_SIZE")
DISK_PAGES = 400


@pytest.fixture
def notes(living: Living) -> Living:
    """Two texts that are indexed, and twenty that are not yet."""
    living.write("a.txt", "Redness fades within two days. It is normal.\n")
    living.write("b.txt", "The needle is mild.\n")
    living.index()
    living.put("one", "The cream is for the night.")
    for number in range(20):
        living.write(f"{number}.txt", f"Text number {number} says something about needles.\n")
    (living.files / "b.txt").unlink()
    return living


def assert_explained(error: StoreError) -> None:
    assert type(error) is StoreError
    assert "make room there, or choose another place with --store" in str(error)
    assert "\n" not in str(error)


def test_any_write_to_a_file_may_find_the_disk_full(
    notes: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, left = everything(notes.store.open()), 0

    def full(function: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise OSError(28, "No space left on device")
            return function(*args, **kwargs)

        return failing

    failures = 0
    for step in itertools.count(1):
        left = step
        with monkeypatch.context() as patch:
            for owner, name in (
                (os, "fsync"),
                (os, "replace"),
                (tempfile, "mkstemp"),
                (AppendedFile, "write"),
            ):
                patch.setattr(owner, name, full(getattr(owner, name)))
            try:
                notes.index()
            except StoreError as error:
                assert_explained(error)
                failures += 1
            else:
                if left > 0:
                    break
                continue  # what is removed at the end may stay until the next time
        assert everything(notes.store.open()) == before
        assert not list(notes.store.folder.rglob("writing-*"))
        notes.store.check()
    assert failures > 8
    notes.assert_as_fresh()


def test_any_page_of_the_database_may_find_the_disk_full(
    notes: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(notes.store.open())
    connect = Database.connect
    failures = 0
    for more in itertools.count():

        def limited(
            self: Database, *, create: bool = False, more: int = more
        ) -> sqlite3.Connection:
            connection = connect(self, create=create)
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + more}")
            return connection

        notes.store = open_store(notes.store.folder, keep=4)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "connect", limited)
            if more == 0:
                with pytest.raises(StoreError) as raised:
                    add_jobs(notes)
                assert_explained(raised.value)
                continue
            try:
                notes.index()
            except StoreError as error:
                assert_explained(error)
                failures += 1
            else:
                break
        assert everything(notes.store.open()) == before
        notes.store.check()
    assert failures > 1
    notes.assert_as_fresh()


def add_jobs(living: Living) -> None:
    for number in range(200):
        living.store.jobs.add(Job.new(f"job-{number}", ".txt"), b"x" * 9999)


# A disk of its own that is really full.


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command to make a small disk with")
    size = f"size={DISK_PAGES * PAGE}"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def leave_free(disk: Path, pages: int) -> None:
    """Fill the disk up to so many pages."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * PAGE)
        except OSError:
            file.truncate(max(0, file.tell() - pages * PAGE))


def test_a_full_disk_leaves_the_old_snapshot_live(disk: Path, living: Living) -> None:
    living.store = open_store(disk / "store")
    living.write("a.txt", "Redness fades within two days. It is normal.\n")
    living.index()
    before = everything(living.store.open())
    for number in range(20):
        living.write(f"{number}.txt", f"Text number {number} says something about needles.\n")
    failures = 0
    for pages in itertools.count(0, 5):
        leave_free(disk, pages)
        try:
            living.index()
        except StoreError as error:
            failures += 1
            assert_explained(error)
            assert everything(living.store.open()) == before
        else:
            break
    assert failures > 2
    leave_free(disk, 0)
    with pytest.raises(StoreError) as raised:
        add_jobs(living)
    assert_explained(raised.value)
    (disk / "filler").unlink()
    living.store.check()
    living.assert_as_fresh()


def test_a_disk_that_is_full_from_the_start(disk: Path, living: Living) -> None:
    living.store = open_store(disk / "store")
    living.write("a.txt", "Redness fades within two days. It is normal.\n")
    leave_free(disk, 0)
    with pytest.raises(StoreError) as raised:
        living.index()
    assert_explained(raised.value)
    with pytest.raises(StoreMissingError):
        living.store.open()
    (disk / "filler").unlink()
    living.index()
    living.assert_as_fresh()
