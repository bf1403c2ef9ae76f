"""A flipped bit, a short or missing file: found and named, never answered from, repaired."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.encoding.model import Model
from index.errors import StoreDamagedError, StoreError
from index.records import ChunkedDocument
from index.store.protocols import Store
from index.store.records import Feedback, Job, Key
from index.sync import sync
from tests.store.living import Living, everything

TEXTS = {
    "redness.txt": "Redness fades within two days. It is normal.\n",
    "depth.txt": "A needle of 0.5 mm suits the face. A scar needs the depth of 1.5 mm.\n",
    "care.md": "# Care\n\nWash the face. Keep out of the sun.\n\n# Night\n\nThe cream.\n",
}
SECRET = "ab" * 32


@dataclass(frozen=True)
class Sound:
    """A store without damage, and all that is read of it."""

    living: Living
    read: dict[str, Any]
    given: dict[str, Any]

    def documents(self) -> dict[str, ChunkedDocument]:
        """Return the live documents by source."""
        return {each.document.source: each for each in self.read["live"]["documents"]}


def given(store: Store) -> dict[str, Any]:
    """Return all that people gave."""
    uploads, jobs = store.uploads.all(), store.jobs.pending()
    return {
        "uploads": [(upload, store.uploads.content(upload)) for upload in uploads],
        "jobs": [(job, store.jobs.content(job)) for job in jobs],
        "feedback": store.feedback.all(),
        "keys": store.keys.all(),
        "key": (store.keys.find(SECRET), store.keys.ever_added()),
    }


def read(store: Store) -> dict[str, Any]:
    """Return all that is said of the snapshots, and what the live one holds."""
    live = store.open()
    older = {info.id: everything(store.open(info.id)) for info in store.snapshots()}
    return {"live": everything(live), "older": older, "id": store.live_id()}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Sound:
    """Texts and an upload, in three snapshots, the last of them with removed rows in its files."""
    living = Living(tmp_path_factory.mktemp("sound"), model, keep=2)
    for name, text in TEXTS.items():
        living.write(name, text)
    living.write("gone.txt", "Two days of water and of sun. The scar is mild.\n")
    living.index()
    (living.files / "gone.txt").unlink()
    living.index()
    living.put("dose", "The dose of the cream is 500 drops.")
    store = living.store
    store.set_calibration(store.live_id(), b'{"anything": "at all"}')
    with pytest.MonkeyPatch.context() as patch:  # the same bytes in each run
        patch.setattr("index.store.records.new_id", lambda: "18ecb4ed4c550573f84b5a7e")
        patch.setattr("index.store.records.now", lambda: "2026-01-01T00:00:00.000000Z")
        store.feedback.add(Feedback.new("How deep?", helpful=True, comment="Of much use."))
        store.jobs.add(Job.new("later", ".txt"), b"It waits.")
    store.keys.add(SECRET, Key("page", ("ask",), "2026-01-01T00:00:00Z"))
    in_one_file(store.folder)
    return Sound(living, read(store), given(store))


def in_one_file(folder: Path) -> None:
    """Bring all that is in the log into the database itself."""
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


@pytest.fixture
def damaged(sound: Sound, tmp_path: Path) -> Living:
    """A copy of the store and its files, to be damaged."""
    return copy_of(sound, tmp_path / "copy")


def copy_of(sound: Sound, folder: Path) -> Living:
    shutil.rmtree(folder, ignore_errors=True)
    living = Living(folder, sound.living.model)
    living.files = sound.living.files
    shutil.copytree(sound.living.store.folder, living.store.folder)
    return living


def flip(path: Path, position: int, bit: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        (byte,) = file.read(1)
        file.seek(position)
        file.write(bytes([byte ^ 1 << bit]))


def explained(action: Callable[[], Any]) -> Any:
    """Return what is read, or the error if it tells of damage, in one line."""
    try:
        return action()
    except StoreError as error:
        is_clear = "damaged" in str(error) and len(str(error).splitlines()) == 1
        return error if is_clear else ValueError(str(error))


def assert_no_harm(sound: Sound, living: Living) -> None:
    """What is read is right or refused, `check` finds what is not, and indexing repairs it."""
    store = living.store
    checked = explained(store.check)
    is_damaged = isinstance(checked, StoreError)
    snapshots, people = explained(lambda: read(store)), explained(lambda: given(store))
    for now, before in ((snapshots, sound.read), (people, sound.given)):
        assert now == before or is_damaged
    if not isinstance(snapshots, StoreError):
        assert snapshots == sound.read
    if not isinstance(people, StoreError):
        # An upload, a job or a key that is damaged is passed over, and the log tells of it.
        lists = ("uploads", "jobs", "keys")
        assert all(each in sound.given[name] for name in lists for each in people[name])
        passed_over: dict[str, Any] = {"uploads": [], "jobs": [], "keys": [], "key": None}
        assert people | passed_over == sound.given | passed_over
    assert living.index().snapshot == store.live_id()
    live = store.open()
    documents = {each.document.source: each for each in live.documents()}
    uploads = [upload.source for upload in store.uploads.all()]
    for source, intact in sound.documents().items():
        assert documents.get(source) == intact or (source not in uploads and is_damaged)
    if len(documents) == len(sound.documents()):
        now = everything(live)
        assert {**now, "counts": ()} == {**sound.read["live"], "counts": ()}
    again = explained(store.check)
    assert not isinstance(again, StoreError) or "in the store is damaged" in str(again)


def some(path: Path, count: int) -> list[int]:
    """Return so many positions of a file that hold something, spread evenly."""
    used = [position for position, byte in enumerate(path.read_bytes()) if byte]
    return used[:: max(1, len(used) // count)] if count else used


@pytest.mark.parametrize("count", [60, pytest.param(0, marks=pytest.mark.soak)])
def test_a_flipped_bit_of_the_database_does_no_harm(
    sound: Sound, tmp_path: Path, count: int
) -> None:
    for position in some(sound.living.store.folder / "store.sqlite", count):
        living = copy_of(sound, tmp_path / "copy")
        flip(living.store.folder / "store.sqlite", position, position % 8)
        if position < 100:  # the head, which says whose file it is: this may not be repaired
            with suppress(StoreError):
                assert read(living.store) == sound.read
            continue
        try:
            assert_no_harm(sound, living)
        except KeyError:  # an index misses the id of a document: `check` and `index` see that
            assert isinstance(explained(living.store.check), StoreError)
            assert living.index().repaired
            assert everything(living.store.open())["documents"] == sound.read["live"]["documents"]


@pytest.mark.parametrize("kind", ["alive", "base", "delta"])
def test_a_flipped_bit_of_what_a_file_is_does_no_harm(
    sound: Sound, tmp_path: Path, kind: str
) -> None:
    content = (sound.living.store.folder / "store.sqlite").read_bytes()
    named = list(re.finditer(kind.encode() + rb"[0-9a-f]{64}", content))
    assert len(named) > 1
    for match in named:
        living = copy_of(sound, tmp_path / "copy")
        flip(living.store.folder / "store.sqlite", match.start(), bit=5)
        assert_no_harm(sound, living)


def test_a_member_of_no_version_is_no_obstacle(sound: Sound, damaged: Living) -> None:
    path = damaged.store.folder / "store.sqlite"
    last = "(SELECT max(version) FROM memberships)"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE memberships SET version = version + 64 WHERE version = {last}")
    assert_no_harm(sound, damaged)


@pytest.mark.parametrize("counter", ["snapshot", "version"])
def test_a_counter_that_fell_behind_removes_nothing(
    sound: Sound, damaged: Living, counter: str
) -> None:
    path = damaged.store.folder / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE state SET {counter} = 0")
    with pytest.raises(StoreDamagedError, match="counters"):
        damaged.put("more", "The cream is mild.")
    assert_no_harm(sound, damaged)
    damaged.put("more", "The cream is mild.")
    assert "upload:more.txt" in damaged.texts()


@pytest.mark.parametrize("count", [6, pytest.param(0, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["f16", "rows", "sentences"])
def test_a_flipped_bit_of_a_file_of_rows_is_found_and_repaired(
    sound: Sound, tmp_path: Path, kind: str, count: int
) -> None:
    (path,) = sound.living.store.folder.glob(f"vectors/*.{kind}")
    for position in some(path, count):
        living = copy_of(sound, tmp_path / "copy")
        flip(living.store.folder / "vectors" / path.name, position, position % 8)
        for look in (living.store.open, living.store.check):
            with pytest.raises(StoreDamagedError, match=f"vectors/{path.name} was altered"):
                look()
        assert_no_harm(sound, living)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_in_the_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


CHANGES = [truncate, empty, Path.unlink, flip_in_the_middle]


@pytest.mark.parametrize("column", ["rows", "sentences"])
def test_more_rows_than_a_file_has_are_found_and_repaired(
    sound: Sound, damaged: Living, column: str
) -> None:
    path = damaged.store.folder / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE generations SET {column} = {column} + 64")
    with pytest.raises(StoreDamagedError, match="vectors/"):
        damaged.store.open()
    assert_no_harm(sound, damaged)


@pytest.mark.parametrize("change", CHANGES)
def test_files_of_rows_that_are_short_or_missing_are_found_and_repaired(
    sound: Sound, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    for path in (sound.living.store.folder / "vectors").iterdir():
        living = copy_of(sound, tmp_path / "copy")
        change(living.store.folder / "vectors" / path.name)
        with pytest.raises(StoreDamagedError, match=f"vectors/{path.name}") as raised:
            living.store.open()
        report = living.index()
        assert f"The store is damaged: {report.repaired}. Rebuild it" in str(raised.value)
        assert everything(living.store.open()) == sound.read["live"]
        living.store.check()
        assert living.index().repaired == ""


@pytest.mark.parametrize("change", CHANGES)
def test_derived_arrays_are_made_again_when_they_are_opened(
    sound: Sound, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    for path in (sound.living.store.folder / "arrays").iterdir():
        living = copy_of(sound, tmp_path / "copy")
        change(living.store.folder / "arrays" / path.name)
        with pytest.raises(StoreDamagedError, match="arrays/"):
            living.store.check()
        assert read(living.store) == sound.read
        living.store.check()
        assert living.index().repaired == ""


def test_derived_arrays_are_made_again_by_whoever_writes(sound: Sound, tmp_path: Path) -> None:
    for number, write in enumerate([lambda of: of.index().repaired, lambda of: of.delete("one")]):
        living = copy_of(sound, tmp_path / f"copy-{number}")
        for path in (living.store.folder / "arrays").iterdir():
            path.unlink()
        assert write(living) in ("", living.store.live_id())
        living.store.check()
        living.assert_as_fresh()


def test_every_flipped_bit_of_derived_arrays_is_found(sound: Sound, tmp_path: Path) -> None:
    for path in (sound.living.store.folder / "arrays").iterdir():
        for position in some(path, 2):
            living = copy_of(sound, tmp_path / "copy")
            flip(living.store.folder / "arrays" / path.name, position, position % 8)
            assert everything(living.store.open()) == sound.read["live"]


@pytest.mark.parametrize("part", ["vectors", "arrays"])
def test_a_missing_folder_is_repaired(damaged: Living, sound: Sound, part: str) -> None:
    shutil.rmtree(damaged.store.folder / part)
    damaged.index()
    assert everything(damaged.store.open()) == sound.read["live"]
    damaged.store.check()


def change_content(living: Living, statement: str) -> None:
    with closing(sqlite3.connect(living.store.folder / "store.sqlite")) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


def test_a_damaged_upload_is_told_of_and_what_was_indexed_stays(
    damaged: Living, sound: Sound
) -> None:
    change_content(damaged, "UPDATE uploads SET content = CAST('The dose is 900.' AS BLOB)")
    (upload,) = damaged.store.uploads.all()
    with pytest.raises(StoreDamagedError, match="dose"):
        damaged.store.uploads.content(upload)
    with pytest.raises(StoreError, match="dose in the store is damaged: upload it again"):
        damaged.store.check()
    damaged.write("care.md", TEXTS["care.md"])
    report = damaged.index(reread=True)
    assert [(each.path, each.reason) for each in report.kept] == [
        ("upload:dose.txt", "its content in the store is damaged; upload it again")
    ]
    assert damaged.texts()["upload:dose.txt"] == "The dose of the cream is 500 drops."
    damaged.put("dose", "The dose of the cream is 500 drops.")
    damaged.store.check()
    assert damaged.store.live().documents == sound.read["live"]["info"][3]


@pytest.mark.parametrize("table", ["feedback", "keys"])
def test_what_people_gave_is_not_read_altered(damaged: Living, table: str) -> None:
    change_content(damaged, f"UPDATE {table} SET fields = replace(fields, 'e', 'a')")
    looks: list[Callable[[], object]] = [damaged.store.check]
    looks.append(damaged.store.feedback.all if table == "feedback" else damaged.store.check)
    for look in looks:
        with pytest.raises(StoreError, match="in the store is damaged"):
            look()
    assert everything(damaged.store.open())


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY])
def test_a_database_that_cannot_be_opened_for_the_moment_is_left_alone(
    damaged: Living, sound: Sound, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Too many files are open, say."""

    def fail(*_: object, **__: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = code
        raise error

    damaged.store.live_id()
    with monkeypatch.context() as patch:
        patch.setattr("sqlite3.connect", fail)
        with pytest.raises(StoreError):
            damaged.index()
    assert given(damaged.store) == sound.given
    assert not list(damaged.store.folder.glob("damaged-*"))


def test_a_database_that_is_no_database_is_set_aside(damaged: Living, sound: Sound) -> None:
    database = damaged.store.folder / "store.sqlite"
    database.write_bytes(b"{" * 4096)
    with pytest.raises(StoreDamagedError, match=r"store\.sqlite") as raised:
        damaged.store.open()
    assert "\n" not in str(raised.value)
    with pytest.raises(StoreDamagedError, match="pincite index SOURCE…"):
        sync(damaged.store, [], damaged.model, damaged.encoder)
    report = damaged.index()
    assert report.repaired.startswith("store.sqlite: ")
    assert set(damaged.texts()) == {f"notes/{name}" for name in TEXTS}
    (aside,) = damaged.store.folder.glob("damaged-*.sqlite")
    assert aside.read_bytes() == b"{" * 4096
    assert damaged.store.keys.ever_added(), "the service asks for keys as before"
    damaged.store.check()


def test_from_a_malformed_database_what_people_gave_is_taken_over(
    damaged: Living, sound: Sound
) -> None:
    path = damaged.store.folder / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'versions'"
        (page,) = connection.execute(query).fetchone()
    flip(path, (page - 1) * size)
    with pytest.raises(StoreDamagedError, match="malformed"):
        list(damaged.store.open().documents())
    assert damaged.index().repaired
    assert given(damaged.store) == sound.given
    now = everything(damaged.store.open())
    assert {**now, "counts": ()} == {**sound.read["live"], "counts": ()}
    assert list(damaged.store.folder.glob("damaged-*"))
    damaged.store.check()


def test_a_damaged_snapshot_is_not_gone_back_to_and_does_no_harm(damaged: Living) -> None:
    live, older = (info.id for info in damaged.store.snapshots())
    change_content(damaged, f"UPDATE snapshots SET documents = documents + 1 WHERE id = '{older}'")
    with pytest.raises(StoreDamagedError, match=older):
        damaged.store.roll_back(older)
    assert damaged.store.live_id() == live
    assert set(damaged.texts()) == {*(f"notes/{name}" for name in TEXTS), "upload:dose.txt"}


def test_no_bit_makes_another_snapshot_live(damaged: Living) -> None:
    with closing(sqlite3.connect(damaged.store.folder / "store.sqlite")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE state SET live = live - 1")
        connection.commit()
    for look in (damaged.store.open, damaged.store.live_id, damaged.store.check):
        with pytest.raises(StoreDamagedError):
            look()
    assert damaged.index().repaired
    assert set(damaged.texts()) == {*(f"notes/{name}" for name in TEXTS), "upload:dose.txt"}


def test_damage_to_files_does_not_cost_the_calibration(damaged: Living) -> None:
    (vectors,) = damaged.store.folder.glob("vectors/*.f16")
    flip_in_the_middle(vectors)
    assert damaged.index().repaired
    assert damaged.store.live().calibration == b'{"anything": "at all"}'
