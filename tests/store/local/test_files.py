"""What a sync leaves in the folder of a store: which files there are, and what is in them."""

import shutil
from pathlib import Path

import pytest

from index.changes import plan
from index.encoding.model import Model
from index.errors import SourceError
from index.sources.selection import NothingToIndexError
from index.store import open_store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.store.living import TEXT, Living
from tests.store.test_sync import encoded, no


def test_a_store_inside_a_source_is_not_indexed(
    tmp_path: Path, model: Model, hashing_encoder: HashingEncoder
) -> None:
    (tmp_path / "a.txt").write_text("A text beside the stores.")
    for name in ("store", ".hidden", "sub/.another"):
        store = open_store(tmp_path / name)
        first = sync(store, [tmp_path], model, hashing_encoder)
        second = sync(store, [tmp_path], model, hashing_encoder)
        assert second.snapshot == first.snapshot
        assert first.skipped == second.skipped == (), "others' stores, too, are left out silently"
        assert first.added == (f"{tmp_path.name}/a.txt",)


@pytest.mark.parametrize("was_there", [False, True])
def test_a_first_sync_that_fails_leaves_the_folder_as_it_was(
    notes: Living, was_there: bool
) -> None:
    if was_there:
        notes.store.folder.mkdir()
    shutil.rmtree(notes.files)
    notes.files.mkdir()
    with pytest.raises(SourceError, match="could be indexed"):
        notes.index()
    assert notes.store.folder.exists() == was_there
    assert list(notes.folder.glob("store/*")) == []


def test_the_size_is_that_of_the_files(notes: Living) -> None:
    notes.index()
    files = [path for path in notes.store.folder.rglob("*") if path.is_file()]
    assert notes.store.total_bytes() == sum(path.stat().st_size for path in files) > 0


def test_the_files_hold_one_vector_a_passage_and_no_other(notes: Living) -> None:
    sentences = [f"Number {n} of all sentences is here, and short it is not." for n in range(900)]
    notes.write("long.txt", " ".join(sentences) + "\n")
    notes.index()
    info = notes.store.live()
    (vectors,) = notes.store.folder.glob("vectors/*.f16")
    assert vectors.stat().st_size == info.passages * info.made_by.dimension * 2
    assert info.sentences > 5 * info.passages


def test_nothing_is_embedded_again_when_damage_is_repaired(notes: Living) -> None:
    notes.index()
    encoded(notes)
    (rows,) = notes.store.folder.glob("vectors/*.rows")
    rows.write_bytes(b"")
    report = notes.index()
    assert report.repaired
    assert (report.embedded, set(encoded(notes)) - {"Any text."}) == (0, set())


def test_uploads_are_no_documents_of_a_source_that_the_store_lies_in(
    tmp_path: Path, model: Model
) -> None:
    living = Living(tmp_path, model)
    living.store = open_store(living.files / "store")
    path = living.write("a.txt", TEXT)
    living.index()
    living.put("one", "The cream is for the night.")
    assert living.store.live().held == (1,)
    living.index()
    assert living.store.live().held == (1,)
    path.unlink()
    for refused in (living.index, lambda: plan(living.store, [])):
        with pytest.raises(NothingToIndexError, match="held documents before"):
            refused()


def test_what_fails_after_a_change_is_live_undoes_nothing(
    one_note: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    one_note.put("one", "The cream is for the day.")
    with monkeypatch.context() as patch:
        patch.setattr("index.store.local.store.remove_unused_files", failing)
        one_note.put("one", "The cream is for the night.", time="2026-01-02T00:00:00Z")
    one_note.index()
    assert one_note.texts()["upload:one.txt"] == "The cream is for the night."
    one_note.store.check()


def test_files_are_written_anew_after_an_old_snapshot_came_back(
    one_note: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the sync put into its draft is not needed, for the store has that snapshot already."""
    monkeypatch.setattr("index.store.local.compaction._FEWEST_DEAD", 0)
    one_note.write("b.txt", "The needle is mild.\n")
    first = one_note.index().snapshot
    one_note.write("b.txt", "Nothing of use.\n")
    one_note.index()
    for number in range(5):
        one_note.write(f"more-{number}.txt", f"The scar of number {number} is mild.\n")
    one_note.index(gate=no)
    for number in range(5):
        (one_note.files / f"more-{number}.txt").unlink()
    one_note.write("b.txt", "The needle is mild.\n")
    assert one_note.index().snapshot == first
    one_note.store.check()
    one_note.assert_as_fresh()
