"""What is written of documents is what is read, in whichever way it is asked for."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.records import (
    ChunkedDocument,
    Document,
    Heading,
    Layout,
    Passage,
    Skipped,
    Span,
    passage_id,
    passage_text,
)
from index.store.dealing import deal, shard_count
from index.store.entries import Entry
from index.store.objects import ObjectFolder
from index.store.open_shard import OpenShard
from index.store.places import embedded_digest
from index.store.recently_used import RecentlyUsed
from index.store.shards import read_shard, write_shard
from index.store.stored_documents import StoredDocuments, StoredPassages
from index.store.vectors import StoredVectors

DIMENSION = 8

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
sentences = st.one_of(words, st.sampled_from(["One.", "Öl hilft.", "🧴🌞 both.", "日焼け。"]))
paths = st.lists(st.sampled_from(["Care", "Öl", "", " ", "🧴"]), max_size=3).map(tuple)


@st.composite
def chunked_documents(draw: st.DrawFn, name: str) -> ChunkedDocument:
    """A document of passages by hand, with text before, between and behind them."""
    text, passages = draw(st.sampled_from(["", "# Öl\n", "🧴\n"])), []
    for _ in range(draw(st.integers(1, 4))):
        spans = []
        for sentence in draw(st.lists(sentences, min_size=1, max_size=3)):
            spans.append(Span(len(text), len(text) + len(sentence)))
            text += sentence + " "
        start, end = spans[0].start, spans[-1].end
        passage = Passage(passage_id(name, start, end), name, start, end, draw(paths), tuple(spans))
        passages.append(passage)
    document = Document(
        name,
        f"notes/{draw(st.integers(0, 3))}.md",
        draw(st.sampled_from(["", "Care", "Größe"])),
        text,
        "text/markdown",
        "text/3",
        "aa",
        "bb",
        {"author": draw(words), "tags": ("a", "b")},
        draw(st.sampled_from([None, Layout((Heading(0, 1, 1),), (0, 1))])),
        draw(st.sampled_from(["", "2026-01-01T00:00:00Z"])),
        ("It was odd.",),
    )
    return ChunkedDocument(document, tuple(passages), (Skipped(0, 1, "markup"),))


@st.composite
def corpora(draw: st.DrawFn) -> list[ChunkedDocument]:
    return [draw(chunked_documents(f"d-{number}")) for number in range(draw(st.integers(1, 6)))]


def vectors(texts: Sequence[str]) -> NDArray[np.float16]:
    """Return vectors that differ where the texts do."""
    seeds = [int.from_bytes(text.encode()[-6:] or b"\0") for text in texts]
    made = [np.random.default_rng(seed).standard_normal(DIMENSION) for seed in seeds]
    return np.array(made, np.float16).reshape(-1, DIMENSION)


def passage_texts(documents: Sequence[ChunkedDocument]) -> list[str]:
    return [passage_text(each.document, passage) for each in documents for passage in each.passages]


def written(corpus: Sequence[ChunkedDocument], folder: Path) -> list[OpenShard]:
    """Write a corpus as shards of at most two documents, and open them."""
    objects = ObjectFolder(folder)
    shares = [corpus[start : start + 2] for start in range(0, len(corpus), 2)]
    made = [write_shard(share, vectors(passage_texts(share)), objects) for share in shares]
    return [read_shard(each, objects) for each in made]


@pytest.mark.parametrize("mapped", [False, True])
def test_documents_and_passages_are_what_was_written(
    mapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.objects.SMALLEST_MAPPED", 0 if mapped else 1 << 20)

    @settings(max_examples=settings().max_examples // 3)
    @given(corpora())
    def holds(corpus: list[ChunkedDocument]) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            shards = written(corpus, Path(folder))
            stored = StoredDocuments(shards)
            in_order = sorted(corpus, key=lambda each: (each.document.source, each.document.id))
            assert list(stored.values()) == in_order
            assert list(stored) == [each.document.id for each in in_order]
            assert dict(stored) == {each.document.id: each for each in corpus}
            assert list(stored.without_texts()) == [
                replace(each.document, text="") for each in corpus
            ]
            for number, each in enumerate(in_order):
                assert stored.document(each.document.id) == each.document
                behind = stored.after(each.document.source, each.document.id)
                assert list(behind) == [later.document for later in in_order[number + 1 :]]
            assert "no-such" not in stored
            assert stored.get("no-such") is None

            passages = StoredPassages(shards, stored)
            expected = [passage for each in corpus for passage in each.passages]
            assert list(passages) == [passages[row] for row in range(len(passages))] == expected
            assert list(passages[1::2]) == expected[1::2]
            assert passages[-1] == expected[-1]
            with pytest.raises(IndexError):
                passages[len(expected)]
            texts = {each.document.id: each.document.text for each in corpus}
            for row, passage in enumerate(expected):
                assert passages.text(row) == passage.span.of(texts[passage.document_id])

    holds()


@given(corpora(), st.booleans())
def test_a_text_has_the_vector_it_was_written_with(
    corpus: list[ChunkedDocument], collide: bool
) -> None:
    """Whatever half of the digest texts share."""

    def digest(text: str) -> tuple[int, int]:
        first, second = embedded_digest(text)
        return (first % 2, second) if collide else (first, second)

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr("index.store.places.embedded_digest", digest)
        shards = written(corpus, Path(folder))
        known = StoredVectors(lambda: shards)
        for text in passage_texts(corpus):
            vector = known.find(digest(text))
            assert vector is not None
            assert np.array_equal(vector, vectors([text])[0])
        assert known.find(digest("Nobody wrote this.")) is None


def test_an_id_that_is_no_line_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line feed"):
        written([chunked("one\ntwo", "A sentence.")], tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_nothing_is_kept_of_what_is_gone_through(tmp_path: Path) -> None:
    made = [chunked(f"d-{number}", "A sentence. " * 50) for number in range(9)]
    stored = StoredDocuments(written(made, tmp_path))
    for _ in stored.values():
        pass
    assert stored.kept == 0
    assert stored["d-3"] == made[3]
    text = len(made[3].document.text)
    assert text < stored.kept < text + 1000, "and what is said of it"


def test_many_threads_read_the_same_documents(tmp_path: Path) -> None:
    made = [chunked(f"d-{number}", f"Number {number}. " * 50) for number in range(9)]
    shards = written(made, tmp_path)
    stored = StoredDocuments(shards, kept=1000)
    passages = StoredPassages(shards, stored)
    rows = [int(row) for row in np.random.default_rng(0).integers(0, 9, 2000)]
    with ThreadPoolExecutor(8) as threads:
        for row, found in zip(rows, threads.map(passages.__getitem__, rows), strict=True):
            assert found == made[row].passages[0]
        ids = [f"d-{row}" for row in rows]
        for row, document in zip(rows, threads.map(stored.document, ids), strict=True):
            assert document == made[row].document
    assert stored.kept <= 1000


def chunked(name: str, text: str) -> ChunkedDocument:
    document = Document(name, f"notes/{name}", "", text, "text/plain", "text/3", "", "")
    spans = (Span(0, len(text)),)
    passage = Passage(passage_id(name, 0, len(text)), name, 0, len(text), (), spans)
    return ChunkedDocument(document, (passage,), ())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9))), st.integers(1, 12))
def test_what_is_kept_is_what_was_used_last(used: list[tuple[int, int]], limit: int) -> None:
    """Compared with a list of keys, the last one used at its end."""
    kept, order, weights = RecentlyUsed[int, str](limit), list[int](), dict[int, int]()
    for key, weight in used:
        made: list[int] = []

        def make(key: int = key, weight: int = weight, made: list[int] = made) -> tuple[str, int]:
            made.append(key)
            return f"value {key}", weight

        assert kept.get(key, make) == f"value {key}"
        assert bool(made) == (key not in order)
        if key in order:
            order.remove(key)
        else:
            weights[key] = weight
        order.append(key)
        while sum(weights[each] for each in order) > limit and len(order) > 1:
            order.pop(0)
        assert kept.weight == sum(weights[each] for each in order)


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=300))
def test_documents_are_dealt_by_their_ids_alone(numbers: set[int]) -> None:
    made = [Entry.of(chunked(f"d-{number}", "One.")) for number in sorted(numbers)]
    shards = deal(made)
    assert shards == deal(made[::-1])
    assert sorted(each.id for shard in shards.values() for each in shard) == sorted(
        each.id for each in made
    )
    assert all(shard == sorted(shard, key=lambda each: each.id) for shard in shards.values())
    fewer = deal(made[1:])
    if shard_count(len(made)) == shard_count(len(made) - 1):
        assert sum(fewer.get(at) != shard for at, shard in shards.items()) == 1
