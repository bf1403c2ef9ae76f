"""What every store must do that implements `index.store.protocols`, whatever it keeps things in.

A factory takes an empty folder and how many snapshots are kept, and returns a store. Called twice
with the same folder it opens the same store, as another process would.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.errors import StoreBusyError, StoreError, StoreMissingError
from index.records import (
    ChunkedDocument,
    Document,
    Heading,
    Layout,
    Passage,
    ScannedPage,
    Skipped,
    Span,
    passage_id,
    passage_text,
)
from index.search.bm25 import Term
from index.store.protocols import Snapshot, Store
from index.store.records import (
    MOST_FEEDBACK,
    MOST_FINISHED,
    Feedback,
    FeedbackFullError,
    Job,
    Key,
    MadeBy,
    RatedQuote,
    SnapshotInfo,
    Upload,
    UploadChange,
    embedded_digest,
    text_digest,
)
from index.structure.units import units_of
from tests.index.chunked import chunked
from tests.store.places import Place

Factory = Callable[..., Store]
SCANNED = ScannedPage(1, "a", "AAAAAAAAAAA=")


MADE_BY = MadeBy("model", "fingerprint", "backend", 1, 8)
CALIBRATION = b'{"anything": "at all"}'


@pytest.fixture
def make_store(place: Place) -> Factory:
    return place.make


@pytest.fixture
def store(make_store: Factory, tmp_path: Path) -> Store:
    return make_store(tmp_path, 3)


class Interrupted(BaseException):
    """As by Ctrl+C."""


# Writing documents by hand.


def vector_of(text: str) -> NDArray[np.float16]:
    """Return a vector of length one that differs where the text does."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    vector = np.random.default_rng(seed).standard_normal(8)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def embedded(each: ChunkedDocument) -> dict[bytes, NDArray[np.float16]]:
    texts = [passage_text(each.document, passage) for passage in each.passages]
    return {embedded_digest(text): vector_of(text) for text in texts}


def commit(
    store: Store,
    *documents: ChunkedDocument,
    remove: Sequence[str] = (),
    anew: bool = False,
    made_by: MadeBy = MADE_BY,
    live: bool = True,
    uploads: Sequence[UploadChange] = (),
) -> SnapshotInfo:
    """Commit the live snapshot with documents put and removed."""
    with store.writing():
        parent = store.open() if store.exists else None
        draft = store.draft(made_by, None if anew else parent)
        draft.remove(remove)
        vectors = {key: value for each in documents for key, value in embedded(each).items()}
        stored = draft.stored_vectors(list(vectors))
        draft.put(documents, {key: v for key, v in vectors.items() if key not in stored})
        return draft.commit(
            sources=("/notes",), held=(1,), ignore=("*.tmp",), uploads=uploads, live=live
        )


def texts(snapshot: Snapshot) -> dict[str, str]:
    return {each.document.id: each.document.text for each in snapshot.documents()}


ONE = chunked("Redness fades.", "It is normal.", name="one")
TWO = chunked("The needle is mild.", name="two", path=("Care", "Öl"))
THREE = chunked("The cream is for the night.", "The needle, too.", name="three")


# A snapshot holds what was put.


def test_where_nothing_was_written_there_is_nothing(store: Store) -> None:
    assert not store.exists
    for read in (store.live_id, store.live, store.standing, store.snapshots, store.open):
        with pytest.raises(StoreMissingError, match="There is no store at .*pincite index SOURCE"):
            read()
    for change in (store.roll_back, store.purge, lambda: store.set_calibration("x", None)):
        with pytest.raises(StoreMissingError):
            change()
    given = (store.uploads.all(), store.jobs.pending(), store.feedback.all(), store.keys.all())
    assert given == ([], [], [], [])
    assert (store.keys.ever_added(), store.gold(), store.set_gold(None)) == (False, None, False)


def test_a_snapshot_says_what_it_holds_and_was_made_with(store: Store) -> None:
    info = commit(store, ONE, TWO)
    assert info == store.live() == store.open().info == store.snapshots()[0]
    assert (info.documents, info.passages, info.sentences) == (2, 3, 3)
    assert (info.sources, info.held, info.ignore) == (("/notes",), (1,), ("*.tmp",))
    assert (info.made_by, info.calibration) == (MADE_BY, None)
    assert info.published > 1_700_000_000
    assert store.live_id() == store.standing().live == info.id == store.open().id
    assert store.total_bytes() > 0
    store.check()


def test_nobody_sees_a_draft_before_it_is_committed(store: Store) -> None:
    first = commit(store, ONE)
    with store.writing():
        draft = store.draft(MADE_BY, store.open())
        draft.put([TWO], embedded(TWO))
        assert (store.live_id(), texts(store.open())) == (first.id, {"one": ONE.document.text})
        assert draft.commit(live=False).id != first.id
        assert (store.live_id(), texts(store.open())) == (first.id, {"one": ONE.document.text})


def test_feedback_need_not_wait_while_documents_are_put(
    store: Store, make_store: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be many, and nobody waits for more than half a minute."""
    monkeypatch.setattr("index.store.local.database._OTHERS_WAIT_S", 0.1)
    commit(store, ONE)
    service, entry = make_store(tmp_path, 3), Feedback.new("How long?", helpful=True)

    def documents() -> Iterator[ChunkedDocument]:
        yield TWO
        service.feedback.add(entry)
        yield THREE

    with store.writing():
        draft = store.draft(MADE_BY, store.open())
        draft.put(documents(), embedded(TWO) | embedded(THREE))
        draft.commit(live=True)
    assert set(texts(store.open())) == {"one", "two", "three"}
    assert store.feedback.all() == [entry]


def test_what_a_draft_wrote_that_was_given_up_is_in_no_later_snapshot(store: Store) -> None:
    commit(store, ONE)
    with store.writing():
        store.draft(MADE_BY, store.open()).put([TWO], embedded(TWO))
    with suppress(Interrupted), store.writing():
        draft = store.draft(MADE_BY, store.open())
        draft.put([THREE], embedded(THREE))
        raise Interrupted
    commit(store, chunked("Another text.", name="four"))
    assert set(texts(store.open())) == {"one", "four"}
    assert store.open().words.frequency("needl") == 0
    store.check()


def test_the_same_documents_and_settings_are_the_same_snapshot(
    store: Store, make_store: Factory, tmp_path: Path
) -> None:
    first = commit(store, ONE, TWO)
    assert commit(store).id == commit(store, ONE).id == first.id
    assert len(store.snapshots()) == 1
    commit(store, THREE, remove=["one"])
    assert commit(store, ONE, remove=["three"]).id == first.id
    assert commit(store, TWO, ONE, anew=True).id == first.id
    other = make_store(tmp_path / "other")
    commit(other, TWO)
    assert commit(other, ONE).id == first.id
    assert commit(other, replace(ONE, document=replace(ONE.document, modified="2026"))).id != (
        first.id
    )


def test_documents_are_put_replaced_and_removed(store: Store) -> None:
    commit(store, ONE, TWO)
    changed = chunked("Redness stays.", name="one")
    commit(store, changed, THREE, remove=["two", "nobody"])
    assert texts(store.open()) == {
        "one": "Redness stays.",
        "three": THREE.document.text,
    }
    commit(store, chunked("Alone.", name="alone"), anew=True)
    assert texts(store.open()) == {"alone": "Alone."}


def test_a_document_comes_once_and_has_a_passage(store: Store) -> None:
    commit(store, ONE)
    for wrong in ([TWO, TWO], [replace(TWO, passages=())]):
        with pytest.raises(ValueError, match="two: a document comes once"):
            commit(store, *wrong)
        assert texts(store.open()) == {"one": ONE.document.text}


def test_other_times_of_change_alone_keep_the_passages(store: Store) -> None:
    commit(store, ONE, TWO)
    rows = [row for row, _ in store.open().passages()]
    touched = replace(ONE, document=replace(ONE.document, modified="2026-01-01T00:00:00Z"))
    commit(store, touched)
    assert [row for row, _ in store.open().passages()] == rows
    assert store.open().document("one").modified == "2026-01-01T00:00:00Z"


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
sentences = st.one_of(words, st.sampled_from(["One.", "Öl hilft.", "🧴🌞 both.", "日焼け。"]))
paths = st.lists(st.sampled_from(["Care", "Öl", "", " ", "🧴"]), max_size=3).map(tuple)
contexts = st.sampled_from([(), ("Care of the face",), ("Öl", "🧴")])


@st.composite
def chunked_documents(draw: st.DrawFn, name: str) -> ChunkedDocument:
    """A document of passages by hand, with text before, between and behind them."""
    text, passages = draw(st.sampled_from(["", "# Öl\n", "🧴\n"])), []
    context = draw(contexts)
    for _ in range(draw(st.integers(1, 4))):
        spans = []
        for sentence in draw(st.lists(sentences, min_size=1, max_size=3)):
            spans.append(Span(len(text), len(text) + len(sentence)))
            text += sentence + " "
        start, end = spans[0].start, spans[-1].end
        identity = passage_id(name, start, end)
        passages.append(Passage(identity, name, start, end, draw(paths), tuple(spans), context))
    document = Document(
        name,
        f"notes/{draw(st.integers(0, 3))}.md",
        draw(st.sampled_from(["", "Care", "Größe"])),
        text,
        "text/markdown",
        "text/3",
        "aa",
        "bb",
        {"author": draw(words), "tags": ("a", "b"), "year": 2026},
        draw(st.sampled_from([None, Layout((Heading(0, 1, 1),), (0, 1), (SCANNED,))])),
        draw(st.sampled_from(["", "2026-01-01T00:00:00Z"])),
        ("It was odd.",),
    )
    return ChunkedDocument(document, tuple(passages), (Skipped(0, 1, "markup"),))


@st.composite
def corpora(draw: st.DrawFn) -> list[ChunkedDocument]:
    return [draw(chunked_documents(f"d-{number}")) for number in range(draw(st.integers(1, 6)))]


@pytest.mark.hypothesis
def test_what_is_written_of_documents_is_what_is_read(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In whichever way it is asked for."""

    @settings(max_examples=min(settings().max_examples * 2, place.most_examples))
    @given(corpora())
    def holds(corpus: list[ChunkedDocument]) -> None:
        place.close()
        store = place.make(tmp_path_factory.mktemp("any"))
        commit(store, *corpus[::2])
        commit(store, *corpus[1::2])
        snapshot = store.open()
        in_order = sorted(corpus, key=lambda each: (each.document.source, each.document.id))
        assert list(snapshot.documents()) == in_order
        described = [replace(each.document, text="") for each in in_order]
        assert list(snapshot.descriptions()) == described
        for number, each in enumerate(in_order):
            name = each.document.id
            assert snapshot.chunked(name) == each
            assert snapshot.document(name) == each.document
            behind = list(snapshot.documents((each.document.source, name)))
            assert behind == in_order[number + 1 :]
        passages = dict(snapshot.passages())
        wanted = {p.id: (p, each) for each in corpus for p in each.passages}
        assert {p.id: p for p in passages.values()} == {name: p for name, (p, _) in wanted.items()}
        rows = np.array(list(passages), np.int64)
        passage_of_sentence, digests = snapshot.sentence_digests(rows)
        assert np.array_equal(np.unique(passage_of_sentence), np.arange(len(rows)))
        for number, (row, vector) in enumerate(zip(passages, snapshot.vectors(rows), strict=True)):
            passage, whole = wanted[passages[row].id]
            assert snapshot.passage(row) == passage
            assert np.array_equal(vector, vector_of(passage_text(whole.document, passage)))
            said = [text_digest(s.of(whole.document.text)) for s in passage.sentences]
            assert digests[passage_of_sentence == number].tolist() == said
            features = snapshot.features(row)
            assert features.digests == said
            assert list(features.units) == list(units_of(whole.document.text, passage))

    holds()


def test_what_is_not_there_is_told(store: Store) -> None:
    commit(store, ONE)
    snapshot = store.open()
    assert snapshot.chunked("two") is None
    with pytest.raises(KeyError):
        snapshot.document("two")
    assert list(snapshot.documents(("notes/one", "one"))) == []
    with pytest.raises(StoreError, match="0123456789abcdef"):
        store.open("0123456789abcdef")


# Searching.


def test_the_nearest_passages_come_first_and_only_those_allowed(store: Store) -> None:
    commit(store, ONE, TWO)
    commit(store, THREE, remove=["one"])
    snapshot = store.open()
    passages = dict(snapshot.passages())
    vector = vector_of(passage_text(TWO.document, TWO.passages[0])).astype(np.float32)
    vector /= np.linalg.norm(vector)
    stored = np.array(
        [vector_of(passage_text(w.document, p)) for w in (TWO, THREE) for p in w.passages]
    )
    cosines = sorted((stored.astype(np.float32) @ vector).tolist(), reverse=True)
    for exact in (False, True):
        found = snapshot.nearest(vector, 10, exact=exact)
        assert passages[found[0][0]] == TWO.passages[0]
        assert [score for _, score in found] == pytest.approx(cosines, abs=1e-3)
        assert {row for row, _ in found} == set(passages), "removed ones are not found"
        assert len(snapshot.nearest(vector, 1, exact=exact)) == 1
    chosen = np.array([each.id == "three" for each in snapshot.descriptions()])
    allowed = snapshot.passages_of(chosen)
    found = snapshot.nearest(vector, 10, allowed)
    assert {passages[row].document_id for row, _ in found} == {"three"}
    rows, _ = snapshot.words.best([Term("needl", 1, 1.0)], 10, allowed)
    assert {passages[row].document_id for row in rows.tolist()} == {"three"}
    assert snapshot.nearest(vector, 10, snapshot.passages_of(~chosen & chosen)) == []
    snapshot.warm()


def test_words_are_counted_in_what_the_snapshot_holds(store: Store) -> None:
    commit(store, ONE, TWO, chunked("Needles and needles. Needle!", name="many"))
    commit(store, THREE, remove=["many"])
    snapshot = store.open()
    passages = dict(snapshot.passages())
    assert snapshot.words.frequency("needl") == 2
    assert snapshot.words.form("needl") == "needle"
    assert snapshot.words.form("redness") in ("redness", None)
    assert (snapshot.words.frequency("many"), snapshot.words.form("many")) == (0, None)
    assert "needle" in snapshot.words.forms_beginning_with("n", range(6, 7))
    assert snapshot.words.forms_beginning_with("n", range(60, 70)) == []
    assert snapshot.words.weight("cream") > snapshot.words.weight("needl") > 0
    assert snapshot.words.weight("nobody") >= snapshot.words.weight("cream")
    asked = [
        Term("needl", 1, snapshot.words.weight("needl")),
        Term("night", 1, snapshot.words.weight("night")),
    ]
    rows, scores = snapshot.words.best(asked, 10)
    assert sorted(scores.tolist(), reverse=True) == scores.tolist()
    holding = {THREE.passages[0].id, THREE.passages[1].id, TWO.passages[0].id}
    assert {passages[row].id for row in rows.tolist()} == holding
    assert len(snapshot.words.best(asked, 1)[0]) == 1
    assert np.allclose(snapshot.words.scores(asked, rows)[0], scores, rtol=1e-4)
    every = np.array(sorted(passages))
    of_none = [row for row in every.tolist() if passages[row].id not in holding]
    assert not snapshot.words.scores(asked, np.array(of_none))[0].any()
    whole = dict(zip(every.tolist(), snapshot.words.scores(asked, every)[1], strict=True))
    by_document = {passages[row].document_id: float(score) for row, score in whole.items()}
    assert by_document["three"] > by_document["two"] > by_document["one"] == 0
    three = next(row for row in passages if passages[row].document_id == "three")
    assert snapshot.words.held_by_document(asked, three) == {"needl", "night"}


def test_where_the_parent_is_made_by_another_model_vectors_are_not_mixed(store: Store) -> None:
    commit(store, ONE, TWO)
    other = replace(MADE_BY, model_fingerprint="another")
    snapshot = store.open()
    digests = list(embedded(ONE))
    assert set(snapshot.stored_vectors([*digests, bytes(16)], MADE_BY)) == set(digests)
    assert snapshot.stored_vectors(digests, other) == {}
    with store.writing():
        draft = store.draft(other, snapshot)
        assert draft.parent is None
        assert draft.stored_vectors(digests) == {}
        draft.put([ONE], embedded(ONE))
        draft.commit(live=True)
    assert texts(store.open()) == {"one": ONE.document.text}
    assert store.live().made_by == other
    chunking = replace(other, chunking=2)
    with store.writing():
        draft = store.draft(chunking, store.open())
        assert draft.parent is None, "its passages are cut in another way"
        assert set(draft.stored_vectors(digests)) == set(digests), "but its vectors are the same"


def test_vectors_come_from_other_stores_too(
    store: Store, make_store: Factory, tmp_path: Path
) -> None:
    other = make_store(tmp_path / "other")
    commit(other, ONE)
    with store.writing():
        draft = store.draft(MADE_BY, None, vectors_from=[other.open()])
        assert set(draft.stored_vectors(list(embedded(ONE)))) == set(embedded(ONE))
        draft.put([ONE], {})
        draft.commit(live=True)
    rows = np.array([row for row, _ in store.open().passages()])
    wanted = [vector_of(passage_text(ONE.document, passage)) for passage in ONE.passages]
    assert np.array_equal(store.open().vectors(rows), wanted)


def test_vectors_are_found_as_long_as_a_snapshot_has_them(store: Store) -> None:
    commit(store, ONE, TWO)
    commit(store, THREE, remove=["one"])
    with store.writing():
        draft = store.draft(MADE_BY, store.open())
        assert set(draft.stored_vectors(list(embedded(ONE)))) == set(embedded(ONE))


def test_the_digest_of_a_corpus_is_of_ids_and_texts_alone(store: Store) -> None:
    first = commit(store, ONE, TWO).corpus
    touched = replace(ONE, document=replace(ONE.document, modified="2026", title="Redness"))
    assert commit(store, touched).corpus == first
    assert commit(store, THREE).corpus != first
    assert commit(store, remove=["three"]).corpus == first
    assert commit(store, remove=["one"]).corpus != first
    assert commit(store, TWO, ONE, anew=True).corpus == first


def test_stored_documents_tell_them_apart(store: Store) -> None:
    commit(store, ONE, TWO)
    documents, damaged = store.stored_documents(store.open())
    wanted = sorted((w.document.source, w.document.id, w.document.text_sha256) for w in (ONE, TWO))
    assert [(d.source, d.id, d.text_sha256) for d in documents] == wanted
    assert damaged == []


# Several snapshots.


def versions(store: Store, count: int) -> list[str]:
    """Publish so many snapshots; return their ids."""
    return [
        commit(store, chunked(f"The depth of version {n} is mild.", name="b")).id
        for n in range(count)
    ]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_as_many_snapshots_are_kept_as_is_said(
    make_store: Factory, tmp_path: Path, keep: int
) -> None:
    store = make_store(tmp_path, keep)
    made = versions(store, 5)
    assert [info.id for info in store.snapshots()] == made[::-1][:keep]
    times = [info.published for info in store.snapshots()]
    assert times == sorted(times, reverse=True)
    for kept in made[::-1][:keep]:
        assert store.open(kept).id == kept
    store.check()


def test_rolling_back_goes_one_further_each_time(store: Store) -> None:
    made = versions(store, 3)
    assert store.newer_than_live() == []
    assert store.roll_back().id == store.live_id() == made[1]
    assert texts(store.open()) == {"b": "The depth of version 1 is mild."}
    assert store.newer_than_live() == [made[2]]
    assert store.roll_back().id == made[0]
    assert store.newer_than_live() == [made[2], made[1]]
    with pytest.raises(StoreError, match="No older snapshot is kept"):
        store.roll_back()
    assert store.roll_back(made[2]).id == store.live_id() == made[2]
    with pytest.raises(StoreError, match="There is no snapshot 0123456789abcdef"):
        store.roll_back("0123456789abcdef")
    assert store.live_id() == made[2]


def test_after_going_back_the_next_snapshot_is_of_what_is_live(store: Store) -> None:
    versions(store, 2)
    commit(store, ONE)
    store.roll_back()
    store.roll_back()
    commit(store, TWO)
    assert set(texts(store.open())) == {"b", "two"}
    assert texts(store.open())["b"] == "The depth of version 0 is mild."
    store.check()


def test_a_refused_candidate_is_kept_aside_until_the_next_is_published(store: Store) -> None:
    first, second = versions(store, 2)
    refused = commit(store, ONE, live=False)
    assert store.live_id() == second
    store.keep_aside(refused.id)
    assert (store.standing().live, store.standing().aside) == (second, refused.id)
    assert set(texts(store.open(refused.id))) == {"b", "one"}
    other = commit(store, TWO, live=False)
    store.keep_aside(other.id)
    assert store.standing().aside == other.id
    assert refused.id not in [info.id for info in store.snapshots()]
    assert set(texts(store.open(other.id))) == {"b", "two"}
    upload = commit(store, THREE)
    assert store.standing().aside == other.id, "an upload decides nothing about it"
    assert set(texts(store.open())) == {"b", "three"}
    admitted = commit(store, ONE, live=False)
    store.publish(admitted.id, checked=True)
    standing = store.standing()
    assert (standing.live, standing.checked, standing.aside) == (admitted.id, admitted.id, None)
    assert other.id not in [info.id for info in store.snapshots()]
    assert store.roll_back().id == upload.id
    assert first not in [info.id for info in store.snapshots()]
    store.check()


def test_what_is_aside_goes_live_by_its_id_only(store: Store) -> None:
    made = versions(store, 2)
    refused = commit(store, ONE, live=False)
    store.keep_aside(refused.id)
    assert store.roll_back().id == made[0]
    assert store.roll_back(refused.id).id == store.live_id() == refused.id
    assert store.standing().aside is None
    assert set(texts(store.open())) == {"b", "one"}


def test_the_last_checked_snapshot_is_kept_besides(make_store: Factory, tmp_path: Path) -> None:
    store = make_store(tmp_path, 2)
    checked = commit(store, ONE, live=False)
    store.publish(checked.id, checked=True)
    store.set_gold(tmp_path / "gold.jsonl")
    made = versions(store, 4)
    assert store.standing().checked == checked.id
    assert {info.id for info in store.snapshots()} == {checked.id, *made[-2:]}
    assert texts(store.open(checked.id)) == {"one": ONE.document.text}
    store.set_gold(None)
    assert (store.standing().checked, store.standing().aside) == (None, None)
    assert {info.id for info in store.snapshots()} == {*made[-2:]}


def test_two_snapshots_are_open_at_once(store: Store) -> None:
    first, second = (commit(store, each) for each in (ONE, TWO))
    old, new = store.open(first.id), store.open(second.id)
    again = store.open(previous=old)
    assert texts(old) == {"one": ONE.document.text}
    assert texts(new) == texts(again) == {"one": ONE.document.text, "two": TWO.document.text}
    assert (
        old.words.frequency("needl"),
        new.words.frequency("needl"),
        again.words.frequency("needl"),
    ) == (0, 1, 1)
    assert texts(store.open(first.id, previous=new)) == {"one": ONE.document.text}


def test_a_reader_goes_on_whatever_is_written(make_store: Factory, tmp_path: Path) -> None:
    """Its snapshot is forgotten, and what it held is purged or written anew, meanwhile."""
    store = make_store(tmp_path, 1)
    commit(store, ONE, TWO)
    reader = store.open()
    before = texts(reader)
    vector = vector_of("any").astype(np.float32)
    found, passages = reader.nearest(vector, 10), list(reader.passages())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.store.local.compaction._FEWEST_DEAD", 0)
        for number in range(6):
            many = [chunked(f"Text {number} of {n}.", name=f"n{n}") for n in range(4)]
            commit(store, *many, remove=["one", "two"])
    fresh = make_store(tmp_path, 1).open()
    assert "one" not in texts(fresh)
    assert texts(reader) == before
    assert (reader.nearest(vector, 10), list(reader.passages())) == (found, passages)
    assert reader.chunked("one") == ONE
    assert reader.words.frequency("needl") == 1
    assert reader.passages_of(np.array([True, False])).sum() == 2
    store.check()


def test_many_threads_read_the_same_snapshot(store: Store) -> None:
    made = [chunked(f"Number {n}. ", f"{n} once more.", name=f"d{n}") for n in range(30)]
    commit(store, *made)
    snapshot = store.open()
    passages = dict(snapshot.passages())
    rows = [int(row) for row in np.random.default_rng(0).choice(list(passages), 400)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(snapshot.passage, rows)) == [passages[row] for row in rows]
        names = [passages[row].document_id for row in rows]
        read = threads.map(snapshot.document, names)
        assert [each.text for each in read] == [
            made[int(name.removeprefix("d"))].document.text for name in names
        ]


def test_one_process_writes_at_a_time(store: Store, make_store: Factory, tmp_path: Path) -> None:
    commit(store, ONE)
    commit(store, TWO)
    other = make_store(tmp_path, 3)
    with store.writing():
        assert texts(other.open()).keys() == {"one", "two"}, "readers are not disturbed"
        for change in (
            lambda: commit(other, TWO),
            other.roll_back,
            other.purge,
            lambda: other.set_gold(Path("gold.jsonl")),
            lambda: other.set_calibration(other.live_id(), CALIBRATION),
        ):
            with pytest.raises(StoreBusyError, match="Another process is writing") as raised:
                change()
            assert "\n" not in str(raised.value)
        other.feedback.add(Feedback.new("a question", helpful=True))
        other.jobs.add(Job.new("one", ".txt"), b"text")
    commit(other, THREE)
    assert texts(store.open()).keys() == {"one", "two", "three"}


# Calibration.


def test_a_calibration_is_part_of_the_snapshot_and_carried_over(store: Store) -> None:
    plain = commit(store, ONE, TWO)
    calibrated = store.set_calibration(plain.id, CALIBRATION)
    assert calibrated.id == store.live_id() != plain.id
    assert store.open().info.calibration == CALIBRATION
    assert calibrated == replace(
        plain, id=calibrated.id, calibration=CALIBRATION, published=calibrated.published
    )
    assert texts(store.open()).keys() == {"one", "two"}
    assert commit(store).id == calibrated.id, "nothing changed"
    changed = commit(store, THREE)
    assert (changed.calibration, changed.corpus != plain.corpus) == (CALIBRATION, True)
    back = commit(store, remove=["three"])
    assert (back.id, back.corpus) == (calibrated.id, plain.corpus)
    other = store.set_calibration(back.id, b"another")
    assert store.open().info.calibration == b"another"
    assert store.set_calibration(other.id, None).id == plain.id
    assert store.live().calibration is None
    store.check()


def test_what_was_measured_must_still_be_live(store: Store) -> None:
    measured = commit(store, ONE)
    now = commit(store, TWO)
    with pytest.raises(StoreError, match="changed while it was measured.* run it again"):
        store.set_calibration(measured.id, CALIBRATION)
    assert (store.live_id(), store.live().calibration) == (now.id, None)


# What people gave.


def upload(name: str, text: str, **more: object) -> UploadChange:
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    made = Upload(name, ".txt", sha256, "2026-01-01T00:00:00Z", **more)  # type: ignore[arg-type]
    return UploadChange(name, made, content)


def test_uploads_change_with_the_snapshot_in_one_step(
    store: Store, make_store: Factory, tmp_path: Path
) -> None:
    commit(store, ONE)
    change = upload(
        "up", "Öl", title="Oil", metadata={"tags": ("a", "b"), "n": 3}, file_name="ö.txt"
    )
    commit(store, TWO, uploads=[change, upload("two", "Text")])
    for each in (store, make_store(tmp_path, 3)):
        assert each.uploads.find("up") == change.upload
        assert [u.id for u in each.uploads.all()] == ["two", "up"]
        assert change.upload is not None
        assert each.uploads.content(change.upload) == "Öl".encode()
    commit(store, uploads=[upload("up", "Another"), UploadChange("two"), UploadChange("nobody")])
    (left,) = store.uploads.all()
    assert store.uploads.content(left) == b"Another"
    assert store.uploads.find("two") is None
    with pytest.raises(ValueError, match="comes once"):
        commit(store, THREE, THREE, uploads=[UploadChange("up")])
    assert store.uploads.find("up") == left


def test_jobs_are_worked_off_in_the_order_in_which_they_came(
    store: Store, make_store: Factory, tmp_path: Path
) -> None:
    jobs = [Job.new(f"doc-{n}", ".txt", "Title", {"tags": ("a",)}, "a.txt") for n in range(5)]
    for job in jobs:
        store.jobs.add(job, job.document_id.encode())
    removal = Job.new("doc-1")
    store.jobs.add(removal, None)
    other = make_store(tmp_path, 3)
    assert other.jobs.pending() == [*jobs, removal]
    assert other.jobs.content(jobs[2]) == b"doc-2"
    assert (other.jobs.content(removal), other.jobs.find(jobs[0].id)) == (None, jobs[0])
    done = replace(jobs[2], state="done", finished="2026", snapshot="abc")
    failed = replace(jobs[0], state="failed", finished="2026", error="It was no text.")
    store.jobs.finish(done)
    store.jobs.finish(failed)
    assert other.jobs.pending() == [jobs[1], jobs[3], jobs[4], removal]
    assert (other.jobs.find(done.id), other.jobs.find(failed.id)) == (done, failed)
    assert other.jobs.content(jobs[2]) is None, "its content is let go of"
    assert (other.jobs.find("0" * 24), other.jobs.find("no id")) == (None, None)


def test_finished_jobs_are_forgotten_beyond_a_number_but_not_waiting_ones(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{type(store.jobs).__module__}.MOST_FINISHED", 3)
    assert MOST_FINISHED == 1000
    waiting = Job.new("waits", ".txt")
    store.jobs.add(waiting, b"text")
    jobs = [Job.new(f"doc-{n}", ".txt") for n in range(6)]
    for job in jobs:
        store.jobs.add(job, b"text")
        store.jobs.finish(replace(job, state="done", finished="2026"))
    assert [store.jobs.find(job.id) is not None for job in jobs] == [False] * 3 + [True] * 3
    assert store.jobs.pending() == [waiting]


def test_one_process_works_jobs_off_at_a_time(
    store: Store, make_store: Factory, tmp_path: Path
) -> None:
    commit(store, ONE)
    other = make_store(tmp_path, 3)
    assert store.jobs.hold()
    assert store.jobs.hold(), "the one that holds them holds them"
    assert not other.jobs.hold()
    store.jobs.release()
    assert other.jobs.hold()
    assert not store.jobs.hold()
    other.jobs.release()


def test_feedback_is_kept_in_order_and_forgotten_by_id(store: Store) -> None:
    quote = RatedQuote("one", 0, 7, "Redness")
    entries = [
        Feedback.new(f"question {n}?", helpful=n % 2 == 0, answered=True, citations=[quote])
        for n in range(4)
    ]
    entries.append(Feedback.new("Ö?", helpful=False, comment="no 🧴", snapshot="abc"))
    for entry in entries:
        store.feedback.add(entry)
    assert store.feedback.all() == entries
    assert store.feedback.remove([entries[1].id]) == 1
    with pytest.raises(StoreError, match="There is no feedback 'nobody'"):
        store.feedback.remove([entries[0].id, "nobody"])
    assert store.feedback.all() == [entries[0], *entries[2:]]
    assert (store.feedback.remove(), store.feedback.all()) == (4, [])


@pytest.mark.parametrize(("name", "limit"), [("MOST_FEEDBACK", 3), ("MOST_FEEDBACK_BYTES", 900)])
def test_feedback_has_a_limit(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(f"{type(store.feedback).__module__}.{name}", limit)
    assert MOST_FEEDBACK == 10_000
    made = [Feedback.new(f"question {number}?", helpful=True) for number in range(3)]
    for entry in made:
        store.feedback.add(entry)
    with pytest.raises(FeedbackFullError, match="pincite feedback remove --all") as raised:
        store.feedback.add(Feedback.new("one more?" * 99, helpful=True))
    assert str(raised.value).startswith(f"{len(made)} entries of feedback")
    assert store.feedback.all() == made
    store.feedback.remove([made[0].id])
    store.feedback.add(made[0])


def test_keys_are_found_by_their_secrets(store: Store, make_store: Factory, tmp_path: Path) -> None:
    key = Key("page", ("ask",), "2026-01-01T00:00:00Z")
    first = Key("admin", ("ask", "write"), "2025-01-01T00:00:00Z")
    assert not store.keys.ever_added()
    assert store.keys.add("ab" * 32, key)
    assert not store.keys.add("cd" * 32, key), "the name is taken"
    assert store.keys.add("ef" * 32, first)
    other = make_store(tmp_path, 3)
    assert other.keys.all() == [first, key]
    assert (other.keys.find("ab" * 32), other.keys.find("cd" * 32)) == (key, None)
    assert other.keys.remove("page")
    assert not other.keys.remove("page")
    assert store.keys.remove("admin")
    assert (store.keys.all(), store.keys.ever_added()) == ([], True)


def test_the_gold_file_is_registered_by_its_absolute_path(
    make_store: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = make_store(Path())
    assert not store.set_gold(Path("mine.jsonl"))
    assert store.gold() == tmp_path / "mine.jsonl"
    odd = Path(b"other \xff.jsonl".decode("utf-8", "surrogateescape"))
    assert store.set_gold(odd)
    assert make_store(tmp_path).gold() == tmp_path / odd
    commit(store, ONE)
    assert store.gold() == tmp_path / odd
    assert store.set_gold(None)
    assert not store.set_gold(None)
    assert store.gold() is None


# Purging.

SECRET = "The patient Örjan Ek called at noon about a rash."


def holds(place: Place, store: Store, text: str) -> bool:
    forms = {
        text.encode(),
        json.dumps(text)[1:-1].encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    }
    return any(form in content for content in place.contents(store) for form in forms)


def test_a_purge_forgets_for_real(place: Place, store: Store) -> None:
    secret = chunked(SECRET, "The mask is for the day.", name="secret")
    commit(store, ONE, secret)
    commit(store, TWO, remove=["secret"])
    assert holds(place, store, SECRET), "an old snapshot has it"
    done = store.purge()
    assert (done.documents, done.sentences, done.vectors) == (("notes/secret",), 2, 2)
    assert (done.snapshots, done.found) == (1, ())
    assert not holds(place, store, SECRET)
    assert not holds(place, store, "The mask is for the day")
    vectors = [vector_of(passage_text(secret.document, p)).tobytes() for p in secret.passages]
    content = b"".join(place.contents(store))
    assert not any(vector in content for vector in vectors)
    assert texts(store.open()) == {"one": ONE.document.text, "two": TWO.document.text}
    again = store.purge()
    assert (again.documents, again.snapshots, again.found) == ((), 0, ())
    store.check()


def by_words(snapshot: Snapshot) -> dict[str, float]:
    """Return the scores of all passages that hold a word, by their ids."""
    asked = [Term(word, 1, snapshot.words.weight(word)) for word in ("needl", "night")]
    rows, scores = snapshot.words.best(asked, 10)
    return {snapshot.passage(row).id: score for row, score in zip(rows, scores, strict=True)}


def test_a_purge_leaves_no_word_and_no_name_of_what_is_gone(place: Place, store: Store) -> None:
    """Of a text that fills pages neither, whatever is known of the documents' words."""
    random, letters = np.random.default_rng(0), list("abcdefghijklmnopqrstuvwxyz0123456789")
    noise = ["".join(random.choice(letters, 60)) for _ in range(200)]
    long = chunked(*(f"Zanzibarium {some}." for some in noise), name="whereabouts")
    commit(store, ONE, THREE, long, chunked("Quoxlaration of needles.", name="few words"))
    commit(store, TWO, remove=["whereabouts", "few words"])
    gone = ["zanzibarium", "quoxlar", "whereabouts", "few words", *noise]

    def found() -> set[str]:
        contents = [content.lower() for content in place.contents(store)]
        return {word for word in gone if any(word.encode() in each for each in contents)}

    assert found() >= set(gone[:4])
    before = by_words(store.open())
    assert store.purge().found == ()
    assert found() == set()
    assert by_words(store.open()) == before
    commit(store, chunked("The needle is clean.", name="clean"))
    assert store.open().words.frequency("needl") == 3


def test_a_purge_keeps_what_people_gave_but_for_what_quotes_what_is_gone(
    place: Place, store: Store
) -> None:
    commit(store, ONE, chunked(SECRET, name="secret"), uploads=[upload("up", "Something else.")])
    for text in (SECRET, "Redness fades."):
        quote = RatedQuote("one", 0, len(text), text)
        store.feedback.add(Feedback.new("who called?", helpful=True, citations=[quote]))
    waiting, finished = Job.new("later", ".txt"), Job.new("before", ".txt")
    store.jobs.add(waiting, b"It waits.")
    store.jobs.add(finished, b"It does not.")
    store.jobs.finish(replace(finished, state="failed", error=SECRET))
    store.keys.add("ab" * 32, Key("page", ("ask",), "2026"))
    commit(store, remove=["secret"])
    done = store.purge()
    assert (done.feedback, done.found) == (1, ())
    assert not holds(place, store, SECRET)
    (left,) = store.feedback.all()
    assert left.citations[0].cited_text == "Redness fades."
    assert store.jobs.pending() == [waiting]
    assert store.jobs.content(waiting) == b"It waits."
    assert [each.name for each in store.keys.all()] == ["page"]
    (up,) = store.uploads.all()
    assert store.uploads.content(up) == b"Something else."


def test_where_an_upload_still_holds_it_nothing_is_purged(place: Place, store: Store) -> None:
    commit(store, ONE, chunked(SECRET, name="secret"))
    commit(store, remove=["secret"], uploads=[upload("up", f"# Note\n{SECRET}\n")])
    before = len(store.snapshots())
    for _ in range(2):
        done = store.purge()
        ((where, beginning),) = done.found
        assert "up" in where
        assert SECRET.startswith(beginning)
        assert len(store.snapshots()) == before, "as long as it is there"
    commit(store, uploads=[UploadChange("up")])
    assert store.purge().found == ()
    assert not holds(place, store, SECRET)


def test_a_purge_leaves_what_still_stands_in_the_live_snapshot(store: Store) -> None:
    commit(store, ONE, chunked("Redness fades.", name="copy"))
    commit(store, remove=["copy"])
    done = store.purge()
    assert (done.documents, done.found) == ((), ())
    assert texts(store.open()) == {"one": ONE.document.text}


def test_what_is_purged_includes_what_was_refused_and_given_up(place: Place, store: Store) -> None:
    commit(store, ONE)
    refused = commit(store, chunked(SECRET, name="secret"), live=False)
    store.keep_aside(refused.id)
    with store.writing():
        other = chunked("Nobody knows of the vault at number seven.", name="given up")
        store.draft(MADE_BY, store.open()).put([other], embedded(other))
    assert store.purge().found == ()
    assert not holds(place, store, SECRET)
    assert not holds(place, store, "vault")


# Where a store may lie.


def test_a_writer_that_comes_to_nothing_leaves_nothing(place: Place, store: Store) -> None:
    with suppress(Interrupted), store.writing():
        draft = store.draft(MADE_BY, None)
        draft.put([ONE], embedded(ONE))
        raise Interrupted
    assert place.is_empty(store)
    commit(store, ONE)
    assert texts(store.open()) == {"one": ONE.document.text}


def test_what_people_gave_before_the_first_snapshot_stays(store: Store) -> None:
    store.keys.add("ab" * 32, Key("page", ("ask",), "2026"))
    with suppress(Interrupted), store.writing():
        raise Interrupted
    assert [each.name for each in store.keys.all()] == ["page"]
    assert not store.exists
