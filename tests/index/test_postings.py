"""Which passage holds which term: what lexical search rests on."""

import dataclasses
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.records import ChunkedDocument
from index.search import postings as postings_module
from index.search.bm25 import Lexicon, Term
from index.search.postings import (
    HEADING_WEIGHT,
    Postings,
    Terms,
    combine,
    count_terms,
    delta_of,
    removal,
)
from index.search.terms import stem, terms, word_spans, words
from tests.index.chunked import chunked, lexicon_of, postings_of


def held(texts: Sequence[str], term: str) -> dict[int, int]:
    rows, counts = postings_of(chunked(*texts)).of(term)
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
    documents = [chunked("Frost came.", "Redness fades."), chunked("It fades, fades")]
    counted, lengths = count_terms([(documents[0], 7), (documents[1], 20)])
    postings = Postings(counted, Terms.empty())
    assert postings.of("fade")[0].tolist() == [8, 20]
    assert postings.of("fade")[1].tolist() == [1, 2]
    assert (postings.frequency("fade"), postings.frequency("thaw")) == (2, 0)
    assert postings.of("thaw")[0].tolist() == []
    assert lengths.tolist() == [2, 2, 3]
    assert list(counted.vocabulary) == sorted(counted.vocabulary)


def test_a_heading_counts_three_times_and_a_title_that_is_one_once_more_not() -> None:
    document = chunked("It fades.", title="Care", path=("Care", "Redness"))
    counted, lengths = count_terms([(document, 0)])
    postings = Postings(counted, Terms.empty())
    assert postings.of("red")[1].tolist() == [HEADING_WEIGHT]
    assert postings.of("care")[1].tolist() == [HEADING_WEIGHT]
    assert lengths.tolist() == [2 + 2 * HEADING_WEIGHT]


def test_a_term_comes_from_the_word_that_is_said_most_often() -> None:
    postings = postings_of(chunked("Pimple, pimples and pimples.", path=("Pimpled",)))
    assert postings.form("pimpl") == "pimples"
    assert postings.form("frost") is None
    assert len(postings.base.forms) == len(postings.base.vocabulary)


@given(st.lists(words_of_letters, min_size=1), st.sampled_from("aeiostyz"), st.integers(1, 4))
def test_words_are_listed_by_first_letter_and_length(
    said: list[str], letter: str, length: int
) -> None:
    postings = postings_of(chunked(" ".join(said)))
    forms = [form for form in postings.base.forms if form[0] == letter and len(form) == length]
    assert postings.forms_beginning_with(letter, range(length, length + 1)) == forms


def test_a_word_said_very_often_is_counted_up_to_what_a_byte_holds() -> None:
    assert held(["fades " * 300], "fade") == {0: 255}


@given(st.lists(st.lists(words_of_letters, min_size=1, max_size=12).map(" ".join), min_size=1))
def test_every_count_is_that_of_the_text(texts: list[str]) -> None:
    postings = postings_of(chunked(*texts))
    for row, text in enumerate(texts):
        for term, count in Counter(terms(text)).items():
            rows, counts = postings.of(term)
            assert counts[rows.tolist().index(row)] == count
    counted = postings.base
    assert counted.starts[-1] == len(counted.rows) == len(counted.counts)
    assert len(counted.rows) == sum(len(set(terms(text))) for text in texts)
    for term in counted.vocabulary:
        rows, _ = postings.of(term)
        assert rows.tolist() == sorted(set(rows.tolist()))


def test_terms_come_back_as_they_were_written(tmp_path: Path) -> None:
    written, _ = count_terms([(chunked("Frost came.", "Redness fades.", path=("Care",)), 0)])
    for name, values in written.arrays().items():
        np.save(tmp_path / name, values)
    back = Terms.from_arrays(
        {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in written.arrays()}
    )
    assert list(back.vocabulary) == ["came", "care", "fade", "frost", "red"]
    assert list(back.forms) == ["came", "care", "fades", "frost", "redness"]
    assert not back.rows.flags.writeable
    assert_same(back, written)
    assert_same(combine([back], np.ones(2, np.bool_)), written)


def test_documents_without_a_word_have_postings() -> None:
    counted, lengths = count_terms([(chunked("!!!"), 0)])
    back = Terms.from_arrays(counted.arrays())
    assert (list(back.vocabulary), lengths.tolist()) == ([], [0])
    assert Postings(back, Terms.empty()).frequency("fade") == 0
    assert_same(back, Terms.empty())
    assert_same(combine([], np.zeros(0, np.bool_)), back)


def assert_same(one: Terms, other: Terms) -> None:
    others = other.arrays()
    for name, values in one.arrays().items():
        assert np.array_equal(values, others[name]), name
        assert values.dtype == others[name].dtype, name


def test_stems_are_those_of_the_snowball_stemmer() -> None:
    assert [stem(word) for word in ("running", "generously", "skies")] == ["run", "generous", "sky"]


# Base and delta.

WORDS = (
    "fade fades fading faded frost frosts frosted frosty pimple pimples pimpled run runs running "
    "red redness café cafe's дом of a été étés x-ray micro-needling needling needle"
).split()
some_words = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
some_documents = st.lists(
    st.builds(
        lambda texts, title, path: chunked(*texts, title=title, path=tuple(path)),
        st.lists(some_words, min_size=1, max_size=3),
        some_words,
        st.lists(some_words, max_size=1),
    ),
    max_size=4,
)
changes = st.lists(
    st.tuples(some_documents, st.sets(st.integers(0, 12)), st.booleans()), min_size=1, max_size=6
)


@dataclass
class Living:
    """Documents that come and go, and what a store keeps of them: what is tested as a whole."""

    documents: dict[int, ChunkedDocument] = field(default_factory=dict[int, ChunkedDocument])
    rows: int = 0
    base: Terms = field(default_factory=Terms.empty)
    delta: Terms = field(default_factory=Terms.empty)
    lengths: dict[int, int] = field(default_factory=dict[int, int])

    def change(
        self, added: Sequence[ChunkedDocument], removed: set[int], *, new_base: bool
    ) -> None:
        """Add documents and remove those that are at these places."""
        firsts = [first for place, first in enumerate(self.documents) if place in removed]
        parts = [self.delta, removal([self.documents.pop(first) for first in firsts])]
        coming: list[tuple[ChunkedDocument, int]] = []
        for document in added:
            coming.append((document, self.rows))
            self.documents[self.rows] = document
            self.rows += len(document.passages)
        counted, lengths = count_terms(coming)
        self.lengths |= dict(zip(range(self.rows - len(lengths), self.rows), lengths, strict=True))
        self.delta = delta_of(self.base, [*parts, counted], self.alive)
        if new_base:
            self.base = combine([self.base, self.delta], self.alive)
            self.delta = Terms.empty()

    @property
    def alive(self) -> NDArray[np.bool_]:
        alive = np.zeros(self.rows, np.bool_)
        for first, document in self.documents.items():
            alive[first : first + len(document.passages)] = True
        return alive

    def lexicon(self) -> Lexicon[Postings]:
        firsts, ends, document_lengths = np.zeros((3, self.rows), np.int32)
        lengths = np.array([self.lengths[row] for row in range(self.rows)], np.int32)
        for first, document in self.documents.items():
            own = slice(first, first + len(document.passages))
            firsts[own], ends[own] = own.start, own.stop
            document_lengths[own] = lengths[own].sum()
        return Lexicon.of(
            Postings(self.base, self.delta),
            firsts=firsts,
            ends=ends,
            lengths=lengths,
            document_lengths=document_lengths,
            alive=self.alive,
            passages=int(self.alive.sum()),
            documents=len(self.documents),
            total_length=int(lengths[self.alive].sum()),
        )


@pytest.mark.parametrize("block", [3, 1 << 21])
@given(history=changes)
def test_documents_that_came_and_went_leave_what_a_fresh_build_has(
    block: int, history: list[tuple[list[ChunkedDocument], set[int], bool]]
) -> None:
    living = Living()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings_module, "_BLOCK", block)
        for added, removed, new_base in history:
            living.change(added, removed, new_base=new_base)
            assert_like_a_fresh_build(living)
        fresh = lexicon_of(*living.documents.values()).postings.base
        whole = combine([living.base, living.delta], living.alive)
        rows_alive = np.flatnonzero(living.alive).astype(np.int32)
        assert_same(dataclasses.replace(fresh, rows=rows_alive[fresh.rows]), whole)


def assert_like_a_fresh_build(living: Living) -> None:
    ours, fresh = living.lexicon(), lexicon_of(*living.documents.values())
    rows_alive = np.flatnonzero(living.alive)
    every_term = sorted({term for word in WORDS for term in terms(word)})
    for term in every_term:
        assert ours.postings.frequency(term) == fresh.postings.frequency(term)
        assert ours.postings.form(term) == fresh.postings.form(term)
        assert ours.weight(term) == fresh.weight(term)
        rows, counts = ours.postings.of(term)
        living_entries = living.alive[rows]
        rows_of_fresh, fresh_counts = fresh.postings.of(term)
        assert rows[living_entries].tolist() == rows_alive[rows_of_fresh].tolist()
        assert counts[living_entries].tolist() == fresh_counts.tolist()
    for letter in string.ascii_lowercase:
        for lengths in (range(1, 30), range(4, 6)):
            forms = fresh.postings.forms_beginning_with(letter, lengths)
            assert ours.postings.forms_beginning_with(letter, lengths) == forms
    asked = [Term(term, 1, fresh.weight(term)) for term in every_term[:6]]
    fresh_rows = np.arange(len(rows_alive))
    assert ours.scores(asked, rows_alive)[0].tolist() == fresh.scores(asked, fresh_rows)[0].tolist()
    assert ours.scores(asked, rows_alive)[1].tolist() == fresh.scores(asked, fresh_rows)[1].tolist()
    for fresh_row, row in enumerate(rows_alive.tolist()):
        held_by_ours = ours.held_by_document(asked, row)
        assert held_by_ours == fresh.held_by_document(asked, fresh_row)
    for limit in (3, 100):
        best, scores = ours.best(asked, limit)
        fresh_best, fresh_scores = fresh.best(asked, limit)
        assert best.tolist() == rows_alive[fresh_best].tolist()
        assert scores.tolist() == fresh_scores.tolist()


def test_a_word_that_stands_in_no_heading_any_more_is_no_form() -> None:
    living = Living()
    headed = [chunked("A.", path=("Run",)), chunked("B.", path=("Running",))]
    living.change(headed, set(), new_base=True)
    assert living.lexicon().postings.form("run") == "run"
    living.change([], {0}, new_base=False)
    assert living.lexicon().postings.form("run") == "running"
    living.change([chunked("He runs.")], set(), new_base=False)
    assert living.lexicon().postings.form("run") == "runs"
    living.change([], {0, 1}, new_base=False)
    assert living.lexicon().postings.form("run") is None
    assert living.lexicon().postings.forms_beginning_with("r", range(9)) == []
