"""The store: damage is found, named, and repaired by indexing."""

import shutil
from pathlib import Path

import orjson
import pytest

from index.errors import (
    SourceError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
)
from index.store.manifest import FORMAT
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.index.texts import TEXTS, Corpus, assert_nothing_is_left_over, assert_one_line


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
