"""The store: text embedded once, snapshots published whole, damage found and repaired."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from index.build import sync
from index.encoder import Encoder
from index.errors import (
    SourceError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
)
from index.manifest import FORMAT, Manifest
from index.model import Model
from index.objects import ObjectFolder
from index.publishing import remove_calibration
from index.report import SyncReport
from index.shards import DOCUMENTS_A_SHARD
from index.snapshot import open_snapshot
from index.store import Store
from tests.encoders import HashingEncoder
from tests.failing import FAILURES, failing_at

REPOSITORY = Path(__file__).resolve().parents[2]
TEXTS = {
    "redness.txt": "Redness fades within two days. It is normal.\n",
    "depth.txt": "A needle of 0.5 mm suits the face. Scars need 1.5 mm.\n",
    "care.md": "# Care\n\nWash the face with lukewarm water. Keep out of the sun.\n",
}


class Corpus:
    """A folder of texts and the store that is made from it."""

    def __init__(self, folder: Path, model: Model, encoder: HashingEncoder) -> None:
        self.source = folder / "notes"
        self.store = Store(folder / "store")
        self.model = model
        self.encoder = encoder
        self.source.mkdir(parents=True)
        for name, text in TEXTS.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.source / name).write_text(text, encoding="utf-8")

    def sync(self) -> SyncReport:
        return sync(self.store, [self.source], self.model, self.encoder)

    def texts(self) -> dict[str, str]:
        """What a reader finds in the live snapshot: file name to text."""
        documents = open_snapshot(self.store).chunked.values()
        return {c.document.source.removeprefix("notes/"): c.document.text for c in documents}


@pytest.fixture
def corpus(tmp_path: Path, model: Model, hashing_encoder: HashingEncoder) -> Corpus:
    return Corpus(tmp_path, model, hashing_encoder)


def names(*files: str) -> tuple[str, ...]:
    return tuple(sorted(f"notes/{file}" for file in files))


# What a sync does.


def test_a_snapshot_holds_what_the_sources_hold(corpus: Corpus) -> None:
    report = corpus.sync()
    snapshot = open_snapshot(corpus.store)
    assert corpus.texts() == TEXTS
    assert (snapshot.id, len(snapshot.passages)) == (report.snapshot, report.passages)
    assert report.added == names(*TEXTS)
    assert report.changed == report.removed == report.unchanged == ()
    assert report.skipped == ()


def test_every_row_of_the_vectors_belongs_to_its_text(corpus: Corpus) -> None:
    corpus.sync()
    snapshot = open_snapshot(corpus.store)
    for row, passage in enumerate(snapshot.passages):
        text = snapshot.document(passage.document_id).text
        seen = "\n".join([*passage.heading_path, passage.span.of(text)])
        (expected,) = HashingEncoder().encode([seen], "document")
        assert np.array_equal(snapshot.passage_index.reconstruct(row), expected)
        first, end = snapshot.sentence_offsets[row : row + 2]
        cited = [sentence.of(text) for sentence in passage.sentences]
        assert end - first == len(cited)
        assert np.array_equal(
            snapshot.sentence_vectors.rows(first, end),
            HashingEncoder().encode(cited, "document").astype(np.float16),
        )


def test_the_report_tells_added_changed_removed_and_unchanged(corpus: Corpus) -> None:
    corpus.sync()
    corpus.write("depth.txt", "A needle of 2 mm is for the body only.\n")
    corpus.write("new.txt", "A new text about numbing creams.\n")
    (corpus.source / "redness.txt").unlink()
    (corpus.source / "picture.png").write_bytes(b"\x89PNG")
    report = corpus.sync()
    assert report.added == names("new.txt")
    assert report.changed == names("depth.txt")
    assert report.removed == names("redness.txt")
    assert report.unchanged == names("care.md")
    assert [(skipped.path, skipped.reason) for skipped in report.skipped] == [
        ("notes/picture.png", "unsupported type .png")
    ]
    assert set(corpus.texts()) == {"care.md", "depth.txt", "new.txt"}


def test_remembered_sources_are_synced_when_none_are_given(corpus: Corpus) -> None:
    corpus.sync()
    corpus.write("new.txt", "A new text about numbing creams.\n")
    report = sync(corpus.store, [], corpus.model, corpus.encoder)
    assert report.added == names("new.txt")


def test_a_store_inside_a_source_is_not_indexed(
    tmp_path: Path, model: Model, hashing_encoder: HashingEncoder
) -> None:
    (tmp_path / "a.txt").write_text("A text beside the stores.")
    for name in ("store", ".hidden", "sub/.another"):
        store = Store(tmp_path / name)
        first = sync(store, [tmp_path], model, hashing_encoder)
        second = sync(store, [tmp_path], model, hashing_encoder)
        assert second.snapshot == first.snapshot
        assert first.skipped == second.skipped == (), "others' stores, too, are left out silently"
        assert first.added == (f"{tmp_path.name}/a.txt",)


# Text is embedded once.


def test_unchanged_sources_embed_nothing(corpus: Corpus) -> None:
    first = corpus.sync()
    assert first.embedded == corpus.encoder.count == len(set(corpus.encoder.encoded)) > 0
    second = corpus.sync()
    assert (second.embedded, second.snapshot) == (0, first.snapshot)
    assert corpus.encoder.count == first.embedded
    assert second.unchanged == names(*TEXTS)


def test_a_changed_file_embeds_only_its_new_text(corpus: Corpus) -> None:
    corpus.sync()
    corpus.encoder.encoded.clear()
    corpus.write("redness.txt", TEXTS["redness.txt"] + "It looks like a sunburn.\n")
    assert corpus.sync().embedded == corpus.encoder.count
    assert sorted(corpus.encoder.encoded) == [
        "It looks like a sunburn.",
        "Redness fades within two days. It is normal.\nIt looks like a sunburn.",
    ]


def test_a_renamed_file_embeds_nothing(corpus: Corpus) -> None:
    corpus.sync()
    corpus.encoder.encoded.clear()
    (corpus.source / "redness.txt").rename(corpus.source / "rötung (neu).txt")
    report = corpus.sync()
    assert report.renamed == (("notes/redness.txt", "notes/rötung (neu).txt"),)
    assert (report.added, report.removed) == ((), ())
    assert (report.embedded, corpus.encoder.encoded) == (0, [])


def test_the_same_text_in_two_files_is_embedded_once(corpus: Corpus) -> None:
    corpus.sync()
    corpus.encoder.encoded.clear()
    corpus.write("copy.txt", TEXTS["redness.txt"])
    assert (corpus.sync().embedded, corpus.encoder.encoded) == (0, [])


def test_another_backend_embeds_everything_anew(corpus: Corpus) -> None:
    first = corpus.sync()
    corpus.encoder.backend = "other"
    report = corpus.sync()
    assert report.embedded == first.embedded
    assert report.snapshot != first.snapshot


# The same corpus is the same snapshot.


def test_the_same_corpus_is_the_same_snapshot_whatever_came_before(corpus: Corpus) -> None:
    direct = corpus.sync().snapshot
    shutil.rmtree(corpus.store.folder)

    for name in TEXTS:
        (corpus.source / name).rename(corpus.source.parent / name)
    corpus.write("gone.txt", "A text that will be gone.\n")
    corpus.sync()
    for name in sorted(TEXTS, reverse=True):
        corpus.write(name, "At first it said something else.\n")
        corpus.sync()
        (corpus.source.parent / name).replace(corpus.source / name)
        corpus.sync()
    (corpus.source / "gone.txt").unlink()
    assert corpus.sync().snapshot == direct
    assert corpus.texts() == TEXTS


def test_history_moves_a_real_vector_by_a_rounding_error_at_most(
    tmp_path: Path, seeds_dir: Path, seeds_store: Path, model: Model, encoder: Encoder
) -> None:
    """What is in a batch with it may change a vector's last digits, so ids may differ here."""
    store = Store(tmp_path / "store")
    sync(store, [seeds_dir / "003_6b98e8ac42b93113.txt"], model, encoder)
    alone, among_others = open_snapshot(store), open_snapshot(Store(seeds_store))
    row_of = {passage.id: row for row, passage in enumerate(among_others.passages)}
    assert len(alone.passages) > 5
    for row, passage in enumerate(alone.passages):
        vector = alone.passage_index.reconstruct(row)
        other = among_others.passage_index.reconstruct(row_of[passage.id])
        assert np.allclose(vector, other, atol=1e-5)
        assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_a_small_change_writes_little(corpus: Corpus) -> None:
    """Documents are dealt to shards by their ids: the others' files are shared."""
    for i in range(4 * DOCUMENTS_A_SHARD - len(TEXTS)):
        corpus.write(f"{i}.txt", f"Text number {i} says something about needles.\n")
    corpus.sync()
    before = {path.name for path in (corpus.store.folder / "objects").iterdir()}
    corpus.write("7.txt", "Text number seven says something else.\n")
    corpus.sync()
    after = {path.name for path in (corpus.store.folder / "objects").iterdir()}
    of_postings = 6
    assert len(before) <= 4 * 5 + of_postings
    # What there is of one shard, and what of the postings a word more or less changes.
    assert 3 < len(after - before) <= 4 + of_postings


# Publishing is one step.


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "function", "calls"),
    [(ObjectFolder, "put", 3), (os, "replace", 5), (os, "fsync", 10)],
    ids=["put", "replace", "fsync"],
)
def test_a_writer_that_fails_at_any_step_leaves_a_whole_snapshot_live(
    corpus: Corpus,
    owner: object,
    function: str,
    calls: int,
    after: bool,
    failure: BaseException,
) -> None:
    old = corpus.sync().snapshot
    for step in range(1, calls + 1):
        corpus.write("depth.txt", f"Depth number {step}.\n")
        with failing_at(step, owner, function, failure, after=after) as raised:
            corpus.sync()
        if isinstance(failure, OSError):
            assert type(raised.value) is StoreError
            assert str(raised.value).count("\n") == 0
        else:
            assert raised.value is failure
        live = open_snapshot(corpus.store).id
        if live != old:
            # Past the one step that publishes: the new snapshot is live, and whole.
            assert (function, after) != ("put", False)
            assert corpus.texts()["depth.txt"] == f"Depth number {step}.\n"
            old = live
        assert list(corpus.store.folder.rglob("writing-*")) == []
    corpus.write("depth.txt", "Depth at last.\n")
    corpus.sync()
    assert corpus.texts() == TEXTS | {"depth.txt": "Depth at last.\n"}
    assert_nothing_is_left_over(corpus.store)


def assert_nothing_is_left_over(store: Store) -> None:
    """The folder holds two snapshots at most, the files that they name, and no other."""
    manifests = list((store.folder / "snapshots").iterdir())
    assert len(manifests) <= 2
    named = {
        file.sha256
        for path in manifests
        for file in Manifest.from_bytes(path.read_bytes(), path.stem).files
    }
    assert {path.name for path in (store.folder / "objects").iterdir()} == named
    allowed = {"live.json", "snapshots", "objects", "write.lock"}
    assert {path.name for path in store.folder.iterdir()} <= allowed


# Runs in a process of its own, which is still small and has one thread: it forks a writer
# that dies without any clean-up at its n-th step, for each n, each in its own copy.
DYING_WRITERS = """
import os, shutil, sys, tempfile
from pathlib import Path
from index.build import sync
from index.model import find_model
from index.store import Store
from tests.encoders import HashingEncoder

def dying(function):
    def step(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return function(*args, **kwargs)
    return step

folder, model = Path(sys.argv[1]), find_model()
for n in range(1, 200):
    shutil.copytree(folder / "store", folder / f"store-{n}")
    child = os.fork()
    if child == 0:
        left = n
        os.replace, os.fsync, os.unlink = dying(os.replace), dying(os.fsync), dying(os.unlink)
        tempfile.mkstemp = dying(tempfile.mkstemp)
        sync(Store(folder / f"store-{n}"), [folder / "notes"], model, HashingEncoder())
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(n)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_writer_that_dies_at_any_step_leaves_a_whole_snapshot_live(
    corpus: Corpus, tmp_path: Path
) -> None:
    first = corpus.sync().snapshot
    corpus.write("new.txt", "Two older snapshots, so that one is let go of.\n")
    old = corpus.sync().snapshot
    corpus.write("depth.txt", "The depth was changed.\n")
    steps = int(run_python(DYING_WRITERS, str(tmp_path)))
    assert steps > 20, "every write has several steps"
    seen: list[str] = []
    for step in range(1, steps + 1):
        corpus.store = Store(tmp_path / f"store-{step}")
        seen.append(open_snapshot(corpus.store).id)
        report = corpus.sync()
        assert report.repaired == ""
        assert corpus.texts()["depth.txt"] == "The depth was changed.\n"
        if report.snapshot != seen[-1]:
            assert_nothing_is_left_over(corpus.store)
        assert list(corpus.store.folder.rglob("writing-*")) == []
    new = seen[-1]
    assert first not in seen
    assert seen == sorted(seen, key=[old, new].index), "old before one step, new after it"
    assert set(seen) == {old, new}


def run_python(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


RESTLESS_WRITER = """
import itertools, sys
from pathlib import Path
from index.build import sync
from index.model import find_model
from index.store import Store
from tests.encoders import HashingEncoder

folder, model, encoder = Path(sys.argv[1]), find_model(), HashingEncoder()
print("ready", flush=True)
for i in itertools.count():
    (folder / "notes" / "depth.txt").write_text(f"The depth is {i % 3} mm.")
    sync(Store(folder / "store"), [folder / "notes"], model, encoder)
"""


def kill_writers(corpus: Corpus, folder: Path, times: int) -> None:
    whole = {corpus.texts()["depth.txt"], *(f"The depth is {i} mm." for i in range(3))}
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", RESTLESS_WRITER, str(folder)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
        )
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.3))
            writer.send_signal(signal.SIGKILL)
        assert corpus.texts()["depth.txt"] in whole
    corpus.write("depth.txt", "The last word.\n")
    corpus.sync()
    assert corpus.texts()["depth.txt"] == "The last word.\n"
    assert_nothing_is_left_over(corpus.store)


def test_a_killed_writer_leaves_a_whole_snapshot_live(corpus: Corpus, tmp_path: Path) -> None:
    corpus.sync()
    kill_writers(corpus, tmp_path, times=2)


@pytest.mark.soak
def test_many_killed_writers_leave_a_whole_snapshot_live(corpus: Corpus, tmp_path: Path) -> None:
    corpus.sync()
    kill_writers(corpus, tmp_path, times=100)


def test_readers_are_not_disturbed_by_a_writer(corpus: Corpus) -> None:
    old = corpus.sync().snapshot
    reader = open_snapshot(corpus.store)
    corpus.write("depth.txt", "The depth was changed.\n")
    with corpus.store.writing():
        assert open_snapshot(corpus.store).id == old
    corpus.sync()
    assert reader.id == old
    assert {c.document.text for c in reader.chunked.values()} == set(TEXTS.values())


def test_a_second_writer_is_turned_away(corpus: Corpus) -> None:
    old = corpus.sync().snapshot
    corpus.write("depth.txt", "The depth was changed.\n")
    with Store(corpus.store.folder).writing():
        with pytest.raises(StoreBusyError, match="Another process is writing") as raised:
            corpus.sync()
        assert_one_line(raised.value)
        script = f"""
            from tests.encoders import HashingEncoder
            from index.build import sync
            from index.errors import StoreBusyError
            from index.model import find_model
            from index.store import Store
            from pathlib import Path
            try:
                sync(Store(Path({str(corpus.store.folder)!r})), [{str(corpus.source)!r}],
                     find_model(), HashingEncoder())
            except StoreBusyError as error:
                print("busy")
        """
        assert run_python(textwrap.dedent(script)) == "busy\n"
    assert open_snapshot(corpus.store).id == old
    assert corpus.sync().changed == names("depth.txt")


# Damage.


def stored_files(store: Store) -> list[Path]:
    """The files of the live snapshot, with its manifest and the pointer to it."""
    manifest = store.live_manifest()
    objects = {store.folder / "objects" / file.sha256 for file in manifest.files}
    return [*sorted(objects), store.folder / "snapshots" / f"{manifest.id}.json"]


def flip_first_bit(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def flip_last_bit(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def flip_middle_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def remove(path: Path) -> None:
    path.unlink()


DAMAGE = [flip_first_bit, flip_middle_bit, flip_last_bit, truncate, empty, append, remove]


def assert_one_line(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert "pincite index" in str(error) or "try again" in str(error)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_any_file_is_found_and_repaired(corpus: Corpus, damage) -> None:
    good = corpus.sync().snapshot
    files = stored_files(corpus.store)
    assert len(files) == 5 + 6 + 1  # a shard, the postings, the manifest
    for path in files:
        damage(path)
        with pytest.raises(StoreDamagedError, match="^The store is damaged: ") as raised:
            open_snapshot(corpus.store)
        assert_one_line(raised.value)
        report = corpus.sync()
        assert f"The store is damaged: {report.repaired}. Rebuild it" in str(raised.value)
        assert report.snapshot == good
        assert corpus.texts() == TEXTS
    assert corpus.sync().repaired == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "snapshot": null}',
        b'{"format": 1, "snapshot": "../../x"}',
        b'{"format": 1, "snapshot": "0123456789abcdef"}',
    ],
)
def test_a_damaged_pointer_is_found_and_repaired(corpus: Corpus, content: bytes) -> None:
    good = corpus.sync().snapshot
    (corpus.store.folder / "live.json").write_bytes(content)
    with pytest.raises(StoreDamagedError, match="^The store is damaged: ") as raised:
        open_snapshot(corpus.store)
    assert_one_line(raised.value)
    report = corpus.sync()
    assert f"The store is damaged: {report.repaired}. Rebuild it" in str(raised.value)
    assert report.snapshot == good
    assert corpus.texts() == TEXTS


def test_every_flipped_bit_of_the_pointer_is_found(corpus: Corpus) -> None:
    corpus.sync()
    path = corpus.store.folder / "live.json"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        # In the format's own digit a flipped bit is another format, which is refused, too.
        with pytest.raises(StoreError) as raised:
            open_snapshot(corpus.store)
        assert_one_line(raised.value)


def test_a_store_without_a_pointer_is_made_anew(corpus: Corpus) -> None:
    good = corpus.sync().snapshot
    (corpus.store.folder / "live.json").unlink()
    with pytest.raises(StoreMissingError, match="There is no store at") as raised:
        open_snapshot(corpus.store)
    assert_one_line(raised.value)
    assert corpus.sync().snapshot == good
    assert corpus.texts() == TEXTS


@pytest.mark.parametrize("part", ["objects", "snapshots"])
def test_a_missing_folder_is_found_and_repaired(corpus: Corpus, part: str) -> None:
    good = corpus.sync().snapshot
    shutil.rmtree(corpus.store.folder / part)
    with pytest.raises(StoreDamagedError) as raised:
        open_snapshot(corpus.store)
    assert_one_line(raised.value)
    assert corpus.sync().snapshot == good
    assert corpus.texts() == TEXTS


def test_damage_to_a_snapshot_no_longer_live_does_no_harm(corpus: Corpus) -> None:
    old = corpus.sync().snapshot
    corpus.write("depth.txt", "The depth was changed.\n")
    corpus.sync()
    flip_first_bit(corpus.store.folder / "snapshots" / f"{old}.json")
    corpus.write("depth.txt", "The depth was changed again.\n")
    assert corpus.sync().repaired == ""
    assert_nothing_is_left_over(corpus.store)


def test_a_damaged_store_is_repaired_from_the_sources_it_remembers(corpus: Corpus) -> None:
    good = corpus.sync().snapshot
    flip_first_bit(stored_files(corpus.store)[0])
    report = sync(corpus.store, [], corpus.model, corpus.encoder)
    assert report.repaired.endswith(" was altered")
    assert (report.snapshot, corpus.texts()) == (good, TEXTS)


def test_a_store_that_lost_its_memory_of_sources_says_so(corpus: Corpus) -> None:
    good = corpus.sync().snapshot
    flip_first_bit(corpus.store.folder / "snapshots" / f"{good}.json")
    with pytest.raises(StoreDamagedError, match="pincite index SOURCE…") as raised:
        sync(corpus.store, [], corpus.model, corpus.encoder)
    assert_one_line(raised.value)


def test_an_empty_store_with_no_source_says_what_to_do(corpus: Corpus) -> None:
    with pytest.raises(SourceError, match="Nothing to index yet: run `pincite index SOURCE…`"):
        sync(corpus.store, [], corpus.model, corpus.encoder)


def test_another_format_is_refused_with_the_command_that_rebuilds(corpus: Corpus) -> None:
    good = corpus.sync().snapshot
    pointer = {"format": FORMAT + 1, "snapshot": good}
    (corpus.store.folder / "live.json").write_bytes(orjson.dumps(pointer))
    with pytest.raises(StoreError, match=f"has format {FORMAT + 1}.*reads {FORMAT}") as raised:
        open_snapshot(corpus.store)
    assert not isinstance(raised.value, StoreDamagedError)
    assert_one_line(raised.value)
    report = corpus.sync()
    assert report.repaired.endswith(f"has format {FORMAT + 1}, this Pincite reads {FORMAT}")
    assert report.snapshot == good
    assert corpus.texts() == TEXTS


# Housekeeping.


def test_snapshots_older_than_two_are_let_go_of(corpus: Corpus) -> None:
    made: list[str] = []
    for i in range(4):
        corpus.write("depth.txt", f"Depth number {i}.\n")
        made.append(corpus.sync().snapshot)
        assert_nothing_is_left_over(corpus.store)
    kept = {path.stem for path in (corpus.store.folder / "snapshots").iterdir()}
    assert kept == set(made[-2:])
    secret = hashlib.sha256(b"Depth number 0.\n").hexdigest()
    assert not any(
        b"Depth number 0." in path.read_bytes() or secret.encode() in path.read_bytes()
        for path in corpus.store.folder.rglob("*")
        if path.is_file()
    )


def test_the_size_is_that_of_the_files(corpus: Corpus) -> None:
    corpus.sync()
    files = [p for p in corpus.store.folder.rglob("*") if p.is_file() and p.name != "write.lock"]
    assert corpus.store.total_bytes() == sum(path.stat().st_size for path in files) > 0


def test_a_store_is_not_scattered_among_a_users_own_files(corpus: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.tex").write_text("…")
    with pytest.raises(StoreError, match="holds other files: name an empty or new folder"):
        sync(Store(folder), [corpus.source], corpus.model, corpus.encoder)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_may_become_a_store(corpus: Corpus) -> None:
    corpus.store.folder.mkdir()
    corpus.sync()
    assert corpus.texts() == TEXTS


@pytest.mark.parametrize("was_there", [False, True])
def test_a_first_sync_that_fails_leaves_nothing_behind(corpus: Corpus, was_there: bool) -> None:
    if was_there:
        corpus.store.folder.mkdir()
    shutil.rmtree(corpus.source)
    corpus.source.mkdir()
    with pytest.raises(SourceError, match="could be indexed"):
        corpus.sync()
    assert corpus.store.folder.exists() == was_there
    assert list(corpus.source.parent.glob("store/*")) == []
    corpus.write("depth.txt", TEXTS["depth.txt"])
    corpus.sync()
    assert set(corpus.texts()) == {"depth.txt"}


def test_a_failed_sync_of_a_store_that_is_there_leaves_it(corpus: Corpus) -> None:
    good = corpus.sync().snapshot
    (corpus.store.folder / "live.json").write_bytes(b'{"format": 99, "snapshot": "?"}')
    with pytest.raises(SourceError, match="does not exist"):
        sync(corpus.store, ["no/such/place"], corpus.model, corpus.encoder)
    assert (corpus.store.folder / "snapshots" / f"{good}.json").exists()
    assert corpus.sync().snapshot == good


def test_a_manifest_from_before_sources_were_counted_is_read(corpus: Corpus) -> None:
    corpus.sync()
    manifest = corpus.store.live_manifest()
    fields = orjson.loads(manifest.to_bytes())
    assert fields.pop("held") == [len(TEXTS)]
    content = orjson.dumps(fields)
    digest = hashlib.sha256(content).hexdigest()[:16]
    old = Manifest.from_bytes(content, digest)
    assert (old.held, old.sources, old.shards) == ((), manifest.sources, manifest.shards)


def as_the_first_format(store: Store) -> Manifest:
    """Publish the live snapshot as the first format had it: no postings, no headings' vectors."""
    live = store.live_manifest()
    shards = tuple(replace(shard, heading_vectors=None, terms=None) for shard in live.shards)
    old = replace(live, format=1, shards=shards, postings=None, background=None)
    with store.writing():
        store.publish(old)
    assert orjson.loads((store.folder / "live.json").read_bytes())["format"] == 1
    return old


def test_a_store_of_the_first_format_is_upgraded_and_its_text_not_embedded_again(
    corpus: Corpus,
) -> None:
    good = corpus.sync()
    as_the_first_format(corpus.store)
    with pytest.raises(StoreError, match="earlier Pincite.*pincite index"):
        open_snapshot(corpus.store)
    assert corpus.store.live_manifest().documents == len(TEXTS), "what it holds can be told"
    corpus.encoder.encoded.clear()
    assert remove_calibration(corpus.store) is None
    report = corpus.sync()
    assert report.snapshot == good.snapshot
    assert report.unchanged == good.added
    snapshot = open_snapshot(corpus.store)
    assert set(corpus.encoder.encoded) <= set(snapshot.headings)
    assert corpus.texts() == TEXTS


MAP_ALL = "import index.objects; index.objects.SMALLEST_MAPPED = 0\n"
LIMITED = """
import resource, sys
from pathlib import Path

from index.build import sync
from index.model import find_model
from index.store import Store
from tests.encoders import HashingEncoder

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
folder = Path(sys.argv[1])
model, encoder = find_model(), HashingEncoder()
sync(Store(folder / "store"), [folder / "sources"], model, encoder)
(folder / "sources" / "1.md").write_text("# Another\\n\\nThis one changed.\\n")
print(len(sync(Store(folder / "store"), [], model, encoder).changed))
"""


def test_a_store_of_many_files_needs_no_more_open_files_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources").mkdir()
    for number in range(40 * DOCUMENTS_A_SHARD):
        (tmp_path / "sources" / f"{number}.md").write_text(
            f"# Text {number}\n\nIt says {number}.\n"
        )
    script = LIMITED.replace("from tests.encoders", MAP_ALL + "from tests.encoders")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"


def test_files_are_mapped_that_are_large_and_damage_to_them_is_found(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.sync()
    read = open_snapshot(corpus.store)
    monkeypatch.setattr("index.objects.SMALLEST_MAPPED", 0)
    mapped = open_snapshot(corpus.store)
    rows = len(read.sentence_vectors)
    assert np.array_equal(
        mapped.sentence_vectors.rows(0, rows), read.sentence_vectors.rows(0, rows)
    )
    assert np.array_equal(mapped.postings.rows, read.postings.rows)
    assert isinstance(mapped.postings.rows.base, np.memmap)
    assert not mapped.postings.rows.flags.writeable
    file = corpus.store.live_manifest().shards[0].sentence_vectors
    path = corpus.store.folder / "objects" / file.sha256
    path.unlink()
    with pytest.raises(StoreDamagedError, match="is missing"):
        open_snapshot(corpus.store)


def test_a_heading_has_its_vector_and_each_is_kept_once(corpus: Corpus) -> None:
    corpus.write("more.md", "# Care\n\nWash it.\n\n# Care\n\nDry it.\n\n# Sun\n\nShun it.\n")
    corpus.sync()
    snapshot = open_snapshot(corpus.store)
    assert {"Care", "Sun"} <= set(snapshot.headings)
    assert len(snapshot.headings) == len(set(snapshot.headings)) == len(snapshot.heading_vectors)
    for heading, row in snapshot.heading_rows.items():
        (expected,) = HashingEncoder().encode([heading], "document")
        (stored,) = snapshot.heading_vectors.rows(row, row + 1)
        assert np.array_equal(stored, expected.astype(np.float16))


def test_a_file_in_the_place_of_a_store_is_an_error_of_one_line(corpus: Corpus) -> None:
    corpus.store.folder.write_text("not a folder")
    with pytest.raises(StoreError, match="choose another place with --store") as raised:
        corpus.sync()
    assert "\n" not in str(raised.value)
    with pytest.raises(StoreMissingError, match="There is no store at"):
        open_snapshot(corpus.store)
