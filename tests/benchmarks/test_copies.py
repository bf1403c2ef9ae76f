"""A grown store is a store like any other, and its copies are what is said of them."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.grow import COSINES, Copies, grow
from benchmarks.search import search
from index.store import open_store


@pytest.fixture(scope="module")
def copies(seeds_store: Path) -> Copies:
    return Copies(open_store(seeds_store).open())


def test_the_first_documents_are_the_real_ones(copies: Copies, seeds_store: Path):
    snapshot = open_store(seeds_store).open()
    real = [copies.document(number) for number in range(len(copies.originals))]
    texts = [" ".join(p.span.of(c.document.text).split()) for c in real for p in c.passages]
    of_store = [
        " ".join(" ".join(s.of(c.document.text) for s in p.sentences).split())
        for c in snapshot.documents()
        for p in c.passages
    ]
    assert texts == of_store


def test_copies_are_as_near_to_their_originals_as_is_said(copies: Copies):
    for original in range(len(copies.originals)):
        real = copies.document(original).document
        copy = copies.document(original + 3 * len(copies.originals)).document
        assert copy.text != real.text
        vectors = copies.passage_vectors(copy)
        cosines = np.sum(copies.passage_vectors(real) * vectors, axis=1)
        assert COSINES[0] - 0.01 <= cosines.min() <= cosines.max() <= COSINES[1] + 0.01
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_sentences_stand_where_their_spans_say(copies: Copies):
    for number in range(4 * len(copies.originals)):
        chunked = copies.document(number)
        text = chunked.document.text
        for passage in chunked.passages:
            sentences = " ".join(span.of(text) for span in passage.sentences)
            assert sentences == passage.span.of(text)
        stretches = [(each.start, each.end) for each in chunked.passages]
        stretches += [(each.start, each.end) for each in chunked.skipped]
        covered = {at for start, end in stretches for at in range(start, end)}
        assert not "".join(c for at, c in enumerate(text) if at not in covered).strip()


def test_a_grown_store_is_searched_exactly(seeds_store: Path, tmp_path: Path):
    built = grow(seeds_store, 500, tmp_path / "grown")
    assert built["passages"] >= 500
    found = search(tmp_path / "grown", ["Why do I get pimples?", "How long does redness last?"])
    assert found["passages"] == built["passages"]
    assert found["recall_at_10"] == 1
