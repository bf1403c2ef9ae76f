"""Question and window in tokens: those of transformers, cut where they must be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking.tokens import Tokenizer
from index.encoding.model import Model
from index.errors import ModelError
from qa.read.pairs import PairTokenizer
from qa.read.reading import OF_QUESTIONS
from tests.qa.read.conftest import windows_of


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> PairTokenizer:
    return PairTokenizer(model.tokenizer())


def test_pairs_are_those_of_transformers(tokenizer: PairTokenizer, model: Model) -> None:
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(str(model.folder))
    question = "How long does redness last?"
    windows = [
        *windows_of("It fades within two days.", "Ünïcödé 👍🏽 皮肤", "long " * 300),
        *windows_of("It fades.", "long " * 300, above="Side effects: Redness"),
    ]
    for window, pair in zip(windows, tokenizer.pairs(question, windows), strict=True):
        text = f"{window.above}. {window.text}" if window.above else window.text
        expected = reference(question, text, truncation="only_second", max_length=OF_QUESTIONS.both)
        assert pair.ids.tolist() == expected["input_ids"]
        assert pair.types.tolist() == expected["token_type_ids"]
        assert len(pair) <= OF_QUESTIONS.both


def test_a_long_question_is_cut(tokenizer: PairTokenizer) -> None:
    (pair,) = tokenizer.pairs("word " * 100, windows_of("The answer."))
    assert (pair.types == 0).sum() == 1 + OF_QUESTIONS.first + 1  # [CLS] and [SEP]
    assert pair.spans.tolist() == [[0, 3], [4, 10], [10, 11]]
    (longest,) = tokenizer.pairs("word " * 100, windows_of("text " * 300))
    assert len(longest) == OF_QUESTIONS.both
    assert len(longest.spans) == OF_QUESTIONS.both - OF_QUESTIONS.first - 3


def test_what_stands_above_may_take_all_the_room(tokenizer: PairTokenizer) -> None:
    (pair,) = tokenizer.pairs("why?", windows_of("The answer.", above="heading " * 300))
    assert len(pair) == OF_QUESTIONS.both
    assert pair.spans.shape == (0, 2)


@given(
    above=st.sampled_from(["", "Care", "👍🏽: 皮肤"]),
    words=st.lists(
        st.one_of(
            st.sampled_from(
                "Redness fades İstanbul e\u0301 👩‍👩‍👧‍👦 皮肤 \u200b \x00 \t $1,250.00".split(" ")
            ),
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
        ),
        max_size=20,
    ),
)
def test_spans_are_of_the_windows_own_text(
    tokenizer: PairTokenizer, above: str, words: list[str]
) -> None:
    text = " ".join(words)
    (pair,) = tokenizer.pairs("why?", windows_of(text, above=above))
    alone = [tuple(span) for span in pair.spans.tolist()]
    offsets = tokenizer._tokenizer.encodings([text])[0].offsets
    assert alone == offsets
    assert all(text[start:end].strip() for start, end in alone)
    if alone:
        assert pair.first + len(alone) + 1 == len(pair), "only [SEP] follows"


def test_a_broken_tokenizer_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="not a readable tokenizer") as raised:
        Tokenizer(tmp_path)
    assert "\n" not in str(raised.value)
