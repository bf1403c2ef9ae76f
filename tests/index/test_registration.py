"""Which gold file is registered for a store."""

import os
from pathlib import Path

import pytest

from index.errors import SourceError, StoreBusyError, StoreError
from index.store.registration import forget_gold, register_gold, registered_gold
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder


def test_a_registration_is_kept_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store(Path("store"))
    assert registered_gold(store) is None
    register_gold(store, Path("mine.jsonl"))
    assert registered_gold(store) == tmp_path / "mine.jsonl"
    odd = Path(os.fsdecode(b"other \xff.jsonl"))
    register_gold(store, odd)
    assert registered_gold(store) == tmp_path / odd
    assert forget_gold(store)
    assert not forget_gold(store)
    assert registered_gold(store) is None


def test_forgetting_makes_no_store(tmp_path):
    assert not forget_gold(Store(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_registration_outlives_a_failed_and_a_successful_sync(tmp_path, model):
    store = Store(tmp_path / "store")
    register_gold(store, tmp_path / "mine.jsonl")
    (tmp_path / "notes").mkdir()
    with pytest.raises(SourceError):
        sync(store, [tmp_path / "notes"], model, HashingEncoder())
    (tmp_path / "notes" / "a.txt").write_text("Frost bursts the pipes.\n")
    sync(store, [tmp_path / "notes"], model, HashingEncoder())
    assert registered_gold(store) == tmp_path / "mine.jsonl"
    assert sorted(path.name for path in store.folder.iterdir() if path.name != "write.lock") == [
        "gold.json",
        "live.json",
        "objects",
        "snapshots",
    ]


def test_a_store_that_is_written_is_not_registered_for(tmp_path):
    store = Store(tmp_path / "store")
    with store.writing(), pytest.raises(StoreBusyError):
        register_gold(store, tmp_path / "mine.jsonl")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"gold": 3}', b"\xff"])
def test_what_names_no_file_is_refused_with_the_remedy(tmp_path, content):
    store = Store(tmp_path / "store")
    register_gold(store, tmp_path / "mine.jsonl")
    (store.folder / "gold.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"register it anew with `pincite gate GOLD`"):
        registered_gold(store)
    assert forget_gold(store)
