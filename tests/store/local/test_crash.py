"""A writer that dies at any step: the store is what it was, or what it was to be, and goes on."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from index.encoding.model import Model
from index.errors import StoreError, StoreMissingError
from index.store import open_store
from index.store.local.schema import MIGRATIONS
from tests.store.living import Living, everything

REPOSITORY = Path(__file__).resolve().parents[3]

# Runs in a process of its own, which is still small and has one thread: it forks a writer that
# dies without any clean-up at its n-th step, in a copy of the store: for each n, or so many of
# them. A step is a statement of SQL, or what is done to a file. The last n printed is too large.
DYING_WRITERS = """
import os, shutil, sqlite3, sys, tempfile
from pathlib import Path

import index.store.local.compaction, index.store.local.draft
from index.encoding.model import find_model
from index.store import open_store
from index.store.local.appended import AppendedFile
from index.store.local.schema import MIGRATIONS
from index.store.records import Feedback, Job, UploadChange
from index.sync import change_uploads, sync
from tests.encoders import HashingEncoder
from index.store.local.schema import MIGRATIONS
from tests.store.living import upload_change

folder, what, points = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
index.store.local.compaction._FEWEST_DEAD = 0
index.store.local.compaction._DEAD_SHARE = 1000
index.store.local.draft._FEWEST_ENTRIES = 12 if what == "sync" else 1 << 18
model, encoder = find_model(), HashingEncoder(16)
model.tokenizer()

def step(*_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

def dying(function):
    def stepping(*args, **kwargs):
        step()
        return function(*args, **kwargs)
    return stepping

def torn(self, start, rows):
    AppendedFile_write(self, start, rows[: len(rows) // 2])
    step()
    AppendedFile_write(self, start, rows)

connect, AppendedFile_write = sqlite3.connect, AppendedFile.write

def traced(*args, **kwargs):
    connection = connect(*args, **kwargs)
    connection.set_trace_callback(step)
    return connection

def write(store):
    if what == "sync":
        sync(store, [folder / "notes"], model, encoder)
    elif what == "put":
        change_uploads(store, [upload_change("one", "Night is for the cream.")], model, encoder)
    elif what == "delete":
        change_uploads(store, [UploadChange("one")], model, encoder)
    elif what == "purge":
        store.purge()
    elif what == "calibrate":
        store.set_calibration(store.live_id(), b"the new one")
    elif what == "back":
        store.roll_back()
    elif what == "give":
        job = Job.new("two", ".txt")
        store.jobs.add(job, b"Two.")
        store.feedback.add(Feedback.new("Why?", helpful=True))
        store.jobs.finish(job)
    elif what == "migrate":
        store.live_id()

if what == "migrate":
    import index.store.local.database as database
    added = ("ALTER TABLE uploads ADD COLUMN more TEXT", "CREATE TABLE more (name TEXT)")
    database.MIGRATIONS = (*MIGRATIONS, added)

def die_at(n):
    shutil.copytree(folder / "store", folder / f"store-{n}", dirs_exist_ok=True)
    child = os.fork()
    if child == 0:
        global left
        left = n
        for name in ("replace", "fsync", "unlink", "open", "rename"):
            setattr(os, name, dying(getattr(os, name)))
        tempfile.mkstemp, sqlite3.connect = dying(tempfile.mkstemp), traced
        AppendedFile.write = torn
        write(open_store(folder / f"store-{n}", keep=2))
        (folder / "left").write_text(str(left))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), code
    return code == 9

none = 1 << 20
assert not die_at(none)
steps = none - int((folder / "left").read_text())
every = max(1, steps // points) if points else 1
for n in range(1, steps + 1, every):
    die_at(n)
    print(n)
print(none)
"""


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    """Two snapshots, and files that changed since; a third of all rows are dead."""
    made = Living(tmp_path, model)
    made.write("a.txt", "Redness fades within two days.\n")
    made.write("b.txt", "The needle is mild.\n\nThe scar is of two days.\n")
    made.index()
    made.put("one", "The cream is for the night.")
    made.write("a.txt", "Redness fades within three days.\n")
    made.index()
    made.write("b.txt", "The depth of the needle is mild.\n")
    made.write("c.md", "# Sun\n\nWater for the face.\n")
    return made


def die(living: Living, what: str, points: int) -> list[Path]:
    """Let writers die at so many steps, 0 for all; return their stores in the order of these."""
    done = subprocess.run(
        [sys.executable, "-c", DYING_WRITERS, str(living.folder), what, str(points)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [living.folder / f"store-{n}" for n in done.stdout.split()]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
often = [pytest.param(5, id="some"), pytest.param(0, id="all", marks=pytest.mark.soak)]


@needs_fork
@pytest.mark.parametrize("points", often)
@pytest.mark.parametrize("what", ["sync", "put", "delete", "purge", "calibrate", "back"])
def test_a_writer_that_dies_leaves_a_whole_store(living: Living, what: str, points: int) -> None:
    before = everything(living.store.open())
    states = [before]
    for path in (stores := die(living, what, points)):
        living.store = open_store(path, keep=2)
        living.store.check()
        now = everything(living.store.open())
        if now != states[-1]:
            states.append(now)
        report = living.index()
        assert report.repaired == ""
        living.store.check()
        living.assert_as_fresh()
        assert not list(path.rglob("writing-*"))
        named = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "vectors", "arrays"}
        assert {p.name for p in path.iterdir()} <= {*named, "write.lock", "jobs.lock"}
        assert len({p.stem for p in (path / "vectors").iterdir()}) == 1
    assert len(stores) >= 5
    assert len(states) <= 2, "old before one step, new after it"
    if what != "purge":
        assert len(states) == 2, "the last one came to its end"


@needs_fork
@pytest.mark.parametrize("points", often)
def test_what_people_gave_is_there_or_not(living: Living, points: int) -> None:
    seen: list[tuple[int, int]] = []
    for path in die(living, "give", points and 9):
        store = open_store(path, keep=2)
        store.check()
        seen.append((len(store.jobs.pending()), len(store.feedback.all())))
    assert seen == sorted(seen, key=[(0, 0), (1, 0), (1, 1), (0, 1)].index)
    assert len(set(seen)) >= 3


@needs_fork
@pytest.mark.parametrize("points", often)
def test_a_migration_that_dies_leaves_the_version_before(living: Living, points: int) -> None:
    before = everything(living.store.open())
    for path in die(living, "migrate", points):
        store = open_store(path)
        if version_of(path) == len(MIGRATIONS):
            assert everything(store.open()) == before
        else:  # it came to its end
            assert version_of(path) == len(MIGRATIONS) + 1
            versions = f"in version {len(MIGRATIONS) + 1}; this one reads {len(MIGRATIONS)}"
            with pytest.raises(StoreError, match=versions):
                store.open()


def version_of(store: Path) -> int:
    with closing(sqlite3.connect(store / "store.sqlite")) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@needs_fork
@pytest.mark.parametrize("points", often)
def test_a_first_sync_that_dies_leaves_nothing_in_the_way(living: Living, points: int) -> None:
    (living.folder / "store").rename(living.folder / "other")
    (living.folder / "store").mkdir()
    for path in die(living, "sync", points):
        living.store = open_store(path)
        try:
            living.store.check()
            everything(living.store.open())
        except StoreMissingError:
            pass
        living.index()
        living.store.check()
        living.assert_as_fresh()
