"""What a sync does with a store: its report, text embedded once, uploads, gates, what is kept."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from index.changes import plan
from index.encoding.model import Model
from index.encoding.openvino_encoder import LEAST_COSINE, open_on_openvino
from index.encoding.openvino_model import precisions
from index.errors import SourceError, StoreError
from index.records import passage_text
from index.sources.listing import document_id
from index.store.protocols import Snapshot
from index.sync import publish_documents, sync
from tests.documents import document
from tests.encoders import HashingEncoder
from tests.failing import Killed, failing_at
from tests.store.living import TEXT, TEXTS, Living, everything
from tests.store.places import Place


def encoded(living: Living) -> list[str]:
    """What was embedded since this was asked last."""
    assert isinstance(living.encoder, HashingEncoder)
    texts = list(living.encoder.encoded)
    living.encoder.encoded.clear()
    return texts


def names(*files: str) -> tuple[str, ...]:
    return tuple(sorted(f"notes/{file}" for file in files))


# What a sync does.


def test_a_snapshot_holds_what_the_sources_hold(notes: Living) -> None:
    report = notes.index()
    snapshot = notes.store.open()
    assert notes.texts() == {f"notes/{name}": text for name, text in TEXTS.items()}
    assert (snapshot.id, snapshot.info.passages) == (report.snapshot, report.passages)
    assert report.added == names(*TEXTS)
    assert report.changed == report.removed == report.unchanged == ()
    assert report.skipped == ()


def test_every_row_of_the_vectors_belongs_to_its_text(notes: Living) -> None:
    notes.index()
    snapshot = notes.store.open()
    for row, passage in snapshot.passages():
        text = snapshot.document(passage.document_id).text
        lines = dict.fromkeys([*passage.context, *passage.heading_path])
        seen = "\n".join([*lines, passage.span.of(text)])
        (expected,) = notes.encoder.encode([seen], "document")
        (stored,) = snapshot.vectors(np.array([row]))
        assert np.array_equal(stored, expected.astype(np.float16))


def test_the_report_tells_added_changed_removed_and_unchanged(notes: Living) -> None:
    notes.index()
    notes.write("depth.txt", "A needle of 2 mm is for the body only.\n")
    notes.write("new.txt", "A new text about numbing creams.\n")
    (notes.files / "redness.txt").unlink()
    (notes.files / "picture.png").write_bytes(b"\x89PNG")
    report = notes.index()
    assert report.added == names("new.txt")
    assert report.changed == names("depth.txt")
    assert report.removed == names("redness.txt")
    assert report.unchanged == names("care.md")
    assert [(skipped.path, skipped.reason) for skipped in report.skipped] == [
        ("notes/picture.png", "unsupported type .png")
    ]
    assert set(notes.texts()) == {"notes/care.md", "notes/depth.txt", "notes/new.txt"}


def test_remembered_sources_and_patterns_are_used_when_none_are_given(notes: Living) -> None:
    notes.write("draft.txt", "Nobody wants this.\n")
    notes.index(ignore=["draft*"])
    notes.write("new.txt", "A new text about numbing creams.\n")
    report = sync(notes.store, [], notes.model, notes.encoder)
    assert report.added == names("new.txt")
    assert (notes.store.live().sources, notes.store.live().ignore) == (
        (str(notes.files),),
        ("draft*",),
    )


def test_an_empty_store_with_no_source_says_what_to_do(place: Place, living: Living) -> None:
    with pytest.raises(SourceError, match="Nothing to index yet: run `pincite index SOURCE…`"):
        sync(living.store, [], living.model, living.encoder)
    assert place.is_empty(living.store)


def test_a_first_sync_that_fails_leaves_nothing_behind(place: Place, notes: Living) -> None:
    shutil.rmtree(notes.files)
    notes.files.mkdir()
    with pytest.raises(SourceError, match="could be indexed"):
        notes.index()
    assert place.is_empty(notes.store)
    notes.write("depth.txt", TEXTS["depth.txt"])
    notes.index()
    assert set(notes.texts()) == {"notes/depth.txt"}


def test_what_was_registered_outlives_a_failed_and_a_successful_sync(living: Living) -> None:
    living.store.set_gold(living.folder / "mine.jsonl")
    with pytest.raises(SourceError):
        living.index()
    living.write("a.txt", TEXT)
    living.index()
    assert living.store.gold() == living.folder / "mine.jsonl"


def test_documents_can_be_published_without_files(place: Place, living: Living) -> None:
    documents = [document("The needle is mild.", "a.txt"), document("The sun.", "b.txt")]
    first = publish_documents(living.store, documents, living.model, living.encoder)
    assert first.documents == 2
    encoded(living)
    other = place.make(living.folder / "other")
    vectors_from = [living.store.open()]
    second = publish_documents(
        other, documents[:1], living.model, living.encoder, vectors_from=vectors_from
    )
    assert second.documents == 1
    assert set(encoded(living)) <= {"Any text."}, "which tells the dimension"
    with pytest.raises(SourceError, match="None of the documents holds text"):
        publish_documents(living.store, [], living.model, living.encoder)
    assert living.store.live_id() == first.id


# Text is embedded once.


def test_what_is_embedded_is_each_passage_once_and_nothing_else(notes: Living) -> None:
    notes.write("twice.md", "# Care\n\nWash it.\n\n# Care\n\nWash it.\n\n# Sun\n\nShun it. Do.\n")
    report = notes.index()
    live = notes.store.open()
    passages = [passage_text(live.document(p.document_id), p) for _, p in live.passages()]
    assert len(set(passages)) < len(passages), "one stands twice"
    assert sorted(encoded(notes)) == sorted(set(passages))
    assert report.embedded == len(set(passages))


def test_unchanged_sources_embed_nothing_and_write_nothing(notes: Living) -> None:
    first = notes.index()
    assert first.embedded == len(encoded(notes)) > 0
    before = files_of(notes)
    second = notes.index()
    assert (second.embedded, second.snapshot, encoded(notes)) == (0, first.snapshot, [])
    assert second.unchanged == names(*TEXTS)
    assert files_of(notes) == before


def files_of(living: Living) -> dict[str, bytes]:
    """The files of vectors and arrays; a store on a server has none."""
    if living.store.folder is None:
        return {}
    paths = (
        p for folder in ("vectors", "arrays") for p in (living.store.folder / folder).iterdir()
    )
    return {path.name: path.read_bytes() for path in paths}


def test_a_changed_file_embeds_and_appends_only_its_new_text(notes: Living) -> None:
    notes.index()
    encoded(notes)
    before = files_of(notes)
    notes.write("redness.txt", TEXTS["redness.txt"] + "It looks like a sunburn.\n")
    assert notes.index().embedded == 1
    assert encoded(notes) == [
        "redness\nRedness fades within two days. It is normal.\nIt looks like a sunburn."
    ]
    for name, content in files_of(notes).items():
        if not name.endswith(".safetensors"):
            assert content.startswith(before[name]), "what is there is never written again"


def test_a_changed_time_alone_embeds_and_appends_nothing(notes: Living) -> None:
    notes.index()
    encoded(notes)
    before = files_of(notes)
    notes.write("redness.txt", TEXTS["redness.txt"], time=1_800_000_000)
    report = notes.index()
    assert (report.embedded, report.changed, encoded(notes)) == (0, (), [])
    assert files_of(notes) == before
    found = {each.source: each.modified for each in notes.store.open().descriptions()}
    assert found["notes/redness.txt"].startswith("2027")


def test_a_renamed_file_embeds_no_more_than_its_passages_below_the_new_name(
    notes: Living,
) -> None:
    notes.index()
    encoded(notes)
    (notes.files / "redness.txt").rename(notes.files / "rötung (neu).txt")
    report = notes.index()
    assert report.renamed == (("notes/redness.txt", "notes/rötung (neu).txt"),)
    assert (report.added, report.removed) == ((), ())
    assert encoded(notes) == ["rötung neu\nRedness fades within two days. It is normal."]
    (notes.files / "rötung (neu).txt").rename(notes.files / "rötung_neu_0815274.txt")
    assert (notes.index().embedded, encoded(notes)) == (0, [])


def test_the_same_text_in_two_files_is_embedded_once(notes: Living) -> None:
    notes.index()
    encoded(notes)
    notes.write("copies/redness.txt", TEXTS["redness.txt"])
    assert (notes.index().embedded, encoded(notes)) == (0, [])


def test_another_backend_embeds_everything_anew(notes: Living) -> None:
    first = notes.index()
    notes.encoder.backend = "other"  # type: ignore[misc]
    report = notes.index()
    assert report.embedded == first.embedded
    assert report.snapshot != first.snapshot


def test_what_comes_back_is_not_embedded_again_while_a_snapshot_has_it(notes: Living) -> None:
    notes.write("deep/b.txt", "# Depth\n\nThe needle is mild. Is the scar deep?\n")
    before = notes.index().snapshot
    notes.put("one", "The cream is for the night.")
    shutil.rmtree(notes.files / "deep")
    notes.index()
    notes.delete("one")
    encoded(notes)
    notes.write("deep/b.txt", "# Depth\n\nThe needle is mild. Is the scar deep?\n")
    back = notes.index()
    assert (back.embedded, back.added) == (0, ("notes/deep/b.txt",))
    assert back.snapshot == before
    notes.put("one", "The cream is for the night.")
    assert encoded(notes) == []


def test_history_moves_a_real_vector_by_a_rounding_error_at_most(
    place: Place, tmp_path: Path, seeds_dir: Path, model: Model
) -> None:
    """What is in a batch with it may change a vector's last digits, so ids may differ here.

    In bfloat16 these are the third ones: as near as a conversion has to be is near enough.
    """
    one, other = seeds_dir / "003_6b98e8ac42b93113.txt", seeds_dir / "002_cd3ae78a834cc04f.txt"
    for precision in precisions():
        encoder = open_on_openvino(model, precision)
        assert encoder.backend == f"openvino-{precision}"
        stores = [place.make(tmp_path / precision / name) for name in ("alone", "among others")]
        for store, sources in zip(stores, ([one], [one, other]), strict=True):
            sync(store, sources, model, encoder)
        alone, among_others = (
            dict(zip(map(id_of, s.passages()), s.vectors(rows_of(s)), strict=True))
            for s in (store.open() for store in stores)
        )
        assert 5 < len(alone) < len(among_others)
        vectors = np.array(list(alone.values()), np.float32)
        others = np.array([among_others[name] for name in alone], np.float32)
        least = 0.9999 if precision == "float32" else LEAST_COSINE
        assert (vectors * others).sum(axis=1).min() >= least, precision
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def id_of(pair: tuple[int, Any]) -> str:
    return str(pair[1].id)


def rows_of(snapshot: Snapshot) -> np.ndarray:
    return np.array([row for row, _ in snapshot.passages()])


# Uploads beside files.


def test_an_upload_has_no_id_of_a_file_that_comes_later(one_note: Living) -> None:
    name = document_id("notes/later.txt")
    one_note.put(name, "The cream is for the night.")
    one_note.write("later.txt", TEXT)
    before = one_note.store.live_id()
    wanted = f"would both be the document {name}: rename the file, or"
    with pytest.raises(SourceError, match=wanted):
        one_note.index()
    assert one_note.store.live_id() == before
    one_note.delete(name)
    one_note.index()
    assert one_note.texts()["notes/later.txt"] == TEXT


def test_an_upload_has_no_id_of_a_row_of_another(one_note: Living) -> None:
    one_note.write("rows.csv", "question,answer\nWhen do you open?,At eight.\nWhy?,So.\n")
    one_note.index()
    row = next(d.id for d in one_note.store.open().descriptions() if "rows" in d.id)
    with pytest.raises(SourceError, match="in a file of a SOURCE"):
        one_note.put(row, "Zebras are striped.")


def test_a_renamed_file_with_one_row_is_as_in_a_fresh_build(one_note: Living) -> None:
    rows = one_note.write("b.csv", "question,answer\nWhen do you open?,At eight.\n")
    one_note.index()
    rows.rename(one_note.files / "c.csv")
    one_note.index()
    one_note.assert_as_fresh()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_plan_keeps_what_is_out_of_reach(one_note: Living) -> None:
    (one_note.files / "a.txt").chmod(0)
    planned = plan(one_note.store, [])
    assert [each.path for each in planned.kept] == ["notes/a.txt"]


def test_a_plan_keeps_what_cannot_be_read_for_the_moment(
    one_note: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("index.changes.digest_of", failing)
    planned = plan(one_note.store, [])
    assert [each.path for each in planned.kept] == ["notes/a.txt"]
    assert planned.unchanged == ("notes/a.txt",)


# What a gate lets through.


def no(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
    return False


def test_what_a_gate_holds_back_is_kept_aside(one_note: Living) -> None:
    one_note.write("b.txt", "The needle is mild.\n")
    good = one_note.index().snapshot
    one_note.write("b.txt", "Nothing of use.\n")
    refused = one_note.index(gate=no).kept_aside
    assert one_note.store.live_id() == good
    assert one_note.store.standing().aside == refused != ""
    encoded(one_note)
    assert one_note.index(gate=no).embedded == 0, "what is kept aside is not embedded again"
    assert encoded(one_note) == []
    one_note.put("one", "The cream is for the night.")
    assert one_note.store.standing().aside == refused, "an upload decides nothing about it"
    one_note.write("b.txt", "The scar is mild.\n")
    one_note.index()
    assert refused not in [info.id for info in one_note.store.snapshots()]
    one_note.store.roll_back()
    assert one_note.store.roll_back().id == good


def test_a_live_snapshot_that_cannot_be_opened_for_the_moment_is_not_rebuilt(
    one_note: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("The store cannot be written: Too many open files.")

    one_note.write("b.txt", "The needle is mild.\n")
    one_note.index()
    before = one_note.store.snapshots()
    with monkeypatch.context() as patch:
        patch.setattr(type(one_note.store), "open", fail)
        with pytest.raises(StoreError, match="Too many open files"):
            one_note.index()
    assert one_note.store.snapshots() == before
    assert one_note.index().repaired == ""
    one_note.store.roll_back()


def test_a_gate_is_asked_about_what_is_new_only(one_note: Living) -> None:
    asked: list[tuple[str, str, str | None]] = []

    def gate(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
        asked.append((live.id, candidate.id, checked.id if checked else None))
        assert everything(candidate)["documents"], "it can be read before it is live"
        return True

    first = one_note.index(gate=gate).snapshot
    assert one_note.index(gate=gate).snapshot == first
    assert asked == [], "nothing is new"
    second = one_note.put("one", "The cream is for the night.")
    one_note.put("two", "The needle is mild.")
    live = one_note.store.live_id()
    one_note.write("b.txt", "The scar is mild.\n")
    third = one_note.index(gate=gate).snapshot
    assert asked == [(live, third, first)], "uploads went by the gate"
    assert second not in (live, third)


def test_a_gate_tells_of_uploads_though_nothing_else_changed(one_note: Living) -> None:
    asked: list[tuple[str, str | None]] = []

    def gate(live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
        asked.append((candidate.id, checked.id if checked else None))
        return False

    first = one_note.index(gate=gate).snapshot
    second = one_note.put("one", "The cream is for the night.")
    assert one_note.index(gate=gate).kept_aside == ""
    assert asked == [(second, first)]
    one_note.index(gate=gate)
    assert len(asked) == 1


def test_a_gate_that_fails_leaves_what_was_live_and_nothing_to_go_back_to(
    one_note: Living,
) -> None:
    def failing(*_: object) -> bool:
        raise Killed

    live = one_note.store.live_id()
    one_note.write("b.txt", "Nothing of use.\n")
    with pytest.raises(Killed):
        one_note.index(gate=failing)
    assert one_note.store.live_id() == live
    with pytest.raises(StoreError, match="No older snapshot is kept"):
        one_note.store.roll_back()
    one_note.index()
    one_note.assert_as_fresh()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_writer_that_is_interrupted_leaves_a_whole_snapshot(notes: Living, after: bool) -> None:
    """As by Ctrl+C, in a process that goes on."""
    notes.index()
    states = [everything(notes.store.open())]
    writes: tuple[object, str, range] = (os, "fsync", range(1, 5))
    if notes.store.folder is None:
        writes = (psycopg.Cursor, "execute", range(1, 40, 3))
    owner, function, steps = writes
    for step in steps:
        notes.write("depth.txt", f"The depth of the needle is {step} mm.\n")
        with failing_at(step, owner, function, Killed(), after=after):
            notes.index()
        assert everything(notes.store.open()) in states
        notes.store.check()
    notes.index()
    notes.assert_as_fresh()
