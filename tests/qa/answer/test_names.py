"""Which words of a question are names, and which documents have them."""

import time

import pytest

from qa.answer.names import figures, lacks, proper_names
from tests.documents import document


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What was AMD's revenue in Q1 2023?", ("AMD",)),
        ("AMD revenue", ("AMD",)),
        ("When did Ada Lovelace meet Babbage?", ("Ada Lovelace", "Babbage")),
        ("What are Apple's inventories in June?", ("Apple",)),
        ("why do I get pimples after microneedling", ()),
        ("Redness: how long? Swelling too?", ()),
        ("IS MY FACE TOO RED?", ()),
        ("How to Wash Your Face After Treatment", ()),
        ("amd revenue", ()),
        ("Is it due on Monday, Mr Smith?", ("Smith",)),
        ("", ()),
    ],
)
def test_names_are_words_with_a_capital_amid_a_sentence(
    question: str, names: tuple[str, ...]
) -> None:
    assert proper_names(question) == names


@pytest.mark.parametrize(
    ("name", "text", "lacking"),
    [
        ("AMD's", "Apple sells phones.", True),
        ("AMD's", "Advanced Micro Devices sells chips.", False),
        ("US", "The United States of America.", False),
        ("US", "Thus it was.", True),
        ("Swedish", "It is made in Sweden.", False),
        ("Ada Lovelace", "Lady Lovelace wrote notes.", False),
        ("Apple's", "apple inc. reports", False),
        ("Meta", "The metal rusts.", True),
    ],
)
def test_a_document_lacks_a_name_if_it_has_no_word_of_it(
    name: str, text: str, lacking: bool
) -> None:
    assert lacks(document(text), name) == lacking


def test_a_name_may_stand_in_the_title_or_the_name_of_the_file() -> None:
    assert not lacks(document("Sales rose.", title="Intel Corporation"), "Intel")
    assert not lacks(document("Sales rose.", name="Intel report.txt"), "Intel")


def test_figures_are_numbers_as_they_are_written() -> None:
    assert figures("In 2022 it was 5,433.5 or 3%") == {"2022", "5,433.5", "3"}


def test_accents_and_the_shape_of_apostrophes_do_not_matter() -> None:
    assert not lacks(document("O’Brien resigned in Zürich."), "O'Brien")
    assert not lacks(document("O’Brien resigned in Zürich."), "Zurich")


def test_words_that_are_stressed_are_no_names() -> None:
    assert proper_names("OK, why do I get ALL these pimples?") == ()


@pytest.mark.parametrize("name", ["TOFU", "FTOX", "AAAAX"])
def test_a_hostile_text_is_searched_in_no_time(name: str) -> None:
    started = time.thread_time()
    assert lacks(document("and of the for " * 20_000), name)
    assert time.thread_time() - started < 5
