"""Words that the documents do not hold, read as ones that they do."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Span
from qa.engine import Engine
from qa.spelling import Correction, Speller
from qa.stages import stages_without
from tests.qa.conftest import Ask, Library


@pytest.fixture(scope="module")
def speller(engine: Engine) -> Speller:
    return Speller(engine.lexicon, engine.tokenizer)


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("microneedeling pimpels", "microneedling pimples"),
        ("Microneedeling PIMPELS?!", "microneedling pimples?!"),
        ("antibotics before micro needling?", "antibiotics before microneedling?"),
        ("is it posible that my hormons went", "is it possible that my hormons went"),
        ("ezcema", "eczema"),
        ("any skincareroutine", "any skincare routine"),
    ],
)
def test_typos_are_read_as_what_the_documents_say(
    speller: Speller, question: str, read: str
) -> None:
    found, corrections = speller.correct(question)
    assert found == read
    for correction in corrections:
        assert correction.written in question
        assert correction.read in found


@pytest.mark.parametrize(
    "question",
    [
        "how long does redness last",
        "gym after microneedling",  # a word of its own, though the documents lack it
        "parched and tight",
        "fraxel or botox or accutane",
        "who is Mtspen",
        "wer wurde 1998 Weltmeister",
        "micro-injuries",
        "hormons and inflamation",  # their stems are those of the right words
        "is it so that I can be",
        "?!",
        "",
    ],
)
def test_what_is_no_typo_is_left_as_it_is(speller: Speller, question: str) -> None:
    assert speller.correct(question) == (question, ())


def test_a_word_that_the_documents_write_as_two_is_divided(library: Library) -> None:
    engine = library({"a.txt": "The boiler room has a heat exchanger.", "b.txt": "Bread."})
    read, corrections = Speller(engine.lexicon, engine.tokenizer).correct("the heatexchanger?")
    assert read == "the heat exchanger?"
    assert corrections == (Correction("heatexchanger", "heat exchanger"),)


def test_of_several_near_words_the_nearest_is_read_then_the_commonest(library: Library) -> None:
    engine = library({"a.txt": "Flagons. Dragons and dragons. A dragon.", "b.txt": "A dragoon."})
    read, _ = Speller(engine.lexicon, engine.tokenizer).correct("dragnos")
    assert read == "dragons"


@given(question=st.text(max_size=60))
def test_all_but_what_was_corrected_stays(speller: Speller, question: str) -> None:
    read, corrections = speller.correct(question)
    rest, at = question, 0
    for correction in corrections:
        start = rest.index(correction.written, at)
        end = start + len(correction.written)
        rest = rest[:start] + correction.read + Span(end, len(rest)).of(rest)
        at = start + len(correction.read)
    assert rest == read


def test_a_question_full_of_typos_finds_what_the_right_one_finds(ask: Ask) -> None:
    right, wrong = ask("microneedling pimples"), ask("microneedeling pimpels")
    assert [hit.passage.id for hit in wrong.hits] == [hit.passage.id for hit in right.hits]
    assert wrong.text == right.text
    assert wrong.question == "microneedeling pimpels"
    assert wrong.corrections == (
        Correction("microneedeling", "microneedling"),
        Correction("pimpels", "pimples"),
    )
    assert right.corrections == ()


def test_correcting_can_be_left_out(engine: Engine) -> None:
    as_written = dataclasses.replace(engine, stages=stages_without(["spelling"]))
    assert as_written.ask("microneedeling pimpels").corrections == ()


def test_unknown_words_do_not_destroy_a_question(ask: Ask) -> None:
    plain = ask("how long does redness last")
    with_unknown = ask("how long does redness last zzyzx qwrtp")
    assert with_unknown.hits[0].passage.id == plain.hits[0].passage.id
    assert with_unknown.corrections == ()
