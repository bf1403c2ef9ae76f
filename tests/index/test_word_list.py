"""A long list of words in one array."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from index.store.objects import SMALLEST_MAPPED, ObjectFolder
from index.store.word_list import WordList

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
    expected = [strings[number] for number in numbers if len(strings[number].encode()) in lengths]
    assert WordList.of(strings).of_length(numbers, lengths) == expected


def test_no_word_is_no_word_and_one_that_is_no_text_is_not_found() -> None:
    assert list(WordList.of([])) == []
    assert WordList.of([]).find("frost") is None
    assert WordList.of([]).of_length(range(0), range(9)) == []
    assert WordList.of(["frost"]).find("\udc00") is None


def test_a_long_list_is_read_from_the_disk_where_it_is_looked_at(tmp_path: Path) -> None:
    objects = ObjectFolder(tmp_path)
    strings = [f"word{number:07}" for number in range(SMALLEST_MAPPED // 11)]
    joined = objects.map_bytes(objects.put(WordList.of(strings).joined.tobytes()))
    assert not joined.flags.owndata
    assert not joined.flags.writeable
    assert WordList.over(joined).find(strings[-1]) == len(strings) - 1
