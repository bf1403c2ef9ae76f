"""Codes of vectors in the store: derived, a part of the snapshot like the rest."""

from pathlib import Path

import numpy as np
import pytest

from index.encoding.model import Model
from index.errors import StoreDamagedError
from tests.store.living import WORDS, Living


@pytest.fixture
def many(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Living:
    """Forty texts, which count as many."""
    monkeypatch.setattr("index.search.dense.CODED_FROM", 20)
    living = Living(tmp_path, model)
    for number in range(40):
        living.write(f"{number}.txt", f"Note {number}: {' '.join(WORDS[number % 13 :])}.\n")
    living.index()
    return living


def nearest(living: Living, *, exact: bool = False) -> list[tuple[str, float]]:
    snapshot = living.store.open()
    (question,) = living.encoder.encode(["redness fades on the scar"], "query")
    found = snapshot.nearest(question, 60, exact=exact)
    return sorted((snapshot.passage(row).id, round(score, 3)) for row, score in found)


def has_codes(many: Living) -> bool:
    return b"IPfs" in b"".join(p.read_bytes() for p in (many.store.folder / "arrays").iterdir())


def test_a_corpus_has_codes_from_some_size_on_and_finds_the_same(many: Living) -> None:
    assert has_codes(many)
    assert nearest(many) == nearest(many, exact=True)
    many.write("7.txt", "Another text about the depth of the needle.\n")
    (many.files / "8.txt").unlink()
    many.put("upload", "A text about the sun and the night.")
    many.index()
    assert has_codes(many)
    assert len(nearest(many)) == 40
    assert nearest(many) == nearest(many, exact=True)
    many.assert_as_fresh()


def test_codes_that_were_altered_are_found_and_made_again(many: Living) -> None:
    before = nearest(many)
    files = sorted((many.store.folder / "arrays").iterdir(), key=lambda p: p.stat().st_size)
    for path in files:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreDamagedError, match="arrays/"):
            many.store.check()
        assert nearest(many) == before
        many.store.check()


def test_an_index_that_changes_nothing_makes_no_codes(
    many: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("made anew")

    monkeypatch.setattr("index.store.local.mapped.codes_of", refuse)
    assert not many.index().changed


def test_after_a_purge_codes_are_those_of_what_is_left(many: Living) -> None:
    for number in range(10):
        (many.files / f"{number}.txt").unlink()
    many.index()
    many.store.purge()
    assert has_codes(many)
    assert nearest(many) == nearest(many, exact=True)
    assert len(nearest(many)) == 30
    assert np.isfinite([score for _, score in nearest(many)]).all()
