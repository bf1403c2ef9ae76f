"""A calibration as part of a snapshot: published, taken away, carried on, checked."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from index.changes import SyncReport
from index.encoding.model import Model
from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.store.manifest import FORMAT, Manifest, Shard
from index.store.objects import ObjectFolder, StoredFile
from index.store.publishing import corpus_digest, publish_calibration, remove_calibration
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.failing import FAILURES, failing_at

REPOSITORY = Path(__file__).resolve().parents[2]
CALIBRATION = b'{"anything": "at all"}'


class Notes:
    """A folder of two notes and the store that is made from it."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.folder = folder / "notes"
        self.folder.mkdir()
        self.store = Store(folder / "store")
        self.model = model
        self.write("redness.txt", "Redness fades within two days.\n")
        self.write("care.txt", "Wash the face with lukewarm water.\n")
        self.sync()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def sync(self) -> SyncReport:
        return sync(self.store, [self.folder], self.model, HashingEncoder())

    def publish(self, calibration: bytes = CALIBRATION) -> Manifest:
        return publish_calibration(self.store, open_snapshot(self.store), calibration)

    def calibration_file(self) -> Path:
        file = self.store.live_manifest().calibration
        assert file is not None
        return self.store.folder / "objects" / file.sha256


@pytest.fixture
def notes(tmp_path: Path, model: Model) -> Notes:
    return Notes(tmp_path, model)


# The manifest.

FILE = StoredFile("ab" * 32, 7)
UNCALIBRATED = Manifest(
    format=FORMAT,
    model_name="m",
    model_fingerprint="f",
    backend="b",
    chunking=2,
    dimension=3,
    sources=("/notes",),
    shards=(Shard(*[FILE] * 5),),
    documents=1,
    passages=1,
    sentences=1,
    held=(1,),
)


def test_a_manifest_without_a_calibration_says_nothing_of_one() -> None:
    content = UNCALIBRATED.to_bytes()
    assert set(orjson.loads(content)) == {
        *("format", "model_name", "model_fingerprint", "backend", "chunking", "dimension"),
        *("sources", "shards", "documents", "passages", "sentences", "held"),
    }
    assert Manifest.from_bytes(content, UNCALIBRATED.id) == UNCALIBRATED


def test_a_manifest_with_a_calibration_is_read_back() -> None:
    calibrated = replace(UNCALIBRATED, calibration=FILE, corpus="cd" * 32)
    assert Manifest.from_bytes(calibrated.to_bytes(), calibrated.id) == calibrated
    assert calibrated.id != UNCALIBRATED.id
    assert calibrated.files == (FILE,) * 6


# Publishing.


def test_a_calibration_is_part_of_the_snapshot(notes: Notes) -> None:
    before = open_snapshot(notes.store)
    assert (before.calibration, before.manifest.corpus) == (None, None)
    live = notes.publish()
    after = open_snapshot(notes.store)
    assert (after.calibration, after.id) == (CALIBRATION, live.id)
    assert after.manifest.corpus == corpus_digest(after.chunked.without_texts())
    assert after.id != before.id
    assert after.manifest.shards == before.manifest.shards


def test_one_takes_the_place_of_another_and_is_taken_away(notes: Notes) -> None:
    plain = notes.store.live_id()
    notes.publish()
    notes.publish(b"another")
    assert open_snapshot(notes.store).calibration == b"another"
    removed = remove_calibration(notes.store)
    assert removed is not None
    assert removed.id == notes.store.live_id() == plain
    assert open_snapshot(notes.store).calibration is None
    assert remove_calibration(notes.store) is None


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        remove_calibration(Store(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_what_was_measured_must_still_be_live(notes: Notes) -> None:
    measured = open_snapshot(notes.store)
    notes.write("care.txt", "Wash the face with cold water.\n")
    now = notes.sync().snapshot
    with pytest.raises(StoreError, match="changed while it was measured.* run it again"):
        publish_calibration(notes.store, measured, CALIBRATION)
    assert notes.store.live_id() == now
    assert open_snapshot(notes.store).calibration is None


# Carrying it on.


def test_indexing_carries_it_on_with_the_digest_of_the_new_documents(notes: Notes) -> None:
    first = notes.publish()
    assert notes.sync().snapshot == first.id, "nothing changed"
    notes.write("care.txt", "Wash the face with cold water.\n")
    notes.sync()
    second = open_snapshot(notes.store)
    assert second.calibration == CALIBRATION
    assert second.manifest.corpus == corpus_digest(second.chunked.without_texts()) != first.corpus
    notes.write("care.txt", "Wash the face with lukewarm water.\n")
    notes.sync()
    back = notes.store.live_manifest()
    assert back.corpus == first.corpus, "as they were when it was made"


def test_the_digest_is_of_names_and_texts_in_any_order(notes: Notes) -> None:
    documents = list(open_snapshot(notes.store).chunked.without_texts())
    digest = corpus_digest(documents)
    assert corpus_digest(documents[::-1]) == digest
    assert corpus_digest(documents[1:]) != digest
    (notes.folder / "care.txt").rename(notes.folder / "wash.txt")
    notes.sync()
    assert corpus_digest(open_snapshot(notes.store).chunked.without_texts()) != digest


def test_it_is_kept_as_long_as_a_kept_snapshot_names_it(notes: Notes) -> None:
    notes.publish()
    file = notes.calibration_file()
    notes.publish(b"another")
    assert file.exists(), "the snapshot before has it"
    for text in ("One more note.\n", "Yet one more.\n"):
        notes.write("new.txt", text)
        notes.sync()
    assert not file.exists()
    assert notes.calibration_file().read_bytes() == b"another"


# Damage.


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_damage_to_it_is_found_and_indexing_does_without(
    notes: Notes, damage: Callable[[Path], object]
) -> None:
    plain = notes.store.live_id()
    notes.publish()
    damage(notes.calibration_file())
    with pytest.raises(StoreDamagedError):
        open_snapshot(notes.store)
    assert notes.sync().repaired
    assert notes.store.live_id() == plain


def test_damage_to_other_files_does_not_cost_the_calibration(notes: Notes) -> None:
    live = notes.publish()
    flip(notes.store.folder / "objects" / live.shards[0].passage_vectors.sha256)
    report = notes.sync()
    assert report.repaired
    assert report.snapshot == live.id
    assert open_snapshot(notes.store).calibration == CALIBRATION


def test_it_can_be_taken_away_though_it_is_damaged(notes: Notes) -> None:
    notes.publish()
    flip(notes.calibration_file())
    remove_calibration(notes.store)
    assert open_snapshot(notes.store).calibration is None


# Crashes.


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "function", "calls"),
    [(ObjectFolder, "put", 1), (os, "replace", 3), (os, "fsync", 6)],
    ids=["put", "replace", "fsync"],
)
def test_publishing_that_fails_at_any_step_leaves_a_whole_snapshot_live(
    notes: Notes,
    owner: object,
    function: str,
    calls: int,
    after: bool,
    failure: BaseException,
) -> None:
    """The file, the manifest and the pointer: each is written, synced, renamed, synced."""
    notes.publish(b"the old one")
    for step in range(1, calls + 1):
        old, new = open_snapshot(notes.store).calibration, b"number %d" % step
        measured = open_snapshot(notes.store)
        with failing_at(step, owner, function, failure, after=after) as raised:
            publish_calibration(notes.store, measured, new)
        assert raised.value is failure or type(raised.value) is StoreError
        # Only past the last replace is the new one live.
        published = (function, step, after) == ("replace", 3, True)
        published |= function == "fsync" and step == 6
        assert open_snapshot(notes.store).calibration == (new if published else old)
        assert list(notes.store.folder.rglob("writing-*")) == []
        named = set()
        for path in (notes.store.folder / "snapshots").iterdir():
            manifest = Manifest.from_bytes(path.read_bytes(), path.stem)
            named |= {file.sha256 for file in manifest.files}
        assert {path.name for path in (notes.store.folder / "objects").iterdir()} == named


# Runs in a process of its own, which is still small and has one thread: see test_store.py.
DYING_PUBLISHERS = """
import os, shutil, sys, tempfile
from pathlib import Path
from index.store.publishing import publish_calibration
from index.store.snapshot import open_snapshot
from index.store.store import Store

def dying(function):
    def step(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return function(*args, **kwargs)
    return step

folder, every = Path(sys.argv[1]), int(sys.argv[2])
measured = open_snapshot(Store(folder / "store"))
for n in range(1, 100, every):
    shutil.copytree(folder / "store", folder / f"store-{n}")
    child = os.fork()
    if child == 0:
        left = n
        os.replace, os.fsync, os.unlink = dying(os.replace), dying(os.fsync), dying(os.unlink)
        tempfile.mkstemp = dying(tempfile.mkstemp)
        publish_calibration(Store(folder / f"store-{n}"), measured, b"the new one")
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(n)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.soak)])
def test_a_publisher_that_dies_at_any_step_leaves_a_whole_snapshot_live(
    notes: Notes, tmp_path: Path, every: int
) -> None:
    notes.publish(b"an older one")
    notes.publish(b"the old one")
    done = subprocess.run(
        [sys.executable, "-c", DYING_PUBLISHERS, str(tmp_path), str(every)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    seen: list[bytes | None] = []
    last = int(done.stdout)
    assert last > 12, "three files of four steps each, and old ones to be let go of"
    for step in range(1, last + 1, every):
        notes.store = Store(tmp_path / f"store-{step}")
        seen.append(open_snapshot(notes.store).calibration)
        notes.publish(b"the next one")
        assert open_snapshot(notes.store).calibration == b"the next one"
        assert list(notes.store.folder.rglob("writing-*")) == []
    old, new = seen.count(b"the old one"), seen.count(b"the new one")
    assert seen == [b"the old one"] * old + [b"the new one"] * new, "old before one step, then new"
    assert old
    assert new
