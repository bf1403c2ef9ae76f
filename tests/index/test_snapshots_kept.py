"""Snapshots that are kept: going back, what a gate holds back, and forgetting for real."""

import os
from pathlib import Path

import orjson
import pytest

from index.encoding.model import Model
from index.errors import StoreBusyError, StoreError
from index.store.feedback import Feedback, FeedbackFolder, RatedQuote
from index.store.history import roll_back
from index.store.purge import purge
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from tests.index.living import Living

SECRET = "The patient Örjan Ek called at noon about a rash."


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    made = Living(tmp_path, model, keep=4)
    made.write("a.txt", "Redness fades within two days.\n")
    return made


def versions(living: Living, count: int) -> list[str]:
    """Publish so many snapshots; return their ids."""
    made: list[str] = []
    for version in range(count):
        living.write("b.txt", f"The depth of version {version} is mild.\n")
        made.append(living.index().snapshot)
    return made


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_as_many_snapshots_are_kept_as_is_said(tmp_path: Path, model: Model, keep: int) -> None:
    living = Living(tmp_path, model, keep=keep)
    made = versions(living, 5)
    assert living.store.snapshots() == made[::-1][:keep]


def test_rolling_back_goes_one_further_each_time(living: Living) -> None:
    made = versions(living, 3)
    assert roll_back(living.store).id == living.store.live_id() == made[1]
    assert living.texts()["notes/b.txt"] == "The depth of version 1 is mild.\n"
    assert roll_back(living.store).id == made[0]
    with pytest.raises(StoreError, match="No older snapshot is kept"):
        roll_back(living.store)
    assert roll_back(living.store, made[2]).id == living.store.live_id() == made[2]


def test_indexing_after_going_back_follows_the_sources_again(living: Living) -> None:
    made = versions(living, 2)
    roll_back(living.store)
    assert living.index().snapshot == made[1]
    assert roll_back(living.store).id == made[0]


def test_what_is_not_kept_cannot_be_gone_back_to(living: Living) -> None:
    versions(living, 2)
    live = living.store.live_id()
    with pytest.raises(StoreError, match="There is no snapshot 0123456789abcdef"):
        roll_back(living.store, "0123456789abcdef")
    assert living.store.live_id() == live


def test_a_damaged_snapshot_is_not_gone_back_to(living: Living) -> None:
    made = versions(living, 2)
    old = living.store.manifest(made[0])
    shared = {file.sha256 for file in living.store.live_manifest().files}
    own = next(file for file in old.files if file.sha256 not in shared)
    living.store.objects.path(own).write_bytes(b"damaged")
    with pytest.raises(StoreError, match="damaged"):
        roll_back(living.store)
    assert living.store.live_id() == made[1]


def no(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
    return False


def test_what_a_gate_holds_back_is_kept_aside(living: Living) -> None:
    made = versions(living, 2)
    living.write("b.txt", "Nothing of use.\n")
    report = living.index(gate=no)
    assert living.store.live_id() == made[1]
    assert report.kept_aside == living.store.pointer().aside != ""
    assert report.kept_aside in living.store.snapshots()
    assert roll_back(living.store).id == made[0], "what is aside is no older one"
    assert roll_back(living.store, report.kept_aside).id == living.store.live_id()
    assert living.store.pointer().aside is None


def test_a_gate_is_asked_about_what_is_new_only(living: Living) -> None:
    asked: list[tuple[str, str, str | None]] = []

    def gate(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
        asked.append((live.id, candidate.id, checked.id if checked else None))
        return True

    first = living.index(gate=gate).snapshot
    assert living.index(gate=gate).snapshot == first
    assert asked == [], "there was nothing to compare with, and then nothing new"
    second = living.put("one", "The cream is for the night.")
    living.put("two", "The needle is mild.")
    live = living.store.live_id()
    living.write("b.txt", "The scar is mild.\n")
    third = living.index(gate=gate).snapshot
    assert asked == [(live, third, first)], "uploads went by the gate"
    assert second not in (live, third)


def test_a_purge_forgets_for_real(living: Living) -> None:
    living.write("secret.txt", f"{SECRET}\nThe cream is for the night.\n")
    living.index()
    living.put("one", "Nobody else knows that the vault is at number seven.")
    (living.files / "secret.txt").unlink()
    living.delete("one")
    living.index()
    assert holds(living.store, SECRET), "an old snapshot is kept"
    done = purge(living.store)
    assert done.documents == ("notes/secret.txt", "upload:one.txt")
    assert done.sentences >= 3
    assert done.vectors >= 2
    assert (done.found, done.freed > 0) == ((), True)
    assert not holds(living.store, SECRET)
    assert not holds(living.store, "vault")
    assert living.texts() == {"notes/a.txt": "Redness fades within two days.\n"}
    assert purge(living.store).documents == ()


def test_a_purge_finds_what_is_left_where_it_should_not_be(living: Living) -> None:
    path = living.write("secret.txt", f"{SECRET}\n")
    living.index()
    path.unlink()
    living.index()
    (living.store.folder / "gold.json").write_bytes(orjson.dumps({"gold": SECRET}))
    for _ in range(2):
        assert purge(living.store).found == (("gold.json", SECRET),), "as long as it is there"
        assert holds(living.store, SECRET)
    (living.store.folder / "gold.json").unlink()
    assert purge(living.store).found == ()
    assert not holds(living.store, SECRET)


def test_feedback_that_quotes_what_was_removed_is_forgotten_with_it(living: Living) -> None:
    path = living.write("secret.txt", f"{SECRET}\n")
    living.index()
    kept = FeedbackFolder(living.store.folder)
    for text in (SECRET, "Redness fades within two days."):
        quote = RatedQuote("a", 0, len(text), text)
        kept.add(Feedback.new("who called", helpful=True, citations=[quote]))
    path.unlink()
    living.index()
    done = purge(living.store)
    assert (done.feedback, done.found) == (1, ())
    assert not holds(living.store, SECRET)
    [left] = kept.all()
    assert left.citations[0].cited_text == "Redness fades within two days."


def test_a_purge_leaves_what_still_stands_elsewhere(living: Living) -> None:
    path = living.write("copy.txt", "Redness fades within two days.\n")
    living.index()
    path.unlink()
    living.index()
    assert purge(living.store).documents == ()
    assert open_snapshot(living.store).passages


def test_a_sentence_that_is_still_part_of_a_passage_is_no_trace(living: Living) -> None:
    """Only the vector is gone that it had as a passage by itself."""
    living.write("grows.txt", "The cream is for the night.\n")
    living.index()
    living.write("grows.txt", "The cream is for the night. The mask is for the day.\n")
    living.index()
    done = purge(living.store)
    assert (done.found, done.vectors) == ((), 1)


def test_what_crashes_left_behind_is_forgotten_too(living: Living) -> None:
    path = living.write("secret.txt", f"{SECRET}\n")
    living.index()
    path.unlink()
    living.index()
    (living.store.folder / "jobs").mkdir()
    for folder in ("objects", "snapshots", "jobs"):
        (living.store.folder / folder / "writing-abc").write_text(SECRET)
    assert purge(living.store).found == ()
    assert not holds(living.store, SECRET)


def test_after_a_refusal_going_back_leads_to_what_was_live(living: Living) -> None:
    good = living.index().snapshot
    living.write("b.txt", "Nothing of use.\n")
    refused = living.index(gate=no).kept_aside
    assert living.index(gate=no).embedded == 0, "what is kept aside is not embedded again"
    assert living.put("one", "The cream is for the night.") != refused
    assert living.store.pointer().aside == refused, "an upload decides nothing about it"
    living.write("b.txt", "The scar is mild.\n")
    living.index()
    assert refused not in living.store.snapshots()
    roll_back(living.store)
    assert roll_back(living.store).id == good


def test_a_gate_tells_of_uploads_though_nothing_else_changed(living: Living) -> None:
    asked: list[tuple[str, str | None]] = []

    def gate(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
        asked.append((candidate.id, checked.id if checked else None))
        return False

    first = living.index(gate=gate).snapshot
    second = living.put("one", "The cream is for the night.")
    assert living.index(gate=gate).kept_aside == ""
    assert asked == [(second, first)]
    living.index(gate=gate)
    assert len(asked) == 1


def test_while_another_writes_nothing_is_gone_back_to_or_forgotten(living: Living) -> None:
    versions(living, 2)
    with living.store.writing():
        for change in (roll_back, purge):
            with pytest.raises(StoreBusyError):
                change(Store(living.store.folder))


def test_what_comes_back_is_not_embedded_again_while_a_snapshot_has_it(living: Living) -> None:
    other = living.write("deep/b.txt", "# Depth\n\nThe needle is mild. Is the scar deep?\n")
    os.utime(other, (0, 0))
    before = living.index().snapshot
    other.unlink()
    living.index()
    other.parent.rmdir()
    living.write("deep/b.txt", "# Depth\n\nThe needle is mild. Is the scar deep?\n")
    os.utime(other, (0, 0))
    back = living.index()
    assert (back.embedded, back.added) == (0, ("notes/deep/b.txt",))
    assert back.snapshot == before


def test_an_upload_that_comes_back_is_not_embedded_again(living: Living) -> None:
    living.index()
    living.put("one", "The cream is for the night.")
    living.delete("one")
    living.encoder.encoded.clear()
    living.put("one", "The cream is for the night.")
    assert living.encoder.encoded == []


def test_a_damaged_snapshot_is_passed_over_for_its_vectors(living: Living) -> None:
    other = living.write("b.txt", "The needle is mild.\n")
    before = living.store.manifest(living.index().snapshot)
    other.unlink()
    living.index()
    shared = {file.sha256 for file in living.store.live_manifest().files}
    for file in before.files:
        if file.sha256 not in shared:
            living.store.objects.path(file).write_bytes(b"damaged")
    living.write("b.txt", "The needle is mild.\n")
    assert living.index().embedded > 0
    assert living.texts()["notes/b.txt"] == "The needle is mild.\n"


def holds(store: Store, text: str) -> bool:
    forms = {text.encode(), orjson.dumps(text)[1:-1]}
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    return any(form in path.read_bytes() for path in files for form in forms)
