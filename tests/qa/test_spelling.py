"""Typos are read as words of the documents, and nothing else is."""

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking.tokens import Tokenizer
from index.records import Span
from index.structure.wording import is_asking_word
from qa.engine import Engine
from qa.question.query import compounds, search_terms
from qa.question.spelling import MOST_LOOKED_UP, corrected
from qa.records import Correction, stages_without
from tests.qa.candidates import covered
from tests.qa.conftest import Ask, Library

Correct = Callable[[str], tuple[str, tuple[Correction, ...]]]


def correcting(engine: Engine) -> Correct:
    return lambda question: corrected(
        question, engine.snapshot, engine.tokenizer, engine.model.max_tokens
    )


@pytest.fixture(scope="module")
def correct(engine: Engine) -> Correct:
    return correcting(engine)


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("microneedeling pimpels", "microneedling pimples"),
        ("Microneedeling pimpels?!", "microneedling pimples?!"),
        ("antibotics before the needles", "antibiotics before the needles"),
        ("is it posible that my hormons went", "is it possible that my hormons went"),
        ("ezcema", "eczema"),
    ],
)
def test_typos_are_read_as_what_the_documents_say(
    correct: Correct, question: str, read: str
) -> None:
    found, corrections = correct(question)
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
        "Is microneedling painless, scarless, hairless or poreless?",
        "does it cause hypopigmentation",
        "prednisone, allergen, intercellular",
        "skincareroutine",
        "the EGFR of PIMPELS and of Pimpels",
        "болит рука",
        "am I not able to",
        "I cannot",
        "?!",
        "",
    ],
)
def test_what_is_no_typo_is_left_as_it_is(correct: Correct, question: str) -> None:
    assert correct(question) == (question, ())


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("hypotension", "Hypertension is treated with tablets."),
        ("hypothyroidism", "Hyperthyroidism is treated with tablets."),
        ("intercellular", "Intracellular fluid has salt in it."),
        ("qualitative", "Quantitative work counts things."),
        ("bloodless", "Blood is less red than wine."),
        ("qvlsx", "The qvltx is a part of the machine."),
        ("johanson", "A letter by Johansson is kept."),
    ],
)
def test_another_word_is_not_taken_for_what_the_documents_say(
    library: Library, asked: str, there: str
) -> None:
    engine = library({"a.txt": there})
    read, _ = correcting(engine)(f"what about {asked}")
    typo_like = asked in {"johanson", "qvlsx"}  # small letters, in no dictionary, a letter off
    assert (read == f"what about {asked}") is not typo_like


def test_of_several_near_words_the_nearest_is_read_then_the_commonest(library: Library) -> None:
    engine = library({"a.txt": "Flagons. Dragons and dragons. A dragon.", "b.txt": "A dragoon."})
    correct = correcting(engine)
    assert correct("dragnos") == ("dragons", (Correction("dragnos", "dragons"),))
    assert correct("rdagons") == ("rdagons", ()), "the first letter is rarely mistyped"


def test_only_so_many_words_are_looked_up(correct: Correct) -> None:
    read, corrections = correct(" ".join(["ezcema"] * (MOST_LOOKED_UP + 3)))
    assert len(corrections) == MOST_LOOKED_UP
    assert read.split().count("ezcema") == 3


@given(question=st.text(max_size=60))
def test_all_but_what_was_corrected_stays(correct: Correct, question: str) -> None:
    read, corrections = correct(question)
    at = 0
    expected = question
    for correction in corrections:
        start = expected.index(correction.written, at)
        end = start + len(correction.written)
        expected = expected[:start] + correction.read + expected[end:]
        at = start + len(correction.read)
    assert expected == read


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


class ByCharacter(Tokenizer):
    """A tokenizer to which every character is a token."""

    def __init__(self) -> None: ...

    def tokens(self, text: str) -> list[Span]:
        return [Span(at, at + 1) for at in range(len(text))]


@pytest.mark.parametrize(("most", "corrected"), [(8, True), (7, False)])
def test_a_question_that_correcting_makes_too_long_is_left_as_it_is(
    engine: Engine, most: int, *, corrected: bool
) -> None:
    model = dataclasses.replace(engine.model, max_tokens=most)
    limited = dataclasses.replace(engine, model=model, tokenizer=ByCharacter())
    assert bool(limited.ask("posible").corrections) == corrected  # possible


def test_unknown_words_do_not_destroy_a_question(ask: Ask) -> None:
    plain = ask("how long does redness last")
    with_unknown = ask("how long does redness last zzyzx qwrtp")
    assert plain.hits[0].passage.id in {hit.passage.id for hit in with_unknown.hits}
    assert with_unknown.corrections == ()
    assert with_unknown.unknown_words == ("zzyzx", "qwrtp")
    assert plain.unknown_words == ()


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("error E09 or e09 or QX-77?", ("E09", "e09", "QX", "77")),
        ("why is it so", ()),
        ("antibotics before micro needling", ()),
        ("Is microneedling painless?", ("painless",)),
        ("who was the first", ("first",)),
    ],
)
def test_words_that_no_document_holds_are_told(
    ask: Ask, question: str, unknown: tuple[str, ...]
) -> None:
    held = {"error", "first"}
    found = ask(question).unknown_words
    assert tuple(w for w in found if w not in held) == tuple(w for w in unknown if w not in held)


def test_a_question_that_says_nothing_is_not_covered_by_anything(engine: Engine) -> None:
    trace = engine.trace("why is it so")
    assert trace.query.terms == ()
    assert covered(trace.query, "whi", "is", "it", "so") == 0


# Compounds: one word in the documents, two in the question.


def test_two_words_find_what_the_documents_write_as_one(engine: Engine) -> None:
    (compound,) = compounds("antibiotics before micro needling", engine.snapshot)
    assert compound.term.text == "microneedl"
    assert compound.parts == {"micro", "needl"}
    query = engine.trace("antibiotics before micro needling").query
    assert [term.text for term in query.searched][-1] == "microneedl"
    assert covered(query, "antibiot", "befor", "microneedl") == pytest.approx(1)
    assert covered(query, "antibiot", "befor") < 1


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("am I not able to sleep", "A notable sleeper."),
        ("can I use less salt", "Salt is useless here."),
        ("no thing", "Nothing is here."),
        ("British able seamen", "Britishness matters."),
        ("micro, needling", "Microneedling hurts."),
        ("heat pump", "A heat-pump is quiet."),
    ],
)
def test_what_only_looks_like_a_compound_is_none(
    library: Library, question: str, there: str
) -> None:
    assert compounds(question, library({"a.txt": there}).snapshot) == ()


# Words that only ask.


@pytest.mark.parametrize("word", ["i'm", "im", "what'll", "don't", "dont", "what's", "whats", "i"])
def test_contractions_only_ask(word: str) -> None:
    assert is_asking_word(word)


def test_a_contraction_changes_nothing(engine: Engine) -> None:
    long = search_terms("what will happen to my skin, I am scared", engine.snapshot)
    short = search_terms("what'll happen to my skin, I’m scared", engine.snapshot)
    assert long == short
