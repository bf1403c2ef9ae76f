"""A disk that is full: said in one line, with the old snapshot still live."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.encoding.model import Model
from index.errors import StoreError, StoreMissingError
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder

PAGE = os.sysconf("SC_PAGE_SIZE")
DISK_PAGES = 200


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


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("Redness fades within two days. It is normal.\n")
    return folder


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


def assert_explained(error: StoreError) -> None:
    assert "No space left on device" in str(error)
    assert "make room there, or choose another place with --store" in str(error)
    assert "\n" not in str(error)


def test_a_full_disk_leaves_the_old_snapshot_live(disk: Path, notes: Path, model: Model) -> None:
    store, encoder = Store(disk / "store"), HashingEncoder()
    old = sync(store, [notes], model, encoder).snapshot
    for i in range(20):
        (notes / f"{i}.txt").write_text(f"Text number {i} says something about needles.\n")
    failures, new = 0, ""
    for pages in itertools.count():
        leave_free(disk, pages)
        try:
            new = sync(store, [notes], model, encoder).snapshot
        except StoreError as error:
            failures += 1
            assert_explained(error)
            assert open_snapshot(store).id == old
            assert list(store.folder.rglob("writing-*")) == []
        else:
            break
    assert failures > 5, "it failed at many different places"
    assert open_snapshot(store).id == new != old


def test_a_disk_that_is_full_from_the_start(disk: Path, notes: Path, model: Model) -> None:
    store = Store(disk / "store")
    leave_free(disk, 0)
    with pytest.raises(StoreError) as raised:
        sync(store, [notes], model, HashingEncoder())
    assert_explained(raised.value)
    with pytest.raises(StoreMissingError):
        open_snapshot(store)
    leave_free(disk, DISK_PAGES // 2)
    sync(store, [notes], model, HashingEncoder())
    assert len(open_snapshot(store).passages) == 1
