"""Stores of another version, or of none: brought up to date, or refused in one line."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.changes import plan
from index.encoding.model import Model
from index.errors import (
    StoreError,
    StoreMissingError,
    StoreOutdatedError,
)
from index.store import open_store
from index.store.local.database import network_file_system
from index.store.local.schema import MIGRATIONS
from index.store.records import Feedback, Job, Key, now
from index.sync import sync
from tests.store.living import Living, everything
from tests.store.local.test_damage import given

MORE = (
    "ALTER TABLE feedback ADD COLUMN answered INTEGER",
    "CREATE TABLE more (name TEXT)",
    "INSERT INTO more SELECT id FROM snapshots",
)


@pytest.fixture
def notes(living: Living) -> Living:
    """A store with a bit of everything."""
    living.write("a.txt", "Redness fades within two days.\n")
    living.index()
    living.put("one", "The cream is for the night.")
    living.store.feedback.add(Feedback.new("How deep?", helpful=True))
    living.store.jobs.add(Job.new("later", ".txt"), b"It waits.")
    living.store.keys.add("ab" * 32, Key("page", ("ask",), "2026"))
    return living


def database_of(living: Living) -> sqlite3.Connection:
    return sqlite3.connect(living.store.folder / "store.sqlite")


def set_migrations(patch: pytest.MonkeyPatch, *more: tuple[str, ...]) -> None:
    patch.setattr("index.store.local.database.MIGRATIONS", (*MIGRATIONS, *more))


def test_a_migration_brings_a_store_to_the_next_version_without_loss(
    notes: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, people = everything(notes.store.open()), given(notes.store)
    set_migrations(monkeypatch, MORE, ("DROP TABLE more",))
    store = open_store(notes.store.folder)
    assert everything(store.open()) == before
    assert given(store) == people
    with closing(database_of(notes)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 2,)
        assert connection.execute("SELECT answered FROM feedback").fetchall() == [(None,)]
    notes.store = store
    store.check()
    notes.write("b.txt", "The needle is mild.\n")
    notes.index()
    assert set(notes.texts()) == {"notes/a.txt", "notes/b.txt", "upload:one.txt"}


def test_a_migration_that_fails_leaves_the_version_before(
    notes: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, people = everything(notes.store.open()), given(notes.store)
    with monkeypatch.context() as patch:
        set_migrations(patch, (*MORE, "INSERT INTO nothing VALUES (1)"))
        with pytest.raises(StoreError) as raised:
            open_store(notes.store.folder).live_id()
        assert "\n" not in str(raised.value)
    store = open_store(notes.store.folder)
    assert everything(store.open()) == before
    assert given(store) == people
    with closing(database_of(notes)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        assert "more" not in names


READING: list[Callable[[Living], object]] = [
    lambda living: living.store.open(),
    lambda living: living.store.live_id(),
    lambda living: living.store.live(),
    lambda living: living.put("two", "The mask is for the day."),
    lambda living: living.delete("one"),
    lambda living: living.store.set_calibration("x", None),
    lambda living: living.store.purge(),
    lambda living: living.store.roll_back(),
    lambda living: living.store.check(),
]
WRITING: list[Callable[[Living], object]] = [
    lambda living: living.index(),
    lambda living: living.store.feedback.add(Feedback.new("Why?", helpful=True)),
]


@pytest.mark.parametrize("read", [*READING, *WRITING])
def test_a_newer_version_is_refused_and_left_alone(
    notes: Living, read: Callable[[Living], object]
) -> None:
    newer = len(MIGRATIONS) + 1
    with closing(database_of(notes)) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")
    notes.store = open_store(notes.store.folder)
    wanted = f"newer Pincite, in version {newer}.* reads {len(MIGRATIONS)}: update Pincite, or name"
    with pytest.raises(StoreError, match=wanted) as raised:
        read(notes)
    assert "\n" not in str(raised.value)
    with closing(database_of(notes)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (newer,)
        assert connection.execute("SELECT count(*) FROM feedback").fetchone() == (1,)


def test_a_file_of_another_program_is_refused_and_left_alone(notes: Living) -> None:
    shutil.rmtree(notes.store.folder)
    notes.store.folder.mkdir()
    with closing(database_of(notes)) as connection:
        connection.execute("CREATE TABLE thesis (text)")
        connection.commit()
    content = (notes.store.folder / "store.sqlite").read_bytes()
    notes.store = open_store(notes.store.folder)
    for use in (notes.store.open, notes.index):
        with pytest.raises(
            StoreError, match=r"store\.sqlite is no store of Pincite.*--store"
        ) as raised:
            use()
        assert "\n" not in str(raised.value)
    assert (notes.store.folder / "store.sqlite").read_bytes() == content


def test_a_store_is_not_scattered_among_a_users_own_files(living: Living, tmp_path: Path) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.tex").write_text("…")
    living.store = open_store(folder)
    for write in (
        living.index,
        lambda: living.store.feedback.add(Feedback.new("Why?", helpful=True)),
        lambda: living.store.set_gold(tmp_path / "gold.jsonl"),
    ):
        with pytest.raises(StoreError, match="holds other files .*: name an empty or new folder"):
            write()
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_may_become_a_store(living: Living) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.store.folder.mkdir()
    living.index()
    assert set(living.texts()) == {"notes/a.txt"}


def test_a_file_in_the_place_of_a_store_is_an_error_of_one_line(living: Living) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.store.folder.write_text("not a folder")
    with pytest.raises(StoreError, match="name an empty or new folder with --store") as raised:
        living.index()
    assert "\n" not in str(raised.value)
    with pytest.raises(StoreMissingError, match="There is no store at"):
        living.store.open()


@pytest.mark.parametrize(
    ("kind", "is_network"),
    [
        ("ext4", False),
        ("tmpfs", False),
        ("overlay", False),
        ("fuse.gvfsd", False),
        ("nfs4", True),
        ("cifs", True),
        ("smb3", True),
        ("9p", True),
        ("fuse.sshfs", True),
    ],
)
def test_a_network_file_system_is_refused(
    living: Living, monkeypatch: pytest.MonkeyPatch, kind: str, is_network: bool
) -> None:
    mounts = living.folder / "mounts"
    folder = living.folder.resolve() / "a share" / "deeper"
    folder.mkdir(parents=True)
    above = str(folder.parent).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {above} {kind} rw 0 0\n")
    assert network_file_system(folder, str(mounts)) == (kind if is_network else "")
    assert network_file_system(living.folder, str(mounts)) == ""
    assert network_file_system(folder, str(living.folder / "no such file")) == ""
    if is_network:
        monkeypatch.setattr(
            "index.store.local.database.network_file_system",
            lambda folder: network_file_system(folder, str(mounts)),
        )
        living.write("a.txt", "Redness fades within two days.\n")
        living.store = open_store(folder / "store")
        with pytest.raises(StoreError, match=rf"network file system \({kind}\).*--store") as raised:
            living.index()
        assert "\n" not in str(raised.value)
        assert not (folder / "store").exists()


# What an earlier Pincite wrote.


@pytest.fixture
def older(living: Living) -> Living:
    """A folder as an earlier Pincite left it, with an upload and a registered gold file."""
    living.write("a.txt", "Redness fades within two days.\n")
    folder = living.store.folder
    for name in ("objects", "snapshots", "uploads", "jobs", "feedback", "keys"):
        (folder / name).mkdir(parents=True)
    (folder / "objects" / ("ab" * 32)).write_bytes(b"vectors of sentences")
    (folder / "snapshots" / "0123456789abcdef.json").write_text("{}")
    (folder / "live.json").write_text('{"format": 8, "snapshot": "0123456789abcdef"}')
    (folder / "gold.json").write_text('{"gold": "/gold.jsonl"}')
    (folder / "write.lock").touch()
    return living


def files_of(living: Living) -> dict[str, bytes]:
    paths = (path for path in living.store.folder.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in paths if path.suffix != ".lock"}


@pytest.mark.parametrize("read", READING)
def test_an_older_store_is_refused_in_one_line_that_says_what_to_do(
    older: Living, read: Callable[[Living], object]
) -> None:
    before = files_of(older)
    wanted = "written by an earlier Pincite: `pincite index SOURCE…` builds it anew"
    for _ in range(2):
        with pytest.raises(StoreOutdatedError, match=wanted) as raised:
            read(older)
        assert "\n" not in str(raised.value)
    assert {name: c for name, c in files_of(older).items() if name in before} == before


def test_indexing_builds_an_older_store_anew(older: Living, model: Model) -> None:
    report = older.index()
    assert "written by an earlier Pincite" in report.repaired
    assert older.texts() == {"notes/a.txt": "Redness fades within two days.\n"}
    assert b"vectors of sentences" not in files_of(older).values()
    assert {path.name for path in older.store.folder.iterdir()} <= {
        *("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"),
        *("vectors", "arrays", "write.lock"),
    }
    assert sync(older.store, [], model, older.encoder).repaired == ""
    older.assert_as_fresh()


def test_keys_of_an_older_store_stay_and_a_damaged_one_leaves_no_door_open(older: Living) -> None:
    keys = older.store.folder / "keys"
    keys.mkdir(exist_ok=True)
    for path in keys.iterdir():
        path.unlink()
    (keys / f"{'0' * 64}.json").write_bytes(b"{}")
    (keys / f"{'1' * 64}.json").write_text(
        '{"name": "bob", "rights": ["ask"], "created": "2026-01-01T00:00:00.000+00:00"}'
    )
    with pytest.raises(StoreOutdatedError):
        older.store.keys.add("2" * 64, Key("eve", ("ask",), now()))
    older.index()
    found = older.store.keys.find("1" * 64)
    assert found == Key("bob", ("ask",), "2026-01-01T00:00:00.000+00:00")
    assert older.store.keys.all() == [found]
    assert older.store.keys.ever_added()


def test_until_it_is_built_anew_nothing_of_it_is_let_go_of(older: Living) -> None:
    class Failing:
        backend = "hashing"

        def encode(self, *_: object) -> None:
            raise RuntimeError("out of memory")

    before = files_of(older)
    older.encoder, encoder = Failing(), older.encoder  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="out of memory"):
        older.index()
    assert {name: c for name, c in files_of(older).items() if name in before} == before
    with pytest.raises(StoreOutdatedError, match="`pincite index SOURCE…` builds it anew"):
        sync(older.store, [], older.model, encoder)
    assert plan(older.store, [older.files]).added == ("notes/a.txt",)
    older.encoder = encoder
    older.index()
    assert set(older.texts()) == {"notes/a.txt"}


def test_an_sqlite_that_is_too_old_is_told_in_one_line(
    notes: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr("sqlite3.sqlite_version", "3.34.1")
    notes.store = open_store(notes.store.folder)
    for use in (notes.index, notes.store.open):
        with pytest.raises(StoreError, match=r"SQLite 3\.34\.1; Pincite needs 3\.35") as error:
            use()
        assert "\n" not in str(error.value)


def test_passages_stored_without_features_have_the_same(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    living.write("a.txt", "These help:\n- Ice: it cools the skin.\n- Rest: it does no harm.\n")
    with monkeypatch.context() as before:
        before.setattr("index.store.local.draft.features_of", lambda *_: np.empty(0, np.uint64))
        living.index()
    living.assert_as_fresh()
