"""Codes of passages in the store: a part of the snapshot like the others."""

from pathlib import Path

import pytest

from index.encoding.model import Model
from index.errors import StoreDamagedError
from index.search.dense import DenseIndex
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.index.living import Living

WORDS = "redness fades needle scar cream face night two days sun water depth mild".split()


@pytest.fixture
def living(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Living:
    """Forty texts, which count as many."""
    monkeypatch.setattr("index.search.dense.CODED_FROM", 20)
    corpus = Living(tmp_path, model)
    for number in range(40):
        corpus.write(f"{number}.txt", f"Note {number}: {' '.join(WORDS[number % 13 :])}.\n")
    return corpus


def test_a_corpus_has_codes_of_its_passages_from_some_size_on(living: Living) -> None:
    living.index()
    snapshot = open_snapshot(living.store)
    codes = snapshot.dense.codes
    assert codes is not None
    assert codes.ntotal == len(snapshot.passages) >= 40
    for number in range(25):
        (living.files / f"{number}.txt").unlink()
    living.index()
    assert open_snapshot(living.store).dense.codes is None


def test_codes_are_those_of_a_fresh_build_whatever_happened_before(living: Living) -> None:
    living.index()
    living.write("7.txt", "Another text about the depth of the needle.\n")
    (living.files / "8.txt").unlink()
    living.put("upload", "A text about the sun and the night.")
    changed = living.index()
    living.delete("upload")
    fresh = Store(living.store.folder.with_name("fresh"))
    built = sync(fresh, [living.files], living.model, HashingEncoder())
    assert changed.snapshot != living.store.live_id() == built.snapshot
    manifest = fresh.live_manifest()
    assert manifest.codes is not None
    assert fresh.objects.get(manifest.codes) == living.store.objects.get(manifest.codes)


def test_an_index_that_changes_nothing_makes_no_codes(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    living.index()

    def refuse(vectors: object) -> bytes:
        raise AssertionError("made anew")

    monkeypatch.setattr("index.store.writing.make_codes", refuse)
    assert not living.index().changed


def test_codes_that_were_altered_are_not_searched(living: Living) -> None:
    living.index()
    codes = living.store.live_manifest().codes
    assert codes is not None
    path = living.store.objects.path(codes)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        open_snapshot(living.store)
    living.index()
    assert open_snapshot(living.store).manifest.codes == codes


def test_a_snapshot_takes_its_codes_from_the_one_before_it_if_they_are_the_same(
    living: Living,
) -> None:
    living.index()
    first = open_snapshot(living.store)
    again = open_snapshot(living.store, known=first)
    assert isinstance(again.dense, DenseIndex)
    assert again.dense.codes is first.dense.codes
