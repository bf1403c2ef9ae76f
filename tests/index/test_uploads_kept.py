"""Uploads beside files: their ids, their content, and what a sync makes of both."""

import os
from pathlib import Path

import pytest

from index.changes import plan
from index.encoding.model import Model
from index.errors import SourceError
from index.sources.listing import document_id
from index.sources.selection import NothingToIndexError
from index.store.snapshot import open_snapshot
from index.store.store import Store
from tests.index.living import Living

TEXT = "Redness fades within two days.\n"


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    made = Living(tmp_path, model)
    made.write("a.txt", TEXT)
    made.index()
    return made


def test_an_upload_has_no_id_of_a_file_that_comes_later(living: Living) -> None:
    name = document_id("notes/later.txt")
    living.put(name, "The cream is for the night.")
    living.write("later.txt", TEXT)
    before = living.store.live_id()
    with pytest.raises(
        SourceError, match=f"would both be the document {name}: rename the file, or"
    ):
        living.index()
    assert living.store.live_id() == before
    living.delete(name)
    living.index()
    assert living.texts()["notes/later.txt"] == TEXT


def test_an_upload_has_no_id_of_a_row_of_another(living: Living) -> None:
    rows = living.write("rows.csv", "question,answer\nWhen do you open?,At eight.\nWhy?,So.\n")
    living.index()
    (row, *_) = (each for each in open_snapshot(living.store).chunked if "rows" in each)
    with pytest.raises(SourceError, match="in a file of a SOURCE"):
        living.put(row, "Zebras are striped.")
    assert rows.is_file()


@pytest.mark.parametrize("damage", [b"The dose is 900 drops.", None])
def test_a_damaged_upload_is_told_and_what_was_indexed_stays(
    living: Living, damage: bytes | None
) -> None:
    living.put("dose", "The dose is 500 drops.")
    (upload,) = living.store.uploads.all()
    path = living.store.objects.path(upload.content)
    path.unlink() if damage is None else path.write_bytes(damage)
    report = living.index()
    assert [(each.path, each.reason) for each in report.kept] == [
        ("upload:dose.txt", "its content in the store is damaged; upload it again")
    ]
    assert living.texts()["upload:dose.txt"] == "The dose is 500 drops."


def test_uploads_are_no_documents_of_a_source_that_the_store_lies_in(
    tmp_path: Path, model: Model
) -> None:
    living = Living(tmp_path, model)
    living.store = Store(living.files / "store")
    path = living.write("a.txt", TEXT)
    living.index()
    living.put("one", "The cream is for the night.")
    assert living.store.live_manifest().held == (1,)
    living.index()
    assert living.store.live_manifest().held == (1,)
    path.unlink()
    for refused in (living.index, lambda: plan(living.store, [])):
        with pytest.raises(NothingToIndexError, match="held documents before"):
            refused()


def test_a_renamed_file_with_one_row_is_as_in_a_fresh_build(living: Living) -> None:
    rows = living.write("b.csv", "question,answer\nWhen do you open?,At eight.\n")
    living.index()
    rows.rename(living.files / "c.csv")
    renamed = living.index().snapshot
    living.store = Store(living.store.folder.parent / "fresh")
    assert living.index().snapshot == renamed


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_plan_keeps_what_is_out_of_reach(living: Living) -> None:
    (living.files / "a.txt").chmod(0)
    planned = plan(living.store, [])
    assert [each.path for each in planned.kept] == ["notes/a.txt"]


def test_a_plan_keeps_what_cannot_be_read_for_the_moment(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("index.changes.digest_of", failing)
    planned = plan(living.store, [])
    assert [each.path for each in planned.kept] == ["notes/a.txt"]
    assert planned.unchanged == ("notes/a.txt",)


def test_what_fails_after_a_change_is_live_undoes_nothing(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    living.put("one", "The cream is for the day.")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_forget_old", lambda *_: (_ for _ in ()).throw(OSError(5, "EIO")))
        living.put("one", "The cream is for the night.", time="2026-01-02T00:00:00Z")
    living.index()
    assert living.texts()["upload:one.txt"] == "The cream is for the night."
