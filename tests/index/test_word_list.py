"""A long list of words in one array."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.search import word_list
from index.search.word_list import WordList

words = st.text(st.sampled_from("abcxyzéß東а\U0001f600"), min_size=1, max_size=6)


@given(st.sets(words), words)
def test_a_word_is_found_where_a_list_of_strings_has_it(chosen: set[str], other: str) -> None:
    strings = sorted(chosen)
    listed = WordList.of(strings)
    assert (list(listed), len(listed)) == (strings, len(strings))
    assert [listed[number] for number in range(len(listed))] == strings
    for word in (*strings, other, other[:1], other + "z"):
        assert listed.find(word) == (strings.index(word) if word in chosen else None)


@given(st.lists(words), st.integers(0, 9), st.integers(0, 9), st.integers(0, 5))
def test_words_are_chosen_by_their_length(
    strings: list[str], first: int, last: int, least: int
) -> None:
    numbers, lengths = range(min(first, last), min(last, len(strings))), range(least, 4)
    listed = WordList.of(strings)
    expected = [strings[number] for number in numbers if len(strings[number].encode()) in lengths]
    assert listed.take(listed.with_length(numbers, lengths)) == expected


def test_no_word_is_no_word_and_one_that_is_no_text_is_not_found() -> None:
    assert list(WordList.of([])) == []
    assert WordList.of([]).find("frost") is None
    assert WordList.of([]).with_length(range(0), range(9)).tolist() == []
    assert WordList.of([]).take(np.zeros(0, np.int64)) == []
    assert WordList.of([]).places(["a", "b"]).tolist() == [0, 0]
    assert WordList.of(["frost"]).find("\udc00") is None


@given(st.lists(words, min_size=1), st.data())
def test_words_are_taken_in_any_order_and_more_than_once(
    strings: list[str], data: st.DataObject
) -> None:
    numbers = data.draw(st.lists(st.integers(0, len(strings) - 1)))
    taken = WordList.of(strings).take(np.array(numbers, np.int64))
    assert taken == [strings[number] for number in numbers]


@pytest.mark.parametrize("decoded", [0, 1000])
@given(listed=st.sets(words), sought=st.sets(words))
def test_a_word_has_its_place_whether_or_not_it_is_listed(
    decoded: int, listed: set[str], sought: set[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_list, "_DECODED_IN_ONE_SEARCH", decoded)
        places = WordList.of(sorted(listed)).places(sorted(sought))
    assert places.tolist() == [sum(other < word for other in listed) for word in sorted(sought)]


def test_a_list_is_read_from_the_disk_where_it_is_looked_at(tmp_path: Path) -> None:
    strings = [f"word{number:07}" for number in range(100_000)]
    (tmp_path / "words").write_bytes(WordList.of(strings).joined.tobytes())
    joined = np.memmap(tmp_path / "words", np.uint8, "r")
    assert WordList.over(joined).find(strings[-1]) == len(strings) - 1
