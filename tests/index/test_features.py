"""What questions compare with a passage is what its text says, however it was stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.records import Document, Passage
from index.search.features import Features, features_of, number_of
from index.search.terms import stem, words
from index.store.records import text_digest
from index.structure.units import stands_above, units_of
from index.structure.wording import STOPWORDS
from tests.documents import document

TEXTS = (
    "Redness fades within two days. It isn't a worry: call us, though, if it stays.",
    "These help:\n- Ice: it cools.\n- Rest.\n\nItem | 2022 | 2021\nLand | 5,433 | 6,580\n",
    "Die Rötung klingt ab. 皮肤发红两天后消退。 micro-needling, “well-known” 👍🏽",
    "x",
)


def read(document: Document, passage: Passage) -> Features:
    digests = [text_digest(sentence.of(document.text)) for sentence in passage.sentences]
    return Features.read(digests, features_of(document, passage))


def assert_tells(features: Features, whole: Document, passage: Passage) -> None:
    text = whole.text
    assert list(features.units) == list(units_of(text, passage))
    assert sum(unit.sentences for unit in features.units) == len(passage.sentences)
    assert features.lengths == [s.end - s.start for s in passage.sentences]
    assert list(features.words_above) == numbers_in(stands_above(whole, passage))
    for number, sentence in enumerate(passage.sentences):
        assert list(features.words_of(number)) == numbers_in(sentence.of(text))


def numbers_in(text: str) -> list[int]:
    telling = [word for word in words(text) if word not in STOPWORDS]
    return list(dict.fromkeys(number_of(stem(word)) for word in telling))


@pytest.mark.parametrize("text", TEXTS)
def test_features_tell_what_the_text_says(text: str, model: Model) -> None:
    whole = document(text, "notes about it.txt", "Redness")
    passages = Chunker(model.tokenizer(), model.budget()).chunk(whole).passages
    assert passages
    for passage in passages:
        assert_tells(read(whole, passage), whole, passage)


def test_any_text_has_features(model: Model) -> None:
    chunker = Chunker(model.tokenizer(), model.budget())

    @given(st.text(max_size=400))
    def holds(text: str) -> None:
        whole = document(text, "a.txt", "")
        for passage in chunker.chunk(whole).passages:
            assert_tells(read(whole, passage), whole, passage)

    holds()
