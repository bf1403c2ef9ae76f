"""Questions in other words: what is exchanged, what must stay, and where synonyms come from."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from training.inflection import inflected, readings
from training.rewording import reworded, words_in
from training.wordnet import Thesaurus, near_synonyms

QUESTION = "Which physician treated Metternich in Vienna in 1815?"
SYNONYMS = {"treated": ["handled"]}

_LICENCE = "  1 This software and database is being provided to you, the LICENSEE.\n"
_NOUNS = (
    "00000001 06 n 03 physician 0 doctor 0 medico 0 000 | a licensed medical practitioner\n"
    "00000002 06 n 02 doctor 1 Doctor_of_the_Church 0 000 | a title\n"
    "00000003 06 n 02 autumn 0 fall 0 000 | the season when leaves fall\n"
)
_VERBS = (
    "00000004 29 v 02 stop 0 halt 0 000 01 + 02 00 | come to a halt\n"
    "00000005 38 v 02 get_down 0 fall 0 000 01 + 02 00 | move downward\n"
)
_ADJECTIVES = (
    "00000006 00 a 01 hot 0 001 & 00000007 a 0000 | of high temperature\n"
    "00000007 00 s 01 torrid(p) 0 001 & 00000006 a 0000 | very hot\n"
)
_SENSES = """\
autumn%1:28:00:: 00000003 1 9
doctor%1:18:00:: 00000001 1 40
doctor%1:18:01:: 00000002 4 0
fall%1:28:00:: 00000003 2 9
fall%2:38:00:: 00000005 1 60
get_down%2:38:00:: 00000005 1 1
halt%2:38:00:: 00000004 1 5
hot%3:00:00:: 00000006 1 20
medico%1:18:00:: 00000001 1 0
physician%1:18:00:: 00000001 1 12
stop%2:38:00:: 00000004 1 50
torrid%5:00:00:hot:00 00000007 1 0
"""


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    for name, text in (
        *(("data.noun", _NOUNS), ("data.verb", _VERBS), ("data.adj", _ADJECTIVES)),
        ("data.adv", ""),
    ):
        (tmp_path / name).write_text(_LICENCE + text)
    (tmp_path / "index.sense").write_text(_SENSES)
    return tmp_path


def known(word: str) -> int:
    return 0 if word == "medico" else 1000


@pytest.mark.parametrize(
    ("word", "synonyms"),
    [
        ("physicians", ("doctors",)),  # medicos are too rare a word
        ("stopped", ("halted",)),
        ("fell", ("got down",)),  # the commonest meaning is the verb's
        ("hot", ("torrid",)),
        ("unheard", ()),
    ],
)
def test_synonyms_are_usual_words_in_the_same_form(wordnet, word, synonyms):
    assert Thesaurus(wordnet, known).of(word) == synonyms


def test_only_synonyms_that_the_encoder_finds_near_are_taken(wordnet):
    class Encoder:
        backend = "none"

        def encode(self, texts, role):
            return np.array([[1.0, 0.0] if "o" in text else [0.0, 1.0] for text in texts])

    near = near_synonyms(["stop", "halt", "hot"], Thesaurus(wordnet, known), Encoder())
    assert near == {"hot": ["torrid"]}  # "halt" has no o


@pytest.mark.parametrize(
    ("lemma", "form", "word"),
    [
        ("study", "s", "studies"),
        ("box", "s", "boxes"),
        ("begin", "past", "began"),
        ("stop", "ing", "stopping"),
        ("make", "ing", "making"),
        ("carry", "past", "carried"),
        ("set out", "past", "set out"),
        ("urban center", "s", "urban centers"),
        ("halt", "base", "halt"),
    ],
)
def test_endings_are_put_on_and_taken_off(lemma, form, word):
    assert inflected(lemma, form) == word
    if " " not in lemma:
        assert (lemma, form) in set(readings(word))


@pytest.mark.parametrize("seed", range(60))
def test_names_and_figures_stay(seed):
    said = reworded(QUESTION, SYNONYMS, Random(seed), whole=False).lower()
    assert "metternich" in said
    assert "vienna" in said
    assert "1815" in said


@pytest.mark.parametrize("seed", range(60))
def test_what_is_kept_whole_lacks_no_content_word(seed):
    said = reworded(QUESTION, SYNONYMS, Random(seed), whole=True).lower()
    assert "doc" in said or "physician" in said
    assert "treated" in said or "handled" in said or "helped" in said


def test_each_way_of_rewording_comes_up():
    said = {reworded(QUESTION, SYNONYMS, Random(seed), whole=False) for seed in range(200)}
    assert any("handled" in each for each in said)
    assert any("doc " in each for each in said)
    assert any(len(each.split()) <= 4 for each in said)
    assert any(each.lower().startswith(("hey", "so ", "anyone")) for each in said)
    assert any(each.islower() for each in said)
    assert len(said) > 40


def test_set_phrases_become_everyday_speech():
    question = "What are the symptoms of gout ?"
    said = {reworded(question, {}, Random(seed), whole=True).lower() for seed in range(200)}
    assert any("how do i know if i have gout" in each for each in said)


def test_negations_and_names_are_no_words_to_exchange():
    assert words_in(["Why did Metternich not leave Vienna first?"]) == {"leave"}
