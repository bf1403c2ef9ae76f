"""Which passage holds which term: what lexical search rests on."""

import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import StoreDamagedError
from index.records import ChunkedDocument, Document, Passage, Span, passage_id
from index.search.terms import stem, terms, word_spans, words
from index.store.objects import ObjectFolder
from index.store.postings import build_postings, join_terms, read_postings, write_postings
from index.store.shard_terms import HEADING_WEIGHT, ShardTerms, count_terms


def chunked(*texts: str, title: str = "", path: tuple[str, ...] = ()) -> ChunkedDocument:
    """Return a document of which each text is a passage of one sentence."""
    whole = "\n".join(texts)
    document = Document("a", "notes/a.txt", title, whole, "text/plain", "text/1", "", "")
    passages: list[Passage] = []
    start = 0
    for text in texts:
        span = Span(start, start + len(text))
        passages.append(Passage(passage_id("a", *span), "a", *span, path, (span,)))
        start = span.end + 1
    return ChunkedDocument(document, tuple(passages), ())


def held(texts: Sequence[str], term: str) -> dict[int, int]:
    rows, counts = build_postings([chunked(*texts)]).of(term)
    return dict(zip(rows.tolist(), counts.tolist(), strict=True))


# Terms.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Needles needling NEEDLED", ["needl"] * 3),
        ("the skin's own", ["the", "skin", "own"]),
        ("don’t, don't", ["dont", "dont"]),
        ("café naïve", ["cafe", "naiv"]),
        ("micro-needling", ["micro", "needl", "microneedl"]),
        ("a 1998-99 x-1", ["a", "1998", "99", "x", "1"]),
        ("... !?", []),
        ("Straße STRASSE", ["strass", "strass"]),
        ("ガラス カラス", ["ガラス", "カラス"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("cafe\u0301", ["cafe"]),
        ("дом 東京", ["дом", "東京"]),
    ],
)
def test_terms_are_folded_stemmed_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text())
def test_any_text_has_terms_without_blanks_and_words_that_stand_in_it(text: str) -> None:
    for term in terms(text):
        assert term
        assert not any(character.isspace() for character in term)
    for span in word_spans(text):
        assert words(span.of(text)), "a word of the text is one, folded"


@given(st.text(string.printable))
def test_ascii_text_has_the_terms_that_it_has_among_other_text(text: str) -> None:
    assert terms(f"{text} é") == [*terms(text)[: len(word_spans(text))], "e", *_compounds(text)]


def _compounds(text: str) -> list[str]:
    return terms(text)[len(word_spans(text)) :]


def test_an_endless_word_is_cut() -> None:
    (term,) = terms("x" * 10_000)
    assert len(term) <= 64


# Postings.

words_of_letters = st.text(string.ascii_lowercase, min_size=1, max_size=4)


def test_passages_are_numbered_through_all_documents() -> None:
    postings = build_postings(
        [chunked("Frost came.", "Redness fades."), chunked("It fades, fades")]
    )
    assert postings.of("fade")[0].tolist() == [1, 2]
    assert postings.of("fade")[1].tolist() == [1, 2]
    assert (postings.frequency("fade"), postings.frequency("thaw")) == (2, 0)
    assert postings.of("thaw")[0].tolist() == []
    assert postings.lengths.tolist() == [2, 2, 3]
    assert list(postings.vocabulary) == sorted(postings.vocabulary)


def test_a_heading_counts_three_times_and_a_title_that_is_one_once_more_not() -> None:
    postings = build_postings([chunked("It fades.", title="Care", path=("Care", "Redness"))])
    assert postings.of("red")[1].tolist() == [HEADING_WEIGHT]
    assert postings.of("care")[1].tolist() == [HEADING_WEIGHT]
    assert postings.lengths.tolist() == [2 + 2 * HEADING_WEIGHT]


def test_a_term_comes_from_the_word_that_is_said_most_often() -> None:
    postings = build_postings([chunked("Pimple, pimples and pimples.", path=("Pimpled",))])
    assert postings.form("pimpl") == "pimples"
    assert postings.form("frost") is None
    assert len(postings.forms) == len(postings.vocabulary)


@given(st.lists(words_of_letters, min_size=1), st.sampled_from("aeiostyz"), st.integers(1, 4))
def test_words_are_listed_by_first_letter_and_length(
    said: list[str], letter: str, length: int
) -> None:
    postings = build_postings([chunked(" ".join(said))])
    forms = [form for form in postings.forms if form[0] == letter and len(form) == length]
    assert postings.forms_beginning_with(letter, range(length, length + 1)) == forms


def test_a_word_said_very_often_is_counted_up_to_what_a_byte_holds() -> None:
    assert held(["fades " * 300], "fade") == {0: 255}


@given(st.lists(st.lists(words_of_letters, min_size=1, max_size=12).map(" ".join), min_size=1))
def test_every_count_is_that_of_the_text(texts: list[str]) -> None:
    postings = build_postings([chunked(*texts)])
    for row, text in enumerate(texts):
        for term, count in Counter(terms(text)).items():
            rows, counts = postings.of(term)
            assert counts[rows.tolist().index(row)] == count
    assert postings.starts[-1] == len(postings.rows) == len(postings.counts)
    assert len(postings.rows) == sum(len(set(terms(text))) for text in texts)
    for term in postings.vocabulary:
        rows, _ = postings.of(term)
        assert rows.tolist() == sorted(set(rows.tolist()))


@given(st.lists(st.lists(words_of_letters, max_size=12).map(" ".join), min_size=1, max_size=9))
def test_shards_read_one_by_one_give_the_postings_of_all_their_documents(texts: list[str]) -> None:
    documents = [chunked(text, text) for text in texts]
    whole = build_postings(documents)
    shards = [count_terms(documents[at : at + 2]).to_bytes() for at in range(0, len(texts), 2)]
    joined = join_terms(ShardTerms.from_bytes(shard) for shard in shards)
    assert list(joined.vocabulary) == list(whole.vocabulary) == sorted(whole.vocabulary)
    assert list(joined.forms) == list(whole.forms)
    for name in ("starts", "rows", "counts", "lengths"):
        one, other = getattr(joined, name), getattr(whole, name)
        assert np.array_equal(one, other)
        assert one.dtype == other.dtype


def test_a_shard_of_very_many_passages_loses_none() -> None:
    postings = join_terms([count_terms([chunked(*["It fades."] * 300)])] * 2)
    assert postings.of("fade")[0].tolist() == list(range(600))


def test_postings_come_back_as_they_were_written_and_damage_is_found(tmp_path: Path) -> None:
    postings = build_postings([chunked("Frost came.", "Redness fades.", path=("Care",))])
    objects = ObjectFolder(tmp_path)
    files = write_postings(postings, objects)
    assert write_postings(postings, objects) == files
    back = read_postings(files, objects)
    assert (
        list(back.vocabulary)
        == list(postings.vocabulary)
        == ["came", "care", "fade", "frost", "red"]
    )
    assert list(back.forms) == list(postings.forms)
    for name in ("starts", "rows", "counts", "lengths"):
        mapped = getattr(back, name)
        assert np.array_equal(mapped, getattr(postings, name))
        assert not mapped.flags.writeable
    path = tmp_path / files.rows.sha256
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        read_postings(files, objects)


def test_documents_without_a_word_have_postings(tmp_path: Path) -> None:
    objects = ObjectFolder(tmp_path)
    back = read_postings(write_postings(build_postings([chunked("!!!")]), objects), objects)
    assert (list(back.vocabulary), back.lengths.tolist()) == ([], [0])
    assert back.frequency("fade") == 0


def test_stems_are_those_of_the_snowball_stemmer() -> None:
    assert [stem(word) for word in ("running", "generously", "skies")] == ["run", "generous", "sky"]
