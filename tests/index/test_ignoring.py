"""Files that are passed over by patterns, and the plan of a sync."""

from pathlib import Path

import pytest

from index.changes import plan
from index.encoding.model import Model
from index.errors import SourceError
from index.sources.selection import NothingToIndexError
from tests.store.living import Living

TEXT = "Redness fades within two days.\n"


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    made = Living(tmp_path, model)
    for name in ("a.txt", "b.txt", "drafts/c.txt", "deep/drafts/d.txt", "deep/e.log.txt"):
        made.write(name, TEXT)
    return made


def test_patterns_are_those_of_gitignore_and_remembered(living: Living) -> None:
    report = living.index(ignore=["drafts/", "/b.txt", "*.log.*"])
    assert set(living.texts()) == {"notes/a.txt"}
    assert {each.path: each.reason for each in report.skipped} == {
        "notes/b.txt": "ignored",
        "notes/drafts": "ignored",
        "notes/deep/drafts": "ignored",
        "notes/deep/e.log.txt": "ignored",
    }
    assert living.index().unchanged == ("notes/a.txt",), "they are remembered"
    assert set(living.index(ignore=["!a.txt", "drafts"]).added) == {
        "notes/b.txt",
        "notes/deep/e.log.txt",
    }
    assert len(living.index(ignore=[]).added) == 2, "none any more"


def test_a_source_says_itself_what_to_ignore(living: Living) -> None:
    living.write(".pinciteignore", "# not yet\ndrafts\n*.txt\n!a.txt\n")
    living.index()
    assert set(living.texts()) == {"notes/a.txt"}


def test_patterns_that_cannot_be_read(living: Living) -> None:
    (living.files / ".pinciteignore").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match=r"\.pinciteignore cannot be read"):
        living.index()


def test_a_plan_tells_what_a_sync_would_do_and_does_nothing(living: Living) -> None:
    planned = plan(living.store, [living.files], ignore=["drafts"])
    assert planned.added == ("notes/a.txt", "notes/b.txt", "notes/deep/e.log.txt")
    assert not living.store.folder.exists()
    living.index(ignore=["drafts"])
    living.put("one", "The cream is for the night.")
    (living.files / "a.txt").rename(living.files / "z.txt")
    living.write("b.txt", "The needle is mild.\n")
    (living.files / "deep/e.log.txt").unlink()
    living.write("f.txt", "The scar is mild.\n")
    living.write("g.xyz", "?")
    files = {path: path.stat().st_mtime_ns for path in living.store.folder.rglob("*")}
    planned = plan(living.store, [])
    assert files == {path: path.stat().st_mtime_ns for path in living.store.folder.rglob("*")}
    told = living.index()
    assert planned.added == told.added == ("notes/f.txt",)
    assert planned.changed == told.changed == ("notes/b.txt",)
    assert planned.renamed == told.renamed
    assert {old for old, _ in told.renamed} <= {"notes/a.txt", "notes/deep/e.log.txt"}
    assert planned.removed == told.removed
    assert planned.unchanged == told.unchanged == ("upload:one.txt",)
    assert planned.skipped == told.skipped


def test_a_plan_refuses_what_a_sync_would(living: Living) -> None:
    living.index()
    for path in living.files.rglob("*.txt"):
        path.unlink()
    with pytest.raises(NothingToIndexError, match="held documents before"):
        plan(living.store, [])
