"""Which passage holds which term, and how often: what the search by words reads.

A passage's terms are those of its text and, counted three times, of its headings, with the
document's title among them: a passage of "Redness" is about redness even where it says "it".

The terms of a snapshot are in two parts. The `base` is large and seldom written. The `delta` says
what changed since: the terms of passages that came, and negative numbers for those that went.
`Postings` reads both as if they were one.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from itertools import chain, compress, pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument, headings_and_context
from index.search.terms import stem, words
from index.search.word_list import WordList

HEADING_WEIGHT = 3
_MOST = 255
_BLOCK = 1 << 21
"""Entries that are merged at a time: memory for a few arrays of this length is needed."""
_TERMS_REMEMBERED = 1 << 12
_WORD_LISTS = ("vocabulary", "words", "forms")


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of some passages; all arrays may be mapped from disk.

    `vocabulary` has the terms, sorted; each stands in `held` passages. Entries `starts[i]` to
    `starts[i + 1]` of `rows` and `counts` belong to term i: the passages that hold it, in order,
    and how often each does (255 at most).

    `words` has the folded words that the terms come from, sorted. Word i belongs to the term
    `word_terms[i]`, stands `said[i]` times in texts and `headed[i]` times in headings. `forms` has
    for each term the word that is said most.

    In a delta, `held`, `said` and `headed` are differences to the base, and may be negative.
    """

    vocabulary: WordList
    held: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    words: WordList
    said: NDArray[np.int64]
    headed: NDArray[np.int64]
    word_terms: NDArray[np.int32]
    forms: WordList

    @classmethod
    def empty(cls) -> Self:
        """Return the terms of no passages."""
        none, numbers = WordList.of(()), np.zeros(0, np.int64)
        rows, counts = np.zeros(0, np.int32), np.zeros(0, np.uint8)
        starts = np.zeros(1, np.int64)
        return cls(none, numbers, starts, rows, counts, none, numbers, numbers, rows, none)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {name: values[name].joined for name in _WORD_LISTS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the terms of stored arrays."""
        values: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items()}
        return cls(**values | {name: WordList.over(values[name]) for name in _WORD_LISTS})

    def entries(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the rows and counts of a term."""
        within = slice(self.starts[number], self.starts[number + 1])
        return self.rows[within], self.counts[within]

    def renumbered(self, new_rows: NDArray[np.int64]) -> Self:
        """Return the terms with `new_rows[row]` for each row; the order of rows must stay."""
        return replace(self, rows=new_rows[self.rows].astype(np.int32))


@dataclass(frozen=True, eq=False)
class Postings:
    """The terms of a snapshot, to be read. All rows of `delta` come after those of `base`."""

    base: Terms
    delta: Terms

    def prefetch(self, terms: Iterable[str]) -> None:
        """Do nothing: all is here."""

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Return the passages that hold `term`, in order, and how often each does.

        Passages that were removed since the base was made may be among them.
        """
        lists = [part.entries(number) for part, number in self._parts_with(term)]
        lists = [(rows, counts) for rows, counts in lists if len(rows)]
        if not lists:
            return self.base.rows[:0], self.base.counts[:0]
        if len(lists) == 1:
            return lists[0]
        rows, counts = zip(*lists, strict=True)
        return np.concatenate(rows), np.concatenate(counts)

    def frequency(self, term: str) -> int:
        """Return in how many passages `term` stands."""
        return sum(int(part.held[number]) for part, number in self._parts_with(term))

    def form(self, term: str) -> str | None:
        """Return the word that `term` most often comes from, None if no passage holds it."""
        if not self.frequency(term):
            return None
        part, number = self._parts_with(term)[-1]
        return part.forms[number]

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with an ASCII letter and have so many bytes.

        They are in the order of their terms. A term begins as its words do: Snowball stems English
        at the end alone.
        """
        of_base, of_delta = (
            part.forms.with_length(
                range(part.vocabulary.place(letter), part.vocabulary.place(chr(ord(letter) + 1))),
                lengths,
            )
            for part in (self.base, self.delta)
        )
        if not len(self.delta.vocabulary):
            return self.base.forms.take(of_base)
        of_base = of_base[~self._overridden[of_base]]
        of_delta = of_delta[self._delta_frequencies[of_delta] > 0]
        forms = self.delta.forms.take(of_delta) + self.base.forms.take(of_base)
        # A new term stands before the base term at its place: a stable sort leaves it there.
        places = np.concatenate([self._delta_places[0][of_delta], of_base])
        return [forms[index] for index in np.argsort(places, kind="stable")]

    def _parts_with(self, term: str) -> list[tuple[Terms, int]]:
        numbers = [(part, number_of(term)) for part, number_of in self._numbers]
        return [(part, number) for part, number in numbers if number is not None]

    @cached_property
    def _numbers(self) -> list[tuple[Terms, Callable[[str], int | None]]]:
        remember = lru_cache(_TERMS_REMEMBERED)
        return [(part, remember(part.vocabulary.find)) for part in (self.base, self.delta)]

    @cached_property
    def _delta_places(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return _places(self.base.vocabulary, list(self.delta.vocabulary))

    @cached_property
    def _overridden(self) -> NDArray[np.bool_]:
        places, found = self._delta_places
        overridden = np.zeros(len(self.base.vocabulary), np.bool_)
        overridden[places[found]] = True
        return overridden

    @cached_property
    def _delta_frequencies(self) -> NDArray[np.int64]:
        places, found = self._delta_places
        frequencies = np.array(self.delta.held)
        frequencies[found] += self.base.held[places[found]]
        return frequencies


def count_terms(
    documents: Iterable[tuple[ChunkedDocument, int]],
) -> tuple[Terms, NDArray[np.int32]]:
    """Return the terms of documents, and the number of terms of each passage in order.

    Each document comes with the row of its first passage; its other passages are in the rows that
    follow. Rows ascend from document to document.
    """
    numbers: dict[str, int] = {}
    said: Counter[str] = Counter()
    headed: Counter[str] = Counter()
    rows, columns, counts, lengths = array("i"), array("i"), array("B"), array("i")
    for chunked, first_row in documents:
        for row, passage in enumerate(chunked.passages, first_row):
            written = words(passage.span.of(chunked.document.text))
            said.update(written)
            term_counts = Counter(map(stem, written))
            for heading in headings_and_context(chunked.document, passage):
                heading_words = _heading_words(heading)
                headed.update(heading_words)
                for word in heading_words:
                    term_counts[stem(word)] += HEADING_WEIGHT
            for term, count in term_counts.items():
                columns.append(numbers.setdefault(term, len(numbers)))
                counts.append(min(count, _MOST))
            rows.extend([row] * len(term_counts))
            lengths.append(term_counts.total())
    vocabulary = sorted(numbers)
    rank = np.empty(len(numbers), np.int32)
    rank[[numbers[term] for term in vocabulary]] = np.arange(len(numbers), dtype=np.int32)
    ranks = rank[np.array(columns, np.int32)]
    order = np.argsort(ranks, kind="stable")
    held = np.bincount(ranks, minlength=len(numbers)).astype(np.int64)
    all_words = sorted(said.keys() | headed.keys())
    uses = _Words(
        all_words,
        rank[[numbers[stem(word)] for word in all_words]],
        np.array([said[word] for word in all_words], np.int64),
        np.array([headed[word] for word in all_words], np.int64),
    )
    found = Terms(
        vocabulary=WordList.of(vocabulary),
        held=held,
        starts=_starts(held),
        rows=np.array(rows, np.int32)[order],
        counts=np.array(counts, np.uint8)[order],
        words=WordList.of(uses.words),
        said=uses.said,
        headed=uses.headed,
        word_terms=uses.terms,
        forms=_forms(vocabulary, uses),
    )
    return found, np.array(lengths, np.int32)


@lru_cache(maxsize=4096)
def _heading_words(heading: str) -> tuple[str, ...]:
    return tuple(words(heading))


def removal(documents: Iterable[ChunkedDocument]) -> Terms:
    """Return what a delta says of documents that are removed: negative numbers, no postings."""
    terms, _ = count_terms((chunked, 0) for chunked in documents)
    return replace(
        terms,
        held=-terms.held,
        starts=np.zeros_like(terms.starts),
        rows=terms.rows[:0],
        counts=terms.counts[:0],
        said=-terms.said,
        headed=-terms.headed,
    )


def delta_of(base: Terms, parts: Sequence[Terms], alive: NDArray[np.bool_]) -> Terms:
    """Combine all changes since `base` was made to one delta.

    Its `forms` take the words of the base into account.
    """
    delta = combine(parts, alive)
    vocabulary = list(delta.vocabulary)
    places, found = _places(base.vocabulary, vocabulary)
    delta_terms = np.full(len(base.vocabulary), -1, np.int32)
    delta_terms[places[found]] = np.flatnonzero(found)
    of_base = np.flatnonzero(delta_terms[base.word_terms] >= 0)
    base_words = _Words(
        base.words.take(of_base),
        delta_terms[base.word_terms[of_base]],
        base.said[of_base],
        base.headed[of_base],
    )
    uses = _sum_words([base_words, _Words.of(delta)])
    return replace(delta, forms=_forms(vocabulary, uses))


def combine(parts: Sequence[Terms], alive: NDArray[np.bool_]) -> Terms:
    """Return the terms of all parts as one; postings of rows that are not `alive` are left out.

    Rows ascend from part to part. A base and its deltas give the next base: the same as if the
    passages that are alive were counted anew.
    """
    vocabulary, term_numbers = _union([list(part.vocabulary) for part in parts])
    held = np.zeros(len(vocabulary), np.int64)
    for part, numbers in zip(parts, term_numbers, strict=True):
        held[numbers] += part.held
    sizes, rows, counts = _merge_entries(parts, term_numbers, len(vocabulary), alive)
    used = (held != 0) | (sizes > 0)
    vocabulary = list(compress(vocabulary, used))
    uses = _sum_words(
        [
            _Words.of(part, numbers[part.word_terms])
            for part, numbers in zip(parts, term_numbers, strict=True)
        ]
    )
    terms_used = np.cumsum(used, dtype=np.int32) - 1
    uses = replace(uses, terms=terms_used[uses.terms])
    return Terms(
        vocabulary=WordList.of(vocabulary),
        held=held[used],
        starts=_starts(sizes[used]),
        rows=rows,
        counts=counts,
        words=WordList.of(uses.words),
        said=uses.said,
        headed=uses.headed,
        word_terms=uses.terms,
        forms=_forms(vocabulary, uses),
    )


def _merge_entries(
    parts: Sequence[Terms],
    term_numbers: Sequence[NDArray[np.int32]],
    terms: int,
    alive: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8]]:
    """Return how many living entries each term has, and all their rows and counts by term."""
    entries = np.zeros(terms, np.int64)
    for part, numbers in zip(parts, term_numbers, strict=True):
        entries[numbers] += np.diff(part.starts)
    ends = np.cumsum(entries)
    blocks = np.searchsorted(ends, np.arange(0, ends[-1] if terms else 0, _BLOCK), side="right")
    sizes = np.zeros(terms, np.int64)
    all_rows, all_counts = [np.empty(0, np.int32)], [np.empty(0, np.uint8)]
    for first, last in pairwise(np.unique([*blocks, terms])):
        block: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]] = []
        for part, numbers in zip(parts, term_numbers, strict=True):
            own = slice(*np.searchsorted(numbers, [first, last]))
            starts = part.starts[own.start : own.stop + 1]
            within = slice(starts[0], starts[-1])
            rows = part.rows[within]
            living = alive[rows]
            of_terms = np.repeat(numbers[own], np.diff(starts))
            block.append((of_terms[living], rows[living], part.counts[within][living]))
        of_terms, rows, counts = map(np.concatenate, zip(*block, strict=True))
        order = np.argsort(of_terms, kind="stable")
        sizes[first:last] = np.bincount(of_terms - first, minlength=last - first)
        all_rows.append(rows[order])
        all_counts.append(counts[order])
    return sizes, np.concatenate(all_rows), np.concatenate(all_counts)


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """Words, the numbers of their terms, and how often they are said and stand in headings."""

    words: list[str]
    terms: NDArray[np.int32]
    said: NDArray[np.int64]
    headed: NDArray[np.int64]

    @classmethod
    def of(cls, part: Terms, terms: NDArray[np.int32] | None = None) -> Self:
        numbers = part.word_terms if terms is None else terms
        return cls(list(part.words), numbers, part.said, part.headed)


def _sum_words(groups: Sequence[_Words]) -> _Words:
    """Return the words of all groups with their sums, without those that stand nowhere."""
    listed, numbers_of_groups = _union([group.words for group in groups])
    terms = np.zeros(len(listed), np.int32)
    said, headed = np.zeros((2, len(listed)), np.int64)
    for group, numbers in zip(groups, numbers_of_groups, strict=True):
        terms[numbers] = group.terms
        said[numbers] += group.said
        headed[numbers] += group.headed
    used = (said != 0) | (headed != 0)
    return _Words(list(compress(listed, used)), terms[used], said[used], headed[used])


def _forms(vocabulary: Sequence[str], uses: _Words) -> WordList:
    """Return for each term the word that is said most often, then the shortest, then the first.

    A term that has no word any more stands for itself.
    """
    lengths = np.fromiter(map(len, uses.words), np.int64, len(uses.words))
    by_use = np.lexsort((lengths, -uses.said, uses.terms))  # stable, and words are sorted
    terms, firsts = np.unique(uses.terms[by_use], return_index=True)
    forms = list(vocabulary)
    for term, word in zip(terms.tolist(), by_use[firsts].tolist(), strict=True):
        forms[term] = uses.words[word]
    return WordList.of(forms)


def _union(lists: Sequence[list[str]]) -> tuple[list[str], list[NDArray[np.int32]]]:
    """Return the words of sorted lists, sorted, and for each list the numbers of its words."""
    union = sorted(dict.fromkeys(chain.from_iterable(lists)))
    numbers = {word: number for number, word in enumerate(union)}
    return union, [
        np.fromiter(map(numbers.__getitem__, listed), np.int32, len(listed)) for listed in lists
    ]


def _places(
    vocabulary: WordList, terms: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where terms stand in a vocabulary, or would stand, and whether they do."""
    places = vocabulary.places(terms)
    found = places < len(vocabulary)
    there = vocabulary.take(places[found])
    found[found] = [
        term == other for term, other in zip(compress(terms, found), there, strict=True)
    ]
    return places, found


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
