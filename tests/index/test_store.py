"""The store: what a sync does, text embedded once, and what is kept."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoding.model import Model
from index.encoding.openvino_encoder import LEAST_COSINE, open_on_openvino
from index.encoding.openvino_model import precisions
from index.errors import (
    SourceError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
)
from index.records import passage_text
from index.store.dealing import DOCUMENTS_A_SHARD
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.index.texts import REPOSITORY, TEXTS, Corpus, assert_nothing_is_left_over, names

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
        lines = dict.fromkeys([*passage.context, *passage.heading_path])
        seen = "\n".join([*lines, passage.span.of(text)])
        (expected,) = HashingEncoder().encode([seen], "document")
        stored = snapshot.passage_vectors.rows(row, row + 1)[0]
        assert np.array_equal(stored, expected.astype(np.float16))
        first, end = snapshot.columns.sentence_offsets[row : row + 2]
        spans = snapshot.columns.sentence_spans[first:end].tolist()
        assert spans == [list(sentence) for sentence in passage.sentences]


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


def test_where_no_shard_changed_the_terms_are_not_joined_anew(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def joined(*_: object) -> None:
        raise AssertionError("joined again")

    corpus.sync()
    before = corpus.store.live_manifest()
    with monkeypatch.context() as patch:
        patch.setattr("index.store.writing.join_terms", joined)
        corpus.sync()
        assert corpus.store.live_manifest().postings == before.postings
        corpus.write("new.txt", "Owls hunt by night.\n")
        with pytest.raises(AssertionError, match="joined again"):
            corpus.sync()
    corpus.sync()
    assert corpus.store.live_manifest().postings != before.postings


def test_what_is_embedded_is_each_passage_once_and_nothing_else(corpus: Corpus) -> None:
    corpus.write("twice.md", "# Care\n\nWash it.\n\n# Care\n\nWash it.\n\n# Sun\n\nShun it. Do.\n")
    report = corpus.sync()
    live = open_snapshot(corpus.store)
    passages = [passage_text(live.document(each.document_id), each) for each in live.passages]
    assert len(set(passages)) < len(passages), "one stands twice"
    assert sorted(corpus.encoder.encoded) == sorted(set(passages))
    assert report.embedded == len(set(passages))


def test_the_files_hold_one_vector_a_passage_and_no_other(corpus: Corpus) -> None:
    sentences = [f"Number {n} of all sentences is here, and short it is not." for n in range(900)]
    corpus.write("long.txt", " ".join(sentences) + "\n")
    corpus.sync()
    manifest = corpus.store.live_manifest()
    dimension, width = corpus.encoder.dimension, np.dtype(np.float16).itemsize
    vectors = sum(shard.passage_vectors.bytes for shard in manifest.shards)
    head = 128 * len(manifest.shards)
    assert vectors == manifest.passages * dimension * width + head
    assert manifest.sentences > 5 * manifest.passages
    one_each = manifest.sentences * dimension * width
    assert corpus.store.total_bytes() < vectors + one_each / 2, "no vector a sentence"


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
    assert corpus.encoder.encoded == [
        "redness\nRedness fades within two days. It is normal.\nIt looks like a sunburn."
    ]


def test_a_renamed_file_embeds_no_more_than_its_passages_below_the_new_name(
    corpus: Corpus,
) -> None:
    corpus.sync()
    corpus.encoder.encoded.clear()
    (corpus.source / "redness.txt").rename(corpus.source / "rötung (neu).txt")
    report = corpus.sync()
    assert report.renamed == (("notes/redness.txt", "notes/rötung (neu).txt"),)
    assert (report.added, report.removed) == ((), ())
    assert corpus.encoder.encoded == ["rötung neu\nRedness fades within two days. It is normal."]
    corpus.encoder.encoded.clear()
    (corpus.source / "rötung (neu).txt").rename(corpus.source / "rötung_neu_0815274.txt")
    assert (corpus.sync().embedded, corpus.encoder.encoded) == (0, [])


def test_the_same_text_in_two_files_is_embedded_once(corpus: Corpus) -> None:
    corpus.sync()
    corpus.encoder.encoded.clear()
    (corpus.source / "copies").mkdir()
    corpus.write("copies/redness.txt", TEXTS["redness.txt"])
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
    tmp_path: Path, seeds_dir: Path, model: Model
) -> None:
    """What is in a batch with it may change a vector's last digits, so ids may differ here.

    In bfloat16 these are the third ones: as near as a conversion has to be is near enough.
    """
    one, other = seeds_dir / "003_6b98e8ac42b93113.txt", seeds_dir / "002_cd3ae78a834cc04f.txt"
    for precision in precisions():
        encoder = open_on_openvino(model, precision)
        assert encoder.backend == f"openvino-{precision}"
        stores = [Store(tmp_path / precision / name) for name in ("alone", "among others")]
        for store, sources in zip(stores, ([one], [one, other]), strict=True):
            sync(store, sources, model, encoder)
        alone, among_others = map(open_snapshot, stores)
        row_of = {passage.id: row for row, passage in enumerate(among_others.passages)}
        assert 5 < len(alone.passages) < len(among_others.passages)
        rows = np.array([row_of[passage.id] for passage in alone.passages])
        vectors = alone.passage_vectors.rows(0, len(rows)).astype(np.float32)
        others = among_others.passage_vectors.take(rows).astype(np.float32)
        least = 0.9999 if precision == "float32" else LEAST_COSINE
        assert (vectors * others).sum(axis=1).min() >= least, precision
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


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
    assert 3 < len(after - before) <= 5 + of_postings


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


MAP_ALL = "import index.store.objects; index.store.objects.SMALLEST_MAPPED = 0\n"
LIMITED = """
import resource, sys
from pathlib import Path

from index.sync import sync
from index.encoding.model import find_model
from index.store.store import Store
from tests.encoders import HashingEncoder

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
folder = Path(sys.argv[1])
model, encoder = find_model(), HashingEncoder()
sync(Store(folder / "store"), [folder / "sources"], model, encoder)
(folder / "sources" / "1.md").write_text("# Another\\n\\nThis one changed.\\n")
print(len(sync(Store(folder / "store"), [], model, encoder).changed))
"""


@pytest.mark.soak
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


def is_mapped(array: object) -> bool:
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    return isinstance(array, np.memmap)


def test_files_are_mapped_that_are_large_and_damage_to_them_is_found(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.sync()
    read = open_snapshot(corpus.store)
    monkeypatch.setattr("index.store.objects.SMALLEST_MAPPED", 0)
    mapped = open_snapshot(corpus.store)
    rows = len(read.passage_vectors)
    assert np.array_equal(mapped.passage_vectors.rows(0, rows), read.passage_vectors.rows(0, rows))
    assert all(is_mapped(each) for each in mapped.passage_vectors.arrays)
    assert np.array_equal(mapped.postings.rows, read.postings.rows)
    assert is_mapped(mapped.postings.rows)
    assert not is_mapped(read.postings.rows)
    assert not mapped.postings.rows.flags.writeable
    file = corpus.store.live_manifest().shards[0].passage_vectors
    path = corpus.store.folder / "objects" / file.sha256
    path.unlink()
    with pytest.raises(StoreDamagedError, match="is missing"):
        open_snapshot(corpus.store)


def test_a_file_in_the_place_of_a_store_is_an_error_of_one_line(corpus: Corpus) -> None:
    corpus.store.folder.write_text("not a folder")
    with pytest.raises(StoreError, match="choose another place with --store") as raised:
        corpus.sync()
    assert "\n" not in str(raised.value)
    with pytest.raises(StoreMissingError, match="There is no store at"):
        open_snapshot(corpus.store)
